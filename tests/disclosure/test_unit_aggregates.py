"""Values over a unit's own rows: what they are, that no other unit moves them, and what is refused."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError, Policy, Statistic, Verdict, assess
from disclosure.deriving import with_derived
from disclosure.expression import parse
from disclosure.expression.sql import Kind, term_node
from disclosure.expression.tree import Aggregate
from disclosure.source import open_source

STANDARD = Policy.preset("standard")
VISITS = pd.DataFrame({
    "id": [1, 1, 1, 2, 2, 3], "year": [1, 2, 3, 1, 2, 5], "pay": [1.5, 2, np.nan, 4, 5, 6], "job": list("nsnssn"),
    "day": [date(2020, 1, 31), date(2020, 3, 1), date(2021, 1, 31), date(2020, 1, 1), date(2020, 1, 2), None],
    "row": range(6),
})  # fmt: skip
EXPRESSIONS = {
    "count()": [3, 3, 3, 2, 2, 1],
    "count(pay)": [2, 2, 2, 2, 2, 1],
    "count(where=job == 'n')": [2, 2, 2, 0, 0, 1],
    "exists(job == 's')": [True, True, True, True, True, False],
    "sum(pay)": [3.5, 3.5, 3.5, 9, 9, 6],
    "sum(pay, where=year > 1)": [2, 2, 2, 5, 5, 6],
    "sum(pay * 2)": [7, 7, 7, 18, 18, 12],
    "min(pay)": [1.5, 1.5, 1.5, 4, 4, 6],
    "max(year)": [3, 3, 3, 2, 2, 5],
    "first(pay, order=year)": [1.5, 1.5, 1.5, 4, 4, 6],
    "last(pay, order=year)": [None, None, None, 5, 5, 6],
    "last(pay, order=year, where=not is_missing(pay))": [2, 2, 2, 5, 5, 6],
    "last(job, order=day)": ["n", "n", "n", "s", "s", None],
    "lag(pay, order=year)": [None, 1.5, 2, None, 4, None],
    "lag(job, order=year, steps=2)": [None, None, "n", None, None, None],
    "days_between(lag(day, order=day), day)": [None, 30, 336, None, 1, None],
    "months_between(first(day, order=day), last(day, order=day))": [12, 12, 12, 0, 0, None],
    "years_between('2019-01-31', day)": [1, 1, 2, 0, 0, None],
    "max(days_between('2020-01-01', day))": [396, 396, 396, 1, 1, None],
    "pay - lag(pay, order=year)": [None, 0.5, None, None, 1, None],
    "first(job, order=year) == last(job, order=year)": [True, True, True, True, True, True],
    "'often' if count() >= 3 else 'seldom'": ["often"] * 3 + ["seldom"] * 3,
    "count() > 2 and exists(job == 's')": [True, True, True, False, False, False],
    "'y' if not exists(job == 's') else 'x'": ["x"] * 5 + ["y"],
    "count() in (1, 2)": [False, False, False, True, True, True],
    "is_missing(last(pay, order=year))": [True, True, True, False, False, False],
    "band(count(), [2, 3])": ["3 and above"] * 3 + ["2 to below 3"] * 2 + ["below 2"],
    "band(pay, (2, 5))": ["below 2", "2 to below 5", None, "2 to below 5", "5 and above", "5 and above"],
}


def values(derive, data=VISITS, unit="id"):
    """Return the last derived column of each row, in the order of `row`."""
    stat = Statistic.table("d", derive=derive, unit=unit, margins=False)
    found = (
        with_derived(stat, open_source(data, [*stat.columns(), "row"])).relation.to_df().sort_values("row")
    )
    kept = found[list(derive)[-1]].astype(object)
    return [None if pd.isna(value) else value for value in kept]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_values_are_those_of_the_units_own_rows_in_any_order_of_rows(text):
    assert values({"v": text}) == EXPRESSIONS[text]
    assert values({"v": text}, VISITS.sample(frac=1, random_state=3)) == EXPRESSIONS[text]


def test_a_later_column_reads_an_earlier_one_and_aggregates_it_again():
    derive = {"gap": "pay - lag(pay, order=year)", "largest": "max(gap)", "again": "max(gap) * 2"}
    assert values(derive) == [1, 1, 1, 2, 2, None]


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.one_of(st.none(), st.integers(-3, 3)), st.sampled_from("ns")),
    min_size=1, max_size=14,
)  # fmt: skip
WHOLE = {
    "counted": "count(where=job == 'n') + count(pay)", "share": "pay / sum(pay, where=year > 0)",
    "range": "max(pay) - min(pay)", "ends": "first(pay, order=year) - last(pay, order=year)",
    "rise": "pay - lag(pay, order=year)", "had": "exists(job == 's' and pay > 0)",
}  # fmt: skip


def derived_rows(rows):
    """Return each row's unit and derived values, in the order given."""
    data = pd.DataFrame(rows, columns=["id", "year", "pay", "job"]).assign(row=range(len(rows)))
    data = data.assign(pay=data.pay.astype("float64"))
    stat = Statistic.table("d", derive=WHOLE, unit="id", margins=False)
    relation = with_derived(stat, open_source(data, [*stat.columns(), "row"])).relation
    return relation.order("row").select("id", *WHOLE).fetchall()


