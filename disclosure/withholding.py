"""Withholding cells of one table, or of several over the same people at once, so that shared cells are treated alike."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from disclosure.audit import Leak, audit
from disclosure.audit.knowledge import hidden_system
from disclosure.audit.system import Mask, Places, Reals
from disclosure.audit.tables import Tables
from disclosure.errors import DisclosureError
from disclosure.leaving import behind, judged
from disclosure.released import Earlier
from disclosure.result import Report, count_of
from disclosure.safe import Safe, printed, table_of, withheld_in, written
from disclosure.suppress import suppress


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the author wishes of a suppression. Positions are those of the report's cells.

    Attributes:
        cost: "value" counts the rows that are withheld, "cells" the cells.
        importance: factors on the cost of single cells, at least 0.
        frozen: cells that must be published.
        forbidden: cells that must be withheld, safe or not.
    """

    cost: str = "value"
    importance: Mapping[int, float] | None = None
    frozen: Collection[int] = ()
    forbidden: Collection[int] = ()


def withhold(
    tables: Tables, wishes: Sequence[Wishes], *, time_limit: float, released: Sequence[Earlier]
) -> tuple[Safe, ...]:
    """Withhold unsafe cells, and others to protect them, and judge each table as it would be written.

    Args:
        tables: one table, or several.
        wishes: one per table.
        time_limit: seconds for the search of the cheapest protection.
        released: every exact table released before on the same population.

    Raises:
        DisclosureError: "wishes", "cannot_protect", "solver", "written".
    """
    asked = [*zip(tables.reports, wishes, strict=True)]
    unsafe = tables.any_of([_unsafe(report, wish) for report, wish in asked])
    frozen = tables.any_of([_mask(wish.frozen, len(report.cells)) for report, wish in asked])
    cost = tables.values_of([_cost(report, wish) for report, wish in asked])
    system = hidden_system(tables, unsafe, released)
    choice = suppress(system, unsafe, cost=cost, frozen=frozen, time_limit=time_limit)
    pairs = [*zip(tables.reports, tables.places, strict=True)]
    forms = [_written(report, choice.withheld[place]) for report, place in pairs]
    leaks = audit(system, tables.any_of([mask for _, mask in forms]))
    found = []
    for (report, place), (table, hidden) in zip(pairs, forms, strict=True):
        more = int((hidden & ~unsafe[place]).sum())
        said = f"{count_of(np.flatnonzero(hidden).tolist())} withheld, {more} of them to protect the others."
        people = behind(report, ~hidden)
        safe = Safe(table, report, "suppress", choice.optimal, ~hidden, report.cells, people)
        found.append(judged(safe, ~hidden, _here(leaks, place), said=said, released=released))
    return tuple(found)


def _unsafe(report: Report, wish: Wishes) -> Mask:
    """Return which cells are withheld in any case."""
    unsafe = report.cells["unsafe"].to_numpy(dtype=np.bool_)
    return np.asarray(unsafe | _mask(wish.forbidden, len(unsafe)))


def _written(report: Report, withheld: Mask) -> tuple[pd.DataFrame, Mask]:
    """Return a table, and which cells are withheld in it once it is written and read back."""
    numbers = {name: report.cells[name].tolist() for name in printed(report)}
    table = table_of(report, numbers, withheld)
    return table, withheld_in(written(table), report, numbers)


def _here(leaks: Sequence[Leak], place: Places) -> list[Leak]:
    """Return the leaks of cells that a table shows, by their position in it."""
    positions = {cell: position for position, cell in enumerate(place.tolist())}
    return [replace(leak, cell=positions[leak.cell]) for leak in leaks if leak.cell in positions]


def _mask(cells: Collection[int], size: int) -> Mask:
    """Return positions as a mask.

    Raises:
        DisclosureError: "wishes".
    """
    mask = np.zeros(size, dtype=np.bool_)
    for cell in cells:
        if type(cell) is not int or not 0 <= cell < size:
            raise DisclosureError("wishes", "A wish names a cell that the report does not have; correct it.")
        mask[cell] = True
    return mask


def _cost(report: Report, wishes: Wishes) -> Reals:
    """Return what withholding each cell costs; a cell always costs something, so that none is withheld for nothing."""
    if wishes.cost not in {"value", "cells"}:
        raise DisclosureError("wishes", "The cost is 'value' or 'cells'.")
    size = len(report.cells)
    cost = report.cells["n"].to_numpy(dtype=np.float64) + 1.0 if wishes.cost == "value" else np.ones(size)
    for cell, factor in (wishes.importance or {}).items():
        if not 0 <= factor < np.inf:
            raise DisclosureError("wishes", "Each importance is a number of at least 0.")
        cost[_mask([cell], size)] *= factor
    return cost
