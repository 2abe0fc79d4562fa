"""Evidence is right, complete, and the same whatever the order, the type or the labels of the data."""

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError, Policy, Statistic, Verdict, assess

STANDARD = Policy.preset("standard")


def table(data, by, measures=None, **rest):
    return assess(Statistic.table("data", by=by, measures=measures, **rest), data, STANDARD)


def rows(report, *columns):
    return list(report.cells[list(columns)].itertuples(index=False, name=None))


def test_a_table_is_the_cross_product_then_the_margins_in_order_of_level():
    data = pd.DataFrame({"a": ["x", "x", "y"], "b": [2, 10, 10]})
    report = table(data, ["a", "b"])
    assert rows(report, "a", "b", "n") == [
        ("x", 2, 1),
        ("x", 10, 1),
        ("y", 2, 0),
        ("y", 10, 1),
        ("x", None, 2),
        ("y", None, 1),
        (None, 2, 1),
        (None, 10, 2),
        (None, None, 3),
    ]
    assert list(report.cells.columns) == ["a", "b", "n", "units", "unsafe", "rules"]


def test_a_cell_of_nobody_is_zero_and_threshold():
    report = table(pd.DataFrame({"a": ["x", "y"] * 20, "b": [1, 2] * 20}), ["a", "b"], margins=False)
    assert rows(report, "n", "unsafe", "rules") == [
        (20, True, ("group",)),
        (0, True, ("threshold", "zero")),
        (0, True, ("threshold", "zero")),
        (20, True, ("group",)),
    ]
    assert report.verdict is Verdict.FAIL


def test_three_dimensions_have_all_margins():
    data = pd.DataFrame({"a": [1, 2] * 30, "b": [1, 1, 2] * 20, "c": [3] * 60})
    report = table(data, ["a", "b", "c"])
    assert len(report.cells) == 3 * 3 * 2
    totals = report.cells[report.cells["c"].isna() & report.cells["a"].notna() & report.cells["b"].notna()]
    assert totals["n"].tolist() == [20, 10, 20, 10]


def test_units_in_margins_are_distinct_units_not_sums():
    data = pd.DataFrame({"g": ["a", "b"] * 12, "u": np.repeat(np.arange(12), 2)})
    report = table(data, ["g"], unit="u")
    assert rows(report, "g", "n", "units") == [("a", 12, 12), ("b", 12, 12), (None, 24, 12)]


def test_a_missing_category_is_a_level_and_is_counted():
    data = pd.DataFrame({"g": ["b", None, "a", None], "k": [1.5, np.nan, 0.0, -0.0]})
    assert rows(table(data, ["g"]), "g", "n") == [("a", 1), ("b", 1), ("(missing)", 2), (None, 4)]
    assert rows(table(data, ["k"]), "k", "n") == [(0.0, 2), (1.5, 1), ("(missing)", 1), (None, 4)]


def test_a_label_that_says_missing_is_not_a_second_level():
    data = pd.DataFrame({"g": ["(missing)", None, "a"]})
    assert rows(table(data, ["g"], margins=False), "g", "n") == [("a", 1), ("(missing)", 2)]


def test_levels_keep_their_meaning_whatever_their_type():
    data = pd.DataFrame(
        {
            "day": pd.to_datetime(["2020-01-01", "2020-01-02"] * 2),
            "yes": pd.array([True, None, False, True], dtype="boolean"),
            "big": [2**62, 2**62 + 1, 1, 1],
            "far": [np.inf, -np.inf, 1.0, 2.0],
            "word": pd.Categorical(["z", "a", "z", "a"], categories=["z", "a"]),
        }
    )
    levels = {name: table(data, [name], margins=False).cells[name].tolist() for name in data.columns}
    assert levels["day"] == ["2020-01-01 00:00:00", "2020-01-02 00:00:00"]
    assert levels["yes"] == [False, True, "(missing)"]
    assert levels["big"] == [1, 2**62, 2**62 + 1]
    assert levels["far"] == [1.0, 2.0, "-inf", "inf"]
    assert levels["word"] == ["a", "z"]


def test_without_dimensions_there_is_one_cell():
    data = pd.DataFrame({"v": [1.0, 2.0, np.nan], "u": [1, 1, 2]})
    report = table(data, [], {"m": ("mean", "v")}, unit="u")
    assert rows(report, "n", "units", "m", "m_n", "m_units") == [(3, 2, 1.5, 2, 1)]


