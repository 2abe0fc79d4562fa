"""Values that are somebody's: quantiles, ends, modes, spreads; and rows in which everyone is the same."""

import dataclasses

import pandas as pd
import pytest

from disclosure import Policy, Statistic, Verdict, assess

STANDARD = Policy.preset("standard")


def one_cell(values, *asked, policy=STANDARD, **rest):
    data = pd.DataFrame({"g": ["a"] * len(values), "v": values} | rest.pop("columns", {}))
    stat = Statistic.table("d", by=["g"], measures={"m": (asked[0], "v", *asked[1:])}, margins=False, **rest)
    return assess(stat, data, policy)


def found(report, rule):
    return [finding for finding in report.findings if finding.rule == rule]


def verdict(report, rule):
    verdicts = {finding.verdict for finding in found(report, rule)}
    return verdicts.pop() if verdicts else Verdict.PASS


def apart(size):
    """Return values of which no two are equal and none dominates."""
    return [100.0 + index for index in range(size)]


@pytest.mark.parametrize(("size", "expected"), [(18, Verdict.FAIL), (19, Verdict.FAIL), (20, Verdict.PASS), (21, Verdict.REVIEW)])  # fmt: skip
def test_a_median_needs_ten_on_each_side_and_its_owner_is_on_neither(size, expected):
    report = one_cell(apart(size), "median")
    assert verdict(report, "quantile") is expected
    assert report.verdict is expected


@pytest.mark.parametrize(("size", "expected"), [(90, Verdict.FAIL), (91, Verdict.FAIL), (92, Verdict.PASS), (101, Verdict.REVIEW)])  # fmt: skip
@pytest.mark.parametrize("q", [0.1, 0.9])
def test_a_quantile_near_an_end_needs_ten_beyond_it(q, size, expected):
    assert verdict(one_cell(apart(size), "quantile", q), "quantile") is expected


def test_a_quantile_that_several_units_share_is_nobodys_own():
    assert (
        one_cell([*apart(10), 500.0, 500.0, *[1000.0 + value for value in apart(9)]], "median").verdict
        is Verdict.PASS
    )
    assert one_cell([0.0] * 30 + apart(10), "median").verdict is Verdict.PASS


def test_a_quantile_that_is_one_units_value_may_be_unsafe_by_policy():
    policy = dataclasses.replace(STANDARD, lone_quantile_unsafe=True)
    assert one_cell(apart(21), "median", policy=policy).verdict is Verdict.FAIL
    assert one_cell(apart(22), "median", policy=policy).verdict is Verdict.PASS


def test_the_rows_of_one_person_are_one_person_on_a_side():
    units = [f"p{index}" for index in range(10)] + ["many"] * 10
    rows = one_cell(apart(20), "median")
    assert rows.verdict is Verdict.PASS
    report = one_cell(apart(20), "median", columns={"u": units}, unit="u")
    assert verdict(report, "quantile") is Verdict.FAIL


def test_rows_without_a_unit_stand_on_no_side():
    units = [f"p{index}" for index in range(20)]
    assert one_cell(apart(20), "median", columns={"u": units}, unit="u").verdict is Verdict.PASS
    report = one_cell([100.5, *apart(20), 200], "median", columns={"u": [None, *units, None]}, unit="u")
    assert verdict(report, "quantile") is Verdict.PASS
    assert report.verdict is Verdict.REVIEW  # check_failed: units cannot be counted surely
    report = one_cell(apart(20), "median", columns={"u": [*units[:10], *[None] * 10]}, unit="u")
    assert verdict(report, "quantile") is Verdict.FAIL
    report = one_cell(apart(21), "median", columns={"u": [*units[:10], None, *units[10:]]}, unit="u")
    assert verdict(report, "quantile") is not Verdict.PASS


@pytest.mark.parametrize("function", ["min", "max"])
@pytest.mark.parametrize(("shared", "expected"), [(1, Verdict.FAIL), (9, Verdict.FAIL), (10, Verdict.PASS)])
def test_an_end_must_be_shared_by_ten_units(function, shared, expected):
    end = 0.0 if function == "min" else 900.0
    report = one_cell([*[end] * shared, *apart(30)], function)
    assert verdict(report, "endpoint") is expected
    assert report.verdict is expected


def test_ten_rows_of_one_unit_do_not_share_an_end():
    units = ["one"] * 10 + [f"p{index}" for index in range(30)]
    report = one_cell([0.0] * 10 + apart(30), "min", columns={"u": units}, unit="u")
    assert verdict(report, "endpoint") is Verdict.FAIL


def test_an_end_that_a_rule_sets_may_stand():
    values = [0.0, *apart(30)]
    policy = dataclasses.replace(STANDARD, structural_ends=(("v", 0),))
    assert one_cell(values, "min", policy=policy).verdict is Verdict.PASS
    assert one_cell(values, "max", policy=policy).verdict is Verdict.FAIL
    for ends in ((("w", 0),), (("v", 1),)):
        policy = dataclasses.replace(STANDARD, structural_ends=ends)
        assert one_cell(values, "min", policy=policy).verdict is Verdict.FAIL


