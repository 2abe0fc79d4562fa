"""What the rules on a design say on either side of each threshold, word for word."""

import numpy as np
import pytest

from disclosure import Policy, Verdict
from disclosure.models import columns as rules
from disclosure.models.formula import Name
from disclosure.models.remark import Remark
from tests.disclosure.rules.designs import CONSTANT, codes, dummy, model, numeric
from tests.disclosure.rules.made import LONG, STANDARD

FAIL, REVIEW = Verdict.FAIL, Verdict.REVIEW
WIDE = "x" * 79 + "yz"
"""A term of 81 characters; a sentence has room for 80."""
SEVEN = Policy(min_design_units=7)
SIXTY = np.arange(60.0)


def said(rule, judged, policy=STANDARD):
    return list(rule(judged, policy))


@pytest.mark.parametrize("noun", ["units", "rows"])
def test_each_combination_of_levels_needs_as_many_units_as_the_policy_asks(noun):
    cells = (
        ((Name("k"),), codes(10, 50)),
        ((Name(WIDE),), codes(9, 6, 45)),
        ((Name("m"),), codes(51, 9)),
    )
    columns = (
        (CONSTANT, None),
        (dummy(WIDE), SIXTY < 9),
        (dummy("m"), SIXTY > 50),
        (dummy(WIDE), SIXTY < 15),
    )
    judged = model(SIXTY, columns, cells=cells, noun=noun)
    assert said(rules.categories, judged) == [
        Remark("design", f"fewer than 10 {noun} have 2 levels of {WIDE[:80]}", (1, 3), FAIL),
        Remark("design", f"fewer than 10 {noun} have 1 level of m", (2,), FAIL),
    ]
    assert said(rules.categories, judged, SEVEN) == [
        Remark("design", f"fewer than 7 {noun} have 1 level of {WIDE[:80]}", (1, 3), FAIL)
    ]