@pytest.mark.parametrize("by", [[], ["g"], ["g", "h"]])
@pytest.mark.parametrize("margins", [True, False])
@pytest.mark.parametrize("unit", [None, "u"])
def test_an_empty_table_is_never_passed(by, margins, unit):
    data = pd.DataFrame({"g": ["a"] * 20, "h": ["b"] * 20, "u": range(20), "v": [1.0] * 20})
    stat = Statistic.table(
        "data", by=by, measures={"t": ("sum", "v")}, where="g == 'z'", margins=margins, unit=unit
    )
    report = assess(stat, data, STANDARD)
    assert report.verdict is Verdict.FAIL
    assert "zero" in {finding.rule for finding in report.findings}


def test_a_sum_of_nothing_is_not_a_number():
    data = pd.DataFrame({"g": ["a"] * 12 + ["b"] * 12, "v": [1.0] * 12 + [np.nan] * 12})
    cells = table(
        data, ["g"], {"t": ("sum", "v"), "m": ("mean", "v"), "k": ("count", "v")}, margins=False
    ).cells
    assert math.isnan(cells["t"][1])
    assert math.isnan(cells["m"][1])
    assert (cells["k"][1], cells["t_n"][1], cells["t_units"][1]) == (0, 0, 0)
    assert cells["unsafe"].tolist() == [True, True]


def test_infinity_is_left_out_and_asks_for_a_person():
    data = pd.DataFrame({"g": ["a"] * 20, "v": [np.inf, *range(19)]})
    report = table(data, ["g"], {"t": ("sum", "v")})
    assert report.verdict is Verdict.REVIEW
    assert {finding.rule for finding in report.findings} == {"check_failed"}
    assert "'v'" in report.findings[0].sentence
    assert report.cells["t_n"].tolist() == [19, 19]


def test_rows_without_a_unit_ask_for_a_person():
    data = pd.DataFrame({"g": ["a"] * 24, "u": [*range(23), None], "v": range(24)})
    report = table(data, ["g"], {"t": ("sum", "v")}, unit="u")
    assert report.verdict is Verdict.REVIEW
    assert [finding.rule for finding in report.findings] == ["check_failed"]
    assert rows(report, "n", "units", "t_units") == [(24, 23, 23)] * 2


def test_nan_units_are_missing_units():
    data = pa.table({"g": ["a"] * 12, "u": [float("nan")] * 6 + [1.0, 2.0] * 3})
    report = table(data, ["g"], unit="u", margins=False)
    assert rows(report, "n", "units") == [(12, 2)]


def test_weights_scale_values_and_leave_people_alone():
    data = pd.DataFrame(
        {"g": ["a"] * 12 + ["b"] * 12, "w": [2.0] * 12 + [0.5] * 12, "v": [*range(12), *range(11), np.nan]}
    )
    measures = {"k": ("count", None), "kv": ("count", "v"), "t": ("sum", "v"), "m": ("mean", "v")}
    report = table(data, ["g"], measures, weight="w", margins=False)
    assert rows(report, "n", "units", "k", "kv", "t", "m") == [
        (12, 12, 24.0, 24.0, 132.0, 5.5),
        (12, 12, 6.0, 5.5, 27.5, 5.0),
    ]
    assert report.verdict is Verdict.PASS


def test_a_weighted_mean_without_weight_is_not_a_number():
    data = pd.DataFrame({"g": ["a"] * 12, "w": [0.0] * 12, "v": range(12)})
    cells = table(data, ["g"], {"m": ("mean", "v")}, weight="w", margins=False).cells
    assert math.isnan(cells["m"][0])


@pytest.mark.parametrize("bad", [None, -1.0, np.inf, np.nan])
def test_a_bad_weight_asks_for_a_person(bad):
    data = pa.table({"g": ["a"] * 13, "w": [1.0] * 12 + [bad], "v": [float(v) for v in range(13)]})
    report = table(data, ["g"], {"t": ("sum", "v")}, weight="w")
    assert report.verdict is Verdict.REVIEW
    assert "check_failed" in {finding.rule for finding in report.findings}


def test_a_weight_that_makes_one_person_dominate_is_seen():
    data = pd.DataFrame({"g": ["a"] * 20, "w": [1.0] * 19 + [1000.0], "v": [float(v) for v in range(10, 30)]})
    report = table(data, ["g"], {"t": ("sum", "v")}, weight="w", margins=False)
    assert report.cells["rules"][0] == ("p_percent", "dominance")


