"""Cox's partial likelihood with its slope and information, in sorted sums instead of a sum over pairs of people.

Efron (JASA 72, 1977) and Breslow (Biometrics 30, 1974) on events at one time; Therneau and Grambsch, Modeling Survival
Data (2000), section 3.3.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from disclosure.models.design import Codes, Design
from disclosure.models.factors import Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Risk:
    """Who is at risk at each time with an event. Rows are sorted by stratum, then from the latest time to the earliest.

    Attributes:
        order: the design's rows in that order.
        matrix: the columns in that order.
        moment: per row the position of its stratum and time among all pairs of these.
        last: per moment its last row: all rows of its stratum up to this one are at risk.
        before: per moment the number of rows in earlier strata.
        events: the rows with an event.
        share: per event the share of its moment's events that have left already; nought by Breslow.
    """

    order: Codes
    matrix: Doubles
    moment: Codes
    last: Codes
    before: Codes
    events: Codes
    share: Doubles

    @classmethod
    def of(cls, design: Design, matrix: Doubles, ties: str) -> Self:
        """Sort a design's rows.

        Args:
            design: the design.
            matrix: its matrix, columns of about unit size around nought.
            ties: "efron" or "breslow".
        """
        strata = np.zeros(len(matrix), dtype=np.intp) if design.strata is None else design.strata
        order = np.lexsort((-design.response, strata))
        time, stratum = design.response[order], strata[order]
        is_new = np.ones(len(order), dtype=np.bool_)
        is_new[1:] = (time[1:] != time[:-1]) | (stratum[1:] != stratum[:-1])
        moment = np.cumsum(is_new) - 1
        first = np.flatnonzero(is_new)
        last = np.append(first[1:] - 1, len(order) - 1)
        before = np.searchsorted(stratum, stratum[first])
        events = np.flatnonzero(np.asarray(design.event)[order])
        share = _shares(moment[events]) if ties == "efron" else np.zeros(len(events))
        return cls(order, matrix[order], moment, last, before, events, share)

    def at_risk(self, values: Doubles) -> Doubles:
        """Return per event the sum of some values over those at risk, less the share of those with events beside it."""
        sums = np.append(0.0, np.cumsum(values))
        at = self.moment[self.events]
        tied = np.bincount(at, values[self.events], minlength=len(self.last))
        whole: Doubles = sums[self.last[at] + 1] - sums[self.before[at]]
        return whole - self.share * tied[at]

    def likelihood(self, estimate: Doubles) -> float:
        """Return the logarithm of the partial likelihood."""
        linear = self.matrix @ estimate
        top = float(linear.max())
        return float((linear[self.events] - top - np.log(self.at_risk(np.exp(linear - top)))).sum())

    def slopes(self, estimate: Doubles) -> tuple[Doubles, Doubles]:
        """Return the slope of the likelihood and its information."""
        linear = self.matrix @ estimate
        weight = np.exp(linear - linear.max())
        whole = self.at_risk(weight)
        means = np.column_stack([self.at_risk(weight * column) / whole for column in self.matrix.T])
        slope = (self.matrix[self.events] - means).sum(axis=0)
        information = -means.T @ means
        for row, one in enumerate(self.matrix.T):
            for column, other in enumerate(self.matrix.T[: row + 1]):
                square = float((self.at_risk(weight * one * other) / whole).sum())
                information[row, column] += square
                information[column, row] += square if row != column else 0.0
        return slope, information

    def expected(self, estimate: Doubles) -> Doubles:
        """Return per row of the design the events expected of it: its hazard added up over its time."""
        linear = self.matrix @ estimate
        weight = np.exp(linear - linear.max())
        steps = np.bincount(self.moment[self.events], 1 / self.at_risk(weight), minlength=len(self.last))
        later = np.append(0.0, np.cumsum(steps))
        # strata come one after the other, and in each the earliest time stands last
        ends = np.append(np.flatnonzero(np.diff(self.before)), len(self.last) - 1)
        end = ends[np.searchsorted(ends, np.arange(len(self.last)))]
        found = np.empty(len(weight))
        found[self.order] = weight * (later[end + 1] - later[:-1])[self.moment]
        return np.maximum(found, 0.0)


def _shares(moments: NDArray[np.intp]) -> Doubles:
    """Return per event how many of its moment's events stand before it, as a share of them."""
    counts = np.bincount(moments)
    first = np.cumsum(counts) - counts
    return np.asarray((np.arange(len(moments)) - first[moments]) / counts[moments], dtype=np.float64)
