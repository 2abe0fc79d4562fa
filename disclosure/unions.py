"""What the published cells of a table add up to: anyone can add, so their unions are published too."""

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from disclosure.evidence import Contributors
from disclosure.grid import Key


def published_unions(keys: Sequence[Key], contributors: Contributors) -> Contributors:
    """Return the contributors of each published cell, then of each union of published inner cells along dimensions.

    A union that is a published total is left out: it stands there already. Where several cells have one key, as the
    steps of a survival curve do, the first holds the others and stands for them.

    Args:
        keys: the published cells.
        contributors: who is behind each.
    """
    parts: dict[Key, list[int]] = {}
    firsts = {key: position for position, key in reversed(list(enumerate(keys)))}
    for position, key in enumerate(keys):
        if None not in key and firsts[key] == position:
            for total in _totals(key):
                parts.setdefault(total, []).append(position)
    rows = [int(found.sum()) for found in contributors.rows]
    published = {key: rows[position] for key, position in firsts.items()}
    unions = [
        _union(contributors, cells)
        for total, cells in parts.items()
        if len(cells) > 1 and published.get(total) != sum(rows[cell] for cell in cells)
    ]
    return Contributors(
        (*contributors.keys, *(found for found, _ in unions)),
        (*contributors.rows, *(counts for _, counts in unions)),
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
