"""The attacker's solver: which tables are possible beside the true one, given what is printed."""

from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np

from disclosure.audit.system import Places, Reals, System
from disclosure.errors import DisclosureError

SLACK: Final = 1e-6
"""How far from a whole number, or from a protection, a solution may be, in the system's unit. Source: HiGHS's own
feasibility tolerance of 1e-7 and the sums that it enters."""
PRIMAL: Final = 4
"""HiGHS's number for its primal simplex method."""
PATIENCE: Final = 10.0
"""Seconds for one whole-number question; unanswered counts as a leak. Source: ours."""


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """One possible table.

    Attributes:
        values: the deviation of each open column.
        duals: the price of each relation.
    """

    values: Reals
    duals: Reals


class Solver(highspy.Highs):
    """HiGHS, silent and on one thread, so that answers repeat."""

    def __init__(self) -> None:
        super(
            highspy.Highs, self
        ).__init__()  # the wrapper's own would print a banner, before it can be told not to
        for name, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
            self.setOptionValue(name, value)


class Attacker:
    """Someone who knows every published number and all relations, and asks what the withheld ones can be.

    Attributes:
        open: the columns that are not known.
    """

    def __init__(self, system: System, withheld: Places) -> None:
        """Take a system and the withheld cells' positions."""
        hidden = np.zeros(system.cells, dtype=np.bool_)
        hidden[withheld] = True
        self.open = np.flatnonzero(hidden[system.cell])
        self._down, self._up = system.down[self.open], system.up[self.open]
        self._whole = np.flatnonzero(system.whole[self.open])
        self._rows = system.count
        self._highs = Solver()
        self._highs.setOptionValue(
            "simplex_strategy", PRIMAL
        )  # between two questions only the objective changes
        self._highs.passModel(_model(system, self.open))

    def fix(self, columns: Places) -> None:
        """Let some columns, by position, not deviate until they are freed: this attacker knows them."""
        self._bound(columns, 0.0)

    def free(self, columns: Places) -> None:
        """Let columns deviate again."""
        self._bound(columns, 1.0)

    def _bound(self, columns: Places, share: float) -> None:
        places = columns.astype(np.int32)
        low, high = -self._down[columns] * share, self._up[columns] * share
        self._highs.changeColsBounds(len(places), places, low, high)

    def farthest(self, objective: Reals) -> Move:
        """Return the possible table in which the objective is largest; fractions are allowed.

        Raises:
            DisclosureError: "solver": no answer, so nothing is known.
        """
        size = len(self.open)
        self._highs.changeColsCost(size, np.arange(size, dtype=np.int32), -objective)
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise DisclosureError("solver", "The attacker's audit found no answer, so nothing was checked.")
        found = self._highs.getSolution()
        return Move(np.array(found.col_value), np.array(found.row_dual))

    def whole(self, column: int, amount: float) -> Reals | None:
        """Return a possible table of whole numbers in which an open column moves by at least an amount, if one is found.

        Args:
            column: position among the open columns.
            amount: in the system's unit; below nought it asks for a move down.
        """
        low, high = (amount, self._up[column]) if amount > 0 else (-self._down[column], amount)
        size = len(self._whole)
        places = self._whole.astype(np.int32)
        everyone = np.arange(len(self.open), dtype=np.int32)
        self._highs.changeColsCost(len(everyone), everyone, np.zeros(len(everyone)))
        self._highs.changeColsIntegrality(size, places, np.ones(size, dtype=np.uint8))
        self._highs.changeColBounds(column, low, high)
        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + PATIENCE)
        self._highs.run()
        status = self._highs.getModelStatus()
        values = np.array(self._highs.getSolution().col_value)
        self._highs.changeColBounds(column, -self._down[column], self._up[column])
        self._highs.changeColsIntegrality(size, places, np.zeros(size, dtype=np.uint8))
        self._highs.setOptionValue("time_limit", highspy.kHighsInf)
        return values if status == highspy.HighsModelStatus.kOptimal else None


def _model(system: System, columns: Places) -> highspy.HighsLp:
    """Return the relations between the open columns; what is known does not deviate, so it falls away."""
    place = np.full(len(system.cell), -1, dtype=np.int64)
    place[columns] = np.arange(len(columns))
    kept = np.flatnonzero(place[system.columns] >= 0)
    kept = kept[np.argsort(place[system.columns[kept]], kind="stable")]
    starts = np.zeros(len(columns) + 1, dtype=np.int32)
    np.add.at(starts, place[system.columns[kept]] + 1, 1)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(columns), system.count
    model.col_cost_ = np.zeros(len(columns))
    model.col_lower_, model.col_upper_ = -system.down[columns], system.up[columns]
    model.row_lower_ = model.row_upper_ = np.zeros(system.count)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.cumsum(starts, dtype=np.int32)
    model.a_matrix_.index_ = system.rows[kept].astype(np.int32)
    model.a_matrix_.value_ = system.signs[kept]
    return model
