"""A new table against everything released before: does subtracting one from the other isolate someone?

Who is behind the cells is compared, never what the cells say: first in pairs, each cell and each sum of cells with
each of every earlier release; then in groups of tables that share variables, where several must be added and
subtracted. Earlier noisy releases have no known cells; they bound what is withheld, and are pointed out.
"""

from collections.abc import Iterator, Sequence

from disclosure.differencing.groups import together
from disclosure.differencing.pairs import Side, pairwise
from disclosure.evidence import Evidence
from disclosure.grid import Key
from disclosure.policy import Policy
from disclosure.released import Earlier, Imprint, NoisyReleased, Released, imprint_of
from disclosure.released.imprint import keys_of
from disclosure.released.intervals import noisy_of
from disclosure.result import Finding
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict


def differences(
    stat: Statistic, evidence: Evidence, policy: Policy, *, released: Sequence[Earlier], key: str | None
) -> Iterator[Finding]:
    """Find new cells that differ from a released cell by fewer units than the policy asks, one holding the other.

    A cell holds another when each contributor of the other stands in it in at least as many rows. Compared are cells
    over all rows, and cells over the rows in which one column is present, each with their like. A table that answers
    the same question from the same people is no difference.

    Args:
        stat: what is asked.
        evidence: its evidence.
        policy: the thresholds.
        released: what was released before on the same population.
        key: the column whose values tell contributors apart.
    """
    yield from _already_noisy(stat, evidence.grid.keys, released)
    if not _exact(released):
        return
    found = None if key is None else evidence.contributors()
    if found is None:
        yield _unknown("It is not known who is behind the cells of this table")
        return
    yield from _compared(Side(stat, evidence.grid.keys, found, key), released, policy, again=False)


def protected_differences(new: Released, released: Sequence[Earlier], policy: Policy) -> Iterator[Finding]:
    """Find what the published cells of a protected table, and their unions, isolate against earlier releases.

    Positions in the findings are those of the published cells.

    Args:
        new: the protected table as it would be released.
        released: what was released before on the same population.
        policy: the thresholds.
    """
    yield from _already_noisy(new.statistic, keys_of(new), released)
    if not _exact(released):
        return
    if new.contributors is None or new.key is None:
        yield _unknown("It is not known who is behind the cells of this table")
        return
    side = Side(new.statistic, keys_of(new), new.contributors, new.key)
    yield from _compared(side, released, policy, again=True)


def _exact(released: Sequence[Earlier]) -> list[Imprint]:
    """Return the imprints of the exact releases."""
    return [
        imprint_of(one) if isinstance(one, Released) else one
        for one in released
        if not isinstance(one, NoisyReleased)
    ]


def _compared(side: Side, released: Sequence[Earlier], policy: Policy, *, again: bool) -> Iterator[Finding]:
    """Compare with each release that is known in this table's terms; say so of the others.

    Args:
        side: the new table.
        released: everything released before.
        policy: the thresholds.
        again: compare with the same question about the same people too, for not all of its cells are published.
    """
    known = []
    for one in _exact(released):
        if one.shapes is None or one.key != side.key:
            yield _unknown(f"It is not known in this table's terms who is behind the release {one.id!r}")
        elif again or not side.answers_again(one):
            known.append(one)
    found = list(pairwise(side, known, policy))
    yield from found
    if not found:
        yield from together(side, known, policy)


def _already_noisy(stat: Statistic, keys: Sequence[Key], released: Sequence[Earlier]) -> Iterator[Finding]:
    """Ask a person to look where cells, or totals or parts of them, were released with noise before."""
    names = [repr(one.id) for one in noisy_of(released, stat)]
    if names:
        said = f"the release{'s' if len(names) > 1 else ''} {', '.join(names)}"
        sentence = f"Cells of this table left with noise in {said}; released exactly, the noise no longer protects them."
        yield Finding("differencing", tuple(range(len(keys))), sentence, Verdict.REVIEW)


def _unknown(fact: str) -> Finding:
    sentence = f"{fact}, so they were not compared; name one key for all tables on these people."
    return Finding("check_failed", (), sentence, Verdict.REVIEW)
