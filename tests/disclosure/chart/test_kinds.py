"""Each kind of chart says what its table says, in shapes and in words, and refuses what it cannot say."""

import pandas as pd
import pytest

from disclosure import (
    DisclosureError,
    Policy,
    Statistic,
    assess,
    crosstab,
    histogram,
    kaplan_meier,
    ols,
)
from disclosure.chart import chart
from disclosure.chart.label import MAX_LABEL, distinct, number, plain
from disclosure.chart.shown import read
from tests.disclosure.frame.people import people, with_few

DATA = people()
STANDARD = Policy.preset("standard")
TABLE = crosstab(DATA, "region", "tenure", unit="person")
CURVE = kaplan_meier(DATA, "months", "ill", by="region", at=[5, 10, 15], unit="person")
MODEL = ols("bill ~ x + C(region)", DATA, unit="person")


def refused(source, kind, **rest):
    with pytest.raises(DisclosureError) as caught:
        chart(source.report, kind, **rest)
    return caught.value.code


def rows_of(drawn):
    data = list(drawn.spec["datasets"].values()) or [drawn.spec["data"]["values"]]
    return [row for rows in data for row in rows if "label" in row]


def test_bars_say_every_number_and_no_total():
    drawn = TABLE.chart(title="Homes")
    assert drawn.alt == (
        "Homes. Bar chart of count by region and tenure. other: East 100, North 100, South 100. "
        "own: East 100, North 100, South 100. rent: East 100, North 100, South 100."
    )
    assert len(rows_of(drawn)) == 9
    assert len(drawn.table) == 16


def test_bars_begin_at_zero_and_negative_numbers_are_drawn():
    data = DATA.assign(loss=-DATA.bill)
    drawn = crosstab(data, "region", values="loss", aggfunc="mean", unit="person").chart()
    rows = rows_of(drawn)
    assert all(row["value"] < 0 for row in rows)
    assert {row["end"] for row in rows} == {0}


def test_a_measure_is_chosen_by_name():
    both = crosstab(DATA, "region", values="bill", aggfunc=["mean", "sum"], unit="person")
    assert "bill_mean by region" in both.chart().alt
    assert "bill_sum by region" in both.chart(measure="bill_sum").alt
    assert "count by region" in both.chart(measure="n").alt
    assert refused(both, "bar", measure="bill_n") == "chart"


def test_a_line_keeps_the_distance_between_years_and_names_its_gaps():
    few = DATA.query("year != 2020 or tenure != 'own' or person < 40")
    found = crosstab(few, "year", "tenure", unit="person")
    drawn = found.chart("line", draft=True)
    assert [row["at"] for row in rows_of(drawn)][::3] == [2019, 2020, 2023]
    assert "Withheld: own at 2020." in drawn.alt
    assert "The upright axis does not start at zero." in drawn.alt


def test_a_line_of_words_keeps_their_order_and_one_line_needs_no_legend():
    drawn = crosstab(DATA, "region", unit="person").chart("line")
    assert [row["at"] for row in rows_of(drawn)] == [None] * 3
    gap = crosstab(with_few(), "region", unit="person").chart("line", draft=True)
    assert "Withheld: at Isle." in gap.alt


def test_many_gaps_are_counted():
    data = pd.DataFrame({"g": [f"g{n:02}" for n in range(12) for _ in range(3 if n < 8 else 20)]})
    drawn = crosstab(data, "g").chart("line", draft=True)
    assert "Withheld: at 8 places." in drawn.alt


def test_a_line_near_zero_starts_there():
    data = pd.DataFrame({"g": ["a"] * 20 + ["b"] * 200})
    assert "does not start" not in crosstab(data, "g").chart("line").alt


def test_more_lines_than_can_be_told_apart_are_refused():
    data = pd.DataFrame({"g": list("abcdefg") * 40, "h": (["x"] * 7 + ["y"] * 7) * 20})
    assert refused(crosstab(data, "h", "g"), "line") == "chart"


def test_a_heat_map_writes_white_on_dark_only():
    drawn = crosstab(DATA, "region", "tenure", values="bill", aggfunc="mean", unit="person").chart("heatmap")
    values = [row["value"] for row in rows_of(drawn)]
    test = next(layer for layer in drawn.spec["layer"] if layer["mark"]["type"] == "text")
    bound = float(test["encoding"]["color"]["condition"]["test"].split("> ")[1])
    assert min(values) < bound < max(values)
    assert refused(crosstab(DATA, "region", unit="person"), "heatmap") == "chart"


def test_a_histogram_of_even_bins_shows_counts_and_says_what_lies_outside():
    found = histogram(DATA, "bill", [500, 1000, 1500], unit="person")
    drawn = found.chart()
    low, high = int((DATA.bill < 500).sum()), int((DATA.bill > 1500).sum())
    assert f"Not drawn: below {low}, above {high}." in drawn.alt
    assert "per unit" not in drawn.svg


def test_uneven_bins_show_counts_per_unit():
    drawn = histogram(DATA, "bill", [0, 500, 1000, 6000], by="tenure", unit="person").chart()
    assert "count per unit of bill" in drawn.svg
    assert "own: [0, 500) " in drawn.alt
    assert "Not drawn" not in drawn.alt


def test_many_counts_outside_are_counted():
    data = pd.DataFrame({"g": list("abcd") * 60, "v": [0, 0, 0, 0, 5, 5, 5, 5, 9, 9, 9, 9] * 20})
    assert "Not drawn: 8 counts outside the bins" in histogram(data, "v", [4, 6], by="g").chart().alt


