"""The cells of a table: the cross product of the levels that occur, then the margins, each in order of level."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from disclosure.bins import ABOVE, BELOW, bin_labels
from disclosure.errors import DisclosureError
from disclosure.query import MISSING

Level = str | int | float | bool
Key = tuple[Level | None, ...]
"""A cell's levels, one per dimension; None where the dimension is totalled."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """All cells of a table, whether anyone is in them or not.

    Attributes:
        keys: the cells in order.
        positions: where each cell stands in `keys`.
    """

    keys: tuple[Key, ...]
    positions: dict[Key, int]

    def parents(self, dimension: int) -> list[Key]:
        """Return per cell the key of its total over one dimension, whether the table shows it or not."""
        return [(*key[:dimension], None, *key[dimension + 1 :]) for key in self.keys]


def key_of(totalled: Sequence[object], levels: Sequence[object]) -> Key:
    """Return the key of a fetched group: the engine says apart what is totalled and what is missing."""
    return tuple(None if total else _label(level) for total, level in zip(totalled, levels, strict=True))


def grid_of(
    found: Iterable[Key], dimensions: int, *, margins: bool, bins: Sequence[float] | None = None
) -> Grid:
    """Lay out the cross product of the levels found, and the margins.

    Args:
        found: keys of groups that have rows.
        dimensions: how many dimensions the table has.
        margins: whether totals are part of the table.
        bins: edges by which the last dimension is banded: each bin is a level, whether anyone is in it or not.
    """
    inner = [key for key in found if None not in key]
    levels = [_ordered({key[index] for key in inner}) for index in range(dimensions)]
    if bins is not None:
        declared = bin_labels(bins)
        seen = {*levels[-1], *declared}
        levels[-1] = [level for level in (BELOW, *declared, ABOVE, MISSING) if level in seen]
    keys: list[Key] = []
    for kept in range(dimensions, -1 if margins else dimensions - 1, -1):
        for dims in combinations(range(dimensions), kept):
            keys.extend(product(*(levels[index] if index in dims else [None] for index in range(dimensions))))
    return Grid(tuple(keys), {key: position for position, key in enumerate(keys)})


def check_size(levels: Sequence[int], *, margins: bool, most: int) -> None:
    """Refuse a table with too many cells before it is laid out.

    Raises:
        DisclosureError: "too_many_cells".
    """
    if math.prod(count + margins for count in levels) > most:
        raise DisclosureError(
            "too_many_cells", f"The table would have more than {most} cells; use fewer or coarser dimensions."
        )


def _label(level: object) -> Level:
    """Return a level as a label: missing has a name, and infinity, which JSON cannot hold, is a word."""
    if level is None:
        return MISSING
    if isinstance(level, bool | int | str) or (isinstance(level, float) and math.isfinite(level)):
        return level
    return str(level)


def _ordered(levels: Iterable[Level | None]) -> list[Level | None]:
    """Sort levels; words after numbers, missing last."""
    return sorted(levels, key=lambda level: (level == MISSING, isinstance(level, str), level))
