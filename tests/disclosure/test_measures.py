"""Medians, quantiles, ends, modes, spreads and proportions are those that pandas computes, cell by cell."""

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError, Policy, Report, Statistic, assess
from disclosure.source import Source

STANDARD = Policy.preset("standard")
ALL = {
    "median": ("median", "v"),
    "low": ("quantile", "v", 0.1),
    "high": ("quantile", "v", 0.975),
    "least": ("min", "v"),
    "most": ("max", "v"),
    "mode": ("mode", "v"),
    "sd": ("std", "v"),
    "variance": ("var", "v"),
    "mean": ("mean", "v"),
}


def table(data, by, measures, **rest):
    return assess(Statistic.table("data", by=by, measures=measures, **rest), data, STANDARD)


def expected(values):
    """Compute every measure with pandas."""
    if not len(values):
        return dict.fromkeys(ALL, math.nan)
    return {
        "median": values.median(),
        "low": values.quantile(0.1),
        "high": values.quantile(0.975),
        "least": values.min(),
        "most": values.max(),
        "mode": values.mode().min(),
        "sd": values.std(),
        "variance": values.var(),
        "mean": values.mean(),
    }


CELL = st.tuples(
    st.sampled_from(["a", "b", None]),
    st.sampled_from([1, 2]),
    st.integers(0, 4),
    st.none() | st.integers(-3, 3) | st.floats(-1e6, 1e6),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(CELL, min_size=1, max_size=30), st.booleans())
def test_every_measure_agrees_with_pandas(found, by_unit):
    data = pd.DataFrame(found, columns=["g", "h", "u", "v"]).astype({"g": "object", "v": "float64"})
    report = table(data, ["g", "h"], ALL, unit="u" if by_unit else None)
    labelled = data.assign(g=data["g"].fillna("(missing)"))
    for cell in report.cells.to_dict("records"):
        part = labelled
        for name in ("g", "h"):
            part = part if cell[name] is None else part[part[name] == cell[name]]
        values = part["v"].dropna()
        for name, value in expected(values).items():
            close = pytest.approx(value, rel=1e-9, abs=1e-6, nan_ok=True)
            assert cell[name] == close, name
            assert cell[f"{name}_n"] == len(values)
            assert cell[f"{name}_units"] == (
                values.index.map(part["u"]).nunique() if by_unit else len(values)
            )


