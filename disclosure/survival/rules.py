"""The rules on a printed survival curve: what happens in a step is a count of people, whoever prints it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from disclosure.policy import Policy
from disclosure.result import Finding, count_of
from disclosure.survival.curve import Held, Step
from disclosure.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table as the rules see it.

    Attributes:
        part: "start", "step", "median" or "logrank".
        units: distinct units behind it.
        step: the step that it prints, or whose end it repeats; None for a start, a test, and a median not reached.
        group: number of its group.
        held: how the weights of those at risk lie, and of those with the event; none where there are no weights.
    """

    part: str
    units: int
    step: Step | None
    group: int
    held: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at.

    Attributes:
        rows: the rows of the table.
        noun: "units", or "rows" where each row is a unit.
        empty: groups of the cross product in which nobody is.
        repeats: whether some unit has several rows in a group.
        is_joined: whether steps were joined that end at times of the data.
        events: events in the whole sample, in units.
        tested: why the test has no answer, where it has none.
    """

    rows: Sequence[Row]
    noun: str
    empty: int
    repeats: bool
    is_joined: bool
    events: int
    tested: str


def threshold(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find rows with fewer people at risk than the policy asks."""
    few = [place for place, row in enumerate(facts.rows) if row.units < policy.min_units]
    yield from _found("threshold", few, f"Fewer than {policy.min_units} {facts.noun} stand behind")


def survival_step(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find steps with too few events or censored times, or that leave too few at risk.

    The table of the curve is one of counts: events and censored times per step follow from what is printed. So each
    must be as large as a cell, or none. Source: SDAP Handbook, survival analysis.
    """
    least, noun = policy.min_step_units, facts.noun
    steps = [
        (place, row.step)
        for place, row in enumerate(facts.rows)
        if row.part == "step" and row.step is not None
    ]
    for few, said in (
        ([place for place, step in steps if 0 < step.event_units < least], "have the event"),
        ([place for place, step in steps if 0 < step.censored_units < least], "are censored"),
        ([place for place, step in steps if step.remaining_units < least], "are still at risk at the end"),
    ):
        yield from _found("survival_step", few, f"Fewer than {least} {noun} {said}", where="in")
    if facts.repeats:
        sentence = "Some units have several times in one group, which the curve counts as several lives."
        yield Finding("survival_step", (), sentence, Verdict.REVIEW)


def zero(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find steps in which nobody has the event, and groups of the cross product in which nobody is."""
    if not policy.zeros_unsafe:
        return
    none = [
        place
        for place, row in enumerate(facts.rows)
        if row.part == "step" and row.step is not None and not row.step.events
    ]
    yield from _found("zero", none, "Nobody has the event", where="in")
    if facts.empty:
        sentence = f"Nobody is in {facts.empty} of the groups, and that they are not shown says so."
        yield Finding("zero", (), sentence, Verdict.FAIL)
    if not facts.rows or not any(row.units for row in facts.rows):
        yield Finding("zero", (), "No row passes the filter: the empty table itself says so.", Verdict.FAIL)


def group(facts: Facts, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001  every rule is called alike
    """Ask a person about steps in which everyone who left had the event: of those who left, it tells each one's end.

    Not unsafe by itself, as an empty cell of a table is, for many studies censor nobody before they close.
    """
    same = [
        place
        for place, row in enumerate(facts.rows)
        if row.part == "step" and row.step is not None and row.step.events and not row.step.censored
    ]
    if same:
        sentence = f"Everyone who left had the event in {count_of(same)}."
        yield Finding("group", tuple(same), sentence, Verdict.REVIEW)


def own_times(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find joined steps that end at the time of one unit; declared times are nobody's."""
    if not facts.is_joined:
        return
    verdict = Verdict.FAIL if policy.lone_quantile_unsafe else Verdict.REVIEW
    own = [place for place, row in enumerate(facts.rows) if row.step is not None and row.step.owners <= 1]
    if own:
        sentence = f"The time is that of one unit in {count_of(own)}; name the times in `at`."
        yield Finding("quantile", tuple(own), sentence, verdict)


def weights(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find weighted steps that one or two units make, as p-percent and dominance find totals; ask about one unit."""

    def where(hit: Callable[[Held], bool]) -> list[int]:
        return [
            place
            for place, row in enumerate(facts.rows)
            if any(held.total > 0 and hit(held) for held in row.held)
        ]

    close = where(lambda held: held.total - held.largest - held.second < policy.p_percent * held.largest)
    yield from _found("p_percent", close, "Two units leave the others too little weight", where="in")
    two = where(lambda held: held.largest + held.second >= policy.dominance_share * held.total)
    yield from _found(
        "dominance", two, f"Two units have {policy.dominance_share:.0%} of the weight", where="in"
    )
    one = where(lambda held: held.largest >= policy.single_share * held.total)
    if one:
        sentence = f"One unit has {policy.single_share:.0%} or more of the weight in {count_of(one)}."
        yield Finding("dominance", tuple(one), sentence, Verdict.REVIEW)


def curves(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Ask a person about groups of which no step is printed, because none has enough events."""
    stepped = {row.group for row in facts.rows if row.part == "step"}
    bare = [place for place, row in enumerate(facts.rows) if row.part == "start" and row.group not in stepped]
    if bare:
        sentence = (
            f"No step has {policy.min_step_units} {facts.noun} with the event in {count_of(bare)}, so there is "
            "no curve; ask for fewer groups."
        )
        yield Finding("survival_step", tuple(bare), sentence, Verdict.REVIEW)


def comparison(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Find tests with too few people in a group, too few events, or too few degrees of freedom."""
    tests = [place for place, row in enumerate(facts.rows) if row.part == "logrank"]
    if not tests:
        return
    starts = [row.units for row in facts.rows if row.part == "start"]
    if min(starts, default=0) < policy.min_design_units:
        yield from _found(
            "design", tests, f"A group has fewer than {policy.min_design_units} {facts.noun}", where="in"
        )
    if facts.events - len(starts) < policy.min_degrees:
        yield from _found(
            "dof", tests, f"Fewer than {policy.min_degrees} events are left beyond one a group", where="in"
        )
    if facts.tested:
        yield Finding("check_failed", tuple(tests), facts.tested, Verdict.REVIEW)


RULES = (threshold, zero, survival_step, group, own_times, weights, curves, comparison)
"""The rules on a curve, in the order of their findings."""


def _found(rule: str, places: Sequence[int], said: str, *, where: str = "") -> Iterator[Finding]:
    if places:
        text = f"{said} {where} {count_of(places)}." if where else f"{said} {count_of(places)}."
        yield Finding(rule, tuple(places), text, Verdict.FAIL)