def test_a_withheld_count_outside_the_bins_is_withheld():
    data = pd.DataFrame({"v": [5] * 60 + [9] * 3})
    assert "Not drawn: above [c]." in histogram(data, "v", [4, 6]).chart(draft=True).alt


def test_a_forest_shows_effects_and_leaves_the_intercept_to_the_table():
    drawn = MODEL.chart()
    rows = rows_of(drawn)
    assert [row["label"] for row in rows] == ["C(region)[T.North]", "C(region)[T.South]", "x"]
    assert all(row["low"] < row["value"] < row["high"] for row in rows)
    assert "The intercept is in the table." in drawn.alt
    assert "Intercept" in drawn.table["term"].tolist()
    assert "Least squares model" in drawn.alt


def test_an_intercept_alone_is_drawn():
    assert [row["label"] for row in rows_of(ols("bill ~ 1", DATA, unit="person").chart())] == ["Intercept"]


def test_several_models_are_named():
    drawn = ols(["bill ~ x", "bill ~ x + C(region)"], DATA, unit="person").chart()
    assert [row["label"] for row in rows_of(drawn)][:2] == ["(1): x", "(2): C(region)[T.North]"]


def test_the_line_of_no_association_stands_where_there_is_none():
    two = DATA[DATA.tenure != "other"].assign(ill=[n % 2 for n in range(600)])
    ratio = assess(Statistic.association("d", "odds_ratio", ["ill", "tenure"], unit="person"), two, STANDARD)
    drawn = chart(ratio)
    assert {"none": 1.0} in [row for rows in drawn.spec["datasets"].values() for row in rows]
    assert "odds ratio" in drawn.alt
    test = assess(Statistic.association("d", "chi2", ["region", "tenure"], unit="person"), DATA, STANDARD)
    assert rows_of(chart(test))[0]["low"] is None


def test_a_curve_starts_at_one_with_its_interval():
    drawn = CURVE.chart()
    starts = [row for row in rows_of(drawn) if row["label"] == "start"]
    assert {(row["at"], row["value"], row["low"], row["high"]) for row in starts} == {(0, 1, 1, 1)}
    assert [row["group"] for row in starts] == ["East", "North", "South"]
    assert len(rows_of(drawn)) == 12


def test_an_unsafe_step_is_a_gap():
    drawn = kaplan_meier(DATA.head(90), "months", "ill", at=[1, 10, 60], unit="person").chart(draft=True)
    assert "withheld" in drawn.alt
    assert any(row["value"] is None for row in rows_of(drawn))


def test_more_than_can_be_listened_to_is_summed_up():
    data = pd.DataFrame({"g": [f"g{n:02}" for n in range(40) for _ in range(n + 1)]})
    drawn = crosstab(data, "g").chart(draft=True)
    assert "40 numbers, 9 of them withheld; the least is 10 (g09), the greatest 40 (g39)." in drawn.alt
    nothing = pd.DataFrame({"g": [f"g{n:02}" for n in range(40)]})
    assert "40 numbers, 40 of them withheld. All" in crosstab(nothing, "g").chart(draft=True).alt


@pytest.mark.parametrize("kind", ["bar", "line"])
def test_a_chart_in_which_all_is_withheld_is_still_one(kind):
    drawn = crosstab(pd.DataFrame({"g": list("ab")}), "g").chart(kind, draft=True)
    assert "a withheld, b withheld" in drawn.alt


def test_what_is_computed_from_nothing_is_none():
    data = DATA.assign(bill=DATA.bill.where(DATA.region != "East"))
    drawn = crosstab(data, "region", values="bill", aggfunc="mean", unit="person").chart(draft=True)
    assert "East withheld" in drawn.alt or "East none" in drawn.alt


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        (TABLE, "pie"),
        (TABLE, "histogram"),
        (TABLE, "forest"),
        (TABLE, "survival"),
        (MODEL, "bar"),
        (CURVE, "line"),
        (crosstab(DATA), "bar"),
        (crosstab(DATA, "region", "tenure", "year", unit="person"), "bar"),
        (crosstab(DATA, "region", where="bill < 0", margins=False), "bar"),
        (histogram(DATA, "bill", [-9, -8], margins=False), "forest"),
    ],
)
def test_a_chart_that_does_not_suit_is_refused(asked, kind):
    assert refused(asked, kind, draft=True) == "chart"


def test_too_many_numbers_are_refused():
    data = pd.DataFrame({"g": [f"{n:03}" for n in range(201) for _ in range(10)]})
    assert refused(crosstab(data, "g"), "bar") == "chart"


def test_words_are_not_drawn_as_numbers():
    assert read({"m": None}, "m").text == "none"
    for word in ("1", True, "[x]"):
        with pytest.raises(DisclosureError):
            read({"m": word}, "m")


def test_numbers_are_written_as_people_read_them():
    written = [number(value) for value in (0.0, 1234.0, 0.12345, 123456.7, 1e20, -3.5, float("inf"))]
    assert written == ["0", "1,234", "0.1235", "123,457", "1.000e+20", "-3.5", "none"]


def test_labels_are_short_plain_and_distinct():
    assert plain("a\nb\u202ec") == "a b\ufffdc"
    assert len(plain("y" * 100)) == MAX_LABEL
    assert list(distinct(["1", 1, "1"]).values()) == ["1", "1 (2)"]