@settings(max_examples=8, deadline=None)
@given(ROWS, ROWS)
def test_no_row_of_another_unit_moves_a_value(mine, others):
    own = [(9, *row[1:]) for row in mine]
    among = derived_rows([*others, *own])
    assert among[len(others) :] == derived_rows(own)
    assert among[: len(others)] == derived_rows(others)


@settings(max_examples=5, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_values_do_not_depend_on_the_order_of_rows(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    found = derived_rows(rows)
    assert derived_rows([rows[place] for place in order]) == [found[place] for place in order]


def test_doubles_add_up_the_same_in_any_order_of_rows():
    chance = np.random.default_rng(5)
    data = pd.DataFrame({"id": 1, "pay": chance.normal(size=5_000) * 10.0 ** chance.integers(-9, 9, 5_000)})
    found = {
        values({"v": "sum(pay)"}, data.sample(frac=1, random_state=seed).assign(row=range(5_000)))[0]
        for seed in range(5)
    }
    assert len(found) == 1


def test_rows_without_a_unit_are_nobodys_and_a_person_must_look():
    data = VISITS.assign(id=[1.0, np.nan, np.nan, 2.0, 2.0, 3.0])
    assert values({"v": "count()"}, data) == [1, None, None, 2, 2, 1]
    stat = Statistic.table("d", by=["v"], derive={"v": "count()"}, unit="id", margins=False)
    assert any("no unit" in found.sentence for found in assess(stat, data, STANDARD).findings)


def test_where_an_order_does_not_decide_the_value_is_missing_and_a_person_must_look():
    data = pd.DataFrame({"id": np.repeat(range(30), 2), "year": 1, "pay": range(60), "row": range(60)})
    assert values({"v": "first(pay, order=year)"}, data) == [None] * 60
    stat = Statistic.table("d", by=["v"], derive={"v": "last(pay, order=year)"}, unit="id", margins=False)
    report = assess(stat, data, STANDARD)
    assert report.verdict is Verdict.REVIEW
    assert any("order of rows" in found.sentence for found in report.findings)
    agreed = assess(stat, data.assign(pay=7), STANDARD)
    assert agreed.verdict is Verdict.PASS
    assert agreed.cells["v"].tolist() == [7]


def test_a_lag_after_rows_that_disagree_is_missing():
    data = pd.DataFrame({"id": 1, "year": [1, 1, 2, 3, 3, 4], "pay": [1, 2, 3, 5, None, 6], "row": range(6)})
    assert values({"v": "lag(pay, order=year)"}, data) == [None, None, None, 3, 3, None]


def test_units_with_many_rows_are_counted_once_by_what_they_did():
    data = pd.DataFrame({"id": np.repeat(range(60), 2), "year": [1, 2] * 60, "pay": np.repeat(range(60), 2)})
    derive = {"rise": "pay - first(pay, order=year)", "often": "count() >= 2"}
    report = assess(
        Statistic.table("d", by=["often"], derive=derive, unit="id", margins=False), data, STANDARD
    )
    assert report.cells[["n", "units"]].to_numpy().tolist() == [[120, 60]]
    filtered = Statistic.table("d", derive=derive, unit="id", margins=False, where="often and rise == 0")
    assert assess(filtered, data, STANDARD).cells["n"].tolist() == [120]


@pytest.mark.parametrize(
    "text",
    [
        "sum(count())", "count(where=count() > 1)", "exists(count() > 1)", "sum()", "sum(pay, job)", "sum(pay, job=1)",
        "sum(pay, where=1)", "sum(1)", "exists(pay)  and exists()", "exists(pay > 1, where=pay > 1)", "first(pay)",
        "first(pay, order='year')", "first(pay, order=1)", "lag(pay, order=year, steps=0)", "count(*pay)",
        "lag(pay, order=year, steps=1.5)", "lag(pay, order=year, steps=101)", "lag(pay, order=year, steps=pay)",
        "lag(pay, 2, order=year)", "sum(pay, order=year)", "count(**{'where': pay > 1})", "days_between(day)",
        "days_between(day, 3)", "days_between('2020-01-01', '2020-01-02')", "days_between(day, day, day)",
        "days_between(day, end=day)", "band(pay)", "band(pay, 3)", "band(pay, [])", "band(pay, [3, 2])", "band(3, [4])",
        "band(pay, ['a'])", "band(pay, [True])", "mean(pay)", "sum(pay).real", "count", "days_between(day, day) == 'x'",
        "days_between(day, day) in ('x',)", "band(pay, [1]) + 1",
    ],
)  # fmt: skip
def test_what_is_not_on_the_list_is_refused(text):
    if text == "count":  # a bare name is a column
        assert Statistic.table("d", derive={"v": text}, unit="id").columns() == ("count", "id")
        return
    with pytest.raises(DisclosureError) as caught:
        Statistic.table("d", derive={"v": text}, unit="id")
    assert caught.value.code == "expression"
    assert "The derived column 'v'" in caught.value.sentence


@pytest.mark.parametrize(
    "text",
    [
        "sum(job)", "sum(day)", "min(job)", "max(job)", "days_between(year, day)",
        "days_between(first(job, order=year), day)", "sum(job + 1)", "first(pay, order=flag)", "count() == 'x'",
        "days_between('yesterday', day)", "first(job, order=year) + 1", "years_between(day, day) == 'x' or year > 1",
    ],
)  # fmt: skip
def test_values_of_the_wrong_kind_are_refused_by_the_data(text):
    with pytest.raises(DisclosureError) as caught:
        values({"v": text}, VISITS.assign(flag=True))
    assert caught.value.code in {"expression_type", "expression"}


def test_without_a_unit_there_is_nothing_to_aggregate_over():
    with pytest.raises(DisclosureError) as caught:
        Statistic.table("d", derive={"v": "count()"})
    assert caught.value.code == "expression"
    assert "unit=" in caught.value.sentence


def test_a_filter_uses_a_derived_column_for_it():
    with pytest.raises(DisclosureError) as caught:
        Statistic.table("d", where="count() > 2", unit="id")
    assert "derived column" in caught.value.sentence
    assert Statistic.table("d", where="days_between(day, '2020-05-01') > 3").columns() == ("day",)
    one = Statistic.table("d", where="days_between(day, '2020-05-01') > 3 and pay > 1").fingerprint
    assert one == Statistic.table("d", where="pay > 1 and 3 < days_between(day, '2020-05-01')").fingerprint


@pytest.mark.parametrize(
    "name", ['a"b', "a'b", "x; drop table disclosure_source", "名字 🎉", "sum(pay)", "x" * 9_000]
)
def test_any_name_and_any_text_is_data_in_an_aggregate(name):
    data = VISITS.rename(columns={"pay": name, "year": f"{name} order", "job": f"{name} job"})
    text = f"first(col({name!r}), order=col({name + ' order'!r}), where=col({name + ' job'!r}) != {name!r})"
    assert values({"v": text}, data) == [1.5, 1.5, 1.5, 4, 4, 6]


def test_a_column_of_the_data_that_is_called_like_an_aggregate_is_never_hidden():
    data = VISITS.rename(columns={"job": 'sum(col("pay"))'})
    with pytest.raises(DisclosureError) as caught:
        values({"v": "sum(pay)", "w": "col('sum(col(\"pay\"))')"}, data)
    assert caught.value.code == "name_clash"


def test_a_divisor_within_an_aggregate_is_seen():
    data = pd.DataFrame({"id": range(60), "pay": 1.0, "hours": [0, *range(1, 60)]})
    stat = Statistic.table("d", derive={"v": "sum(pay / hours)"}, unit="id", measures={"m": ("mean", "v")})
    report = assess(stat, data, STANDARD)
    assert any("divides by nought" in found.sentence for found in report.findings)
    share = Statistic.table("d", derive={"v": "pay / sum(hours)"}, unit="id", measures={"m": ("mean", "v")})
    assert any("divides by nought" in found.sentence for found in assess(share, data, STANDARD).findings)


def test_an_aggregate_outside_of_a_derived_column_is_refused():
    with pytest.raises(DisclosureError) as caught:
        term_node(Aggregate("count", None), Kind.NUMBER, None)
    assert caught.value.code == "expression"


def test_lists_are_neither_first_nor_last():
    data = pd.DataFrame({"id": [1, 1], "year": [1, 2], "many": [[1], [2]], "row": [0, 1]})
    with pytest.raises(DisclosureError) as caught:
        values({"v": "first(many, order=year)"}, data)
    assert caught.value.code == "expression_type"


def test_days_are_counted_too_where_no_column_is_known():
    assert "DATE_SUB" in parse("days_between(day, '2020-05-01') > 3").to_sql().sql(dialect="duckdb").upper()
