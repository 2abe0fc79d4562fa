"""Contributors in few bytes: each key once, each cell a compressed set of places in the list of keys.

A table of a million people with its margins takes a tenth of the bytes that lists of keys take: a place in a list is
two bytes in a roaring bitmap, and a key of 64 random bits cannot be made shorter.
"""

from typing import TypeAlias

import numpy as np
from pyroaring import BitMap

from disclosure.errors import DisclosureError
from disclosure.evidence import Contributors

Sizes: TypeAlias = dict[str, list[int]]
"""Numbers of keys, of bytes of each cell's set, and of exceptions in each cell."""


def packed(found: Contributors) -> tuple[Sizes, bytes]:
    """Return the sizes of the parts, and the parts: keys, sets, and where a key has several rows in a cell.

    Equal contributors have equal bytes. Numbers are little-endian: keys and counts have 64 bits, places 32.
    """
    keys = np.unique(np.concatenate([*found.keys, np.zeros(0, dtype=np.uint64)]))
    sets, places, counts, several = [], [], [], []
    for cell, rows in zip(found.keys, found.rows, strict=True):
        at = np.searchsorted(keys, cell).astype(np.uint32)
        bitmap = BitMap(at)
        bitmap.run_optimize()
        sets.append(bytes(bitmap.serialize()))
        more = np.flatnonzero(rows != 1)
        places.append(at[more].astype("<u4").tobytes())
        counts.append(rows[more].astype("<i8").tobytes())
        several.append(len(more))
    sizes = {"keys": [len(keys)], "sets": [len(one) for one in sets], "several": several}
    return sizes, b"".join([keys.astype("<u8").tobytes(), *sets, *places, *counts])


def unpacked(stored: bytes, sizes: Sizes) -> tuple[Contributors, int]:
    """Read what `packed` wrote at the start of some bytes, and say how many of them it took."""
    total, several = sizes["keys"][0], sizes["several"]
    keys = np.frombuffer(stored, dtype="<u8", count=total).astype(np.uint64)
    at = 8 * total
    members = []
    for length in sizes["sets"]:
        bitmap = BitMap.deserialize(stored[at : at + length])
        members.append(np.array(bitmap.to_array(), dtype=np.int64))
        at += length
    exceptions = sum(several)
    places = np.frombuffer(stored, dtype="<u4", count=exceptions, offset=at).astype(np.int64)
    counts = np.frombuffer(stored, dtype="<i8", count=exceptions, offset=at + 4 * exceptions)
    ends = np.cumsum([0, *several]).tolist()
    rows = []
    for cell, first, last in zip(members, ends[:-1], ends[1:], strict=True):
        found = np.ones(len(cell), dtype=np.int64)
        found[np.searchsorted(cell, places[first:last])] = counts[first:last]
        rows.append(found)
    return Contributors(tuple(keys[cell] for cell in members), tuple(rows)), at + 12 * exceptions


def damaged() -> DisclosureError:
    """Return the refusal of bytes that are no stored release."""
    return DisclosureError(
        "json", "The stored release is damaged or of another form; restore it and try again."
    )
