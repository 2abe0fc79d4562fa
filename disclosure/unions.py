"""What the published cells of a table add up to: anyone can add, so their unions are published too."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from disclosure.evidence import Contributors
from disclosure.grid import Key

Member: TypeAlias = tuple[NDArray[np.uint64], NDArray[np.int64]]
"""Who is behind a cell or a union: sorted keys, and the number of rows of each."""


def unions_of(keys: Sequence[Key], rows: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Return the unions of published inner cells along dimensions, each as the positions of its parts.

    A union that is a published total is left out: it stands there already. Of several rows under one key (a curve's
    steps), the first has all of its group, and it alone is added.

    Args:
        keys: the published cells.
        rows: the number of rows behind each.
    """
    first: dict[Key, int] = {}
    for position, key in enumerate(keys):
        first.setdefault(key, position)
    parts: dict[Key, list[int]] = {}
    for key, position in first.items():
        if None not in key:
            for total in _totals(key):
                parts.setdefault(total, []).append(position)
    return tuple(
        tuple(cells)
        for total, cells in parts.items()
        if len(cells) > 1 and (total not in first or rows[first[total]] != sum(rows[cell] for cell in cells))
    )


def member_of(contributors: Contributors, cells: Sequence[int]) -> Member:
    """Return who is behind the union of some cells, counting each one's rows in all of them."""
    if len(cells) == 1:
        return contributors.keys[cells[0]], contributors.rows[cells[0]]
    keys = np.concatenate([contributors.keys[cell] for cell in cells])
    rows = np.concatenate([contributors.rows[cell] for cell in cells])
    found, places = np.unique(keys, return_inverse=True)
    return found, np.bincount(places, weights=rows, minlength=len(found)).astype(np.int64)


def _totals(key: Key) -> Iterable[Key]:
    """Return every total that an inner cell is part of."""
    places = range(len(key))
    for count in range(1, len(key) + 1):
        for summed in combinations(places, count):
            yield tuple(None if place in summed else key[place] for place in places)
