"""What the rules on tests of association say on either side of each threshold, word for word."""

from dataclasses import replace

import numpy as np
import pytest

from disclosure import Policy, Verdict
from disclosure.association import rules
from disclosure.association.asked import Takes
from disclosure.association.outcome import Outcome
from disclosure.association.parts import Part, Table
from disclosure.association.rules import Facts, Row
from disclosure.result import Finding
from disclosure.sample import Sample
from tests.disclosure.rules.made import STANDARD, numbers

FAIL, REVIEW = Verdict.FAIL, Verdict.REVIEW
SAMPLE = Sample((), 0, {}, {}, None, (), None, 60, (), ())
RELAXED = Policy(min_units=3, min_design_units=4, min_degrees=5)
MEANS = ["t_test", "t_test_pooled", "paired_t"]


def part(values=(), units=50):
    return Part(np.arange(len(values)), units, numbers(values))


def table(*margins, shape=(2, 2)):
    return Table(np.zeros(shape, dtype=np.int64), (), margins)


def row(*parts, units=50, size=50, table=None, spent=2, perfect=False, repeated=False, answer=1.0):
    outcome = Outcome(estimate=answer, p_value=answer)
    return Row(units, size, parts, table, outcome, spent, perfect, repeated)


def facts(*rows, test="odds_ratio", takes=Takes.FOUR, noun="units", empty=0):
    return Facts(test, takes, rows, SAMPLE, noun, empty)


def found(rule, asked, policy=STANDARD):
    return list(rule(asked, policy))


@pytest.mark.parametrize(
    ("takes", "shape", "is_printed"),
    [
        (Takes.FOUR, (9, 9), True),
        (Takes.TWO, None, True),
        (Takes.GROUPS, None, True),
        (Takes.PAIRS, None, False),
        (Takes.TABLE, (3, 3), True),
        (Takes.TABLE, (2, 5), True),
        (Takes.TABLE, (5, 2), True),
        (Takes.TABLE, (2, 6), False),
        (Takes.TABLE, (6, 2), False),
        (Takes.TABLE, (3, 4), False),
    ],
)
def test_a_small_table_and_the_groups_of_a_mean_are_as_good_as_printed(takes, shape, is_printed):
    one = row() if shape is None else row(table=table(50, shape=shape))
    assert facts(one, takes=takes).is_printed is is_printed
    assert facts(row(), one, row(), takes=takes).is_printed is is_printed


@pytest.mark.parametrize("noun", ["units", "rows"])
@pytest.mark.parametrize(("takes", "verdict"), [(Takes.TWO, FAIL), (Takes.PAIRS, REVIEW)])
def test_answers_and_their_groups_need_as_many_people_as_a_cell(takes, verdict, noun):
    asked = facts(
        row(units=9),
        row(part(units=9), part(units=50), units=10),
        row(part(units=50), part(units=1), units=11),
        row(part(units=0), part(units=10)),
        row(units=0),
        noun=noun,
        takes=takes,
    )
    assert found(rules.threshold, asked) == [
        Finding("threshold", (0, 4), f"Fewer than 10 {noun} stand behind 2 cells.", FAIL),
        Finding(
            "threshold",
            (1, 2),
            f"Fewer than 10 {noun} are in a group or cell that 2 cells compares.",
            verdict,
        ),
    ]
    assert [one.cells for one in found(rules.threshold, asked, RELAXED)] == [(4,), (2,)]
    assert found(rules.threshold, facts(row(part(), part()))) == []


NOBODY = "Nobody is in a group or cell that 1 cell compares."
GROUPS = "Nobody is in 2 of the groups, and that they are not shown says so."
FILTERED = "No row passes the filter: the empty answer itself says so."


@pytest.mark.parametrize(
    ("takes", "unsafe", "verdict"),
    [
        (Takes.FOUR, True, FAIL),
        (Takes.FOUR, False, REVIEW),
        (Takes.PAIRS, True, REVIEW),
        (Takes.PAIRS, False, REVIEW),
    ],
)
def test_a_group_or_cell_in_which_nobody_is_fails_where_it_is_printed(takes, unsafe, verdict):
    policy = replace(STANDARD, zeros_unsafe=unsafe)
    asked = facts(row(part(units=1)), row(part(units=0), part(units=20)), takes=takes)
    assert found(rules.zero, asked, policy) == [Finding("zero", (1,), NOBODY, verdict)]


def test_groups_that_are_not_there_and_an_empty_answer_say_something_of_everyone():
    safe = replace(STANDARD, zeros_unsafe=False)
    assert found(rules.zero, facts(row(), empty=2)) == [Finding("zero", (), GROUPS, FAIL)]
    assert found(rules.zero, facts(row(), empty=2), safe) == []
    assert found(rules.zero, facts(row(), empty=0)) == []
    for rows in ((), (row(size=0),)):
        assert found(rules.zero, facts(*rows)) == [Finding("zero", (), FILTERED, FAIL)]
        assert found(rules.zero, facts(*rows), safe) == []
    assert found(rules.zero, facts(row(size=0), row(size=1))) == []


