"""The attacker's audit: what someone who knows all published numbers can learn of the withheld ones.

The attacker knows every published cell and margin, which numbers are whole and which cannot be negative, and by which
thresholds cells are withheld. Each cell must remain possible as far below and above its true value as its protection
asks. That is shown by finding such tables; what cannot be shown counts as recoverable.
"""

from dataclasses import dataclass

import numpy as np

from disclosure.audit.attacker import SLACK
from disclosure.audit.search import Failure, Search
from disclosure.audit.system import Mask, System


@dataclass(frozen=True, slots=True)
class Leak:
    """A withheld number that is not protected.

    Attributes:
        cell: position of the cell.
        name: which of its numbers.
        low: how far below the truth it can still be, in its own unit, at most 0.
        high: how far above.
        exact: whether it is known exactly.
        inside: whether only contributors of other cells can tell, from what they know of their own.
    """

    cell: int
    name: str
    low: float
    high: float
    exact: bool
    inside: bool = False


def audit(system: System, withheld: Mask, *, secondary: bool = True) -> tuple[Leak, ...]:
    """Return every withheld number that can be recovered or is narrower than its protection.

    Args:
        system: the table with its protections.
        withheld: per cell whether its numbers are withheld.
        secondary: whether safe cells that are withheld must not be known exactly either.

    Raises:
        DisclosureError: "solver": no answer, so nothing is known.
    """
    search = Search(system, withheld, secondary=secondary)
    failures: dict[int, Failure] = {}
    for failure in search.failures():
        failures.setdefault(failure.column, failure)
    return tuple(_leak(system, search, failure) for failure in failures.values())


def _leak(system: System, search: Search, failure: Failure) -> Leak:
    """Say between what bounds a column is known to lie; a side that is protected is said as far as it was seen."""
    column = failure.column
    place = int(np.searchsorted(search.open, column))
    layer, cell = divmod(column, system.cells)
    low, high = float(search.lowest[place]), float(search.highest[place])
    if system.whole[column]:
        low, high = float(np.floor(low + SLACK)), float(np.floor(high + SLACK))
    unit = float(system.units[layer])
    if failure.known:
        return Leak(cell, system.names[layer], -low * unit, high * unit, exact=False, inside=True)
    return Leak(cell, system.names[layer], -low * unit, high * unit, exact=low + high <= SLACK)
