"""The rules on associations: what a test implies of its groups or cells is judged as if they were printed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from disclosure.association.asked import Takes
from disclosure.association.outcome import Outcome
from disclosure.association.parts import Part, Table, leverage
from disclosure.policy import Policy
from disclosure.result import Finding, count_of
from disclosure.sample import Sample
from disclosure.verdict import Verdict

ADDED: Final = frozenset({"t_test", "t_test_pooled", "paired_t"})
"""Tests whose estimate is a difference of means: with one mean published it tells the other."""
ENUMERABLE: Final = 4
"""Degrees of freedom up to which somebody who knows the margins finds a table from its statistic by trying all: 300 to
the power of 4 is 2**33 tables, and the digits of a double tell 2**50 apart. Source: ours."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One answer as the rules see it.

    Attributes:
        units: distinct units behind it.
        size: rows behind it.
        parts: the groups, cells or columns that it compares.
        table: the counts behind a test of levels, or None.
        outcome: the numbers.
        spent: parameters that the test estimates.
        is_perfect: whether one column tells the other, or its order.
        is_repeated: whether some unit has several of its rows.
    """

    units: int
    size: int
    parts: tuple[Part, ...]
    table: Table | None
    outcome: Outcome
    spent: int
    is_perfect: bool
    is_repeated: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What the rules look at.

    Attributes:
        test: the test.
        takes: what it takes of its columns.
        rows: one per group.
        sample: the rows of data.
        noun: "units", or "rows" where each row is a unit.
        empty: groups of the cross product in which nobody is.
    """

    test: str
    takes: Takes
    rows: Sequence[Row]
    sample: Sample
    noun: str
    empty: int

    @property
    def is_printed(self) -> bool:
        """Whether the numbers give away each part: a table of few cells, or the groups of a mean."""
        shapes = [row.table.counts.shape for row in self.rows if row.table is not None]
        small = any((high - 1) * (wide - 1) <= ENUMERABLE for high, wide in shapes)
        return small or self.takes in {Takes.FOUR, Takes.TWO, Takes.GROUPS}


def threshold(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find answers, groups and cells with fewer people than the policy asks; in a large table a person looks."""
    least, noun = policy.min_units, facts.noun
    few = _where(facts, lambda row: row.units < least)
    yield from _found("threshold", few, f"Fewer than {least} {noun} stand behind {count_of(few)}.")
    verdict = Verdict.FAIL if facts.is_printed else Verdict.REVIEW
    few = _where(facts, lambda row: any(0 < part.units < least for part in row.parts))
    said = f"Fewer than {least} {noun} are in a group or cell that {count_of(few)} compares."
    yield from _found("threshold", few, said, verdict)


def zero(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find answers that compare a group or cell in which nobody is, and groups that are not there at all."""
    verdict = Verdict.FAIL if facts.is_printed and policy.zeros_unsafe else Verdict.REVIEW
    none = _where(facts, lambda row: any(not part.units for part in row.parts))
    said = f"Nobody is in a group or cell that {count_of(none)} compares."
    yield from _found("zero", none, said, verdict)
    if policy.zeros_unsafe and facts.empty:
        said = f"Nobody is in {facts.empty} of the groups, and that they are not shown says so."
        yield Finding("zero", (), said, Verdict.FAIL)
    if policy.zeros_unsafe and not any(row.size for row in facts.rows):
        yield Finding("zero", (), "No row passes the filter: the empty answer itself says so.", Verdict.FAIL)


def design(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find levels with too few people in a table; ask a person where one unit leads, or where units repeat."""
    least = policy.min_design_units
    few = _where(facts, lambda row: row.table is not None and min(row.table.margins, default=0) < least)
    yield from _found("design", few, f"A level has fewer than {least} {facts.noun} in {count_of(few)}.")
    if facts.test == "pearson":
        share = policy.leverage_share
        led = _where(facts, lambda row: any(leverage(part, facts.sample) >= share for part in row.parts))
        said = f"One unit has a leverage of {share:g} or more in {count_of(led)}."
        yield from _found("design", led, said, Verdict.REVIEW)
    several = _where(facts, lambda row: row.is_repeated)
    said = f"Some units have several rows, which the test takes for independent, in {count_of(several)}."
    yield from _found("design", several, said, Verdict.REVIEW)


def dof(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find answers with too few degrees of freedom: units, less what the test estimates."""
    few = _where(facts, lambda row: row.units - row.spent < policy.min_degrees)
    said = f"Fewer than {policy.min_degrees} degrees of freedom are left in {count_of(few)}."
    yield from _found("dof", few, said)


def all_equal(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find answers in which a group, or a column, holds one value only."""
    verdict = Verdict.FAIL if policy.equal_values_unsafe else Verdict.REVIEW
    same = _where(facts, lambda row: any(part.is_same for part in row.parts))
    said = f"All values of a group or column are equal in {count_of(same)}."
    yield from _found("all_equal", same, said, verdict)


def group(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find perfect associations: whoever knows one column of a person knows the other, or its side."""
    verdict = Verdict.FAIL if policy.equal_values_unsafe else Verdict.REVIEW
    told = _where(facts, lambda row: row.is_perfect)
    yield from _found("group", told, f"One column tells the other in {count_of(told)}.", verdict)


def p_percent(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find means, of which a difference is printed, from which the second largest could estimate the largest."""
    if facts.test not in ADDED:
        return
    share = policy.p_percent
    close = _where(
        facts,
        lambda row: any(
            held.total - held.largest - held.second < share * held.largest or not held.largest
            for part in row.parts
            for held in part.held(facts.sample)
        ),
    )
    said = f"The rest beside the two largest contributors is below {share:.0%} of the largest in {count_of(close)}."
    yield from _found("p_percent", close, said)


def dominance(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find means, of which a difference is printed, that two contributors dominate; ask a person about one."""
    if facts.test not in ADDED:
        return

    def holds(share: float, *, pair: bool) -> list[int]:
        return _where(
            facts,
            lambda row: any(
                held.total > 0 and held.largest + pair * held.second >= share * held.total
                for part in row.parts
                for held in part.held(facts.sample)
            ),
        )

    two, one = holds(policy.dominance_share, pair=True), holds(policy.single_share, pair=False)
    said = f"The two largest contributors hold {policy.dominance_share:.0%} or more of a group in"
    yield from _found("dominance", two, f"{said} {count_of(two)}.")
    said = f"The largest contributor holds {policy.single_share:.0%} or more of a group in {count_of(one)}."
    yield from _found("dominance", one, said, Verdict.REVIEW)


def computed(facts: Facts, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001  every rule is called alike
    """Ask a person about answers that have no number, because nothing varies or a number is too large."""
    none = _where(facts, lambda row: not row.outcome.is_computed)
    said = f"The test has no answer in {count_of(none)}, because nothing varies or nobody is compared."
    yield from _found("check_failed", none, said, Verdict.REVIEW)


RULES = (threshold, zero, design, dof, all_equal, group, p_percent, dominance, computed)
"""The rules on associations, in the order of their findings."""


def _where(facts: Facts, holds: Callable[[Row], bool]) -> list[int]:
    return [place for place, row in enumerate(facts.rows) if holds(row)]


def _found(
    rule: str, places: Sequence[int], sentence: str, verdict: Verdict = Verdict.FAIL
) -> Iterator[Finding]:
    if places:
        yield Finding(rule, tuple(places), sentence, verdict)
