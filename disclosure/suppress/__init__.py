"""Secondary suppression: the cheapest safe cells to withhold too, so that the unsafe ones cannot be recovered.

Benders' method: a master problem chooses cells, the attacker shows what can still be recovered, and each answer becomes
a demand on the master (Fischetti and Salazar 2001). When time runs out, a rule of thumb completes the choice. Either
way the choice is audited before it is returned.
"""

import time
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from disclosure.audit.attacker import Move
from disclosure.audit.search import Failure, Search
from disclosure.audit.system import Mask, Reals, System
from disclosure.suppress.master import Master, cannot_protect, capped, cut_weights
from disclosure.suppress.repair import Repair

AT_ONCE: Final = 60
"""Most demands learnt from one choice. Source: ours, measured on 100 x 100 and 8 x 8 x 8 cells."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Which cells to withhold.

    Attributes:
        withheld: per cell.
        optimal: whether no cheaper choice exists.
    """

    withheld: Mask
    optimal: bool


def suppress(system: System, unsafe: Mask, *, cost: Reals, frozen: Mask, time_limit: float) -> Choice:
    """Choose the cells to withhold.

    Args:
        system: the table with its protections.
        unsafe: cells that are withheld in any case.
        cost: per cell what withholding it costs, at least 0.
        frozen: cells that must be published.
        time_limit: seconds for the search of the cheapest choice.

    Raises:
        DisclosureError: "cannot_protect": an unsafe cell is frozen, or the cells that may be withheld do not suffice.
    """
    if (unsafe & frozen).any():
        raise cannot_protect()
    withheld, optimal = _cheapest(system, unsafe, Master(cost, unsafe, frozen), time_limit)
    prices = np.where(frozen, np.inf, cost)
    withheld = _completed(system, withheld, prices)
    return Choice(withheld, optimal)


def _cheapest(system: System, unsafe: Mask, master: Master, time_limit: float) -> tuple[Mask, bool]:
    """Ask master and attacker in turn, until the attacker learns nothing or time is up."""
    deadline = time.monotonic() + time_limit
    _demand_company(system, unsafe, master)
    withheld = unsafe
    while time.monotonic() < deadline:
        found = master.choose(deadline - time.monotonic())
        if found is None:
            break
        withheld = found
        search = Search(system, withheld, secondary=False)
        failures = [*islice(search.failures(), AT_ONCE)]
        for failure in failures:
            master.demand(_weights(system, search, failure, withheld=withheld, unsafe=unsafe))
        if not failures:
            return withheld, True
    return withheld, False


def _demand_company(system: System, unsafe: Mask, master: Master) -> None:
    """Demand a second withheld cell wherever an unsafe one is alone in a relation."""
    hidden = unsafe[system.cell[system.columns]]
    alone = np.bincount(system.rows[hidden], minlength=system.count) == 1
    for row in np.flatnonzero(alone).tolist():
        cells = np.unique(system.cell[system.columns[system.rows == row]])
        weights = np.zeros(system.cells)
        weights[cells] = 1.0
        master.demand(weights)


def _weights(system: System, search: Search, failure: Failure, *, withheld: Mask, unsafe: Mask) -> Reals:
    """Return the demand that follows from a failure."""
    shares = None
    if not failure.fractional:
        move = _move(search, failure)
        weights = cut_weights(system, failure.column, move, amount=failure.amount, known=failure.known)
        shares = capped(weights, unsafe, failure.amount)
    if shares is None:
        return (~withheld).astype(np.float64)  # with these cells it fails, so one more is needed at least
    return shares


def _move(search: Search, failure: Failure) -> Move:
    if failure.move is not None:
        return failure.move
    place = int(np.searchsorted(search.open, failure.column))
    return search.reach(place, 1.0 if failure.amount > 0 else -1.0)


def _completed(system: System, withheld: Mask, prices: Reals) -> Mask:
    """Withhold more, by rule of thumb, until the attacker learns nothing of any withheld cell."""
    repair: Repair | None = None
    while True:
        failures = [*islice(Search(system, withheld, secondary=True).failures(), AT_ONCE)]
        if not failures:
            return withheld
        repair = repair or Repair(system, withheld, prices)
        more = withheld.copy()
        for failure in failures:
            added = repair.supporting(failure)
            if failure.fractional and not (added & ~withheld).any():
                added = np.isfinite(prices) & (prices == prices[~withheld].min(initial=np.inf))
            more |= added
            repair.withhold(more)
        if (more == withheld).all():
            raise cannot_protect()
        withheld = more
