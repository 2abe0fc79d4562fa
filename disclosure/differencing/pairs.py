"""Two tables at a time: which cells or sums of cells differ by fewer people than the threshold, one holding the other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from disclosure.evidence import Contributors
from disclosure.grid import Key
from disclosure.policy import Policy
from disclosure.released import Imprint, Released
from disclosure.released.imprint import BUCKETS, Shapes, keys_of, shapes_of
from disclosure.result import Finding, count_of
from disclosure.statistic import Statistic
from disclosure.unions import Member, member_of, unions_of
from disclosure.verdict import Verdict

Places = NDArray[np.int64]
FIRST: Final = 4
"""Buckets that are looked at for every pair of like size; the others only for pairs that these do not clear. Ours,
measured: fewer leave too many pairs, more look at too much."""
MOST_OPENED: Final = 100
"""Most releases that are opened in one check. Source: ours; each takes some hundredths of a second, and by then a person
must look anyway."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of a table: who is behind its cells, then behind what its cells add up to.

    Attributes:
        contributors: who is behind each cell.
        parts: per cell, then per union, the positions of the cells that it consists of.
    """

    contributors: Contributors
    parts: tuple[tuple[int, ...], ...]

    def member(self, place: int) -> Member:
        """Return who is behind a cell or union."""
        return member_of(self.contributors, self.parts[place])


def columns_of(
    keys: Sequence[Key], contributors: Mapping[str | None, Contributors]
) -> dict[str | None, Column]:
    """Return each column of a table with the unions of its cells, in the order of its imprint."""
    found = {}
    for name, behind in contributors.items():
        cells = tuple((cell,) for cell in range(len(behind.keys)))
        unions = unions_of(keys, [int(rows.sum()) for rows in behind.rows])
        found[name] = Column(behind, (*cells, *unions))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The new table.

    Attributes:
        statistic: what is asked.
        keys: its published cells.
        contributors: who is behind each cell, per column that must be present.
        key: the column whose values tell contributors apart.
    """

    statistic: Statistic
    keys: tuple[Key, ...]
    contributors: Mapping[str | None, Contributors]
    key: str | None
    columns: Mapping[str | None, Column] = field(init=False)
    shapes: Mapping[str | None, Shapes] = field(init=False)

    def __post_init__(self) -> None:
        shapes = {name: shapes_of(self.keys, found) for name, found in self.contributors.items()}
        object.__setattr__(self, "columns", columns_of(self.keys, self.contributors))
        object.__setattr__(self, "shapes", shapes)

    def answers_again(self, one: Imprint) -> bool:
        """Whether a release answered the same question from the same people: another edition is another matter."""
        if one.statistic.fingerprint != self.statistic.fingerprint or one.shapes is None:
            return False
        return all(
            shape.is_same(one.shapes[name]) for name, shape in self.shapes.items() if name in one.shapes
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Shelf:
    """One column of many releases, its cells and unions in order of size.

    Attributes:
        units: contributors of each.
        buckets: rows per bucket (first axis) and cell (second).
        release: of which release each is.
        place: which of that release's cells and unions it is.
    """

    units: Places
    buckets: NDArray[np.unsignedinteger]
    release: Places
    place: Places


def pairwise(side: Side, released: Sequence[Imprint], policy: Policy) -> Iterator[Finding]:
    """Compare a table with each release and say the smallest group that a subtraction isolates.

    Args:
        side: the new table.
        released: what was released before, each known by the same key.
        policy: the thresholds.
    """
    suspects: dict[int, list[tuple[str | None, int, int]]] = {}
    for name, shape in side.shapes.items():
        shelf = _shelf(name, released)
        for cell, release, place in _suspects(shape, shelf, policy.min_units):
            suspects.setdefault(release, []).append((name, cell, place))
    numbers = sorted(suspects)
    for release in numbers[:MOST_OPENED]:
        yield from _opened(side, released[release].open(), suspects[release], policy.min_units)
    more = len(numbers) - MOST_OPENED
    if more > 0:
        sentence = (
            f"{more} more releases have cells of nearly the same people, more than are opened in one check; "
            "ask a question that differs less from theirs, or let a person compare them."
        )
        yield Finding("check_failed", (), sentence, Verdict.REVIEW)


def _shelf(name: str | None, released: Sequence[Imprint]) -> _Shelf:
    """Put one column of all releases in order of size; cells without people tell nothing."""
    found = [
        (number, one.shapes[name])
        for number, one in enumerate(released)
        if one.shapes is not None and name in one.shapes
    ]
    units = np.concatenate([np.zeros(0, dtype=np.int64), *(shape.units for _, shape in found)])
    order = np.argsort(units, kind="stable")
    order = order[np.searchsorted(units[order], 1) :]
    sizes = [len(shape.units) for _, shape in found]
    places = np.concatenate([np.zeros(0, dtype=np.int64), *map(np.arange, sizes)])
    release = np.repeat(np.array([number for number, _ in found], dtype=np.int64), sizes)
    narrowest = np.zeros((BUCKETS, 0), dtype=np.uint16)
    buckets = np.concatenate([narrowest, *(shape.buckets for _, shape in found)], axis=1)[:, order]
    return _Shelf(units[order], buckets, release[order], places[order])


def _suspects(shape: Shapes, shelf: _Shelf, limit: int) -> Iterator[tuple[int, int, int]]:
    """Return pairs of a new cell and a released one that size and buckets do not clear."""
    for cell in np.flatnonzero(shape.units).tolist():
        size = int(shape.units[cell])
        first, after = np.searchsorted(shelf.units, [max(size - limit, 0), size], side="right").tolist()
        middle, last = np.searchsorted(shelf.units, [size, size + limit], side="left").tolist()
        own = shape.buckets[:, cell]
        found = {*_held(shelf.buckets, own, (first, after), limit)}
        found |= {*_held(shelf.buckets, own, (middle, last), limit, larger=True)}
        for place in sorted(found):
            yield cell, int(shelf.release[place]), int(shelf.place[place])


def _held(
    buckets: NDArray[np.unsignedinteger],
    own: NDArray[np.unsignedinteger],
    span: tuple[int, int],
    limit: int,
    *,
    larger: bool = False,
) -> list[int]:
    """Return which released cells of a span may be held by a new cell, or hold it where they are larger."""
    first, last = span
    may = np.ones(last - first, dtype=np.bool_)
    for bucket in range(FIRST):
        line = buckets[bucket, first:last]
        may &= (line >= own[bucket]) if larger else (line <= own[bucket])
    places = np.flatnonzero(may) + first
    rest, mine = buckets[:, places], own[:, None]
    one_way = ((rest >= mine) if larger else (rest <= mine)).all(axis=0)
    filled = (rest != mine).sum(axis=0)
    kept: list[int] = places[one_way & (filled > 0) & (filled < limit)].tolist()
    return kept


def _opened(
    side: Side, release: Released, pairs: Sequence[tuple[str | None, int, int]], limit: int
) -> Iterator[Finding]:
    """Compare suspect pairs exactly, and say the least number of people that one of them isolates."""
    old = columns_of(keys_of(release), release.contributors or {})
    isolated: dict[int, int] = {}
    for name, cell, place in sorted(pairs, key=lambda pair: len(side.columns[pair[0]].parts[pair[1]])):
        column = side.columns[name]
        count, parts = isolated_by(column.member(cell), old[name].member(place)), column.parts[cell]
        # a sum that isolates nobody but whom one of its cells isolates by itself says nothing of its other cells
        if 0 < count < limit and all(isolated.get(part, limit) > count for part in parts):
            for part in parts:
                isolated[part] = count
    if isolated:
        cells = tuple(sorted(isolated))
        people = people_of(min(isolated.values()))
        sentence = f"Subtracting the release {release.id!r} isolates {people} in {count_of(cells)}."
        yield Finding("differencing", cells, sentence, Verdict.FAIL)


def people_of(count: int) -> str:
    """Return "a single unit" or "as few as 3 units"."""
    return "a single unit" if count == 1 else f"as few as {count} units"


def isolated_by(one: Member, other: Member) -> int:
    """Return how many contributors tell two cells apart, or 0 where neither holds the other."""
    small, large = (one, other) if len(one[0]) <= len(other[0]) else (other, one)
    places = np.searchsorted(large[0], small[0])
    if not len(places) or places[-1] == len(large[0]) or not np.array_equal(large[0][places], small[0]):
        return 0
    shared = large[1][places] - small[1]
    if len(small[0]) == len(large[0]) and (shared <= 0).all():
        return int(np.count_nonzero(shared))
    if (shared < 0).any():
        return 0
    return len(large[0]) - len(small[0]) + int(np.count_nonzero(shared))
