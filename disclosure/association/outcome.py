"""The numbers that a test answers with."""

import math
from dataclasses import dataclass
from typing import Final

NAN: Final = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One answer; what a test does not have is not a number.

    Attributes:
        estimate: the measure of association.
        low: the lower end of its confidence interval.
        high: the upper end.
        statistic: the test's statistic.
        degrees: its degrees of freedom; of F, those between groups.
        degrees_within: those within groups, of F.
        p_value: two-sided.
    """

    estimate: float = NAN
    low: float = NAN
    high: float = NAN
    statistic: float = NAN
    degrees: float = NAN
    degrees_within: float = NAN
    p_value: float = NAN

    @property
    def is_computed(self) -> bool:
        """Whether there is an estimate and a p-value, both finite."""
        return math.isfinite(self.estimate) and math.isfinite(self.p_value)

    def values(self) -> tuple[float, ...]:
        """Return the numbers in the order of the table's columns."""
        ends = (self.low, self.high)
        return (self.estimate, *ends, self.statistic, self.degrees, self.degrees_within, self.p_value)
