"""Privacy budgets as integers: zCDP rho in nano-units, and what they mean as epsilon at a delta.

Rho adds up under fully adaptive and concurrent use (Whitehouse et al. 2023, "Fully-Adaptive Composition in
Differential Privacy"), so a ledger is one integer comparison. Floats only appear where a budget is shown.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from disclosure.dp.exact import Number, exact
from disclosure.errors import DisclosureError

NANO: Final = 1_000_000_000
"""Nano-rho in one rho. Every stored or charged budget is an integer in this unit."""

ATTO: Final = 10**18
"""Atto-delta in a delta of one. Every charged delta is an integer in this unit, so that deltas add up exactly."""

MAXIMUM_NANO_RHO: Final = 100 * NANO
"""Largest budget of one release, in nano-rho: above it the number is a slip, not a choice.

Source: all products of the 2020 United States Census together spent rho 58, the most of any entry in the
OpenDP deployments registry (July 2026); rounded up to the next power of ten.
"""

MAXIMUM_DELTA: Final = 1e-6
"""Largest default delta, as a probability. Source: NIST SP 800-226 (2025) asks for delta well below 1/N."""

_LOG_SPAN: Final = 60.0
_STEPS: Final = 200


def exact_budget(amount: Number, name: str) -> Fraction:
    """Read a positive budget exactly.

    Args:
        amount: the number as a person wrote it.
        name: what it is called in the refusal, "rho" or "epsilon".

    Raises:
        DisclosureError: `budget` when it is no finite number above zero.
    """
    budget = exact(amount)
    if budget is None or budget <= 0:
        raise DisclosureError(
            "budget", f"{name} must be a finite number above zero, for example {name}=0.005."
        )
    return budget


def to_nano(rho: Number) -> int:
    """Turn a budget in rho into nano-rho, rounded up.

    Raises:
        DisclosureError: `budget` when rho is not a positive finite number, is below one nano-rho or above
            `MAXIMUM_NANO_RHO`.
    """
    return _within(exact_budget(rho, "rho") * NANO, "rho")


def pure_cost(epsilon: Number) -> int:
    """Nano-rho that a pure epsilon release costs: epsilon squared over two, rounded up.

    Source: Bun and Steinke 2016, "Concentrated Differential Privacy", proposition 1.4.

    Raises:
        DisclosureError: `budget`, as `to_nano`.
    """
    return _within(exact_budget(epsilon, "epsilon") ** 2 / 2 * NANO, "epsilon")


def delta_for(population: int) -> float:
    """Default delta for a published population size: the less of one millionth and 1 / (10 population).

    Raises:
        DisclosureError: `population` when it is below one.
    """
    if population < 1:
        raise DisclosureError("population", "The population must be at least 1; give the published size.")
    return min(MAXIMUM_DELTA, 1 / (10 * population))


def epsilon_of(nano_rho: int, delta: float) -> float:
    """Epsilon for which `nano_rho` is (epsilon, delta)-private, at most a rounding error above the tightest.

    Any order alpha gives a valid bound; the best one is searched for. Source: Canonne, Kamath and Steinke 2020,
    "The Discrete Gaussian for Differential Privacy", proposition 12 (as corollary 13, for every rho).

    Args:
        nano_rho: budget in nano-rho, zero or more.
        delta: probability, between 0 and 1, both excluded.

    Raises:
        DisclosureError: `budget` when nano_rho is negative or no integer; `delta` when out of range.
    """
    if type(nano_rho) is not int or nano_rho < 0:
        raise DisclosureError("budget", "A stored budget is a whole number of nano-rho, zero or more.")
    _check_delta(delta)
    if nano_rho == 0:
        return 0.0
    rho = nano_rho / NANO
    best = _least(lambda log_gap: _epsilon_at(rho, delta, math.exp(log_gap)))
    return max(0.0, best) * (1 + 1e-12)


def composed(nano_rho: int, atto_delta: int, delta: float) -> tuple[float, float]:
    """Tell (epsilon, delta) of everything that was charged, where discovered levels have spent delta besides rho.

    Releases that are rho-zCDP but for a probability of delta' add up to the sum of their rhos, but for the sum of their
    probabilities. Source: Bun and Steinke 2016, "Concentrated Differential Privacy", section 8.

    Args:
        nano_rho: the rho of all releases, in nano-rho.
        atto_delta: the delta that releases of levels have spent, in atto-delta.
        delta: probability at which epsilon is told for the rho; the spent delta is added to it, rounded up.

    Raises:
        DisclosureError: `budget` or `delta` when one of them is no amount, or the deltas reach one together.
    """
    if type(atto_delta) is not int or atto_delta < 0:
        raise DisclosureError("budget", "A stored delta is a whole number of atto-delta, zero or more.")
    epsilon = epsilon_of(nano_rho, delta)
    if atto_delta == 0:
        return epsilon, delta
    together = math.nextafter(delta + math.nextafter(atto_delta / ATTO, math.inf), math.inf)
    _check_delta(together)
    return epsilon, together


def rho_for(epsilon: Number, delta: float) -> int:
    """Find the largest nano-rho that is still (epsilon, delta)-private.

    Raises:
        DisclosureError: `budget` when epsilon is not positive and finite, too small for one nano-rho, or so
            large that it allows more than `MAXIMUM_NANO_RHO`; `delta` when out of range.
    """
    target = exact_budget(epsilon, "epsilon")
    _check_delta(delta)
    if epsilon_of(1, delta) > target:
        raise DisclosureError("budget", "epsilon is too small to buy any release; ask for a larger one.")
    if epsilon_of(MAXIMUM_NANO_RHO, delta) < target:
        raise DisclosureError(
            "budget", "epsilon is above the largest published budget; ask for a smaller one."
        )
    fits, exceeds = 1, MAXIMUM_NANO_RHO + 1
    while exceeds - fits > 1:
        middle = (fits + exceeds) // 2
        fits, exceeds = (middle, exceeds) if epsilon_of(middle, delta) <= target else (fits, middle)
    return fits


def _within(exact_nano: Fraction, name: str) -> int:
    if exact_nano < 1:
        raise DisclosureError("budget", f"{name} is below the smallest unit of the ledger; ask for more.")
    nano = math.ceil(exact_nano)
    if nano > MAXIMUM_NANO_RHO:
        raise DisclosureError("budget", f"{name} is above the largest published budget; ask for less.")
    return nano


def _check_delta(delta: float) -> None:
    if not 0 < delta < 1:
        raise DisclosureError("delta", "delta must lie between 0 and 1; leave it out for the default.")


def _epsilon_at(rho: float, delta: float, gap: float) -> float:
    """Epsilon by the order alpha = 1 + gap."""
    alpha = 1 + gap
    return alpha * rho - (math.log(delta) + math.log(alpha)) / gap + math.log(gap / alpha)


def _least(height: Callable[[float], float]) -> float:
    """Least value of a function with one valley, by ternary search over the logarithm of alpha - 1."""
    low, high = -_LOG_SPAN / 2, _LOG_SPAN / 2
    for _ in range(_STEPS):
        third = (high - low) / 3
        low, high = (low, high - third) if height(low + third) < height(high - third) else (low + third, high)
    return height((low + high) / 2)
