"""Tables asked in pandas' words hold what pandas holds, judged."""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from disclosure import DisclosureError, Policy, Statistic, Verdict, assess, crosstab, histogram, pivot_table
from tests.disclosure.frame.people import people, with_few

DATA = people()


def numbers(table):
    return [[float(value) for value in row] for row in table.to_numpy().tolist()]


@pytest.mark.parametrize("margins", [True, False])
def test_a_crosstab_counts_as_pandas_counts(margins):
    ours = crosstab(DATA, "region", "tenure", unit="person", margins=margins)
    theirs = pd.crosstab(DATA["region"], DATA["tenure"], margins=margins)
    assert ours.verdict is Verdict.PASS
    assert_frame_equal(ours.table, theirs, check_dtype=False, check_index_type=False, check_column_type=False)


def test_a_mean_is_pandas_mean():
    ours = crosstab(DATA, "region", "tenure", values="bill", aggfunc="mean", unit="person")
    theirs = pd.crosstab(DATA.region, DATA.tenure, DATA.bill, aggfunc="mean", margins=True)
    assert_frame_equal(ours.table, theirs, check_index_type=False, check_column_type=False)


def test_shares_are_pandas_shares():
    ours = crosstab(DATA, "region", "tenure", normalize="index", unit="person").table.loc["North", "own"]
    assert ours == pytest.approx(pd.crosstab(DATA.region, DATA.tenure, normalize="index").loc["North", "own"])
    whole = crosstab(DATA, "region", "tenure", normalize=True, unit="person").table
    assert whole.loc["All", "All"] == pytest.approx(1)


def test_a_pivot_table_of_several_columns_and_functions_is_pandas_own():
    asked = {"index": ["region", "year"], "columns": "tenure", "aggfunc": ["mean", "sum"]}
    ours = pivot_table(DATA, ["bill", "x"], **asked, unit="person", margins=False).table
    theirs = pd.pivot_table(DATA, values=["bill", "x"], **asked)
    assert ours.index.names == ["region", "year"]
    for function in ("mean", "sum"):
        for value in ("bill", "x"):
            assert_frame_equal(
                ours[f"{value}_{function}"],
                theirs[function][value],
                check_index_type=False,
                check_column_type=False,
            )


def test_totals_come_after_what_they_sum():
    table = crosstab(DATA, ["region", "year"], "tenure", unit="person").table
    assert list(table.index[:4]) == [("East", 2019), ("East", 2020), ("East", 2023), ("East", "All")]
    assert table.index[-1] == ("All", "All")
    assert table.columns[-1] == "All"


def test_a_level_called_all_is_not_taken_for_the_total():
    data = DATA.assign(region=DATA.region.replace("East", "All"))
    table = crosstab(data, "region", unit="person").table
    assert table["n"].to_dict() == {"All": 300, "North": 300, "South": 300, "(All)": 900}


def test_one_dimension_or_none_has_its_measures_as_columns():
    assert crosstab(DATA, "region").table.columns.tolist() == ["n"]
    assert numbers(crosstab(DATA).table) == [[900]]
    both = crosstab(DATA, "region", values="bill", aggfunc=["mean", "sum"], unit="person").table
    assert both.columns.tolist() == ["bill_mean", "bill_sum"]


def test_a_filter_that_leaves_nobody_gives_an_empty_table():
    found = crosstab(DATA, "region", "tenure", where="bill < 0", margins=False)
    assert found.table.empty
    assert found.unsafe.empty


def test_a_policy_is_given_whole_or_by_name():
    lenient = crosstab(with_few(), "region", unit="person")
    strict = crosstab(with_few(), "region", unit="person", policy=Policy.preset("strict"))
    assert lenient.verdict is strict.verdict is Verdict.FAIL
    assert strict.report.policy.name == "strict"
    with pytest.raises(DisclosureError):
        crosstab(DATA, "region", policy="lenient")


def test_the_front_asks_just_what_a_statistic_asks(tmp_path):
    path = tmp_path / "people.parquet"
    DATA.to_parquet(path)
    asked = crosstab(path, "region", "tenure", unit="person", where="bill > 10")
    stat = Statistic.table("people", by=["region", "tenure"], unit="person", where="bill > 10")
    assert asked.statistic.digest == stat.digest
    assert asked.report.to_json() == assess(stat, path, Policy.preset("standard")).to_json()
    assert crosstab(path, "region", source="census").statistic.source == "census"


@pytest.mark.parametrize(
    "asked",
    [{"aggfunc": "mean"}, {"normalize": "rows"}, {"values": "bill", "normalize": "index"}],
)
def test_an_aggregation_that_cannot_be_is_refused(asked):
    with pytest.raises(DisclosureError) as caught:
        crosstab(DATA, "region", "tenure", **asked)
    assert caught.value.code == "measure"


def test_a_word_that_nobody_knows_is_refused():
    with pytest.raises(TypeError):
        crosstab(DATA, "region", weights="bill")


def test_a_histogram_has_bins_as_rows_and_groups_as_columns():
    found = histogram(DATA, "bill", [0, 500, 1000, 5000], by="tenure", unit="person").table
    assert found.index.tolist() == ["[0, 500)", "[500, 1000)", "[1000, 5000]", "All"]
    assert found.columns.tolist() == ["other", "own", "rent", "All"]
    assert found.loc["[0, 500)", "own"] == ((DATA.bill < 500) & (DATA.tenure == "own")).sum()
