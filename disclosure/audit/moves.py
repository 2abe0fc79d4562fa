"""The cheapest possible table in which one number moves by a given amount.

Cheap tables touch few cells. Such a table is mostly whole where a table that lies as far out as possible is not, and it
shows at once of every cell it touches how far that one can move.
"""

import highspy
import numpy as np

from disclosure.audit.attacker import Solver
from disclosure.audit.system import Places, Reals, System


class Moves:
    """Asks for cheap deviations among some columns; between two questions only bounds or prices change.

    Attributes:
        open: the columns that may deviate.
    """

    def __init__(self, system: System, columns: Places, prices: Reals) -> None:
        """Take the columns that may deviate, and what each costs per unit of its way."""
        self.open = columns
        self._down, self._up = system.down[columns], system.up[columns]
        self._highs = Solver()
        self._highs.setOptionValue("presolve", "off")  # few steps lead from nought to a small table
        self._highs.passModel(_model(system, columns, prices))

    def price(self, prices: Reals) -> None:
        """Change what the columns cost."""
        size = len(self.open)
        self._highs.changeColsCost(2 * size, np.arange(2 * size, dtype=np.int32), np.tile(prices, 2))

    def fix(self, columns: Places) -> None:
        """Let some columns, by position, not deviate until they are freed."""
        self._bound(columns, 0.0)

    def free(self, columns: Places) -> None:
        """Let columns deviate again."""
        self._bound(columns, 1.0)

    def _bound(self, columns: Places, share: float) -> None:
        both = np.concatenate([columns, columns + len(self.open)]).astype(np.int32)
        most = np.concatenate([self._up[columns], self._down[columns]]) * share
        self._highs.changeColsBounds(len(both), both, np.zeros(len(both)), most)

    def cheapest(self, column: int, amount: float) -> Reals | None:
        """Return the cheapest possible table in which a column moves by an amount, or None where there is none.

        Args:
            column: position among the open columns.
            amount: in the system's unit; below nought it asks for a move down.
        """
        size = len(self.open)
        place, other = (column, size + column) if amount > 0 else (size + column, column)
        most = (self._up if amount > 0 else self._down)[column]
        back = (self._down if amount > 0 else self._up)[column]
        if most < abs(amount):
            return None
        self._highs.changeColBounds(place, abs(amount), most)
        self._highs.changeColBounds(other, 0.0, 0.0)
        self._highs.setBasis()  # from nought again: the last answer is no help for another column
        self._highs.run()
        found = self._highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        values = np.array(self._highs.getSolution().col_value) if found else None
        self._highs.changeColBounds(place, 0.0, most)
        self._highs.changeColBounds(other, 0.0, back)
        return None if values is None else np.asarray(values[:size] - values[size:])


def _model(system: System, columns: Places, prices: Reals) -> highspy.HighsLp:
    """Write each relation twice: for moves up, and with the sign turned for moves down."""
    place = np.full(len(system.cell), -1, dtype=np.int64)
    place[columns] = np.arange(len(columns))
    kept = np.flatnonzero(place[system.columns] >= 0)
    kept = kept[np.argsort(place[system.columns[kept]], kind="stable")]
    counts = np.bincount(place[system.columns[kept]], minlength=len(columns))
    starts = np.concatenate([[0], np.cumsum(counts)])
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = 2 * len(columns), system.count
    model.col_cost_ = np.tile(prices, 2)
    model.col_lower_ = np.zeros(2 * len(columns))
    model.col_upper_ = np.concatenate([system.up[columns], system.down[columns]])
    model.row_lower_ = model.row_upper_ = np.zeros(system.count)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.concatenate([starts, starts[1:] + starts[-1]]).astype(np.int32)
    model.a_matrix_.index_ = np.tile(system.rows[kept], 2).astype(np.int32)
    model.a_matrix_.value_ = np.concatenate([system.signs[kept], -system.signs[kept]])
    return model
