"""The fast way: for each number that is not protected, withhold the cheapest cells that let it move."""

import highspy
import numpy as np

from disclosure.audit.attacker import SLACK, solver
from disclosure.audit.search import Failure
from disclosure.audit.system import Mask, Reals, System
from disclosure.suppress.master import cannot_protect


def supporting(system: System, failure: Failure, withheld: Mask, cost: Reals) -> Mask:
    """Return the cells that must be withheld too, so that a number can move as far as it must.

    The least costly move is found with the cost spread over how far each cell may move; it is a rule of thumb for the
    least costly cells.

    Args:
        system: the table.
        failure: what cannot move now.
        withheld: cells that are withheld already; they cost nothing.
        cost: per cell what withholding it costs; infinite for cells that must be published.

    Raises:
        DisclosureError: "cannot_protect".
    """
    size = len(system.cell)
    is_open = np.isfinite(cost[system.cell]) | withheld[system.cell]
    price = np.where(withheld | ~np.isfinite(cost), 0.0, cost + 1.0)[system.cell]
    low, high = np.where(is_open, system.down, 0.0), np.where(is_open, system.up, 0.0)
    highs = solver()
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = 2 * size, system.count
    model.col_cost_ = np.concatenate([price, price])
    lower = np.zeros(2 * size)
    place = failure.column if failure.amount > 0 else size + failure.column
    lower[place] = abs(failure.amount)
    upper = np.concatenate([high, low])
    upper[failure.column + (size if failure.amount > 0 else 0)] = 0.0
    upper[place] = max(upper[place], lower[place])
    model.col_lower_, model.col_upper_ = lower, upper
    model.row_lower_ = model.row_upper_ = np.zeros(system.count)
    _fill(model, system)
    highs.passModel(model)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise cannot_protect()
    values = np.array(highs.getSolution().col_value)
    moved = values[:size] + values[size:] > SLACK
    return np.asarray(np.bincount(system.cell, weights=moved, minlength=system.cells) > 0)


def _fill(model: highspy.HighsLp, system: System) -> None:
    """Write each relation twice: for moves up, and with the sign turned for moves down."""
    order = np.argsort(system.columns, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(system.columns, minlength=len(system.cell)))])
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.concatenate([starts, starts[1:] + starts[-1]]).astype(np.int32)
    model.a_matrix_.index_ = np.tile(system.rows[order], 2).astype(np.int32)
    model.a_matrix_.value_ = np.concatenate([system.signs[order], -system.signs[order]])
