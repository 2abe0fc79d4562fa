"""A histogram counts people in declared bins and shows nobody's value at its edges."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError, Policy, Report, Statistic, Verdict, assess

STANDARD = Policy.preset("standard")


def histogram(values, bins, policy=STANDARD, **rest):
    data = pd.DataFrame({"v": values} | rest.pop("columns", {}))
    return assess(Statistic.histogram("d", "v", bins=bins, **rest), data, policy)


def test_bins_are_closed_below_and_the_last_on_both_sides():
    report = histogram([0, 9.99, 10, 19.5, 20], [0, 10, 20])
    assert report.cells[["v", "n"]].to_numpy().tolist() == [["[0, 10)", 2], ["[10, 20]", 3], [None, 5]]


def test_bins_stand_in_their_order_and_what_lies_beyond_is_counted():
    report = histogram([-1, 5, 50, np.nan, np.inf, 150, 1e9], [0, 10, 20, 100], margins=False)
    assert report.cells[["v", "n"]].to_numpy().tolist() == [
        ["(below)", 1],
        ["[0, 10)", 1],
        ["[10, 20)", 0],
        ["[20, 100]", 1],
        ["(above)", 3],
        ["(missing)", 1],
    ]
    assert "check_failed" in {finding.rule for finding in report.findings}  # for the infinity


def test_empty_bins_are_judged_by_policy():
    values = [*[1] * 20, *[25] * 20]
    assert histogram(values, [0, 10, 20, 30]).verdict is Verdict.FAIL
    policy = dataclasses.replace(STANDARD, zeros_unsafe=False)
    assert histogram(values, [0, 10, 20, 30], policy).verdict is Verdict.PASS


def test_each_group_has_all_bins():
    columns = {"g": ["a"] * 30 + ["b"] * 30}
    values = [1] * 15 + [11] * 15 + [1] * 30
    report = histogram(values, [0, 10, 20], columns=columns, by=["g"])
    assert report.cells["n"].tolist() == [15, 15, 30, 0, 30, 30, 45, 15, 60]
    rules = report.cells.set_index(["g", "v"])["rules"].to_dict()
    assert rules[("b", "[0, 10)")] == ("group",)
    assert rules[("b", "[10, 20]")] == ("threshold", "zero")


def test_a_bin_in_which_all_are_equal_says_no_more_than_its_edges():
    assert histogram([1] * 20 + [11] * 20, [0, 10, 20]).verdict is Verdict.PASS


@pytest.mark.parametrize("bins", [[100, 120, 200], [50, 120, 139]])
def test_an_outer_edge_must_not_be_the_end_of_the_data(bins):
    values = [100 + index for index in range(40)]
    report = histogram(values, bins)
    assert report.verdict is Verdict.FAIL
    assert [finding.rule for finding in report.findings] == ["endpoint"]
    assert report.cells["unsafe"].tolist().count(True) == 1


def test_an_outer_edge_that_ten_share_or_a_rule_sets_may_stand():
    values = [100] * 10 + [100 + index for index in range(40)]
    assert histogram(values, [100, 120, 200]).verdict is Verdict.PASS
    policy = dataclasses.replace(STANDARD, structural_ends=(("v", 139),))
    assert histogram(values, [50, 120, 139], policy).verdict is Verdict.PASS


def test_ten_rows_of_one_unit_are_one_unit_in_a_bin_and_at_an_edge():
    units = ["one"] * 12 + [f"p{index}" for index in range(40)]
    report = histogram(
        [0] * 12 + [20 + index for index in range(40)], [0, 10, 100], columns={"u": units}, unit="u"
    )
    assert report.cells["rules"].tolist()[0] == ("threshold", "endpoint")
    assert report.cells["units"].tolist()[0] == 1


def test_a_histogram_of_words_is_refused():
    with pytest.raises(DisclosureError) as caught:
        histogram(["a"] * 20, [0, 1])
    assert caught.value.code == "not_numeric"


def test_a_histogram_with_too_many_cells_is_refused():
    with pytest.raises(DisclosureError) as caught:
        histogram([1] * 400, range(1_001), columns={"g": range(400)}, by=["g"])
    assert caught.value.code == "too_many_cells"


def test_a_histogram_of_nobody_is_never_passed():
    report = histogram([1] * 20, [0, 10, 20], where="v > 5")
    assert report.verdict is Verdict.FAIL
    assert report.cells["n"].tolist() == [0, 0, 0]
    policy = dataclasses.replace(STANDARD, zeros_unsafe=False)
    assert histogram([1] * 20, [0, 10, 20], policy, where="v > 5").cells["n"].sum() == 0


def test_a_histogram_survives_json_and_is_remembered():
    report = histogram([1] * 20 + [11] * 20, [0, 10, 20], columns={"u": range(40)}, unit="u")
    assert Report.from_json(report.to_json()).to_json() == report.to_json()
    data = pd.DataFrame({"v": [1] * 19 + [11] * 20, "u": range(1, 40)})
    again = assess(report.statistic, data, STANDARD, [report.released("R1")])
    assert "differencing" in {finding.rule for finding in again.findings}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(-50, 150) | st.integers(0, 100), min_size=1, max_size=60),
    st.lists(st.integers(0, 100), min_size=2, max_size=8, unique=True),
)
def test_counts_agree_with_numpy(values, edges):
    bins = sorted(edges)
    report = histogram([float(value) for value in values], bins, margins=False)
    inner = report.cells[~report.cells["v"].isin(["(below)", "(above)"])]
    assert inner["n"].tolist() == np.histogram(values, bins)[0].tolist()
    assert report.cells["n"].sum() == len(values)
