"""What the rules need to know of each cell, from one aggregate pass over the data."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from disclosure.deriving import problems_of, with_derived
from disclosure.flags import Flags, flags_of
from disclosure.grid import Grid, Key, check_size, grid_of, key_of
from disclosure.holdings import Holdings, holdings_of
from disclosure.order import Order, keyed, order_of, ordered_columns, position_of
from disclosure.quantity import Quantity, Role, Scale, check_numeric
from disclosure.query import (
    Question,
    cells_tree,
    contributors_tree,
    question_of,
    square_of,
    squares_tree,
)
from disclosure.scan import scanned
from disclosure.source import Data, evidence_failed, open_source
from disclosure.statistic import Statistic

Counts = NDArray[np.int64]
Whole = NDArray[np.object_]
"""Whole numbers of any size, in units of a scale's last place."""
_PER_QUANTITY = 7
"""Columns that the cells' query returns per quantity."""


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """A quantity in each cell. Contributions are units' totals within the cell, or rows' where no unit repeats.

    Attributes:
        rows: rows in which it is present.
        units: distinct units in which it is present.
        total: the sum.
        absolute: the sum of the contributions' absolute values.
        largest: the largest absolute contribution.
        second: the second largest absolute contribution.
        same: whether all values present are one value, and there are at least two.
        scale: what a unit of the last place of the sums is worth.
    """

    rows: Counts
    units: Counts
    total: Whole
    absolute: Whole
    largest: Whole
    second: Whole
    same: NDArray[np.bool_]
    scale: Scale


