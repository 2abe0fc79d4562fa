"""Ratios of two columns' totals: what they are, and that both halves and their difference are judged."""

import numpy as np
import pandas as pd
import pytest

from disclosure import DisclosureError, Policy, Statistic, Verdict, assess, protect

STANDARD = Policy.preset("standard")


def people(size=400):
    chance = np.random.default_rng(7)
    data = pd.DataFrame({
        "id": range(size), "area": np.where(np.arange(size) % 2, "north", "south"),
        "tax": chance.gamma(9, 2, size), "income": chance.gamma(9, 9, size), "w": chance.integers(1, 4, size) * 0.5,
        "active": chance.integers(0, 2, size), "ill": chance.integers(0, 2, size),
    })  # fmt: skip
    return data.assign(idle=data.active * data.ill)


def asked(above="tax", below="income", **words):
    measures = {"rate": ("ratio", above, below)}
    return Statistic.table(
        "d", **{"by": ["area"], "measures": measures, "unit": "id", "margins": False} | words
    )


def findings(report, rule):
    return [found.sentence for found in report.findings if found.rule == rule]


def test_a_ratio_is_one_total_divided_by_the_other_where_both_are_present():
    data = people()
    data.loc[:4, "tax"] = np.nan
    data.loc[7:9, "income"] = np.nan
    report = assess(asked(), data, STANDARD)
    kept = data.dropna(subset=["tax", "income"])
    totals = kept.groupby("area")[["tax", "income"]].sum()
    assert report.cells["rate"].tolist() == pytest.approx((totals.tax / totals.income).tolist(), rel=1e-15)
    assert report.cells["rate_n"].tolist() == kept.groupby("area").size().tolist()
    assert report.cells["n"].sum() == len(data)
    assert report.verdict is Verdict.PASS


def test_a_weighted_ratio_weights_both_totals():
    data = people()
    found = assess(asked(weight="w"), data, STANDARD).cells["rate"]
    totals = (
        data.assign(tax=data.tax * data.w, income=data.income * data.w)
        .groupby("area")[["tax", "income"]]
        .sum()
    )
    assert found.tolist() == pytest.approx((totals.tax / totals.income).tolist(), rel=1e-14)


@pytest.mark.parametrize(("column", "said"), [("tax", "above the line"), ("income", "below the line")])
@pytest.mark.parametrize("weight", [None, "w"])
def test_either_half_that_one_contributor_dominates_fails(column, said, weight):
    data = people()
    data.loc[1, column] = 1e7
    report = assess(asked(weight=weight), data, STANDARD)
    assert report.cells["unsafe"].tolist() == [True, False]
    for rule in ("dominance", "p_percent"):
        assert any(said in sentence for sentence in findings(report, rule))
    assert not any("without above" in found.sentence for found in report.findings)


def test_few_complete_pairs_fail_though_each_column_has_many():
    data = people()
    north = data.index[data.area == "north"]
    data.loc[north[:100], "tax"] = np.nan
    data.loc[north[105:], "income"] = np.nan
    report = assess(asked(), data, STANDARD)
    assert report.cells["rate_units"].tolist() == [5, 200]
    assert report.cells["unsafe"].tolist() == [True, False]
    both = {"a": ("sum", "tax"), "b": ("sum", "income")}
    assert not assess(asked(measures=both), data, STANDARD).cells["unsafe"].any()


def few(data, column, left):
    """Leave only some ones of a column in the north."""
    ones = data.index[(data.area == "north") & (data[column] == 1)]
    data.loc[ones[left:], column] = 0
    return data


@pytest.mark.parametrize("left", [9, 10])
def test_a_rate_is_judged_by_those_counted_above_the_line(left):
    report = assess(asked("idle", "active"), few(people(), "idle", left), STANDARD)
    assert report.cells["unsafe"].tolist() == [left < 10, False]
    assert bool(findings(report, "threshold")) == (left < 10)


@pytest.mark.parametrize("left", [9, 10])
def test_a_rate_is_judged_by_those_below_the_line_but_not_above(left):
    data = people()
    idle = data.index[(data.area == "north") & (data.active == 1) & (data.idle == 0)]
    data.loc[idle[left:], "idle"] = 1
    report = assess(asked("idle", "active"), data, STANDARD)
    assert report.cells["unsafe"].tolist() == [left < 10, False]
    said = findings(report, "threshold")
    assert any("without above" in sentence for sentence in said) == (left < 10)


