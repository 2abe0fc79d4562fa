"""Where a column's values lie in each cell: its ends, its commonest value and its quantiles."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from disclosure.grid import Grid, Key, key_of
from disclosure.measure import ORDERED
from disclosure.quantity import Quantity, Role
from disclosure.query import Question, order_tree
from disclosure.source import evidence_failed
from disclosure.statistic import Statistic

Values = NDArray[np.float64]
Counts = NDArray[np.int64]
_ENDS = 7
"""Columns of `order_tree` before those of its points."""
_PER_POINT = 5
"""Columns of `order_tree` per point."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A value in each cell, and the units that have it.

    Attributes:
        value: the value; not a number where there is none.
        units: distinct units that have it; rows where no unit repeats.
    """

    value: Values
    units: Counts


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A quantile in each cell: between two neighbours, as pandas and numpy compute it (type 7).

    Attributes:
        value: the quantile.
        is_held: whether it is a value of the data, not one between two.
        below: units with a value at or below the lower neighbour.
        above: units with a value at or above the upper neighbour.
        owners: units that have the lower neighbour's value.
    """

    value: Values
    is_held: NDArray[np.bool_]
    below: Counts
    above: Counts
    owners: Counts


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """Where the values of one column lie in each cell.

    Attributes:
        least: the least value.
        greatest: the greatest value.
        commonest: the value of most rows; of several, the least.
        points: the quantiles.
    """

    least: Place
    greatest: Place
    commonest: Place
    points: dict[Fraction, Point]


def ordered_columns(stat: Statistic) -> tuple[str, ...]:
    """Return the columns whose order is asked for, or whose ends a histogram's edges may show, once each."""
    names = [str(measure.column) for measure in stat.measures if measure.function in ORDERED]
    return tuple(dict.fromkeys(names if stat.bins is None else [stat.by[-1]]))


def order_of(question: Question, grid: Grid, column: str, *, by_unit: bool) -> Order:
    """Order one column within each cell.

    Raises:
        DisclosureError: "evidence_failed"; also where the data have changed since the cells were laid out.
    """
    measures = [measure for measure in question.statistic.measures if measure.column == column]
    points = tuple(dict.fromkeys(measure.point for measure in measures if measure.point is not None))
    index = question.quantities.index(Quantity(column, Role.VALUE))
    width = _ENDS + _PER_POINT * len(points)
    table = np.full((width, len(grid.keys)), np.nan, dtype=object)
    for key, row in keyed(question, order_tree(question, index, points, by_unit=by_unit)):
        if row[0]:
            table[:, position_of(grid, key)] = row
    least, greatest, commonest = (Place(_values(table[at]), _counts(table[at + 1])) for at in (1, 3, 5))
    found = {
        point: _point(point, table[0], table[_ENDS + _PER_POINT * at :]) for at, point in enumerate(points)
    }
    return Order(least, greatest, commonest, found)


def keyed(question: Question, tree: exp.Select) -> Iterator[tuple[Key, tuple[object, ...]]]:
    """Run a tree that groups, and return each group's key with the rest of its row."""
    width = len(question.dimensions)
    for row in question.source.rows(tree):
        yield key_of(row[:width], row[width : 2 * width]), row[2 * width :]


def position_of(grid: Grid, key: Key) -> int:
    """Return where a cell stands.

    Raises:
        DisclosureError: "evidence_failed": it is not in the grid, so the data have changed in between.
    """
    if key not in grid.positions:
        raise evidence_failed()
    return grid.positions[key]


def _point(point: Fraction, rows: NDArray[np.object_], columns: NDArray[np.object_]) -> Point:
    """Compute a quantile between its neighbours, rounded once."""
    lower, upper = _values(columns[0]), _values(columns[1])
    steps = [(int(count) - 1) * point if count == count else Fraction(0) for count in rows]  # noqa: PLR0124  NaN
    parts = np.array([float(step - int(step)) for step in steps], dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        gap = upper - lower
        value = np.where(parts < 0.5, lower + gap * parts, upper - gap * (1 - parts))
    return Point(value, lower == upper, *(_counts(columns[at]) for at in (2, 3, 4)))


def _values(column: NDArray[np.object_]) -> Values:
    return np.array([float(value) for value in column], dtype=np.float64)


def _counts(column: NDArray[np.object_]) -> Counts:
    """Return counts, nobody being nought."""
    return np.array([0 if value != value else int(cast("int", value)) for value in column], dtype=np.int64)  # noqa: PLR0124  NaN
