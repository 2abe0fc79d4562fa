"""What the published cells of a table with withheld ones add up to: anyone can add, so these are published too."""

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from disclosure.evidence import Contributors
from disclosure.grid import Key, grid_of


def published_unions(keys: Sequence[Key], contributors: Contributors, *, margins: bool) -> Contributors:
    """Return the contributors of each published cell, then of each union of published inner cells along dimensions.

    A table of which every cell is published is returned as it is: its unions are its totals.

    Args:
        keys: the published cells.
        contributors: who is behind each.
        margins: whether the table has totals of its own.
    """
    dimensions = len(keys[0]) if keys else 0
    if len(grid_of(keys, dimensions, margins=margins).keys) == len(keys):
        return contributors
    parts: dict[Key, list[int]] = {}
    for position, key in enumerate(keys):
        if None not in key:
            for total in _totals(key):
                parts.setdefault(total, []).append(position)
    unions = [_union(contributors, cells) for cells in parts.values() if len(cells) > 1]
    return Contributors(
        (*contributors.keys, *(found for found, _ in unions)),
        (*contributors.rows, *(rows for _, rows in unions)),
    )


def _totals(key: Key) -> Iterable[Key]:
    """Return every total that an inner cell is part of."""
    places = range(len(key))
    for count in range(1, len(key) + 1):
        for summed in combinations(places, count):
            yield tuple(None if place in summed else key[place] for place in places)


def _union(contributors: Contributors, cells: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    keys = np.concatenate([contributors.keys[cell] for cell in cells])
    rows = np.concatenate([contributors.rows[cell] for cell in cells])
    found, places = np.unique(keys, return_inverse=True)
    return found, np.bincount(places, weights=rows, minlength=len(found)).astype(np.int64)
