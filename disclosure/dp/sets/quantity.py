"""One number per cell that tables of a set print: what is drawn for it, and how sure it then is."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

from disclosure.dp.accountant import NANO
from disclosure.dp.layout import Vector
from disclosure.dp.sets.allocation import Objective, Way, Workload, apart, in_one, shares
from disclosure.dp.sets.marginals import Marginal, passed_on
from disclosure.dp.sets.residuals import Contrast
from disclosure.dp.sets.rounding import rounding_variance

_PARTS_OF_BUDGET: Final = (
    2**30
)  # shares are whole parts of it: the same on every machine, and never above one


@dataclass(frozen=True)
class Quantity:
    """One number per cell that tables of a set print: rows, rows with a value, or a sum.

    Attributes:
        vector: what is counted or summed.
        workload: which marginals are printed.
        objective: what was made least.
        budget: its part of the set's budget in nano-rho, exact.
    """

    vector: Vector
    workload: Workload
    objective: Objective
    budget: Fraction

    @cached_property
    def contrasts(self) -> tuple[Contrast, ...]:
        """What is drawn; its shares add up to no more than the budget."""
        held = shares(self.workload, self.objective)
        return tuple(self._contrast(each, share) for each, share in held.items())

    @property
    def unit(self) -> float:
        """Standard deviation of a cell that is drawn with the whole budget, in steps."""
        return self.vector.sensitivity / math.sqrt(2 * self.budget / NANO)

    @cached_property
    def sigmas(self) -> dict[Marginal, float]:
        """Standard deviation per cell of each marginal that is printed, as `sigma`."""
        return {each: self.sigma(each) for each in self.workload.printed}

    def sigma(self, marginal: Marginal) -> float:
        """Standard deviation per cell of a marginal, rounding included, in rows or steps."""
        levels = self.workload.levels
        variance = sum(
            passed_on(marginal, each.marginal, levels) * (each.noise.sigma / each.divisor) ** 2
            for each in self.contrasts
            if set(each.marginal) <= set(marginal)
        )
        return math.sqrt(variance + rounding_variance(len(marginal)))

    def errors(self, way: Way) -> float:
        """Mean absolute error over all printed numbers, in rows or steps."""
        match way:
            case Way.TOGETHER:
                return self.workload.mean(self.sigmas)
            case Way.ONE_TABLE:
                return self.unit * self.workload.mean(in_one(self.workload))
            case _:
                return self.unit * self.workload.mean(apart(self.workload, way))

    def _contrast(self, marginal: Marginal, share: float) -> Contrast:
        part = Fraction(max(1, int(share * _PARTS_OF_BUDGET) - 1), _PARTS_OF_BUDGET)
        levels = tuple(self.workload.levels[axis] for axis in marginal)
        return Contrast(marginal, levels, self.vector.sensitivity, self.budget * part)