def test_ends_of_nothing_are_left_to_the_threshold():
    report = one_cell([None] * 20, "min", columns={"v": pd.array([None] * 20, dtype="Float64")})
    assert report.cells["rules"][0] == ("threshold",)
    policy = dataclasses.replace(STANDARD, zeros_unsafe=False)
    data = pd.DataFrame({"g": ["a", "b"] * 15, "h": ["x", "y"] * 15, "v": apart(30)})
    measures = {"m": ("median", "v"), "s": ("std", "v"), "k": ("mode", "v")}
    cells = assess(Statistic.table("d", by=["g", "h"], measures=measures, margins=False), data, policy).cells
    assert cells["n"].tolist() == [15, 0, 0, 15]
    assert [cells["rules"][index] for index in (1, 2)] == [(), ()]


@pytest.mark.parametrize(
    ("common", "rest", "rules"),
    [
        (9, 9, ("threshold",)),
        (10, 10, ()),
        (90, 10, ()),
        (91, 9, ("group",)),
        (20, 0, ("all_equal", "group")),
    ],
)
def test_a_mode_is_that_of_ten_and_not_of_nearly_everyone(common, rest, rules):
    assert one_cell([5.0] * common + apart(rest), "mode").cells["rules"][0] == rules


@pytest.mark.parametrize("function", ["std", "var"])
@pytest.mark.parametrize(("size", "expected"), [(10, Verdict.FAIL), (11, Verdict.PASS)])
def test_a_spread_needs_ten_degrees_of_freedom(function, size, expected):
    assert verdict(one_cell(apart(size), function), "dof") is expected
    units = [index // 2 for index in range(2 * size)]
    report = one_cell(apart(2 * size), function, columns={"u": units}, unit="u")
    assert verdict(report, "dof") is expected


@pytest.mark.parametrize("function", ["median", "std", "var", "min", "max", "mode", "mean"])
def test_equal_values_give_everyone_away_by_any_measure(function):
    assert "all_equal" in one_cell([5] * 30, function).cells["rules"][0]
    assert "all_equal" not in one_cell([5] * 30, "count").cells["rules"][0]


def test_a_measure_that_adds_nothing_is_not_dominated():
    values = [1e9, *apart(30)]
    assert "dominance" in one_cell(values, "mean").cells["rules"][0]
    for function in ("median", "std", "mode"):
        assert verdict(one_cell(values, function), "dominance") is Verdict.PASS


def test_a_row_or_column_in_which_everyone_is_the_same_is_unsafe():
    data = pd.DataFrame({"g": ["a"] * 40 + ["b"] * 40, "h": ["x"] * 40 + ["x", "y"] * 20})
    report = assess(Statistic.table("d", by=["g", "h"]), data, STANDARD)
    rules = report.cells.set_index(["g", "h"])["rules"].to_dict()
    assert rules[("a", "x")] == rules[("b", "y")] == ("group",)
    assert rules[("a", "y")] == ("threshold", "zero")
    assert rules[("b", "x")] == ()
    without = assess(Statistic.table("d", by=["g", "h"], margins=False), data, STANDARD)
    assert without.cells["rules"].tolist() == report.cells["rules"].tolist()[:4]


def test_full_cells_ask_for_a_person_where_empty_ones_are_safe():
    data = pd.DataFrame({"g": ["a"] * 40 + ["b"] * 40, "h": ["x"] * 40 + ["x", "y"] * 20})
    report = assess(
        Statistic.table("d", by=["g", "h"]), data, dataclasses.replace(STANDARD, zeros_unsafe=False)
    )
    assert verdict(report, "group") is Verdict.REVIEW
    assert not report.cells["unsafe"].any()


def test_one_level_alone_is_no_group():
    data = pd.DataFrame({"g": ["a"] * 40, "h": ["x", "y"] * 20})
    assert assess(Statistic.table("d", by=["g", "h"]), data, STANDARD).verdict is Verdict.PASS


def test_a_proportion_is_judged_by_the_counts_behind_it():
    data = pd.DataFrame({"g": ["a"] * 95 + ["b"] * 5 + ["c"] * 40, "h": ["x"] * 140})
    stat = Statistic.table("d", by=["h", "g"], measures={"p": ("proportion", None, "index")})
    report = assess(stat, data, STANDARD)
    unsafe = report.cells[report.cells["unsafe"]]
    assert set(unsafe["g"]) == {"b"}
    assert set(unsafe["rules"]) == {("threshold",)}


def test_several_measures_are_judged_one_by_one():
    data = pd.DataFrame({"g": ["a"] * 30, "v": apart(30)})
    asked = {"m": ("median", "v"), "top": ("max", "v"), "s": ("std", "v"), "t": ("sum", "v")}
    report = assess(Statistic.table("d", by=["g"], measures=asked, margins=False), data, STANDARD)
    assert report.cells["rules"][0] == ("endpoint",)
