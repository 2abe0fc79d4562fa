"""Proportions, medians, quantiles and histograms: what they are made of, and that they are right without noise."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import dp
from disclosure.dp.bands import Bands, bands_of
from disclosure.dp.quantiles import quantile_of
from disclosure.statistic import Statistic

EXACT = 100  # rho at which a count's standard deviation is 0.07, so that tests can compare with the truth
EDGES = [10, 20, 30, 40, 50, 60, 70, 80, 90]


@pytest.fixture
def facts(describe_people):
    return describe_people(
        bounds={"bill": (0, 5_000), "age": (0, 100)}, scale={"bill": 100}, bins={"age": EDGES}
    )


def histogram(**changes):
    asked = {"bins": [0, 50, 100], "by": ["region"], "unit": "person_id", "margins": True} | changes
    return Statistic.histogram("people", "age", **asked)


def test_a_median_is_read_off_noisy_counts_by_band(people, facts, ask):
    plan = dp.plan(ask(measures={"middle": ("median", "bill")}), facts, rho=EXACT)
    assert [(vector.role, vector.width, vector.sensitivity) for vector in plan.layout.vectors] == [
        ("bands", 32, 1)
    ]
    table = dp.draw(plan, dp.aggregate(plan, people)).table
    true = people.groupby("region").bill.median()
    assert table.middle[:3].tolist() == pytest.approx([true[region] for region in table.region[:3]], abs=40)
    assert table.n[:3].tolist() == pytest.approx(people.region.value_counts()[table.region[:3]], abs=2)


def test_all_quantiles_of_a_column_are_paid_for_once_and_rise(people, facts):
    points = (0.05, 0.25, 0.5, 0.75, 0.95)
    stat = Statistic.quantiles("people", "bill", q=points, by=["region"], unit="person_id", margins=True)
    plan = dp.plan(stat, facts, rho=0.005)
    assert len(plan.layout.vectors) == 1
    exact = dp.aggregate(plan, people)
    for _ in range(20):
        values = dp.draw(plan, exact).table[["q5", "q25", "q50", "q75", "q95"]].to_numpy()
        assert (np.diff(values, axis=1) >= 0).all()
        assert ((values >= 0) & (values <= 5_000)).all()


def test_published_edges_are_the_bands_where_there_are_enough(facts, describe_people):
    assert [float(edge) for edge in bands_of("age", facts).edges] == [0, *EDGES, 100]
    few = describe_people(bounds={"age": (0, 100)}, scale={}, bins={"age": [18, 65]})
    assert len(bands_of("age", few)) == 32
    assert all(edge.denominator == 1 for edge in bands_of("age", few).edges)  # on whole fixed-point steps
    tiny = describe_people(bounds={"age": (0, 3)}, scale={}, bins={})
    assert [float(edge) for edge in bands_of("age", tiny).edges] == [0, 1, 2, 3]


def test_two_columns_have_bands_of_their_own_beside_plain_numbers(people, facts, ask):
    measures = {"a": ("median", "bill"), "b": ("quantile", "age", 0.9), "total": ("sum", "bill")}
    plan = dp.plan(ask(by=["region", "tenure"], measures=measures, margins=True), facts, rho=EXACT)
    answer = dp.draw(plan, dp.aggregate(plan, people))
    assert list(answer.table.columns) == ["region", "tenure", "a", "b", "total"]
    whole = answer.table.iloc[-1]
    assert whole.a == pytest.approx(people.bill.median(), abs=20)
    assert whole.b == pytest.approx(people.age.quantile(0.9), abs=1.5)
    assert whole.total == pytest.approx(people.bill.sum() * 100, rel=0.01)


def test_a_histogram_counts_by_its_bins(people, facts):
    table = dp.release(histogram(), people, facts, rho=EXACT).table
    assert table.age[:8].tolist() == ["[0, 50)", "[50, 100]"] * 4
    young = people[people.age < 50].region.value_counts()
    assert table.n[:6:2].tolist() == pytest.approx(young[["North", "South", "East"]], abs=1)
    assert table.n.iloc[-1] == table.n[:8].sum()


@pytest.mark.parametrize(
    ("bins", "labels"),
    [
        ([10, 50], ["(below)", "[10, 50]", "(above)"]),
        ([0, 50], ["[0, 50]", "(above)"]),
        ([50, 100], ["(below)", "[50, 100]"]),
    ],
)
def test_values_beyond_the_bins_have_bands_where_the_bounds_allow_them(facts, bins, labels):
    data = pd.DataFrame(
        {"person_id": range(6), "age": [-5, 10, 49.9, 50, 50.1, 105], "region": ["North"] * 6}
    )
    stat = histogram(bins=bins, by=[], margins=False)
    table = dp.release(stat, data, facts, rho=EXACT).table
    assert table.age.tolist() == labels
    assert table.n.sum() == pytest.approx(6, abs=1)
    expected = {"(below)": sum(data.age < bins[0]), "(above)": sum(data.age > bins[1])}
    for label, count in zip(table.age, table.n, strict=True):
        assert count == pytest.approx(expected.get(label, data.age.between(*bins).sum()), abs=1)


def test_a_histogram_of_a_column_without_bounds_has_both_open_ends(people, dictionary):
    table = dp.release(histogram(bins=[18, 65], by=[]), people, dictionary, rho=EXACT).table
    assert table.age.tolist() == ["(below)", "[18, 65]", "(above)", None]
    assert table.n[0] == pytest.approx((people.age < 18).sum(), abs=1)


@pytest.mark.parametrize("share", ["index", "columns", "all"])
def test_proportions_are_taken_of_noisy_totals(people, facts, ask, share):
    stat = ask(by=["region", "tenure"], measures={"share": ("proportion", None, share)}, margins=True)
    answer = dp.release(stat, people, facts, rho=EXACT)
    table = answer.table[answer.table.region != "West"]
    cells = table[table.region.notna() & table.tenure.notna()]
    crossed = pd.crosstab(people.region, people.tenure, normalize=share)
    for row in cells.itertuples():
        assert row.share == pytest.approx(crossed.loc[row.region, row.tenure], abs=0.002)
    whole = answer.table.iloc[-1]
    assert whole.share == 1
    assert answer.intervals.iloc[-1][["share_low", "share_high"]].tolist() == [1, 1]


def test_a_proportion_of_known_values_counts_these(people, facts, ask):
    some = people.assign(bill=people.bill.where(people.person_id % 2 == 0))
    stat = ask(measures={"share": ("proportion", "bill", "all")}, margins=True)
    table = dp.release(stat, some, facts, rho=EXACT).table
    assert table.n.iloc[-1] == pytest.approx(2_000, abs=2)


def test_ratios_of_impossible_cells_are_not_numbers(people, describe_people, ask):
    facts = describe_people(structural_zeros=[{"region": "West"}])
    measures = {"middle": ("median", "bill"), "share": ("proportion", None, "all")}
    answer = dp.release(ask(measures=measures, margins=True), people, facts, rho=0.005)
    assert answer.table.iloc[3][["middle", "share"]].isna().all()
    assert answer.intervals.iloc[3][["middle_low", "middle_high", "share_low", "share_high"]].isna().all()
    assert answer.intervals.iloc[3][["n_low", "n_high"]].tolist() == [0, 0]
    stored = dp.Answer.from_json(answer.to_json())
    assert stored.to_json() == answer.to_json()
    assert stored.intervals.equals(answer.intervals)


def test_intervals_of_margins_are_wider_by_the_root_of_their_parts(people, facts, ask):
    answer = dp.release(ask(by=["region", "tenure"], margins=True), people, facts, rho=0.005)
    halves = (answer.intervals.n_high - answer.intervals.n_low) / 2
    assert halves[:8].tolist() == [answer.accuracy["n"]] * 8
    assert halves.iloc[-1] == math.ceil(1.96 * 10 * math.sqrt(8))
    assert ((answer.intervals.n_high + answer.intervals.n_low) / 2 == answer.table.n).all()


def test_a_cell_too_small_for_its_noise_has_an_interval_of_all_that_is_possible(people, facts, ask):
    measures = {"average": ("mean", "bill"), "middle": ("median", "bill")}
    answer = dp.release(ask(measures=measures), people.head(0), facts, rho=0.0002)
    assert answer.intervals[["average_low", "middle_low"]].to_numpy().min() == 0
    assert answer.intervals[["average_high", "middle_high"]].to_numpy().max() == 5_000


@pytest.mark.parametrize("mechanism", [{"rho": 0.005}, {"epsilon": 0.1, "mechanism": "laplace"}])
def test_expected_errors_are_told_before_anything_is_spent(facts, ask, mechanism):
    measures = {
        "middle": ("median", "age"),
        "q5": ("quantile", "age", 0.05),
        "row": ("proportion", None, "index"),
        "column": ("proportion", None, "columns"),
        "all": ("proportion", None, "all"),
    }
    plan = dp.plan(ask(by=["region", "tenure"], measures=measures, margins=True), facts, **mechanism)
    assert set(plan.accuracy) == set(plan.sigma) == {"n", *measures}
    assert plan.sigma["middle"] > plan.sigma["q5"] > 0
    assert plan.accuracy["middle"] >= plan.sigma["middle"] + 10 or plan.accuracy["middle"] == 100
    assert 0 < plan.sigma["all"] < plan.sigma["column"] < plan.sigma["row"] < 1


def test_the_share_of_a_single_cell_is_certain(facts, ask):
    plan = dp.plan(ask(by=[], measures={"share": ("proportion", None, "all")}, margins=True), facts, rho=0.1)
    assert plan.sigma["share"] == 0


def test_a_band_for_every_cell_counts_against_the_largest_table(describe_people, ask):
    facts = describe_people(keys={"region": list(range(40_000))})
    assert dp.plan(ask(), facts, rho=0.005)
    with pytest.raises(dp.planning.DisclosureError) as refusal:
        dp.plan(ask(measures={"middle": ("median", "bill")}), facts, rho=0.005)
    assert refusal.value.code == "cells"


def test_laplace_noise_answers_every_form(people, facts, ask):
    measures = {
        "middle": ("median", "bill"),
        "average": ("mean", "bill"),
        "share": ("proportion", None, "all"),
    }
    answer = dp.release(ask(measures=measures, margins=True), people, facts, epsilon=3, mechanism="laplace")
    assert answer.table.middle.iloc[-1] == pytest.approx(people.bill.median(), abs=60)
    assert answer.spend == 4_500_000_000


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(-60, 60), min_size=2, max_size=12),
    points=st.lists(st.sampled_from([0.01, 0.1, 0.5, 0.9, 0.99]), min_size=2, max_size=3),
)
def test_quantiles_of_any_noisy_counts_rise_and_lie_in_their_interval(counts, points):
    bands = Bands(tuple(range(len(counts) + 1)))
    noisy = np.array([counts])
    values = []
    for point in sorted(points):
        value, low, high = quantile_of(noisy, bands, point=point, error=np.array([20.0]))
        assert 0 <= low[0] <= value[0] <= high[0] <= len(counts)
        values.append(value[0])
    assert values == sorted(values)


def test_quantiles_of_exact_counts_interpolate_within_their_band():
    bands = Bands((0, 10, 20, 40))
    counts = np.array([[10, 20, 10], [0, 0, 8], [-5, 2, 1]])
    value, low, high = quantile_of(counts, bands, point=0.5, error=np.zeros(3))
    assert value.tolist() == [15, 30, 15]  # the last total is negative: nothing is known
    assert (low[0], high[0]) == (10, 20)
    assert (low[1], high[1]) == (20, 40)


def test_errors_by_size_of_cell_are_told_before_anything_is_spent(facts, ask):
    measures = {
        "average": ("mean", "bill"),
        "middle": ("median", "bill"),
        "share": ("proportion", "bill", "all"),
        "total": ("sum", "bill"),
    }
    plan = dp.plan(ask(measures=measures, margins=True), facts, rho=0.02)
    expected = {(each.name, each.rows): each for each in plan.expectation.by_size((10, 400, 1_000, 10_000))}
    assert expected["n", 400].half_width == plan.accuracy["n"]
    assert expected["n", 400].relative == plan.accuracy["n"] / 400
    assert expected["average", 1_000].half_width == pytest.approx(plan.accuracy["average"])
    assert expected["average", 10_000].half_width == pytest.approx(plan.accuracy["average"] / 10)
    assert expected["middle", 1_000].half_width == pytest.approx(plan.accuracy["middle"])
    assert expected["share", 1_000].half_width == pytest.approx(plan.accuracy["share"])
    assert (
        expected["average", 10].half_width == expected["middle", 10].half_width == 5_000
    )  # all that is possible
    assert expected["share", 10_000].half_width < expected["share", 10].half_width <= 1
    assert expected["total", 10].relative is None
    assert len(plan.expectation.by_size()) == 6 * 5
    for sizes in ((0,), (1.5,), (True,)):
        with pytest.raises(dp.planning.DisclosureError) as refusal:
            plan.expectation.by_size(sizes)
        assert refusal.value.code == "sizes"
