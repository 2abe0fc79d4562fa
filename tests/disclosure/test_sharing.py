"""Gini, Herfindahl, Lorenz curves and coefficients of variation: their values, and what they would give away."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError, Policy, Statistic, Verdict, assess

STANDARD = Policy.preset("standard")


def asked(*measure, **rest):
    return Statistic.table("d", measures={"m": measure}, **{"by": ["g"], "margins": False} | rest)


def one(values, *measure, policy=STANDARD, **columns):
    data = pd.DataFrame({"g": "a", "v": values} | columns)
    rest = {"unit": "u"} if "u" in columns else {}
    return assess(asked(*measure, **rest), data, policy)


def value(report):
    return report.cells["m"][0]


def pairwise_gini(values):
    values = np.asarray(values, dtype=float)
    return np.abs(values[:, None] - values[None, :]).sum() / (2 * len(values) ** 2 * values.mean())


VALUES = st.lists(st.integers(0, 1000), min_size=1, max_size=30).filter(any)


@given(VALUES)
@settings(max_examples=15, deadline=None)
def test_gini_is_half_the_mean_difference_between_pairs(values):
    assert value(one(values, "gini", "v")) == pytest.approx(pairwise_gini(values), abs=1e-12)


@given(VALUES)
@settings(max_examples=15, deadline=None)
def test_herfindahl_is_the_sum_of_squared_shares(values):
    expected = sum((each / sum(values)) ** 2 for each in values)
    assert value(one(values, "hhi", "v")) == pytest.approx(expected, abs=1e-12)


def test_a_lorenz_curve_is_read_between_units_in_proportion():
    values = [1, 2, 3, 4, 10]
    assert value(one(values, "lorenz", "v", 0.4)) == pytest.approx(3 / 20)
    assert value(one(values, "lorenz", "v", 0.5)) == pytest.approx(4.5 / 20)
    assert value(one(values, "lorenz", "v", 0.9)) == pytest.approx(15 / 20)


def test_the_coefficient_of_variation_is_pandas_own():
    values = np.arange(1.0, 21)
    report = one(values, "cv", "v")
    assert value(report) == pytest.approx(pd.Series(values).std() / values.mean())
    assert report.verdict is Verdict.PASS
    assert math.isnan(value(one([-1.0, 1.0] * 10, "cv", "v")))
    assert "dof" in one(values[:10], "cv", "v").cells["rules"][0]


def test_shares_are_those_of_units_not_of_rows():
    rows = one([1.0] * 40, "hhi", "v", u=[0] * 20 + list(range(1, 21)))
    assert value(rows) == pytest.approx(0.25 + 20 * (1 / 40) ** 2)


def test_an_index_that_one_unit_makes_up_is_unsafe():
    values = [10.0] + [1.0] * 11
    assert one(values, "hhi", "v").cells["rules"][0] == ()
    report = one([11.0] + [1.0] * 11, "hhi", "v")
    assert report.cells["rules"][0] == ("dominance",)
    assert report.verdict is Verdict.FAIL


def test_gini_is_safe_with_ten_units_and_unsafe_with_nine_or_with_equals():
    assert one(range(1, 11), "gini", "v").verdict is Verdict.PASS
    assert one(range(1, 10), "gini", "v").cells["rules"][0] == ("threshold",)
    assert one([5] * 20, "gini", "v").cells["rules"][0] == ("all_equal",)


def test_each_step_of_a_curve_needs_ten_units():
    values = np.linspace(1, 2, 100)
    assert one(values, "lorenz", "v", 0.9).verdict is Verdict.PASS
    assert one(values, "lorenz", "v", 0.91).cells["rules"][0] == ("threshold",)
    assert one(values, "lorenz", "v", 0.09).cells["rules"][0] == ("threshold",)
    measures = {f"l{point}": ("lorenz", "v", point) for point in (0.4, 0.45)}
    data = pd.DataFrame({"g": "a", "v": values})
    report = assess(Statistic.table("d", by=["g"], measures=measures, margins=False), data, STANDARD)
    assert report.cells["rules"][0] == ("threshold",)


def test_a_unit_that_is_cut_belongs_to_neither_step():
    values = np.linspace(1, 2, 25)
    assert one(values, "lorenz", "v", 0.5).verdict is Verdict.PASS  # 12 units, one cut, 12 units
    assert one(np.linspace(1, 2, 19), "lorenz", "v", 0.5).cells["rules"][0] == ("threshold",)


def test_a_step_that_is_nearly_one_units_own_is_unsafe():
    values = [1.0] * 90 + [2.0] * 9 + [1e6]
    assert one(values, "lorenz", "v", 0.9).cells["rules"][0] == ("p_percent",)


@pytest.mark.parametrize("values", [[-1.0, *[2.0] * 20], [0.0] * 20])
@pytest.mark.parametrize("measure", [("gini", "v"), ("hhi", "v"), ("lorenz", "v", 0.5)])
def test_what_cannot_be_shared_out_is_no_number_and_never_passes(values, measure):
    report = one(values, *measure)
    assert math.isnan(value(report))
    assert report.verdict is not Verdict.PASS
    assert "check_failed" in [finding.rule for finding in report.findings]


@pytest.mark.parametrize("measure", [("gini", "v"), ("hhi", "v"), ("lorenz", "v", 0.5), ("cv", "v")])
def test_an_empty_column_fails(measure):
    report = one(np.full(20, np.nan), *measure)
    assert math.isnan(value(report))
    assert report.verdict is Verdict.FAIL


def test_margins_share_out_the_whole_and_empty_cells_are_no_number():
    data = pd.DataFrame({"g": ["a"] * 20 + ["b"] * 20, "h": ["x"] * 20 + ["y"] * 20, "v": range(1, 41)})
    cells = assess(asked("gini", "v", by=["g", "h"], margins=True), data, STANDARD).cells
    found = cells.set_index(["g", "h"])["m"]
    assert found[("a", "x")] == pytest.approx(pairwise_gini(range(1, 21)))
    assert math.isnan(found[("a", "y")])
    assert cells["m"].iloc[-1] == pytest.approx(pairwise_gini(range(1, 41)))
    whole = assess(asked("hhi", "v", by=[], unit="u"), data.assign(u=data["v"] // 2), STANDARD)
    assert 0 < value(whole) < 1


@pytest.mark.parametrize("measure", [("lorenz", "v"), ("lorenz", "v", 0.0), ("lorenz", "v", 1.0), ("lorenz", "v", 1 / 3), ("gini", "v", 0.5), ("gini", None)])  # fmt: skip
def test_a_measure_with_a_wrong_point_is_refused(measure):
    with pytest.raises(DisclosureError):
        asked(*measure)


def test_a_weighted_gini_is_refused():
    with pytest.raises(DisclosureError) as caught:
        asked("gini", "v", weight="w")
    assert caught.value.code == "weight"


def test_order_of_rows_changes_nothing():
    generator = np.random.default_rng(3)
    data = pd.DataFrame({"g": "a", "v": generator.lognormal(0, 3, 500), "u": generator.integers(0, 60, 500)})
    stats = [asked(*measure, unit="u") for measure in (("gini", "v"), ("hhi", "v"), ("lorenz", "v", 0.5))]
    for stat in stats:
        answers = {value(assess(stat, data.sample(frac=1, random_state=seed), STANDARD)) for seed in range(3)}
        assert len(answers) == 1


def test_a_measure_survives_json():
    stat = asked("lorenz", "v", 0.9)
    assert Statistic.from_json(stat.to_json()) == stat
