"""The fast way: for each number that is not protected, withhold the cheapest cells that let it move."""

import numpy as np

from disclosure.audit.attacker import SLACK
from disclosure.audit.moves import Moves
from disclosure.audit.search import Failure
from disclosure.audit.system import Mask, Reals, System
from disclosure.suppress.master import cannot_protect


class Repair:
    """Finds supporting cells by the cheapest move: a rule of thumb for the cheapest cells."""

    def __init__(self, system: System, withheld: Mask, cost: Reals) -> None:
        """Take the table, the cells that are withheld, and what withholding costs.

        Args:
            system: the table.
            withheld: cells that are withheld already; they cost nothing.
            cost: per cell; infinite for cells that must be published.
        """
        is_open = np.isfinite(cost) | withheld
        self._system = system
        self._cost = np.where(np.isfinite(cost), cost + 1.0, 0.0)
        self._columns = np.flatnonzero(is_open[system.cell])
        self._moves = Moves(system, self._columns, self._prices(withheld))

    def withhold(self, withheld: Mask) -> None:
        """Take into account that more cells are withheld."""
        self._moves.price(self._prices(withheld))

    def supporting(self, failure: Failure) -> Mask:
        """Return the cells that must be withheld, so that a number can move as far as it must.

        Raises:
            DisclosureError: "cannot_protect".
        """
        place = int(np.searchsorted(self._columns, failure.column))
        known = np.flatnonzero(np.isin(self._columns, failure.known))
        self._moves.fix(known)
        values = self._moves.cheapest(place, failure.amount)
        self._moves.free(known)
        if values is None:
            raise cannot_protect()
        moved = self._system.cell[self._columns[np.abs(values) > SLACK]]
        return np.asarray(np.bincount(moved, minlength=self._system.cells) > 0)

    def _prices(self, withheld: Mask) -> Reals:
        return np.where(withheld, 0.0, self._cost)[self._system.cell[self._columns]]
