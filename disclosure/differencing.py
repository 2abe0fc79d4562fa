"""A new table against every table released before: does subtracting one from the other isolate someone?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from disclosure.evidence import Contributors, Evidence
from disclosure.policy import Policy
from disclosure.released import Released
from disclosure.result import Finding, count_of
from disclosure.statistic import Statistic
from disclosure.unions import published_unions
from disclosure.verdict import Verdict


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One table's contributors on one column, with the sizes by which pairs are sought.

    Attributes:
        contributors: who is behind each cell.
        units: number of keys per cell.
    """

    contributors: Contributors
    units: NDArray[np.int64]


def differences(
    stat: Statistic, evidence: Evidence, policy: Policy, *, released: Sequence[Released], key: str | None
) -> Iterator[Finding]:
    """Find new cells that differ from a released cell by fewer units than the policy asks, one holding the other.

    A cell holds another when each contributor of the other stands in it in at least as many rows. Compared are cells
    over all rows, and cells over the rows in which one column is present, each with their like. A table that
    answers the same question from the same people is no difference. Not seen here: differences over three or more tables, and two cells of
    which neither holds the other.

    Args:
        stat: what is asked.
        evidence: its evidence.
        policy: the thresholds.
        released: what was released before on the same population.
        key: the column whose values tell contributors apart.
    """
    if not released:
        return
    new = None if key is None else evidence.contributors()
    if new is None:
        yield _unknown("It is not known who is behind the cells of this table")
        return
    sides = {column: _side(found) for column, found in new.items()}
    for one in released:
        if one.contributors is None or one.key != key:
            yield _unknown(f"It is not known in this table's terms who is behind the release {one.id!r}")
            continue
        if one.statistic.fingerprint != stat.fingerprint or not _are_same(new, one.contributors):
            yield from _against(sides, one, policy)


def protected_differences(new: Released, released: Sequence[Released], policy: Policy) -> Iterator[Finding]:
    """Find what the published cells of a protected table, and their unions, isolate against earlier releases.

    Positions in the findings are those of the published cells; a union has none.

    Args:
        new: the protected table as it would be released.
        released: what was released before on the same population.
        policy: the thresholds.
    """
    if released and new.contributors is None:
        yield _unknown("It is not known who is behind the cells of this table")
        return
    sides = {column: _side(_known(new, found)) for column, found in (new.contributors or {}).items()}
    for one in released:
        if one.contributors is None or one.key != new.key:
            yield _unknown(f"It is not known in this table's terms who is behind the release {one.id!r}")
            continue
        for finding in _against(sides, one, policy):
            cells = tuple(cell for cell in finding.cells if cell < len(new.cells))
            yield Finding(finding.rule, cells, finding.sentence, finding.verdict)


def _known(one: Released, found: Contributors) -> Contributors:
    """Return who is behind the cells of a release, and behind what they add up to."""
    columns = [one.cells[name].tolist() for name in one.statistic.by]
    keys = list(zip(*columns, strict=True)) if columns else [()] * len(one.cells)
    return published_unions(keys, found)


def _unknown(fact: str) -> Finding:
    sentence = f"{fact}, so they were not compared; name one key for all tables on these people."
    return Finding("check_failed", (), sentence, Verdict.REVIEW)


def _are_same(new: dict[str | None, Contributors], old: dict[str | None, Contributors]) -> bool:
    """Whether the same question was answered from the same people: an edition that changed is another matter."""
    pairs = [(found, old[column]) for column, found in new.items() if column in old]
    return all(
        len(one.keys) == len(other.keys)
        and all(map(np.array_equal, one.keys, other.keys))
        and all(map(np.array_equal, one.rows, other.rows))
        for one, other in pairs
    )


def _side(contributors: Contributors) -> _Side:
    return _Side(contributors, np.array([len(keys) for keys in contributors.keys], dtype=np.int64))


def _against(sides: dict[str | None, _Side], one: Released, policy: Policy) -> Iterator[Finding]:
    """Compare with one release, column by column, and say the smallest group that a subtraction isolates."""
    isolated: dict[int, int] = {}
    for column, found in (one.contributors or {}).items():
        if column not in sides:
            continue
        for cell, count in _isolations(sides[column], _side(_known(one, found)), policy.min_units):
            isolated[cell] = min(count, isolated.get(cell, count))
    if isolated:
        least = min(isolated.values())
        people = "a single unit" if least == 1 else f"as few as {least} units"
        cells = tuple(sorted(isolated))
        sentence = f"Subtracting the release {one.id!r} isolates {people} in {count_of(cells)}."
        yield Finding("differencing", cells, sentence, Verdict.FAIL)


def _isolations(new: _Side, old: _Side, limit: int) -> Iterator[tuple[int, int]]:
    """Return new cells and how many units a pair with an old cell isolates; sizes rule most pairs out unseen."""
    order = np.argsort(old.units, kind="stable")
    sizes = old.units[order]
    for cell in np.flatnonzero(new.units).tolist():
        first = np.searchsorted(sizes, max(int(new.units[cell]) - limit, 0), side="right")
        last = np.searchsorted(sizes, int(new.units[cell]) + limit, side="left")
        for other in order[first:last].tolist():
            count = _isolated(_member(new, cell), _member(old, other))
            if 0 < count < limit:
                yield cell, count


Member = tuple[NDArray[np.uint64], NDArray[np.int64]]


def _member(side: _Side, cell: int) -> Member:
    return side.contributors.keys[cell], side.contributors.rows[cell]


def _isolated(one: Member, other: Member) -> int:
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