def test_a_rate_of_a_few_below_the_line_fails_though_many_are_in_the_cell():
    data = few(people(), "active", 9).assign(idle=lambda found: found.active * found.ill)
    assert assess(asked("idle", "active"), data, STANDARD).cells["unsafe"].tolist() == [True, False]


def test_rates_of_nobody_and_of_everybody_fail():
    data = people()
    everybody = assess(asked("idle", "active"), data.assign(idle=data.active), STANDARD)
    assert everybody.cells["unsafe"].all()
    assert "group" in everybody.cells["rules"][0]
    nobody = assess(asked("idle", "active"), data.assign(idle=0), STANDARD)
    assert nobody.cells["unsafe"].all()


def test_those_in_neither_half_play_no_part():
    data = people()
    rest = data.index[(data.area == "north") & (data.active == 0)]
    data = data.drop(rest[3:])
    assert not assess(asked("idle", "active"), data, STANDARD).cells["unsafe"].any()


def test_units_with_several_rows_contribute_their_total_to_each_half():
    data = people().assign(id=lambda found: found.index // 8)
    data.loc[data.id == 0, "tax"] = 900.0
    report = assess(asked(by=[]), data, STANDARD)
    assert any("above the line" in sentence for sentence in findings(report, "dominance"))


def test_a_total_of_nought_below_the_line_gives_no_number_and_never_passes():
    report = assess(asked(), people().assign(income=0.0), STANDARD)
    assert report.cells["rate"].isna().all()
    assert report.verdict is Verdict.FAIL


def test_a_ratio_takes_derived_columns_and_decimals_and_truth_values():
    data = people().assign(old=lambda found: found.ill == 1)
    stat = asked("owed", "income", derive={"owed": "tax * 2"})
    twice = assess(stat, data, STANDARD).cells["rate"]
    assert twice.tolist() == pytest.approx((2 * assess(asked(), data, STANDARD).cells["rate"]).tolist())
    share = assess(asked("old", "income"), data, STANDARD).cells["rate"]
    assert share.tolist() == assess(asked("ill", "income"), data, STANDARD).cells["rate"].tolist()


def test_a_ratio_and_sums_of_its_columns_stand_side_by_side():
    measures = {"rate": ("ratio", "tax", "income"), "again": ("ratio", "tax", "income"), "t": ("sum", "tax")}
    cells = assess(asked(measures=measures), people(), STANDARD).cells
    assert cells["rate"].tolist() == cells["again"].tolist()


def test_a_ratio_is_not_suppressed_but_records_may_be_dropped():
    data = people()
    data.loc[data.index[data.area == "north"][9:], "tax"] = np.nan
    report = assess(asked(margins=True), data, STANDARD)
    with pytest.raises(DisclosureError) as caught:
        protect(report, "suppress")
    assert caught.value.code == "unsuitable"


@pytest.mark.parametrize("below", [None, "", 3, "x\0"])
def test_what_stands_below_the_line_is_the_name_of_a_column(below):
    with pytest.raises(DisclosureError):
        asked(below=below)


def test_columns_of_a_ratio_must_be_there_and_numbers_and_never_hide_one_of_the_data():
    stat = asked()
    assert stat.columns() == ("area", "id", "income", "tax")
    assert Statistic.from_json(stat.to_json()) == stat
    assert stat.fingerprint != asked("income", "tax").fingerprint
    for below, code in (("area", "not_numeric"), ("nothing", "unknown_column")):
        with pytest.raises(DisclosureError) as caught:
            assess(asked(below=below), people(), STANDARD)
        assert caught.value.code == code
    clash = people().assign(**{"tax / income: above the line": 1})
    with pytest.raises(DisclosureError) as caught:
        assess(asked(by=["tax / income: above the line"]), clash, STANDARD)
    assert caught.value.code == "name_clash"


@pytest.mark.parametrize("name", ['a"b', "a'b", "x; drop table disclosure_source", "名字 🎉", "y" * 9_000])
def test_any_name_is_data_in_a_ratio(name):
    data = people().rename(columns={"tax": name})
    assert not assess(asked(name), data, STANDARD).cells["rate"].isna().any()


def test_few_noughts_above_a_line_that_is_no_nought_or_one_are_a_count_of_the_others():
    """With two below the line for everybody, 0.49 of a hundred says that two are not ill."""
    data = pd.DataFrame({"id": range(200), "area": ["north", "south"] * 100, "two": 2})
    data["ill"] = [*[0] * 4, *[1] * 196]
    report = assess(asked("ill", "two"), data, STANDARD)
    assert report.verdict is Verdict.FAIL
    assert any("have a nought" in sentence for sentence in findings(report, "threshold"))
