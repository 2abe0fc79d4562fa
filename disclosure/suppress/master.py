"""The choice of which safe cells to withhold too: least cost, as far as the attacker's answers so far demand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import highspy
import numpy as np

from disclosure.audit.attacker import SLACK, Move, Solver
from disclosure.audit.system import Mask, Reals, System
from disclosure.errors import DisclosureError

NOISE: Final = 1e-9
"""A price below this is nought. Source: HiGHS's dual tolerance of 1e-7, for prices of about 1."""


@dataclass(slots=True, eq=False)
class Master:
    """A covering problem: each row says that some weighted choice of cells must reach 1.

    Attributes:
        cost: per cell what withholding it costs.
        withheld: cells that are withheld in any case.
        frozen: cells that must be published.
    """

    cost: Reals
    withheld: Mask
    frozen: Mask
    _highs: highspy.Highs = field(default_factory=Solver)

    def __post_init__(self) -> None:
        size = len(self.cost)
        lower, upper = self.withheld.astype(float), (~self.frozen | self.withheld).astype(float)
        self._highs.addVars(size, lower, upper)
        places = np.arange(size, dtype=np.int32)
        self._highs.changeColsCost(size, places, self.cost)
        self._highs.changeColsIntegrality(size, places, np.ones(size, dtype=np.uint8))

    def demand(self, weights: Reals) -> None:
        """Demand that the weights of the withheld cells add up to 1.

        Raises:
            DisclosureError: "cannot_protect": no cell that may be withheld has a weight.
        """
        weights = np.where(self.withheld | self.frozen, 0.0, weights)
        cells = np.flatnonzero(weights)
        if not len(cells):
            raise cannot_protect()
        self._highs.addRow(1.0, highspy.kHighsInf, len(cells), cells.astype(np.int32), weights[cells])

    def choose(self, seconds: float) -> Mask | None:
        """Return the cheapest choice, or None where it was not found in time."""
        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + max(seconds, 0.0))
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.asarray(np.array(self._highs.getSolution().col_value) > 0.5)


def cut_weights(
    system: System, column: int, move: Move, *, amount: float, known: Sequence[int] = ()
) -> Reals:
    """Return per cell how much of a needed move it could allow, were it withheld too.

    By duality no table moves the column farther than the bounds of all columns, weighed by their reduced prices; so
    the withheld cells' weights must add up to the amount. Valid whatever the prices are.

    Args:
        system: the table.
        column: which number must move.
        move: the farthest it moves now.
        amount: how far it must move; below nought, down.
        known: columns that cannot move, for the attacker knows them.
    """
    prices = np.bincount(
        system.columns, weights=system.signs * move.duals[system.rows], minlength=len(system.cell)
    )
    prices[column] += np.sign(amount)
    prices[np.abs(prices) < NOISE] = 0.0
    allowed = np.maximum(prices, 0.0) * system.up + np.maximum(-prices, 0.0) * system.down
    allowed[list(known)] = 0.0
    return np.bincount(system.cell, weights=allowed, minlength=system.cells).astype(np.float64)


def capped(weights: Reals, fixed: Mask, amount: float) -> Reals | None:
    """Return weights as shares of what is still missing, none above 1; None where nothing is missing."""
    missing = abs(amount) - float(weights[fixed].sum())
    if missing <= SLACK:
        return None
    shares = np.minimum(weights / missing, 1.0)
    return np.where((shares > 0) & (shares < SLACK), SLACK, shares)


def cannot_protect() -> DisclosureError:
    """Return the error for a table that nothing allowed protects."""
    return DisclosureError(
        "cannot_protect",
        "The table cannot be protected with the cells that may be withheld; free some, or use coarser dimensions.",
    )