@pytest.mark.parametrize("noun", ["units", "rows"])
def test_each_level_of_a_table_needs_as_many_people_as_a_design(noun):
    asked = facts(
        row(table=table(50, 9)),
        row(table=table(10, 50)),
        row(),
        row(table=table()),
        row(table=table(4, 4)),
        noun=noun,
    )
    said = f"A level has fewer than 10 {noun} in 3 cells."
    assert found(rules.design, asked) == [Finding("design", (0, 3, 4), said, FAIL)]
    said = f"A level has fewer than 4 {noun} in 1 cell."
    assert found(rules.design, asked, RELAXED) == [Finding("design", (3,), said, FAIL)]
    (nobody,) = found(rules.design, asked, Policy(min_design_units=1))
    assert nobody.cells == (3,)


def test_one_unit_that_leads_a_correlation_is_looked_at_and_only_there():
    spread, two = part(range(20)), part([0.0, 1.0])
    lone = part([1000.0, *range(20)])
    assert found(rules.design, facts(row(spread, spread), row(spread, lone), test="pearson")) == [
        Finding("design", (1,), "One unit has a leverage of 0.5 or more in 1 cell.", REVIEW)
    ]
    assert found(rules.design, facts(row(spread, lone), test="spearman")) == []
    # two rows: each has half of the spread and half of the rows, together all
    policy = Policy(leverage_share=1.0)
    (exactly,) = found(rules.design, facts(row(two), test="pearson"), policy)
    assert exactly.sentence == "One unit has a leverage of 1 or more in 1 cell."


def test_rows_of_the_same_unit_are_looked_at():
    said = "Some units have several rows, which the test takes for independent, in 1 cell."
    assert found(rules.design, facts(row(), row(repeated=True))) == [Finding("design", (1,), said, REVIEW)]


def test_units_less_what_the_test_estimates_are_its_degrees_of_freedom():
    asked = facts(row(units=12, spent=2), row(units=11, spent=2), row(units=10, spent=6))
    said = "Fewer than 10 degrees of freedom are left in 2 cells."
    assert found(rules.dof, asked) == [Finding("dof", (1, 2), said, FAIL)]
    said = "Fewer than 5 degrees of freedom are left in 1 cell."
    assert found(rules.dof, asked, RELAXED) == [Finding("dof", (2,), said, FAIL)]


@pytest.mark.parametrize(("unsafe", "verdict"), [(True, FAIL), (False, REVIEW)])
def test_one_value_only_and_one_column_that_tells_the_other_give_everyone_away(unsafe, verdict):
    policy = replace(STANDARD, equal_values_unsafe=unsafe)
    asked = facts(row(part([1.0, 2.0]), part([3.0, 3.0])), row(part([1.0])), row(perfect=True))
    said = "All values of a group or column are equal in 1 cell."
    assert found(rules.all_equal, asked, policy) == [Finding("all_equal", (0,), said, verdict)]
    said = "One column tells the other in 1 cell."
    assert found(rules.group, asked, policy) == [Finding("group", (2,), said, verdict)]


def means(*rows, test="t_test"):
    return facts(*(row(part([5.0] * 30), part(values)) for values in rows), test=test, takes=Takes.TWO)


@pytest.mark.parametrize("test", MEANS)
def test_what_is_left_of_a_mean_beside_two_must_be_a_share_of_the_largest(test):
    asked = means([1000.0, 150.0, 99.0], [1000.0, 150.0, 100.0], [0.0, 0.0], [9.0, 9.0, 9.0], test=test)
    said = "The rest beside the two largest contributors is below 10% of the largest in 2 cells."
    assert found(rules.p_percent, asked) == [Finding("p_percent", (0, 2), said, FAIL)]
    (wider,) = found(rules.p_percent, asked, Policy(p_percent=0.11))
    assert wider.cells == (0, 1, 2)
    assert "is below 11% of" in wider.sentence


@pytest.mark.parametrize("test", MEANS)
def test_a_mean_is_not_that_of_two_and_one_with_half_is_looked_at(test):
    half = [50.0, *[10.0] * 5]
    asked = means([49.0, 41.0, 10.0], [49.0, 40.0, 11.0], half, [0.0, 0.0], [0.5, *[0.125] * 4], test=test)
    assert found(rules.dominance, asked) == [
        Finding(
            "dominance",
            (0,),
            "The two largest contributors hold 90% or more of a group in 1 cell.",
            FAIL,
        ),
        Finding(
            "dominance",
            (2, 4),
            "The largest contributor holds 50% or more of a group in 2 cells.",
            REVIEW,
        ),
    ]
    two, one = found(rules.dominance, asked, Policy(dominance_share=0.89, single_share=0.49))
    assert (two.cells, one.cells) == ((0, 1), (0, 1, 2, 4))
    assert "89%" in two.sentence
    assert "49%" in one.sentence


@pytest.mark.parametrize("test", ["anova", "mann_whitney", "odds_ratio", "pearson"])
def test_a_test_that_prints_no_difference_of_means_is_not_dominated(test):
    asked = means([1000.0, 1.0], test=test)
    assert found(rules.p_percent, asked) == []
    assert found(rules.dominance, asked) == []


def test_an_answer_without_a_number_is_looked_at():
    asked = facts(row(), row(answer=float("nan")), row(answer=float("inf")))
    said = "The test has no answer in 2 cells, because nothing varies or nobody is compared."
    assert found(rules.computed, asked) == [Finding("check_failed", (1, 2), said, REVIEW)]


def test_every_rule_is_run():
    named = [rule.__name__ for rule in rules.RULES]
    assert named == [
        *("threshold", "zero", "design", "dof", "all_equal", "group", "p_percent", "dominance", "computed"),
    ]