def test_levels_are_counted_in_units_and_at_the_level_that_has_fewest():
    cells = (((Name("k"),), codes(20, 40)),)
    judged = model(SIXTY, cells=cells, units=(SIXTY.astype(int), np.arange(60) // 3))
    (remark,) = said(rules.categories, judged)
    assert remark.sentence == "fewer than 10 units have 1 level of k"


@pytest.mark.parametrize("noun", ["units", "rows"])
def test_a_column_in_which_all_but_a_few_are_alike_is_about_those_few(noun):
    columns = (
        (CONSTANT, None),
        (dummy("ten"), SIXTY < 10),
        (dummy(WIDE), SIXTY < 9),
        (dummy("most"), SIXTY >= 9),
        (numeric("many"), SIXTY),
        (numeric("few"), np.maximum(SIXTY, 51)),
        (numeric("enough"), np.maximum(SIXTY, 49)),
        (numeric("two"), np.minimum(SIXTY, 3)),
    )
    judged = model(SIXTY, columns, noun=noun)
    text = f"fewer than 10 {noun} differ from the others in one column of"
    assert said(rules.columns, judged) == [
        Remark("design", f"{text} {WIDE[:80]}", (2,), FAIL),
        Remark("design", f"{text} most", (3,), FAIL),
        Remark("design", f"{text} few", (5,), FAIL),
        Remark("design", f"{text} two", (7,), FAIL),
    ]
    assert [remark.columns for remark in said(rules.columns, judged, SEVEN)] == [(7,)]


def test_the_usual_value_of_two_must_be_that_of_enough_units_too():
    one = np.zeros(60, dtype=int)
    units = np.where(SIXTY < 40, one, np.arange(60))
    (remark,) = said(rules.columns, model(SIXTY, ((dummy("d"), SIXTY < 40),), units=(units,)))
    assert remark.columns == (0,)
    assert said(rules.columns, model(SIXTY, ((dummy("d"), SIXTY < 40),))) == []
    values = np.where(SIXTY < 30, 0, SIXTY)
    units = np.where(SIXTY < 30, one, np.arange(60))
    assert said(rules.columns, model(SIXTY, ((numeric("x"), values),), units=(units,))) == []


def weighted(*weights):
    """Return a model whose only coefficient gives the rows these weights, up to a factor."""
    return model(np.ones(len(weights)), ((numeric("x"), weights),))


FEW = [11.0, *[10.0] * 8]


@pytest.mark.parametrize("noun", ["units", "rows"])
def test_what_is_left_beside_a_few_must_be_a_share_of_the_largest(noun):
    small, exact = [*FEW, *[0.0] * 20, 1.0], [*FEW, *[0.05] * 20, 0.2]
    columns = ((numeric("x"), small), (numeric("z"), SIXTY[:30] + 7))
    judged = model(SIXTY[:30], columns[:1], noun=noun)
    assert said(rules.influence, judged) == [
        Remark("design", f"fewer than 10 {noun} determine 1 coefficient", (0,), FAIL)
    ]
    assert said(rules.influence, weighted(*exact)) == [
        Remark("design", "fewer than 10 units nearly determine 1 coefficient", (0,), REVIEW)
    ]
    assert said(rules.influence, weighted(*exact), Policy(p_percent=0.12))[0].verdict is FAIL
    assert said(rules.influence, weighted(*[1.0] * 30)) == []


def test_coefficients_are_named_by_the_worst_that_holds_of_them():
    near, far = np.zeros(300), np.zeros(300)
    near[:9], near[9:100], far[100:105] = [12.0, *[10.0] * 8], 0.05, 1.0
    fine = np.zeros(300)
    fine[105:] = 1.0
    again = np.zeros(300)
    again[105:110], again[110:] = 1.0, 0.0
    columns = ((numeric("a"), near), (numeric("b"), far), (numeric("c"), fine))
    judged = model(np.ones(300), columns)
    assert said(rules.influence, judged) == [
        Remark("design", "fewer than 10 units determine 1 coefficient", (1,), FAIL),
        Remark("design", "fewer than 10 units nearly determine 1 coefficient", (0,), REVIEW),
    ]
    columns = ((numeric("a"), far), (numeric("b"), again), (numeric("c"), np.zeros(300)))
    (worst,) = said(rules.influence, model(np.ones(300), columns))
    assert (worst.sentence, worst.columns) == ("fewer than 10 units determine 3 coefficients", (0, 1, 2))


def test_influence_is_that_of_units_at_the_level_where_they_are_fewest():
    judged = model(np.ones(60), ((numeric("x"), [1.0] * 60),), units=(np.arange(60), np.arange(60) // 10))
    assert [remark.verdict for remark in said(rules.influence, judged)] == [FAIL]
    assert said(rules.influence, model(np.ones(60), ((numeric("x"), [1.0] * 60),))) == []


def test_nine_effective_units_are_enough_to_speak_of_more_than_a_few():
    assert said(rules.influence, weighted(*[1.0] * 9, *[1e-2] * 200)) == []
    (remark,) = said(rules.influence, weighted(2.0, *[1.0] * 8, *[1e-2] * 200))
    assert remark.verdict is REVIEW
    assert said(rules.influence, weighted(2.0, *[1.0] * 8, *[1e-2] * 200), Policy(min_design_units=6)) == []


def test_the_weight_of_a_row_counts_by_its_root():
    judged = model(np.ones(2), ((CONSTANT, None),), weight=np.array([4.0, 9.0]))
    assert rules.weights_of(judged)[:, 0] == pytest.approx([1.0, 1.5])
    assert rules.weights_of(model(np.ones(2)))[:, 0] == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("kind", ["ols", "poisson"])
def test_responses_of_two_that_make_up_nearly_all_of_a_coefficient_are_looked_at(kind):
    text = "the responses of two contributors make up nearly all of"
    response = [45.0, 45.0, *[1.0] * 10]
    judged = model(response, kind=kind)
    assert said(rules.contributions, judged) == [Remark("dominance", f"{text} 1 coefficient", (0,), REVIEW)]
    assert said(rules.contributions, model([45.0, 44.9, *[1.0] * 10], kind=kind)) == []
    assert said(rules.contributions, model([0.0] * 12, kind=kind)) == []
    assert said(rules.contributions, judged, Policy(dominance_share=0.91)) == []
    assert said(rules.contributions, model([-45.0, 45.0, *[1.0] * 10], kind=kind)) != []
    both = ((numeric("a"), [1.0, 1.0, *[0.0] * 10]), (CONSTANT, [0.0, 0.0, *[1.0] * 10]))
    judged = model([45.0, 45.0, *[1.0] * 10], (*both, (numeric("c"), [0.0] * 12)), kind=kind)
    assert said(rules.contributions, judged) == [Remark("dominance", f"{text} 1 coefficient", (0,), REVIEW)]


@pytest.mark.parametrize("kind", ["logit", "probit", "cox"])
def test_responses_of_two_values_are_left_to_their_counts(kind):
    assert said(rules.contributions, model([45.0, 45.0, *[1.0] * 10], kind=kind)) == []


def test_responses_are_measured_in_their_own_standard_deviations_and_added_by_unit():
    response, deviations = [90.0, 45.0, *[1.0] * 10], np.array([2.0, *[1.0] * 11])
    assert said(rules.contributions, model(response, deviations=deviations)) != []
    assert said(rules.contributions, model(response, deviations=deviations * 100)) != []
    deviations = np.array([45.0, 45.0, *[1.0] * 10])
    assert said(rules.contributions, model(response, deviations=deviations)) == []
    thirds = [15.0] * 6 + [1.0] * 10
    assert said(rules.contributions, model(thirds)) == []
    units = (np.arange(16), np.array([0, 0, 0, 1, 1, 1, *range(2, 12)]))
    assert said(rules.contributions, model(thirds, units=units)) != []


def lifted(*shares):
    """Return a model whose rows have these leverages, one column each, and a hundred rows more that share the rest."""
    columns = []
    for place, share in enumerate(shares):
        values = np.zeros(len(shares) + 100 * len(shares))
        values[place] = np.sqrt(share)
        values[len(shares) + 100 * place :][:100] = np.sqrt((1 - share) / 100)
        columns.append((numeric(f"x{place}"), values))
    return model(np.ones(101 * len(shares)), columns)


def test_a_unit_that_is_fitted_alone_fails_and_a_heavy_one_is_looked_at():
    alone = "one of the units alone determines how it is fitted"
    heavy = "one of the units has a leverage of 0.5 or more"
    assert said(rules.leverage, lifted(0.4999)) == []
    assert said(rules.leverage, lifted(0.5001, 0.2)) == [Remark("design", heavy, None, REVIEW)]
    assert said(rules.leverage, lifted(0.8999)) == [Remark("design", heavy, None, REVIEW)]
    assert said(rules.leverage, lifted(0.3, 0.9001)) == [Remark("design", alone, None, FAIL)]
    assert said(rules.leverage, lifted(0.3), Policy(leverage_share=0.25)) == [
        Remark("design", "one of the units has a leverage of 0.25 or more", None, REVIEW)
    ]
    assert said(rules.leverage, lifted(1.0), Policy(dominance_share=1.0)) == [
        Remark("design", alone, None, FAIL)
    ]
    (lone,) = said(rules.leverage, lifted(0.7), Policy(dominance_share=0.6, leverage_share=0.65))
    assert lone.sentence == alone


def test_leverage_is_judged_exactly_where_the_policy_draws_the_line(monkeypatch):
    monkeypatch.setattr(rules, "basis_of", lambda _: np.full((4, 1), 0.5))  # each row has exactly a quarter
    (exactly,) = said(rules.leverage, model(np.ones(4)), Policy(leverage_share=0.25, min_design_units=1))
    assert exactly.verdict is REVIEW
    (exactly,) = said(rules.leverage, model(np.ones(4)), Policy(dominance_share=0.25, min_design_units=1))
    assert exactly.verdict is FAIL


def test_weights_are_judged_exactly_where_the_policy_draws_the_line():
    weights, most = np.array([16.0, *[10.0] * 8, 1.0, 1.0]), Policy(p_percent=0.125)
    assert rules._held(weights, 9, most) is REVIEW
    assert rules._held(weights, 9, Policy(p_percent=0.126)) is FAIL
    assert rules._held(weights[::-1], 8, most) is REVIEW
    tiny = Policy(p_percent=1e-30)
    assert rules._held(np.array([*[1.0] * 9, 1e-20]), 9, tiny) is Verdict.PASS
    assert rules._held(np.array([*[1.0] * 9, 1e-20]), 10, tiny) is FAIL
    assert rules._held(np.array([*[2.0] * 9, 1e-20, 1e-20]), 10, tiny) is REVIEW
    assert rules._held(np.zeros(20), 9, tiny) is FAIL
    assert rules._held(np.array([1.0, 0.0]), 0, most) is Verdict.PASS  # where one unit is enough
    assert rules._held(weights * 1e100, 9, most) is REVIEW


@pytest.mark.parametrize("noun", ["units", "rows"])
def test_a_small_group_that_is_fitted_alone_fails(noun):
    apart = np.where(SIXTY < 9, 1.0, 0.0)
    judged = model(SIXTY, ((CONSTANT, None), (dummy("d"), apart)), noun=noun)
    said_of = f"a group of fewer than 10 {noun} is fitted alone"
    assert said(rules.leverage, judged) == [Remark("design", said_of, None, FAIL)]
    assert said(rules.leverage, judged, Policy(min_design_units=9)) == []
    coarse = model(SIXTY, units=(np.arange(60), codes(30, 30)))
    assert [one.verdict for one in said(rules.leverage, coarse)] == [FAIL]


def test_leverage_is_looked_for_at_every_level_of_unit():
    fine = np.arange(60)
    for levels in ((np.arange(60) // 40, fine), (fine, np.arange(60) // 40)):
        remarks = said(rules.leverage, model(SIXTY, units=levels), Policy(min_design_units=1))
        assert remarks == [Remark("design", "one of the units has a leverage of 0.5 or more", None, REVIEW)]
    for levels in ((np.zeros(60, dtype=int), fine), (fine, np.zeros(60, dtype=int))):
        (remark,) = said(rules.leverage, model(SIXTY, units=levels), Policy(min_design_units=1))
        assert remark.sentence == "one of the units alone determines how it is fitted"


@pytest.mark.parametrize("noun", ["units", "rows"])
def test_absorbed_groups_of_few_units_are_looked_at(noun):
    effects = (codes(10, 50), codes(9, 6, 45), codes(*[1] * 60))
    judged = model(SIXTY, effects=effects, noun=noun)
    assert said(rules.absorbed, judged) == [
        Remark("design", f"fewer than 10 {noun} are in 2 absorbed groups", None, REVIEW)
    ]
    assert said(rules.absorbed, judged, SEVEN) == [
        Remark("design", f"fewer than 7 {noun} are in 1 absorbed group", None, REVIEW)
    ]
    two = model(SIXTY, effects=(codes(*[2] * 30),))
    assert said(rules.absorbed, two) == [
        Remark("design", "fewer than 10 units are in 30 absorbed groups", None, REVIEW)
    ]


def test_every_rule_on_a_design_is_run():
    named = [rule.__name__ for rule in rules.COLUMN_RULES]
    assert named == ["categories", "columns", "influence", "contributions", "leverage", "absorbed"]
    assert len(LONG) == 61
