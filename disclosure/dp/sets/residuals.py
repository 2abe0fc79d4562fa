"""From exact marginals to the whole numbers that are noised, and from these back to consistent tables.

What is noised of a marginal is not its residual, which holds fractions, but its contrasts: per attribute of n levels
each cell times n, less the sum. They are whole, one row moves them by the root of n (n - 1) per attribute, and centred
and divided by the product of the n they are the residual. So privacy is that of discrete Gaussian noise on whole
numbers, and what it costs is what continuous noise on the residual would.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from disclosure.dp.declared import OVERFLOW_LIMIT
from disclosure.dp.mechanism import Mechanism, Noise
from disclosure.dp.sets.marginals import Marginal, parts_of, spread_over

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WASTE: Final = 1e-3
"""Largest relative excess of a sensitivity that is rounded up to a whole number; contrasts are multiplied until it is
less. Costs at most two thousandths of a variance. Source: ours."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """Whole numbers that are noised of one marginal.

    Attributes:
        marginal: of what.
        levels: number of levels per attribute of the marginal.
        reach: largest sum of changes that one unit makes to all cells of the marginal together, in steps.
        share: its budget in nano-rho, exact.
    """

    marginal: Marginal
    levels: tuple[int, ...]
    reach: int
    share: Fraction

    @property
    def multiple(self) -> int:
        """What contrasts are multiplied by, so that a whole sensitivity is a tight one."""
        squared = self.reach**2 * math.prod(n * (n - 1) for n in self.levels)
        multiple = 1
        while _root_above(squared * multiple**2) > (1 + WASTE) * multiple * math.sqrt(squared):
            multiple *= 2
        return multiple

    @property
    def noise(self) -> Noise:
        """The noise of each contrast."""
        squared = (self.multiple * self.reach) ** 2 * math.prod(n * (n - 1) for n in self.levels)
        return Noise(Mechanism.GAUSSIAN, _root_above(squared), self.share)

    @property
    def divisor(self) -> int:
        """What a contrast is divided by to be a residual."""
        return self.multiple * math.prod(self.levels)

    @property
    def most(self) -> int:
        """Largest absolute value of a cell for which no contrast, nor any step to it, leaves 62 bits."""
        return OVERFLOW_LIMIT // (self.multiple * math.prod(2 * n for n in self.levels))

    def of(self, cells: "NDArray[np.int64]") -> "NDArray[np.int64]":
        """The contrasts of a marginal's exact cells; cells beyond `most` are held there, which moves none apart."""
        import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

        held = np.clip(cells, -self.most, self.most) * self.multiple
        for axis, n in enumerate(self.levels):
            held = held * n - held.sum(axis=axis, keepdims=True)
        return held

    def residual(self, noisy: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """The residual that noisy contrasts stand for: centred along each attribute."""
        found = noisy / self.divisor
        for axis in range(len(self.levels)):
            found = found - found.mean(axis=axis, keepdims=True)
        return found


def tables_of(
    residuals: "Mapping[Marginal, NDArray[np.float64]]", order: Sequence[Marginal], levels: Sequence[int]
) -> "dict[Marginal, NDArray[np.float64]]":
    """Consistent tables from residuals: each residual spread evenly over the attributes that it lacks."""
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    tables = {}
    for marginal in order:
        table = np.zeros([levels[axis] for axis in marginal])
        for part in parts_of(marginal):
            if part in residuals:
                shape, cells = spread_over(part, marginal, levels)
                table = table + residuals[part].reshape(shape) / cells
        tables[marginal] = table
    return tables


def _root_above(number: int) -> int:
    """Least whole number whose square is no less than a positive number."""
    return math.isqrt(number - 1) + 1
