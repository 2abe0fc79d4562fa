"""What the rules on a model's people and totals say on either side of each threshold, word for word."""

from dataclasses import replace

import numpy as np
import pytest

from disclosure import Policy, Verdict
from disclosure.models import means as rules
from disclosure.models.formula import Name
from disclosure.models.remark import Remark
from tests.disclosure.rules.designs import CONSTANT, codes, dummy, model, numeric
from tests.disclosure.rules.made import STANDARD

FAIL, REVIEW = Verdict.FAIL, Verdict.REVIEW
SIXTY = np.arange(60.0)
NOUNS = pytest.mark.parametrize("noun", ["units", "rows"])
SEVEN = Policy(min_units=7, min_degrees=7)
RISING = (numeric("x"), SIXTY)


def said(rule, judged, policy=STANDARD):
    return list(rule(judged, policy))


@NOUNS
def test_a_model_needs_as_many_units_as_a_cell(noun):
    assert said(rules.threshold, model(range(10), noun=noun)) == []
    few = model(range(9), noun=noun)
    assert said(rules.threshold, few) == [Remark("threshold", f"fewer than 10 {noun} stand behind it")]
    assert said(rules.threshold, few, SEVEN) == []
    few = model(SIXTY, units=(np.arange(60), np.arange(60) // 10), noun=noun)
    assert said(rules.threshold, few, SEVEN) == [Remark("threshold", f"fewer than 7 {noun} stand behind it")]


@NOUNS
@pytest.mark.parametrize("kind", ["ols", "logit", "poisson"])
def test_each_of_two_outcomes_needs_as_many_units(noun, kind):
    outcome = Remark("threshold", f"fewer than 10 {noun} have one of the two outcomes")
    for ones, expected in ((9, [outcome]), (10, []), (50, []), (51, [outcome])):
        assert said(rules.threshold, model(ones > SIXTY, kind=kind, noun=noun)) == expected
    assert said(rules.threshold, model(SIXTY < 9, kind=kind), SEVEN) == []
    small = said(rules.threshold, model(np.arange(9) < 4, kind=kind, noun=noun))
    assert [remark.sentence for remark in small] == [
        f"fewer than 10 {noun} stand behind it",
        outcome.sentence,
    ]


def test_counts_above_nought_are_one_outcome_and_other_numbers_are_none():
    assert said(rules.threshold, model(np.maximum(SIXTY - 50, 0), kind="poisson")) != []
    assert said(rules.threshold, model(np.maximum(SIXTY - 49, 0), kind="poisson")) == []
    assert said(rules.threshold, model(np.maximum(SIXTY - 51, 0), kind="ols")) == []
    assert said(rules.threshold, model(np.ones(60), kind="ols")) == []
    assert said(rules.threshold, model(SIXTY < 3, kind="cox")) == []


def test_an_outcome_is_looked_for_beyond_the_first_thousand_rows():
    late = np.zeros(1300)
    late[1100:] = 1.0
    assert rules._outcome(model(late)).sum() == 200
    assert rules._outcome(model([*late, 2.0])) is None
    assert rules._outcome(model([5.0, 7.0, 7.0])).tolist() == [False, True, True]


@NOUNS
def test_a_cox_model_needs_as_many_units_with_an_event(noun):
    few = Remark("threshold", f"fewer than 10 {noun} have an event")
    for events, expected in ((9, [few]), (10, [])):
        judged = model(SIXTY, kind="cox", event=events > SIXTY, noun=noun)
        assert said(rules.threshold, judged) == expected
    judged = model(SIXTY < 2, kind="ols", event=SIXTY < 55)
    assert said(rules.threshold, judged) == []


def test_degrees_of_freedom_are_those_of_rows_and_of_units():
    left = Remark("dof", "fewer than 10 degrees of freedom are left")
    assert said(rules.degrees, model(range(11))) == []
    assert said(rules.degrees, model(range(10))) == [left]
    assert said(rules.degrees, model(range(60), residual_degrees=9)) == [left]
    assert said(rules.degrees, model(range(60), residual_degrees=10)) == []
    units = (np.arange(60) // 6,)
    assert said(rules.degrees, model(SIXTY, units=units)) == [left]
    assert said(rules.degrees, model(SIXTY, units=units), Policy(min_degrees=9)) == []
    assert said(rules.degrees, model(SIXTY, units=units), Policy(min_degrees=11))[0].sentence.startswith(
        "fewer than 11 "
    )


def test_degrees_of_a_cox_model_are_those_of_its_events():
    for events, expected in ((10, 1), (11, 0)):
        judged = model(SIXTY, kind="cox", event=events > SIXTY)
        assert len(said(rules.degrees, judged)) == expected


def test_a_model_that_computes_what_it_explains_tells_each_ones_value():
    equal = Remark("all_equal", "all values of what it explains are equal")
    perfect = Remark("design", "it computes what it explains without error")
    assert said(rules.perfect, model([5.0] * 20)) == [equal]
    assert said(rules.perfect, model([5.0])) == [equal]
    assert said(rules.perfect, model([5.0] * 20, is_perfect=True)) == [equal]
    assert said(rules.perfect, model([5.0] * 19 + [6.0], is_perfect=True)) == [perfect]
    assert said(rules.perfect, model([5.0] * 19 + [6.0])) == []
    assert said(rules.perfect, model([6.0] + [5.0] * 19)) == []
    event = np.ones(20, dtype=bool)
    assert said(rules.perfect, model([5.0] * 20, event=event)) == []
    assert said(rules.perfect, model([5.0] * 20, event=event, is_perfect=True)) == [perfect]


def test_one_coefficient_is_a_mean_unless_something_is_withheld_beside_it():
    assert said(rules.single, model(SIXTY)) == [
        Remark("design", "it prints fewer than 2 coefficients", None, REVIEW)
    ]
    two = ((CONSTANT, None), RISING)
    assert said(rules.single, model(SIXTY, two)) == []
    assert said(rules.single, model(SIXTY, two), Policy(min_estimates=3))[0].sentence == (
        "it prints fewer than 3 coefficients"
    )
    assert said(rules.single, model(SIXTY, effects=(codes(30, 30),))) == []
    assert said(rules.single, model(SIXTY, event=SIXTY < 30)) == []


HALF = SIXTY >= 30
BOTH = ((CONSTANT, None), (dummy("k"), HALF))


def cells(*sizes, name="k"):
    return ((Name(name),), codes(*sizes))


def table(response, *sizes, **more):
    """Return a model of categories alone: one constant, and one dummy for each further level."""
    found = codes(*sizes)
    columns = [(CONSTANT, None), *((dummy("k"), found == level) for level in range(1, len(sizes)))]
    return model(response, columns, cells=(cells(*sizes),), **more)


def spread(size):
    """Return numbers of which none are equal and none dominates."""
    return 100.0 + np.arange(size)


def test_a_model_of_sound_categories_is_a_sound_table():
    assert said(rules.means, table(spread(60), 30, 30)) == []
    assert said(rules.means, table(spread(60), 50, 10)) == []


@NOUNS
def test_a_model_of_categories_is_judged_cell_by_cell(noun):
    text = "fewer than 10 {} are in a cell of {}"
    found = said(rules.means, table(spread(60), 51, 9, noun=noun))
    assert found == [
        Remark("threshold", text.format(noun, "k")),
        Remark("threshold", text.format(noun, "all its categories")),
    ]
    assert said(rules.means, table(spread(60), 51, 9), SEVEN) == []
    assert said(rules.means, table(spread(60), 51, 9, effects=(codes(30, 30),))) == []


def test_a_model_with_a_number_is_no_table_until_it_is_saturated():
    judged = model(spread(60), (*BOTH, (numeric("x"), SIXTY)), cells=(cells(51, 9),))
    assert said(rules.means, judged) == []
    three = np.repeat([0.0, 1.0, 2.0], [30, 21, 9])
    columns = ((CONSTANT, None), (numeric("x"), three), (numeric("z"), three**2))
    assert [remark.sentence for remark in said(rules.means, model(spread(60), columns))] == [
        "fewer than 10 units are in a cell of all its categories"
    ]


def test_dummies_that_are_no_categories_are_tables_too_each_once():
    small, other = SIXTY >= 51, np.arange(60) % 2
    crossing = ((CONSTANT, None), (dummy("x" * 79 + "yz"), small), (dummy("z"), other))
    assert [remark.sentence for remark in said(rules.means, model(spread(60), crossing))] == [
        f"fewer than 10 units are in a cell of {'x' * 79}y"
    ]
    named = model(
        spread(60),
        ((CONSTANT, None), (dummy("z"), small), (dummy("k"), other)),
        cells=(cells(50, 10), cells(51, 9, name="z")),
    )
    assert [remark.sentence for remark in said(rules.means, named)] == [
        "fewer than 10 units are in a cell of z"
    ]
    mixed = ((CONSTANT, None), (numeric("q"), SIXTY >= 51), (dummy("z"), other))
    judged = model(spread(60), mixed, cells=(cells(30, 30),))
    assert said(rules.means, judged) == []


@NOUNS
def test_outcomes_of_each_cell_need_as_many_units(noun):
    text = "fewer than 10 {} have an outcome in a cell of {}"
    few = [
        Remark("threshold", text.format(noun, "k")),
        Remark("threshold", text.format(noun, "all its categories")),
    ]
    for response, expected in (
        ((SIXTY % 30) < 10, []),
        ((SIXTY % 30) < 9, few),
        ((SIXTY % 30) < 20, []),
        ((SIXTY % 30) < 21, few),
    ):
        assert said(rules.means, table(response, 30, 30, noun=noun)) == expected
    assert said(rules.means, table((SIXTY % 30) < 9, 30, 30), SEVEN) == []


def test_events_of_each_cell_need_as_many_units_and_its_censored_do_not():
    for events, expected in ((9, 2), (10, 0), (29, 0)):
        judged = table(spread(60), 30, 30, event=events > (SIXTY % 30), kind="cox")
        assert len(said(rules.means, judged)) == expected


def valued(*last, rest=(), equal=30, **more):
    """Return a table of which the second cell's values are these."""
    values = [*last, *rest]
    return table([*spread(equal), *values], equal, len(values), **more)


def test_contributors_of_a_cell_cannot_estimate_each_other():
    def found(*values, policy=STANDARD):
        return [remark for remark in said(rules.means, valued(*values), policy) if remark.rule == "p_percent"]

    text = "one contributor to a cell of {} can estimate another"
    assert found(1000.0, 900.0, *[12.5] * 8) == []  # what is left is exactly a tenth
    assert found(1000.0, 900.0, *[12.25] * 8) == [
        Remark("p_percent", text.format("k")),
        Remark("p_percent", text.format("all its categories")),
    ]
    assert found(1000.0, 900.0, *[12.5] * 8, policy=Policy(p_percent=0.11)) != []
    assert found(*[0.0] * 12) != []
    assert found(-1000.0, 900.0, *[12.25] * 8) != []


def test_one_who_contributes_nothing_is_close_to_what_is_left():
    assert rules._is_close(np.array([0.0]), STANDARD)
    assert rules._is_close(np.array([5.0]), STANDARD)
    assert not rules._is_close(np.array([5.0, 3.0, 2.0]), STANDARD)


def test_two_contributors_hold_not_nearly_all_of_a_cell():
    def found(*values, policy=STANDARD):
        return [remark for remark in said(rules.means, valued(*values), policy) if remark.rule == "dominance"]

    text = "two contributors hold nearly all of a cell of {}"
    assert found(400.0, 500.0, *[12.5] * 8) == [
        Remark("dominance", text.format("k")),
        Remark("dominance", text.format("all its categories")),
    ]
    assert found(400.0, 499.0, *[12.5] * 8) == []
    assert found(400.0, 500.0, *[12.5] * 8, policy=Policy(dominance_share=0.91)) == []
    assert found(*[0.0] * 12) == []
    assert found(0.4, 0.5, *[0.0125] * 8) != []


def test_contributions_are_added_by_unit_and_weighed():
    thirds = [300.0, 150.0, 150.0, 300.0, *[5.0, 5.5] * 4]
    assert said(rules.means, valued(*thirds)) == []
    units = np.arange(42)
    units[[30, 31]], units[[32, 33]] = 30, 32
    assert {remark.rule for remark in said(rules.means, valued(*thirds, units=(units,)))} == {
        "p_percent",
        "dominance",
    }
    values = [10.0, 9.0, *[10.5] * 12]
    weight = np.array([1.0] * 30 + [100.0, 100.0] + [1.0] * 12)
    assert said(rules.means, valued(*values)) == []
    assert {remark.rule for remark in said(rules.means, valued(*values, weight=weight))} == {"dominance"}


@pytest.mark.parametrize(("unsafe", "verdict"), [(True, FAIL), (False, REVIEW)])
def test_equal_values_of_a_cell_tell_each_ones_value(unsafe, verdict):
    policy = replace(STANDARD, equal_values_unsafe=unsafe)
    assert said(rules.means, valued(*[101.0] * 12), policy) == [
        Remark("all_equal", "all values in a cell of k are equal", None, verdict),
        Remark("all_equal", "all values in a cell of all its categories are equal", None, verdict),
    ]
    assert said(rules.means, valued(*[101.0] * 12, 102.0), policy) == []
    assert "all_equal" in [remark.rule for remark in said(rules.means, valued(101.0), policy)]


def test_every_rule_on_a_model_is_run():
    named = [rule.__name__ for rule in rules.MEAN_RULES]
    assert named == ["threshold", "degrees", "perfect", "single", "means"]
