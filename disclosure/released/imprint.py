"""A small imprint of a release: enough to clear almost every later table of differences without opening the release.

Each cell leaves its number of contributors and, per bucket of keys, its number of rows. A cell that holds another has
at least as many rows in every bucket, and people who tell the two apart fill at least one bucket; so a pair whose
buckets go both ways, or differ in as many as the threshold, isolates nobody. What buckets cannot clear is compared
exactly: the imprint opens the release for that. Nothing is ever cleared by chance.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from disclosure.evidence import Contributors
from disclosure.grid import Key
from disclosure.released.exact import Released, framed, unframed
from disclosure.statistic import Statistic
from disclosure.unions import member_of, unions_of

BUCKET_BITS: Final = 6
"""The first bits of a key that name its bucket. Source: ours; 64 buckets tell cells of up to 100,000 rows apart."""
BUCKETS: Final = 1 << BUCKET_BITS
_MARK: Final = b"disclosure imprint 1\n"
_TYPES: Final = ("<u2", "<u4", "<u8")


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """The imprint of one column's cells, and after them of the unions that anyone can add up.

    Attributes:
        units: contributors per cell.
        sums: per cell the sum of its keys, each once per row, modulo 2**64: equal for equal cells, and else different
            but for one chance in 2**64.
        buckets: rows per bucket (first axis) and cell (second).
    """

    units: NDArray[np.int64]
    sums: NDArray[np.uint64]
    buckets: NDArray[np.unsignedinteger]

    def is_same(self, other: Self) -> bool:
        """Whether two tables have the same people behind every cell."""
        return np.array_equal(self.units, other.units) and np.array_equal(self.sums, other.sums)


@dataclass(frozen=True, slots=True, eq=False)
class Imprint:
    """What is kept at hand of a release.

    Attributes:
        id: the release's name in the platform.
        statistic: what was asked.
        key: the column whose values were keyed, or None.
        shapes: per column that must be present (None for all rows) the imprint of its cells; None where it is not
            known who is behind them.
        open: return the release itself; called when an exact comparison is needed.
    """

    id: str
    statistic: Statistic
    key: str | None
    shapes: Mapping[str | None, Shapes] | None
    open: Callable[[], Released]

    def to_bytes(self, release: str) -> bytes:
        """Return a stored form: equal imprints have equal bytes. It tells of groups, so it is as secret as the data.

        Args:
            release: under which name the release itself is stored.
        """
        shapes = self.shapes or {}
        header = {
            "id": self.id,
            "statistic": json.loads(self.statistic.to_json()),
            "key": self.key,
            "complete": self.shapes is not None,
            "release": release,
            "columns": [[name, len(one.units), one.buckets.dtype.itemsize] for name, one in shapes.items()],
        }
        parts = [
            part
            for one in shapes.values()
            for part in (
                one.units.astype("<i8").tobytes(),
                one.sums.astype("<u8").tobytes(),
                one.buckets.astype(one.buckets.dtype.newbyteorder("<")).tobytes(),
            )
        ]
        return framed(_MARK, header, b"".join(parts))

    @classmethod
    def from_bytes(cls, stored: bytes, opened: Callable[[str], Released]) -> Self:
        """Read what `to_bytes` wrote.

        Args:
            stored: its bytes.
            opened: return the release that is stored under a name.

        Raises:
            DisclosureError: "json": it is not such a form, or one byte of it is another.
        """
        header, rest = unframed(_MARK, stored)
        statistic = Statistic.from_json(header["statistic"])  # type: ignore[arg-type]  # the digest vouches for it
        shapes = _shapes(rest, header["columns"]) if header["complete"] else None
        release = str(header["release"])
        return cls(str(header["id"]), statistic, header["key"], shapes, lambda: opened(release))  # type: ignore[arg-type]  # likewise

    @staticmethod
    def is_stored(stored: bytes) -> bool:
        """Whether some bytes are an imprint's, by their mark."""
        return stored.startswith(_MARK)


def imprint_of(release: Released) -> Imprint:
    """Return the imprint of a release that lies in memory."""
    shapes = None
    if release.contributors is not None:
        keys = keys_of(release)
        shapes = {name: shapes_of(keys, found) for name, found in release.contributors.items()}
    return Imprint(release.id, release.statistic, release.key, shapes, lambda: release)


def keys_of(release: Released) -> tuple[Key, ...]:
    """Return the cells of a release by their levels."""
    columns = [release.cells[name].tolist() for name in release.statistic.by]
    return tuple(zip(*columns, strict=True)) if columns else ((),) * len(release.cells)


def shapes_of(keys: Sequence[Key], found: Contributors) -> Shapes:
    """Return the imprint of one column's cells and their unions."""
    cells = len(found.keys)
    units = np.array([len(members) for members in found.keys], dtype=np.int64)
    rows = np.concatenate([*found.rows, np.zeros(0, dtype=np.int64)])
    members = np.concatenate([*found.keys, np.zeros(0, dtype=np.uint64)])
    places = np.repeat(np.arange(cells), units)
    flat = (members >> np.uint64(64 - BUCKET_BITS)).astype(np.int64) * cells + places
    counts = np.bincount(flat, weights=None if (rows == 1).all() else rows, minlength=cells * BUCKETS)
    buckets = counts.astype(np.int64).reshape(BUCKETS, cells)
    sums = np.zeros(cells, dtype=np.uint64)
    some = np.flatnonzero(units)
    if len(some):
        starts = np.cumsum(units)[some] - units[some]
        sums[some] = np.add.reduceat(members * rows.astype(np.uint64), starts)
    unions = unions_of(keys, buckets.sum(axis=0).tolist())
    more_units = np.array([len(member_of(found, parts)[0]) for parts in unions], dtype=np.int64)
    more_sums = np.array([sums[list(parts)].sum(dtype=np.uint64) for parts in unions], dtype=np.uint64)
    more = [buckets[:, list(parts)].sum(axis=1, keepdims=True) for parts in unions]
    return _narrow(
        np.concatenate([units, more_units]), np.concatenate([sums, more_sums]), np.hstack([buckets, *more])
    )


def _narrow(units: NDArray[np.int64], sums: NDArray[np.uint64], buckets: NDArray[np.int64]) -> Shapes:
    """Keep buckets in the smallest type that holds them."""
    most = int(buckets.max(initial=0))
    kind = next(name for name in _TYPES if most <= np.iinfo(name).max)
    return Shapes(units, sums, buckets.astype(kind))


def _shapes(stored: bytes, columns: object) -> dict[str | None, Shapes]:
    """Read the imprint of each column."""
    found: dict[str | None, Shapes] = {}
    at = 0
    for name, cells, width in columns:  # type: ignore[attr-defined]  # the digest vouches for the header
        units = np.frombuffer(stored, dtype="<i8", count=cells, offset=at)
        sums = np.frombuffer(stored, dtype="<u8", count=cells, offset=at + 8 * cells)
        buckets = np.frombuffer(stored, dtype=f"<u{width}", count=BUCKETS * cells, offset=at + 16 * cells)
        found[name] = Shapes(units, sums, buckets.reshape(BUCKETS, cells))
        at += (16 + BUCKETS * width) * cells
    return found
