"""Who is in which cells of several tables: one line for all people with the same cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from disclosure.differencing.pairs import Column
from disclosure.grid import Key
from disclosure.unions import Member

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """People of several tables in classes: those of one class have as many rows in every cell.

    Attributes:
        rows: per class (first axis) and cell (second) the rows that each of its people has there.
        people: the number of people in each class.
        table: per cell the table it stands in; the new table is the last.
        cell: per cell its position in that table.
    """

    rows: sparse.csr_matrix
    people: Places
    table: Places
    cell: Places


def spanning(keys: Sequence[Key], column: Column) -> list[int]:
    """Return the cells from which all others of a table follow: inner ones, and totals that these do not add up to."""
    inner = [cell for cell in range(len(keys)) if None not in keys[cell]]
    parts: dict[Key, int] = {}
    rows = column.contributors.rows
    totals = [cell for cell in range(len(keys)) if None in keys[cell]]
    for total in totals:
        parts[keys[total]] = sum(int(rows[cell].sum()) for cell in inner if _is_part(keys[cell], keys[total]))
    return inner + [total for total in totals if int(rows[total].sum()) != parts[keys[total]]]


def _is_part(key: Key, total: Key) -> bool:
    return all(level is None or level == own for own, level in zip(key, total, strict=True))


def classes_of(members: Sequence[Member], table: Places, cell: Places) -> Classes:
    """Sort people into classes.

    Two different classes are taken for one with a chance of one in 2**64 per pair.

    Args:
        members: who is behind each cell.
        table: per cell its table.
        cell: per cell its position in that table.
    """
    sizes = [len(keys) for keys, _ in members]
    keys, person = np.unique(np.concatenate([keys for keys, _ in members]), return_inverse=True)
    counts = np.concatenate([rows for _, rows in members])
    columns = np.repeat(np.arange(len(members)), sizes)
    order = np.argsort(person, kind="stable")
    starts = np.searchsorted(person[order], np.arange(len(keys)))
    marked = (_marks(len(members))[columns] * counts.astype(np.uint64))[order]
    signs = np.add.reduceat(marked, starts)
    _, first, people = np.unique(signs, return_index=True, return_counts=True)
    place = np.full(len(keys), -1)
    place[first] = np.arange(len(first))
    kept = place[person] >= 0
    entries = (counts[kept].astype(np.float64), (place[person[kept]], columns[kept]))
    rows = sparse.csr_matrix(entries, shape=(len(first), len(members)))
    return Classes(rows, people.astype(np.int64), table, cell)


def _marks(size: int) -> NDArray[np.uint64]:
    """Return numbers of 64 bits that look like chance, one per cell (the finaliser of MurmurHash3)."""
    found = (np.arange(size, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (33, 0xC4CEB9FE1A85EC53)):
        found = (found ^ (found >> np.uint64(shift))) * np.uint64(factor)
    return found ^ (found >> np.uint64(33))