@dataclass(frozen=True, slots=True, eq=False)
class Contributors:
    """Who is behind each cell.

    Attributes:
        keys: per cell the contributors' keys, sorted, 64 bits each.
        rows: per cell the number of rows of each key.
    """

    keys: tuple[NDArray[np.uint64], ...]
    rows: tuple[NDArray[np.int64], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The evidence on a table.

    Attributes:
        grid: the cells.
        rows: rows after the filter, per cell.
        units: distinct units, per cell; rows where no unit is named.
        sums: each quantity's sums.
        problems: sentences on what the data did not let us check.
        contributors: gather who is behind each cell, per column that must be present (None for all rows); the
            answer is None where rows have no key or the data have changed since.
        orders: per column that is ordered, where its values lie.
        squares: per column that is squared, the sum of its squares, in units of the square of its scale's last place.
        holdings: per column of whose total the shares are asked, what each unit holds in each cell, from least to most.
        flags: per column of noughts and ones whose total or spread is asked, units with a one and units with a nought.
        coarser: the evidence counted by each coarser level of unit, with the statistic that names this level alone.
        without: gather the evidence again without the rows of some cells; None where that cannot be done.
    """

    grid: Grid
    rows: Counts
    units: Counts
    sums: dict[Quantity, Sums]
    problems: tuple[str, ...]
    contributors: Callable[[], dict[str | None, Contributors] | None]
    orders: dict[str, Order] = field(default_factory=dict)
    squares: dict[str, Whole] = field(default_factory=dict)
    holdings: dict[str, Holdings] = field(default_factory=dict)
    flags: dict[str, Flags] = field(default_factory=dict)
    coarser: "tuple[tuple[Statistic, Evidence], ...]" = ()
    without: "Callable[[Iterable[Key]], Evidence] | None" = None


def gather(
    stat: Statistic, data: Data, *, key: str | None, max_cells: int, dropped: Iterable[Key] = ()
) -> Evidence:
    """Aggregate the data of a table, once; where the unit has levels, once for each.

    Rows of the cells in `dropped` are left out.

    Sums do not depend on the order of rows or threads: whole numbers are added in 128 bits, decimals as decimals,
    and doubles as whole multiples of a power of two at least 2**33 times finer than the largest value's last bit.

    Raises:
        DisclosureError: as `open_source`; "not_numeric", "too_many_cells", "evidence_failed".
    """
    levels = [replace(stat, unit=name, within=()) for name in stat.levels] or [stat]
    left_out = tuple(dropped)
    finest, *coarser = [_gathered(level, data, left_out, key=key, max_cells=max_cells) for level in levels]
    if any(counted.grid.keys != finest.grid.keys for counted in coarser):
        raise evidence_failed()

    def without(cells: Iterable[Key]) -> Evidence:
        return gather(stat, data, key=key, max_cells=max_cells, dropped=(*left_out, *cells))

    return replace(finest, coarser=tuple(zip(levels[1:], coarser, strict=True)), without=without)


def _gathered(
    stat: Statistic, data: Data, dropped: tuple[Key, ...], *, key: str | None, max_cells: int
) -> Evidence:
    """Aggregate the data of a table, counting by one level of unit."""
    columns = set(stat.columns()) | ({key} if key is not None else set())
    source = with_derived(stat, open_source(data, sorted(columns)))
    check_numeric(stat, source)
    question = replace(question_of(stat, source), dropped=dropped)
    scan = scanned(question, most=max_cells)
    question, scales = scan.question, scan.scales
    found = _fetch(question, scales, by_unit=scan.by_unit, most=max_cells)
    evidence = _evidence(question, found, scales, ((*scan.problems, *problems_of(stat, source)), key))
    orders = {
        column: order_of(question, evidence.grid, column, by_unit=scan.by_unit)
        for column in ordered_columns(stat)
    }
    holdings = holdings_of(question, evidence.grid, scales, by_unit=scan.by_unit)
    squares = _squares(question, evidence.grid, scales)
    flags = flags_of(
        question, evidence.grid, {q: (held.rows, held.total) for q, held in evidence.sums.items()}, scales
    )
    return replace(evidence, orders=orders, squares=squares, holdings=holdings, flags=flags)


def _fetch(
    question: Question, scales: Sequence[Scale], *, by_unit: bool, most: int
) -> dict[Key, tuple[object, ...]]:
    """Run the aggregate pass; a group without rows (an empty table's total) is left out.

    Raises:
        DisclosureError: "too_many_cells".
    """
    stat = question.statistic
    tree = cells_tree(question, scales, by_unit=by_unit).limit(most + 1)
    found = {key: row for key, row in keyed(question, tree) if row[0]}
    counts = [len({key[index] for key in found if key[index] is not None}) for index in range(len(stat.by))]
    counts[-1:] = counts[-1:] if stat.bins is None else [len(stat.bins) + 2]
    check_size([*counts, *([len(found)] if len(found) > most else [])], margins=stat.margins, most=most)
    return found


def _evidence(
    question: Question,
    found: dict[Key, tuple[object, ...]],
    scales: Sequence[Scale],
    rest: tuple[tuple[str, ...], str | None],
) -> Evidence:
    """Lay the fetched groups out on the grid."""
    problems, key = rest
    stat = question.statistic
    grid = grid_of(found, len(stat.by), margins=stat.margins, bins=stat.bins)
    rows, units = _counts(grid, found, 0), _counts(grid, found, 1)
    sums = {
        quantity: _sums(grid, found, 2 + _PER_QUANTITY * index, scale)
        for index, (quantity, scale) in enumerate(zip(question.quantities, scales, strict=True))
    }
    name = stat.unit if key is None else key

    def contributors() -> dict[str | None, Contributors] | None:
        return None if name is None else _contributors(question, name, grid, rows)

    return Evidence(grid, rows, units, sums, problems, contributors)


def _squares(question: Question, grid: Grid, scales: Sequence[Scale]) -> dict[str, Whole]:
    """Add up the squares of each column that needs them, exactly."""
    wanted = [
        (index, scale)
        for index, (quantity, scale) in enumerate(zip(question.quantities, scales, strict=True))
        if quantity.role is Role.SPREAD
    ]
    if not wanted:
        return {}
    squares = [np.zeros(len(grid.keys), dtype=object) for _ in wanted]
    for key, row in keyed(question, squares_tree(question, wanted)):
        for index, found in enumerate(squares):
            high, mixed, low = (int(cast("int", part or 0)) for part in row[3 * index : 3 * index + 3])
            found[position_of(grid, key)] = square_of(high, mixed, low)
    names = [str(question.quantities[index].column) for index, _ in wanted]
    return dict(zip(names, squares, strict=True))


def _counts(grid: Grid, found: dict[Key, tuple[object, ...]], column: int) -> Counts:
    """Return a column of counts on the grid; nobody is nought."""
    counts = np.zeros(len(grid.keys), dtype=np.int64)
    for key, row in found.items():
        counts[grid.positions[key]] = int(cast("int", row[column] or 0))
    return counts


def _sums(grid: Grid, found: dict[Key, tuple[object, ...]], start: int, scale: Scale) -> Sums:
    """Return one quantity's columns on the grid; what was not asked for follows from the rest, or is nought."""
    size = len(grid.keys)
    total, absolute, largest, second = (np.zeros(size, dtype=object) for _ in range(4))
    rows, units = _counts(grid, found, start), _counts(grid, found, start + 1)
    same = np.zeros(size, dtype=np.bool_)
    for key, row in found.items():
        if not row[start]:
            continue
        position = grid.positions[key]
        if row[start + 1] is None:
            units[position] = rows[position]
        total[position] = scale.whole(_exact(row[start + 2] or 0))
        absolute[position] = abs(total[position])
        if row[start + 3] is not None:
            absolute[position] = scale.whole(_exact(row[start + 3]))
        two = cast("list[int | Decimal]", row[start + 4] or [0])  # max(x, 2) answers with a list
        largest[position] = scale.whole(two[0])
        second[position] = scale.whole(two[1]) if len(two) > 1 else 0
        same[position] = (
            rows[position] > 1 and row[start + 5] is not None and row[start + 5] == row[start + 6]
        )
    return Sums(rows, units, total, absolute, largest, second, same, scale)


def _exact(value: object) -> int | Decimal:
    """Return a fetched sum, which is a whole number or a decimal."""
    return cast("int | Decimal", value)  # cells_tree casts to INT128 or DECIMAL


def _contributors(
    question: Question, name: str, grid: Grid, rows: Counts
) -> dict[str | None, Contributors] | None:
    """Gather contributors, unless some row of a cell has no key (or the data have changed)."""
    width = len(question.dimensions)
    table = question.source.run(contributors_tree(question, name)).to_arrow_table()
    keys = list(zip(*(table.column(index).to_pylist() for index in range(2 * width)), strict=True))
    keys = keys or [()] * table.num_rows
    positions = [grid.positions.get(key_of(key[:width], key[width:]), -1) for key in keys]
    seen = np.zeros(len(grid.keys) + 1, dtype=np.int64)
    seen[positions] = [int(count or 0) for count in table.column(2 * width).to_pylist()]
    if seen[-1] or not np.array_equal(seen[:-1], rows):
        return None
    columns = (None, *(quantity.column for quantity in question.quantities))
    return {
        column: _spread(table, 2 * width + 1 + 2 * index, positions, len(grid.keys))
        for index, column in reversed(list(enumerate(columns)))
    }


def _spread(
    table: Any, start: int, positions: list[int], size: int
) -> Contributors:  # Any: Arrow has no types
    """Return two columns of lists on the grid."""
    keys = [np.zeros(0, dtype=np.uint64)] * size
    counts = [np.zeros(0, dtype=np.int64)] * size
    lists = (table.column(start).combine_chunks(), table.column(start + 1).combine_chunks())
    for index, position in enumerate(positions):
        if lists[0][index].is_valid:
            keys[position] = np.asarray(lists[0][index].values, dtype=np.uint64)
            counts[position] = np.asarray(lists[1][index].values, dtype=np.int64)
    return Contributors(tuple(keys), tuple(counts))