@settings(max_examples=12, deadline=None)
@given(st.lists(CELL, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_the_order_of_rows(found, chance):
    shuffled = list(found)
    chance.shuffle(shuffled)
    reports = [
        table(pd.DataFrame(rows, columns=["g", "h", "u", "v"]).astype({"g": "object", "v": "float64"}), ["g"], ALL, unit="u")
        for rows in (found, shuffled)
    ]  # fmt: skip
    assert reports[0].to_json() == reports[1].to_json()


@pytest.mark.parametrize("scale", [1e-150, 1e-9, 1.0, 1e9, 1e140])
def test_a_small_spread_round_a_large_mean_is_not_lost(scale):
    values = pd.Series([1e9 + index for index in range(21)]) * scale
    cells = table(pd.DataFrame({"v": values}), [], {"sd": ("std", "v"), "variance": ("var", "v")}).cells
    assert cells["sd"][0] == pytest.approx(scale * math.sqrt(38.5), rel=1e-6)
    assert cells["variance"][0] == pytest.approx(scale**2 * 38.5, rel=1e-6)


def test_a_variance_that_no_double_holds_is_refused():
    data = pd.DataFrame({"v": [1e300, -1e300] * 10})
    with pytest.raises(DisclosureError) as caught:
        table(data, [], {"variance": ("var", "v")})
    assert caught.value.code == "evidence_failed"


def test_whole_numbers_decimals_and_booleans_have_an_order_too():
    data = pa.table(
        {
            "whole": pa.array([2**53 + 1] * 12 + [5] * 9, pa.int64()),
            "price": pa.array([Decimal("0.10")] * 9 + [Decimal("0.35")] * 12, pa.decimal128(12, 2)),
            "yes": pa.array([True, False, True] * 7),
        }
    )
    asked = {f"{column}_mid": ("median", column) for column in ("whole", "price", "yes")}
    asked |= {f"{column}_sd": ("std", column) for column in ("whole", "price", "yes")}
    cells = assess(Statistic.table("d", measures=asked), data, STANDARD).cells
    assert cells[["whole_mid", "price_mid", "yes_mid"]].to_numpy().tolist() == [[float(2**53), 0.35, 1.0]]
    assert cells["price_sd"][0] == pytest.approx(np.std([0.10] * 9 + [0.35] * 12, ddof=1))


def test_nothing_has_no_place_in_the_order():
    nothing = pd.DataFrame({"v": pd.array([None] * 20, dtype="Float64")})
    assert table(nothing, [], ALL).cells[list(ALL)].isna().all(axis=None)


def test_one_value_has_no_spread():
    cells = table(pd.DataFrame({"v": [1.0, None]}), [], {"sd": ("std", "v"), "variance": ("var", "v")}).cells
    assert cells[["sd", "variance"]].isna().all(axis=None)


def test_infinity_takes_no_place_in_the_order():
    report = table(
        pd.DataFrame({"v": [np.inf, *range(21)]}), [], {"most": ("max", "v"), "mid": ("median", "v")}
    )
    assert report.cells[["most", "mid"]].to_numpy().tolist() == [[20.0, 10.0]]
    assert "check_failed" in {finding.rule for finding in report.findings}


@pytest.mark.parametrize("function", ["median", "mode", "std", "min"])
def test_words_have_no_order_here(function):
    with pytest.raises(DisclosureError) as caught:
        table(pd.DataFrame({"v": ["a"] * 20}), [], {"m": (function, "v")})
    assert caught.value.code == "not_numeric"


@pytest.mark.parametrize("share", ["index", "columns", "all"])
def test_proportions_are_those_of_a_pandas_crosstab(share):
    generator = np.random.default_rng(5)
    data = pd.DataFrame({"a": generator.choice(list("xyz"), 600), "b": generator.choice([1, 2], 600)})
    report = table(data, ["a", "b"], {"part": ("proportion", None, share)})
    cells = report.cells.set_index(["a", "b"])["part"]
    plain = pd.crosstab(data["a"], data["b"], normalize=share)
    for key, value in plain.stack().items():
        assert cells[key] == pytest.approx(value)
    assert cells.iloc[-1] == 1.0


def test_a_weighted_proportion_divides_weights_and_a_column_counts_where_it_is_present():
    data = pd.DataFrame(
        {"g": ["a"] * 20 + ["b"] * 20, "w": [3.0] * 20 + [1.0] * 20, "v": [1.0] * 30 + [None] * 10}
    )
    asked = {"all": ("proportion", None, "all"), "some": ("proportion", "v", "index")}
    cells = table(data, ["g"], asked, weight="w").cells
    assert cells["all"].tolist() == [0.75, 0.25, 1.0]
    assert cells["some"].tolist() == [60 / 70, 10 / 70, 1.0]
    assert cells["some_units"].tolist() == [20, 10, 30]


def test_a_proportion_of_nothing_is_not_a_number():
    cells = table(
        pd.DataFrame({"g": ["a"] * 20, "v": [None] * 20}), ["g"], {"p": ("proportion", "v", "all")}
    ).cells
    assert cells["p"].isna().all()
    cells = table(pd.DataFrame({"g": ["a"] * 20}), [], {"p": ("proportion", None, "all")}).cells
    assert cells["p"].tolist() == [1.0]


def test_a_report_of_every_measure_survives_json():
    data = pd.DataFrame({"g": ["a"] * 30 + ["b"] * 30, "v": [float(value) for value in range(60)]})
    report = table(data, ["g"], ALL | {"p": ("proportion", None, "index")})
    assert Report.from_json(report.to_json()).to_json() == report.to_json()
    assert report.released("R1").to_bytes()


def test_data_that_change_between_two_questions_are_not_believed(monkeypatch):
    data = pd.DataFrame({"g": ["a"] * 20 + ["b"] * 20, "v": range(40)})
    ask = Source.rows

    def changing(source, tree):
        found = ask(source, tree)
        return [(0, "c", *row[2:]) for row in found] if "disclosure_ranked" in tree.sql() else found

    monkeypatch.setattr(Source, "rows", changing)
    with pytest.raises(DisclosureError) as caught:
        table(data, ["g"], {"m": ("median", "v")})
    assert caught.value.code == "evidence_failed"


def test_hostile_names_are_names_for_every_measure():
    name = "v\"; drop table x; -- 🙂 ' "
    data = pd.DataFrame({"g": ["a"] * 30, name: range(30)})
    asked = {key: (function, name, *rest) for key, (function, _, *rest) in ALL.items()}
    assert table(data, ["g"], asked).cells["median"].tolist() == [14.5, 14.5]
    stat = Statistic.histogram("d", name, bins=[-1, 10, 30], by=["g"])
    assert assess(stat, data, STANDARD).cells["n"].tolist() == [10, 20, 30, 10, 20, 30]


@pytest.mark.parametrize("rows", [[0.0, -0.0, 0.0, -1.0], [-0.0, 0.0, 0.0, -1.0], [-0.0, -0.0, -0.0, -1.0]])
def test_the_two_noughts_of_floating_point_are_one_value(rows):
    cells = table(pd.DataFrame({"v": rows}), [], ALL).cells
    assert str(cells["most"][0]) == str(cells["mode"][0]) == str(cells["median"][0]) == "0.0"
