"""What the rules on survival curves say on either side of each threshold, word for word."""

from dataclasses import replace

import pytest

from disclosure import Policy, Verdict
from disclosure.result import Finding
from disclosure.survival import rules
from disclosure.survival.curve import Held, Step
from disclosure.survival.rules import Facts, Row
from tests.disclosure.rules.made import STANDARD

FAIL, REVIEW = Verdict.FAIL, Verdict.REVIEW
RELAXED = Policy(min_units=3, min_step_units=4, min_design_units=5, min_degrees=6)


def step(*, events=20, leave=20, owners=50, **units):
    """Return a step of so many rows with the event and censored; units as many, if nothing else is said."""
    people = {"event_units": events, "censored_units": leave, "remaining_units": 50} | units
    return Step(10.0, 5, 5 + events + leave, events, owners=owners, **people)


def row(part="step", at=None, *, units=50, group=0, held=()):
    return Row(part, units, at, group, held)


def facts(*rows, noun="units", **more):
    known = {"empty": 0, "repeats": False, "is_joined": False, "events": 100, "tested": ""}
    return Facts(rows=rows, noun=noun, **known | more)


def found(rule, asked, policy=STANDARD):
    return list(rule(asked, policy))


@pytest.mark.parametrize("noun", ["units", "rows"])
def test_fewer_at_risk_than_the_policy_asks_fail(noun):
    asked = facts(row(units=9), row(units=10), row("median", units=0), row(units=3), noun=noun)
    said = f"Fewer than 10 {noun} stand behind 3 cells."
    assert found(rules.threshold, asked) == [Finding("threshold", (0, 2, 3), said, FAIL)]
    said = f"Fewer than 3 {noun} stand behind 1 cell."
    assert found(rules.threshold, asked, RELAXED) == [Finding("threshold", (2,), said, FAIL)]


@pytest.mark.parametrize("noun", ["units", "rows"])
def test_events_and_censored_of_a_step_are_as_many_as_a_cell_or_none(noun):
    asked = facts(
        row("start", step(event_units=1)),
        row("step"),
        *(row(at=step(event_units=people)) for people in (0, 1, 9, 10)),
        *(row(at=step(censored_units=people)) for people in (0, 1, 9, 10)),
        *(row(at=step(remaining_units=people)) for people in (0, 9, 10)),
        row("median", step(censored_units=1)),
        noun=noun,
    )
    assert found(rules.survival_step, asked) == [
        Finding("survival_step", (3, 4), f"Fewer than 10 {noun} have the event in 2 cells.", FAIL),
        Finding("survival_step", (7, 8), f"Fewer than 10 {noun} are censored in 2 cells.", FAIL),
        Finding(
            "survival_step",
            (10, 11),
            f"Fewer than 10 {noun} are still at risk at the end in 2 cells.",
            FAIL,
        ),
    ]
    assert [one.cells for one in found(rules.survival_step, asked, RELAXED)] == [(3,), (7,), (10,)]


def test_units_with_several_lives_are_looked_at():
    said = "Some units have several times in one group, which the curve counts as several lives."
    assert found(rules.survival_step, facts(row(at=step()), repeats=True)) == [
        Finding("survival_step", (), said, REVIEW)
    ]
    assert found(rules.survival_step, facts(row(at=step()))) == []


FILTERED = "No row passes the filter: the empty table itself says so."


def test_a_step_without_events_says_so_where_empty_cells_are_unsafe():
    asked = facts(
        row("start", step(events=0)),
        row("step"),
        row(at=step(events=0)),
        row(at=step(events=1)),
        row("median", step(events=0)),
        empty=2,
    )
    assert found(rules.zero, asked) == [
        Finding("zero", (2,), "Nobody has the event in 1 cell.", FAIL),
        Finding("zero", (), "Nobody is in 2 of the groups, and that they are not shown says so.", FAIL),
    ]
    assert found(rules.zero, asked, replace(STANDARD, zeros_unsafe=False)) == []
    assert found(rules.zero, facts(row(at=step()), row(units=0))) == []
    (one,) = found(rules.zero, facts(row(at=step()), empty=1))
    assert one.sentence == "Nobody is in 1 of the groups, and that they are not shown says so."


@pytest.mark.parametrize("rows", [(), (row("start", units=0),)])
def test_an_empty_curve_says_so_itself(rows):
    assert found(rules.zero, facts(*rows)) == [Finding("zero", (), FILTERED, FAIL)]
    assert found(rules.zero, facts(row("start", units=1))) == []


def test_a_step_that_everyone_left_with_the_event_is_looked_at():
    asked = facts(
        row("start", step(leave=0)),
        row("step"),
        row(at=step(leave=0)),
        row(at=step(leave=1)),
        row(at=step(events=0, leave=0)),
        row(at=step(events=1, leave=0)),
        row("median", step(leave=0)),
    )
    said = "Everyone who left had the event in 2 cells."
    assert found(rules.group, asked) == [Finding("group", (2, 5), said, REVIEW)]
    assert found(rules.group, facts(row(at=step()))) == []


