"""Several tables at a time: cells of tables that share variables, added and subtracted until few people are left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from disclosure.differencing.certificate import is_pinned
from disclosure.differencing.combinations import Left, in_span, smallest_left
from disclosure.differencing.pairs import Column, Side, columns_of, people_of
from disclosure.differencing.people import Classes, classes_of, spanning
from disclosure.grid import Key
from disclosure.policy import Policy
from disclosure.released import Imprint
from disclosure.released.imprint import keys_of
from disclosure.result import Finding
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict

MOST_CELLS: Final = 600
"""Most cells that are combined at a time, the new table's among them. Source: ours; the work grows with their cube."""
MOST_ENTRIES: Final = 20_000_000
"""Most contributors of all cells together. Source: ours; about a gigabyte while they are sorted."""


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """One table of a group, by one column.

    Attributes:
        name: the release's name; empty for the new table.
        keys: its cells.
        column: who is behind them.
        cells: the cells from which its others follow.
    """

    name: str
    keys: Sequence[Key]
    column: Column
    cells: list[int]


def together(side: Side, released: Sequence[Imprint], policy: Policy) -> Iterator[Finding]:
    """Find few people who are left when cells of the new table and of several releases are combined.

    Asked are combinations, with any factors, that leave no person a negative number of rows. A table that has cells
    below the threshold itself is not asked about: it fails by them.

    Args:
        side: the new table.
        released: what was released before, each known by the same key.
        policy: the thresholds.
    """
    chosen, left_out = _related(side, released)
    for name, shape in side.shapes.items():
        size = shape.units[: len(side.keys)]
        is_repeated = name is not None and _is_like_all_rows(side, chosen, name)
        if is_repeated or ((size > 0) & (size < policy.min_units)).any():
            continue
        yield from _among(side, [one for one in chosen if name in (one.shapes or {})], name, policy)
    if left_out:
        yield _unsettled(f"{left_out} more releases share variables with this table than can be combined")


def _related(side: Side, released: Sequence[Imprint]) -> tuple[list[Imprint], int]:
    """Return the releases that are combined with the new table, and how many more would have to be.

    A release of which each cell or union stands in one that was taken adds nothing.
    """
    own = _variables(side.statistic)
    shared = {id(one): len(own & _variables(one.statistic)) for one in released}
    related = [one for one in released if shared[id(one)] or not own or not _variables(one.statistic)]
    related.sort(key=lambda one: -shared[id(one)])
    seen: dict[str | None, set[int]] = {}
    chosen: list[Imprint] = []
    room = MOST_CELLS - len(side.keys)
    left_out = 0
    for one in related:
        shapes = {name: set(shape.sums.tolist()) for name, shape in (one.shapes or {}).items()}
        if all(sums <= seen.get(name, set()) for name, sums in shapes.items()):
            continue
        cells = max(len(shape.units) for shape in (one.shapes or {}).values())
        if cells > room:
            left_out += 1
            continue
        room -= cells
        chosen.append(one)
        for name, sums in shapes.items():
            seen.setdefault(name, set()).update(sums)
    return chosen, left_out


def _variables(stat: Statistic) -> set[str]:
    """Return the columns by which a statistic groups and chooses rows."""
    condition = stat.filter
    return {*stat.by, *(() if condition is None else condition.columns())}


def _is_like_all_rows(side: Side, chosen: Sequence[Imprint], name: str) -> bool:
    """Whether a column is present in every row of every table, so that it adds nothing to the question on all rows."""
    shapes = [side.shapes, *(one.shapes or {} for one in chosen)]
    return all(found[None].is_same(found[name]) for found in shapes if name in found)


def _among(side: Side, chosen: Sequence[Imprint], name: str | None, policy: Policy) -> Iterator[Finding]:
    """Combine the new table with some releases, by one column."""
    if not chosen:
        return
    total = sum(int((one.shapes or {})[name].units.sum()) for one in chosen)
    if total > MOST_ENTRIES:
        yield _unsettled("More people stand behind the releases that share variables than can be combined")
        return
    tables = [_opened(one, name) for one in chosen]
    tables.append(_Table("", side.keys, side.columns[name], spanning(side.keys, side.columns[name])))
    classes = _classes(tables)
    if not len(classes.people) or is_pinned(classes, policy.min_units):
        return
    try:
        left = smallest_left(classes, policy.min_units)
    except TimeoutError:
        yield _unsettled(
            "Cells of this table and of releases that share variables have more combinations than were tried"
        )
        return
    if left is not None:
        yield _said(classes, tables, left)


def _opened(one: Imprint, name: str | None) -> _Table:
    release = one.open()
    keys = keys_of(release)
    column = columns_of(keys, {name: (release.contributors or {})[name]})[name]
    return _Table(one.id, keys, column, spanning(keys, column))


def _classes(tables: Sequence[_Table]) -> Classes:
    members = [table.column.member(cell) for table in tables for cell in table.cells]
    number = np.repeat(np.arange(len(tables)), [len(table.cells) for table in tables])
    cells = np.array([cell for table in tables for cell in table.cells], dtype=np.int64)
    return classes_of(members, number, cells)


def _said(classes: Classes, tables: Sequence[_Table], left: Left) -> Finding:
    """Name the fewest releases that are needed, and the new cells that take part."""
    needed = list(range(len(tables)))
    for number in range(len(tables) - 1):
        fewer = [other for other in needed if other != number]
        if in_span(classes, np.flatnonzero(np.isin(classes.table, fewer)), left.rows) is not None:
            needed = fewer
    columns = np.flatnonzero(np.isin(classes.table, needed))
    factors = in_span(classes, columns, left.rows)
    own = classes.table[columns] == len(tables) - 1
    used = own if factors is None else own & (np.abs(factors) > 1.0 / MOST_CELLS)
    cells = tuple(sorted(int(cell) for cell in classes.cell[columns[used]]))
    names = [repr(tables[number].name) for number in needed[:-1]]
    said = f"the releases {', '.join(names)}" if len(names) > 1 else f"the release {names[0]}"
    sentence = f"Adding and subtracting cells of this table and of {said} isolates {people_of(left.people)}."
    return Finding("differencing", cells, sentence, Verdict.FAIL)


def _unsettled(fact: str) -> Finding:
    sentence = (
        f"{fact}, so it is not known whether together they isolate someone; a person must compare them."
    )
    return Finding("check_failed", (), sentence, Verdict.REVIEW)