def test_decimals_and_large_whole_numbers_are_added_exactly():
    prices = [Decimal("0.10"), Decimal("0.20"), Decimal("-0.30")] * 8
    big = [2**62] * 24
    data = pa.table(
        {"g": ["a"] * 24, "price": pa.array(prices, pa.decimal128(12, 2)), "big": pa.array(big, pa.int64())}
    )
    report = table(
        data, ["g"], {"p": ("sum", "price"), "b": ("sum", "big"), "m": ("mean", "big")}, margins=False
    )
    assert rows(report, "p", "b", "m") == [(0.0, float(24 * 2**62), float(2**62))]


def test_booleans_can_be_added():
    data = pd.DataFrame({"g": ["a"] * 20, "v": [True, False] * 10})
    assert table(data, ["g"], {"t": ("sum", "v"), "m": ("mean", "v")}).cells["m"].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1.0, 1e12, 1e290])
def test_sums_of_doubles_do_not_depend_on_the_order_of_rows(scale):
    generator = np.random.default_rng(7)
    data = pd.DataFrame(
        {"g": ["a"] * 5000, "v": generator.normal(size=5000) * scale, "u": np.arange(5000) // 2}
    )
    exact = math.fsum(data["v"])
    for unit in (None, "u"):
        totals = {
            table(data.sample(frac=1, random_state=seed), ["g"], {"t": ("sum", "v")}, unit=unit).cells["t"][0]
            for seed in range(3)
        }
        assert len(totals) == 1
        assert totals.pop() == pytest.approx(exact, rel=1e-12)


def test_a_sum_that_no_double_holds_is_refused():
    data = pd.DataFrame({"g": ["a"] * 20, "v": [1.7e308] * 20})
    with pytest.raises(DisclosureError) as caught:
        table(data, ["g"], {"t": ("sum", "v")})
    assert caught.value.code == "evidence_failed"


def test_a_table_with_too_many_cells_is_refused_before_it_is_laid_out():
    data = pd.DataFrame({"a": range(400), "b": range(400)})
    with pytest.raises(DisclosureError) as caught:
        table(data, ["a", "b"], margins=False)
    assert caught.value.code == "too_many_cells"
    with pytest.raises(DisclosureError):
        assess(Statistic.table("d", by=["a"]), data, STANDARD.tightened(max_cells=400))
    assert len(assess(Statistic.table("d", by=["a"]), data, STANDARD.tightened(max_cells=401)).cells) == 401


CELL = st.tuples(
    st.sampled_from(["a", "b", None]),
    st.sampled_from([1, 2]),
    st.integers(0, 4),
    st.none() | st.integers(-50, 50),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(CELL, min_size=1, max_size=30), st.booleans())
def test_evidence_agrees_with_pandas(found, by_unit):
    data = pd.DataFrame(found, columns=["g", "h", "u", "v"]).astype({"g": "object", "v": "Int64"})
    measures = {"t": ("sum", "v"), "k": ("count", "v"), "r": ("count", None)}
    report = table(data, ["g", "h"], measures, unit="u" if by_unit else None)
    labelled = data.assign(g=data["g"].fillna("(missing)"))
    for cell in report.cells.to_dict("records"):
        part = labelled
        for name in ("g", "h"):
            part = part if cell[name] is None else part[part[name] == cell[name]]
        present = part.dropna(subset="v")
        units = (part["u"].nunique(), present["u"].nunique()) if by_unit else (len(part), len(present))
        assert (cell["n"], cell["units"]) == (len(part), units[0])
        assert (cell["t_n"], cell["t_units"], cell["k"]) == (len(present), units[1], len(present))
        assert (cell["r"], cell["r_n"], cell["r_units"]) == (len(part), len(part), units[0])
        assert cell["t"] == present["v"].sum() if len(present) else math.isnan(cell["t"])


@settings(max_examples=40, deadline=None)
@given(st.lists(CELL, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_report_does_not_depend_on_order_or_width_of_type(found, chance):
    data = pd.DataFrame(found, columns=["g", "h", "u", "v"]).astype({"g": "object", "v": "Int64"})
    shuffled = list(found)
    chance.shuffle(shuffled)
    other = pd.DataFrame(shuffled, columns=["g", "h", "u", "v"])
    other = other.astype({"g": "category", "h": "int8", "u": "int64", "v": "float32"})
    measures = {"t": ("sum", "v"), "m": ("mean", "v")}
    reports = [table(frame, ["g", "h"], measures, unit="u") for frame in (data, other)]
    assert reports[0].to_json() == reports[1].to_json()