@pytest.mark.parametrize(("unsafe", "verdict"), [(True, FAIL), (False, REVIEW)])
def test_the_end_of_a_joined_step_is_nobodys_own_time(unsafe, verdict):
    policy = replace(STANDARD, lone_quantile_unsafe=unsafe)
    rows = (
        row("start"),
        row(at=step(owners=2)),
        row(at=step(owners=1)),
        row("median", step(owners=0)),
    )
    said = "The time is that of one unit in 2 cells; name the times in `at`."
    assert found(rules.own_times, facts(*rows, is_joined=True), policy) == [
        Finding("quantile", (2, 3), said, verdict)
    ]
    assert found(rules.own_times, facts(*rows), policy) == []
    assert found(rules.own_times, facts(*rows[:2], is_joined=True), policy) == []


def weighed(*weights):
    return facts(*(row(at=step(), held=(Held(50.0, 1.0, 1.0), Held(*each))) for each in weights))


def test_the_weight_beside_two_units_is_a_share_of_the_largest():
    asked = weighed((1199.0, 1000.0, 100.0), (1200.0, 1000.0, 100.0), (0.0, 0.0, 0.0), (120.0, 20.0, 20.0))
    close = found(rules.weights, asked)[0]
    said = "Two units leave the others too little weight in 1 cell."
    assert close == Finding("p_percent", (0,), said, FAIL)
    assert found(rules.weights, asked, Policy(p_percent=0.11))[0].cells == (0, 1)
    assert found(rules.weights, facts(row(at=step()))) == []


def test_two_units_with_nearly_all_weight_fail_and_one_with_half_is_looked_at():
    asked = weighed(
        (100.0, 49.0, 41.0),
        (100.0, 49.0, 40.0),
        (100.0, 50.0, 1.0),
        (0.0, 0.0, 0.0),
        (1.0, 0.5, 0.1),
    )
    assert found(rules.weights, asked) == [
        Finding("dominance", (0,), "Two units have 90% of the weight in 1 cell.", FAIL),
        Finding("dominance", (2, 4), "One unit has 50% or more of the weight in 2 cells.", REVIEW),
    ]
    two, one = found(rules.weights, asked, Policy(dominance_share=0.89, single_share=0.49))
    assert (two.cells, one.cells) == ((0, 1), (0, 1, 2, 4))
    assert "89%" in two.sentence
    assert "49%" in one.sentence


@pytest.mark.parametrize("noun", ["units", "rows"])
def test_a_group_without_a_step_is_looked_at(noun):
    asked = facts(
        row("start", group=0),
        row(at=step(), group=0),
        row("start", group=1),
        row("median", group=1),
        row("start", group=2),
        noun=noun,
    )
    said = f"No step has 10 {noun} with the event in 2 cells, so there is no curve; ask for fewer groups."
    assert found(rules.curves, asked) == [Finding("survival_step", (2, 4), said, REVIEW)]
    assert "No step has 4 " in found(rules.curves, asked, RELAXED)[0].sentence
    assert found(rules.curves, facts(row("start"), row(at=step()))) == []


def compared(*sizes, **more):
    starts = [row("start", units=size, group=group) for group, size in enumerate(sizes)]
    return facts(*starts, row("step", units=1), row("logrank"), **more)


@pytest.mark.parametrize("noun", ["units", "rows"])
def test_a_test_needs_people_in_each_group_and_events_beyond_one_a_group(noun):
    assert found(rules.comparison, compared(10, 11, events=12, noun=noun)) == []
    assert found(rules.comparison, compared(10, 9, events=11, noun=noun)) == [
        Finding("design", (3,), f"A group has fewer than 10 {noun} in 1 cell.", FAIL),
        Finding("dof", (3,), "Fewer than 10 events are left beyond one a group in 1 cell.", FAIL),
    ]
    assert found(rules.comparison, compared(5, 9, events=8, noun=noun), RELAXED) == []
    few, left = found(rules.comparison, compared(4, 9, events=7, noun=noun), RELAXED)
    assert few.sentence == f"A group has fewer than 5 {noun} in 1 cell."
    assert left.sentence == "Fewer than 6 events are left beyond one a group in 1 cell."
    for policy in (STANDARD, Policy(min_design_units=1)):
        (none,) = found(rules.comparison, facts(row("logrank")), policy)
        assert none.rule == "design"


def test_a_test_without_an_answer_is_looked_at_and_no_test_is_not():
    assert found(rules.comparison, compared(10, 11, tested="No test: nobody.")) == [
        Finding("check_failed", (3,), "No test: nobody.", REVIEW)
    ]
    assert found(rules.comparison, facts(row("start", units=1), events=0, tested="No test.")) == []


def test_every_rule_is_run():
    named = [rule.__name__ for rule in rules.RULES]
    assert named == [
        *("threshold", "zero", "survival_step", "group", "own_times", "weights", "curves", "comparison"),
    ]
