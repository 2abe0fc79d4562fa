"""Discrete Gaussian and discrete Laplace noise on vectors of integers: the only importer of OpenDP.

There is no seed: OpenDP draws from the operating system's generator (Canonne, Kamath and Steinke 2020 for the
exact samplers), and nothing here offers another.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Final, assert_never

from disclosure.dp.accountant import NANO
from disclosure.errors import DisclosureError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from opendp.mod import Measurement

LARGEST_SENSITIVITY: Final = 2**53
"""Largest change of a vector by one unit, in steps: a double holds it exactly (IEEE 754)."""

CONFIDENCE: Final = 0.95
"""Share of draws that a stated half-width covers, as a probability. Source: the contract of this library."""

NORMAL_QUANTILE: Final = 1.959963984540054
"""Standard deviations that cover `CONFIDENCE` of a normal distribution."""

LAPLACE_QUANTILE: Final = math.log(1 / (1 - CONFIDENCE)) / math.sqrt(2)
"""Standard deviations that cover `CONFIDENCE` of a Laplace distribution: 2.12."""

EXACT_SIGMA: Final = 200.0
"""Standard deviation in steps above which the normal quantile is used, rounded up; it is then off by less than
one step in four hundred."""

LARGEST_SCALE: Final = 2.0**46
"""Largest scale in steps: 32 standard deviations of a margin over a million cells stay within 62 bits."""

_WIDENING: Final = 1e-12  # relative; far above the rounding of a double, so that the checked cost fits


class Mechanism(StrEnum):
    """The distribution that noise is drawn from."""

    GAUSSIAN = "gaussian"
    LAPLACE = "laplace"


@dataclass(frozen=True, slots=True)
class Noise:
    """Noise for one vector of integers.

    Attributes:
        mechanism: the distribution.
        sensitivity: largest change that one unit can make, in steps: L2 for Gaussian, L1 for Laplace.
        share: budget of this vector: rho in nano-rho for Gaussian, epsilon for Laplace; exact.
    """

    mechanism: Mechanism
    sensitivity: int
    share: Fraction

    @property
    def scale(self) -> float:
        """Scale parameter in steps: sigma of the Gaussian, b of the Laplace.

        Raises:
            DisclosureError: `mechanism` when sensitivity or budget is not above zero; `overflow` when the noise
                would leave 64 bits.
        """
        if not 1 <= self.sensitivity < LARGEST_SENSITIVITY or self.share <= 0:
            raise DisclosureError(
                "mechanism", "Noise needs a sensitivity and a budget above zero; nothing was drawn."
            )
        scale = self._unchecked_scale()
        if not 0 < scale < LARGEST_SCALE:
            raise DisclosureError(
                "overflow", "The noise would leave 64 bits; ask for a larger budget or tighter bounds."
            )
        return scale

    @property
    def sigma(self) -> float:
        """Standard deviation of the noise, in steps."""
        if self.mechanism is Mechanism.GAUSSIAN:
            return self.scale
        decay = math.exp(-1 / self.scale)
        return math.sqrt(2 * decay) / (1 - decay) if decay < 1 else math.sqrt(2) * self.scale

    @property
    def quantile(self) -> float:
        """Standard deviations that cover at least 95% of one draw, and of a sum of draws, which is nearer a normal."""
        return NORMAL_QUANTILE if self.mechanism is Mechanism.GAUSSIAN else LAPLACE_QUANTILE

    @property
    def half_width(self) -> int:
        """Least whole number of steps within which at least 95% of the noise lies."""
        if self.mechanism is Mechanism.LAPLACE:
            return _laplace_half_width(self.scale)
        return _gaussian_half_width(self.scale)

    def _unchecked_scale(self) -> float:
        if self.mechanism is Mechanism.GAUSSIAN:
            return self.sensitivity / math.sqrt(2 * self.share / NANO) * (1 + _WIDENING)
        return float(self.sensitivity / self.share) * (1 + _WIDENING)


def draw_noise(noise: Noise, values: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Add fresh noise to a vector; results saturate at the ends of 64 bits.

    Raises:
        DisclosureError: `mechanism` when OpenDP's own account of the cost exceeds the share.
    """
    import numpy as np  # noqa: PLC0415  the library must not load numpy when it is imported

    measurement = _measurement(noise)
    return np.array(measurement(np.ascontiguousarray(values, dtype=np.int64)), dtype=np.int64)


def cost_of(noise: Noise) -> Fraction:
    """Budget that OpenDP says one draw costs, in the unit of `Noise.share`.

    Raises:
        DisclosureError: `mechanism` when it exceeds the share.
    """
    return _map(noise, _measurement(noise))


def _measurement(noise: Noise) -> "Measurement":
    """OpenDP's mechanism at the scale of `noise`, its cost checked."""
    return _checked(noise, _build(noise, noise.scale))


def _checked(noise: Noise, measurement: "Measurement") -> "Measurement":
    """Refuse a mechanism that by OpenDP's own account costs more than it may."""
    if _map(noise, measurement) > noise.share:
        raise DisclosureError(
            "mechanism", "The noise would cost more than its budget; tell the operator of the service."
        )
    return measurement


def _build(noise: Noise, scale: float) -> "Measurement":
    import opendp.prelude as opendp  # noqa: PLC0415  loaded on first use: it is slow and only this file may

    opendp.enable_features("contrib")  # process-wide, and the only feature that integer noise needs
    domain = opendp.vector_domain(opendp.atom_domain(T="i64"))
    match noise.mechanism:
        case Mechanism.GAUSSIAN:
            return opendp.m.make_gaussian(domain, opendp.l2_distance(T="f64"), scale=scale)
        case Mechanism.LAPLACE:
            return opendp.m.make_laplace(domain, opendp.l1_distance(T="i64"), scale=scale)
        case _:
            assert_never(noise.mechanism)


def _map(noise: Noise, measurement: "Measurement") -> Fraction:
    """Cost by OpenDP's own map, which rounds up."""
    if noise.mechanism is Mechanism.LAPLACE:
        cost: float = measurement.map(noise.sensitivity)  # type: ignore[no-untyped-call]  # OpenDP has no types here
        return Fraction(cost)
    rho: float = measurement.map(float(noise.sensitivity))  # type: ignore[no-untyped-call]  # OpenDP has no types here
    return Fraction(rho) * NANO


def _laplace_half_width(scale: float) -> int:
    """Least w with P(|X| <= w) = 1 - 2 exp(-(w + 1) / b) / (1 + exp(-1 / b)) at least 95%."""
    return max(0, math.ceil(scale * math.log(2 / ((1 - CONFIDENCE) * (1 + math.exp(-1 / scale)))) - 1))


def _gaussian_half_width(sigma: float) -> int:
    """Least w with P(|X| <= w) at least 95%, by summing the discrete Gaussian's own probabilities."""
    if sigma > EXACT_SIGMA:
        return math.ceil(NORMAL_QUANTILE * sigma)
    weights = [math.exp(-((step / sigma) ** 2) / 2) for step in range(math.ceil(10 * sigma) + 2)]
    needed = CONFIDENCE * (2 * sum(weights) - weights[0])
    covered = weights[0]
    width = 0
    while covered < needed:
        width += 1
        covered += 2 * weights[width]
    return width
