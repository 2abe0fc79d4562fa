"""Dropping records: totals know nothing of them, what remains is judged again, and a true total refuses it."""

import itertools

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from disclosure import DisclosureError, Policy, Report, Statistic, Verdict, assess, protect
from disclosure.query.dropping import kept_tree
from disclosure.safe import WITHHELD
from tests.disclosure.small_tables import SMALL, STANDARD, checked, frame_of

INDICATORS = ["indvar1", "indvar2", "indvar3", "indvar4"]


def synthetic() -> pd.DataFrame:
    """The research's data S: 873 rows, five in each combination of C, any, C, C and eleven in the others."""
    rows = []
    for levels in itertools.product("ABC", repeat=4):
        size = 5 if (levels[0], levels[2], levels[3]) == ("C", "C", "C") else 11
        rows += [(*levels, float(depvar)) for depvar in range(size)]
    return pd.DataFrame(rows, columns=[*INDICATORS, "depvar"]).reset_index(names="row")


def shown(safe):
    return {(g, h): n for g, h, n in safe.table[["g", "h", "n"]].itertuples(index=False)}


SCENARIOS = {
    "C13": (["indvar1"], "indvar2 == 'C' and indvar3 == 'C' and indvar4 == 'C'"),
    "C14": (["indvar1", "indvar2"], "indvar3 == 'C' and indvar4 == 'C'"),
    "C15": (["indvar1", "indvar2", "indvar3"], "indvar4 == 'C'"),
    "C16": (INDICATORS, None),
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_c17_the_table_is_the_one_computed_after_deleting_the_records(scenario):
    by, where = SCENARIOS[scenario]
    data = synthetic()
    safe = protect(assess(Statistic.table("d", by=by, where=where), data, STANDARD), "drop_records")
    assert safe.report.verdict is Verdict.REVIEW
    kept = data.query(where) if where else data
    small = (kept["indvar1"] == "C") & (kept["indvar3"] == "C") & (kept["indvar4"] == "C")
    left = kept[~small]
    for row in safe.table.to_dict("records"):
        chosen = left
        for name in by:
            chosen = chosen if row[name] is None else chosen[chosen[name] == row[name]]
        assert row["n"] == (len(chosen) or WITHHELD)
    assert f"{int(small.sum())} records" in safe.report.findings[-1].sentence


def test_any_measure_may_be_computed_of_what_remains():
    data = frame_of([[3, 40, 30], [35, 45, 33]])
    measures = {"middle": ("median", "v"), "spread": ("std", "v"), "share": ("proportion", None, "all")}
    report = assess(Statistic.table("d", by=["g", "h"], measures=measures, unit="person"), data, STANDARD)
    safe = protect(report, "drop_records")
    left = data[(data["g"] != "g0") | (data["h"] != "h0")]
    assert (safe.table.loc[0, ["n", "middle", "spread", "share"]] == WITHHELD).all()
    total = safe.table.iloc[-1]
    assert total["n"] == len(left)
    assert total["middle"] == np.median(left["v"])
    assert total["spread"] == pytest.approx(left["v"].std())
    assert safe.table["share"][1] == 40 / len(left) == 40 / 183
    assert safe.report.verdict is Verdict.REVIEW


def test_a_total_that_becomes_unsafe_loses_the_records_behind_it_too():
    report = checked([[3, 11, 5], [25, 40, 30]], unit="person")
    policy = Policy(min_units=12)
    report = assess(report.statistic, frame_of([[3, 11, 5], [25, 40, 30]]), policy)
    safe = protect(report, "drop_records")
    assert (safe.table["n"][:3] == WITHHELD).all()
    assert shown(safe)["g0", None] == WITHHELD
    assert safe.table["n"].iloc[-1] == 95
    assert "19 records of 19 units" in safe.report.findings[-1].sentence


def test_an_unsafe_total_of_safe_cells_loses_the_smallest_of_them():
    data = frame_of([[20, 30], [40, 50]])
    fewer = assess(Statistic.table("d", unit="person", where="person >= 3"), data, STANDARD).released("fewer")
    report = assess(Statistic.table("d", by=["g", "h"], unit="person"), data, STANDARD, [fewer])
    assert np.flatnonzero(report.cells["unsafe"]).tolist() == [8]
    safe = protect(report, "drop_records", released=[fewer])
    assert shown(safe)["g0", "h0"] == WITHHELD
    assert shown(safe)[None, None] == 120
    assert safe.report.verdict is Verdict.REVIEW


def test_empty_cells_and_totals_are_never_printed_as_nought():
    policy = Policy(zeros_unsafe=False)
    report = assess(Statistic.table("d", by=["g", "h"]), frame_of([[3, 4, 0], [25, 0, 30]]), policy)
    safe = protect(report, "drop_records")
    found = shown(safe)
    assert found["g0", None] == found[None, "h1"] == WITHHELD
    assert found["g1", "h1"] == 0
    assert found[None, None] == 55


def test_a_true_total_that_was_released_before_gives_the_records_away():
    data = frame_of(SMALL)
    table = Statistic.table("d", by=["g", "h"], unit="person")
    total = assess(Statistic.table("d", by=["g"], unit="person"), data, STANDARD).released("true totals")
    report = assess(table, data, STANDARD)
    assert protect(report, "suppress", released=[total]).report.verdict is Verdict.REVIEW
    safe = protect(report, "drop_records", released=[total])
    assert safe.report.verdict is Verdict.FAIL
    found = [finding for finding in safe.report.findings if finding.rule == "differencing"]
    assert "true totals" in found[0].sentence
    assert safe.report.cells["unsafe"].any()


def test_a_later_true_total_is_found_by_what_was_released():
    data = frame_of(SMALL)
    safe = protect(assess(Statistic.table("d", by=["g", "h"], unit="person"), data, STANDARD), "drop_records")
    later = assess(Statistic.table("d", by=["g"], unit="person"), data, STANDARD, [safe.released("dropped")])
    assert later.verdict is Verdict.FAIL
    same = assess(
        Statistic.table("d", by=["h"], unit="person", where="g != 'g0'"), data, STANDARD, [safe.released("x")]
    )
    assert same.verdict is Verdict.PASS


def test_where_nobody_can_tell_who_was_released_before_it_is_refused():
    report = checked(SMALL)
    earlier = checked([[20, 30], [40, 50]]).released("earlier")
    with pytest.raises(DisclosureError) as caught:
        protect(report, "drop_records", released=[earlier])
    assert caught.value.code == "cannot_protect"
    assert protect(report, "drop_records").report.verdict is Verdict.REVIEW


def test_a_loaded_report_cannot_be_computed_again():
    report = Report.from_json(checked(SMALL).to_json())
    with pytest.raises(DisclosureError) as caught:
        protect(report, "drop_records")
    assert caught.value.code == "no_evidence"


def test_a_curve_cannot_lose_records():
    frame = pd.DataFrame({"time": np.arange(60.0) % 12, "event": [True] * 60})
    report = assess(Statistic.survival("d", "time", "event"), frame, STANDARD)
    with pytest.raises(DisclosureError) as caught:
        protect(report, "drop_records")
    assert caught.value.code == "unsuitable"


def test_hostile_levels_are_dropped_like_any_other():
    levels = ["it's", 'x") or (1=1', "NULL", "(missing)", "a\nb", "🙂", ""]
    rows = [(level, flag) for level in levels for flag in (True, False) for _ in range(20)]
    rows += [(level, True) for level in levels[:3]]
    data = pd.DataFrame(rows, columns=["g", "flag"])
    data.loc[len(data)] = [None, True]
    data["number"] = np.where(data.index % 2 == 0, 0.1, 1e22)
    data.loc[data.index[-1], "number"] = np.nan
    data = pd.concat(
        [data, pd.DataFrame({"g": ["rare"] * 4, "flag": [False] * 4, "number": [0.30000000000000004] * 4})]
    )
    data["flag"] = data["flag"].astype(bool)
    report = assess(Statistic.table("d", by=["g", "flag", "number"]), data, Policy(zeros_unsafe=False))
    safe = protect(report, "drop_records")
    assert safe.report.verdict is Verdict.REVIEW
    cells = report.cells
    inner = cells[cells["g"].notna() & cells["flag"].notna() & cells["number"].notna()]
    left = int(inner.loc[~inner["unsafe"], "n"].sum())
    assert safe.table["n"].iloc[-1] == left
    assert left < len(data)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(0, 25), min_size=3, max_size=3), min_size=2, max_size=3), st.booleans())
def test_what_remains_is_clean_and_adds_up_or_it_is_refused(counts, zeros_unsafe):
    report = assess(
        Statistic.table("d", by=["g", "h"], unit="person"),
        frame_of(counts),
        Policy(zeros_unsafe=zeros_unsafe),
    )
    if not any(map(any, counts)):
        return
    try:
        safe = protect(report, "drop_records")
    except DisclosureError as refused:
        if refused.code != "cannot_protect":
            raise
        return
    found = shown(safe)
    inner = {key: n for key, n in found.items() if None not in key and n != WITHHELD}
    assert all(n >= 10 or (n == 0 and not zeros_unsafe) for n in inner.values())
    for (g, h), n in found.items():
        if n != WITHHELD and None in (g, h):
            parts = [m for key, m in inner.items() if g in (None, key[0]) and h in (None, key[1])]
            assert n == sum(parts)
    assert any(n != WITHHELD for n in found.values())
    assert safe.report.verdict is Verdict.REVIEW


@pytest.mark.parametrize("by", [(), ("g",), ("g", "h")])
def test_where_nobody_would_remain_it_is_refused_in_words(by):
    report = assess(Statistic.table("d", by=by), frame_of([[3, 4]]), STANDARD)
    with pytest.raises(DisclosureError) as caught:
        protect(report, "drop_records")
    assert caught.value.code == "cannot_protect"
    assert "coarser" in caught.value.sentence


def test_an_end_that_is_somebodys_in_every_cell_is_refused_and_takes_no_record():
    report = assess(
        Statistic.table("d", by=["g"], measures={"top": ("max", "v")}, unit="person"),
        frame_of([[450], [450], [3]]).assign(v=range(903)),
        STANDARD,
    )
    with pytest.raises(DisclosureError) as caught:
        protect(report, "drop_records")
    assert caught.value.code == "cannot_protect"


def test_one_small_cell_of_a_table_of_one_dimension_takes_its_own_records_only():
    data = frame_of([[450], [450], [3]])
    safe = protect(assess(Statistic.table("d", by=["g"], unit="person"), data, STANDARD), "drop_records")
    assert safe.table["n"].tolist() == [450, 450, WITHHELD, 900]
    assert safe.report.verdict is Verdict.REVIEW


def test_a_total_of_one_dimension_that_differs_from_a_released_one_takes_the_smallest_cell_only():
    data = frame_of([[450], [437], [16]])
    fewer = assess(Statistic.table("d", unit="person", where="person >= 3"), data, STANDARD).released("fewer")
    report = assess(Statistic.table("d", by=["g"], unit="person"), data, STANDARD, [fewer])
    assert report.cells["unsafe"].tolist() == [False, False, False, True]
    safe = protect(report, "drop_records", released=[fewer])
    assert safe.table["n"].tolist() == [450, 437, WITHHELD, 887]
    assert safe.report.verdict is Verdict.REVIEW


def test_cells_behind_a_total_go_from_the_smallest_on_one_then_two_until_it_is_safe():
    data = frame_of([[50], [44], [40], [42]]).assign(v=lambda found: found["person"] * 37 % 176)
    asked = Statistic.table("d", by=["g"], measures={"q": ("quantile", "v", 0.4)}, unit="person")
    report = assess(
        asked, data, Policy(lone_quantile_unsafe=True)
    )  # lone where n is one more than a multiple of five
    assert report.cells["unsafe"].tolist() == [False, False, False, False, True]
    safe = protect(report, "drop_records")
    assert safe.table["n"].tolist() == [50, WITHHELD, WITHHELD, WITHHELD, 50]
    assert safe.report.verdict is Verdict.REVIEW


def test_data_that_changed_in_between_are_not_taken_for_what_was_checked(tmp_path):
    path = tmp_path / "people.csv"
    frame_of([[3, 40, 30], [35, 45, 33]]).to_csv(path, index=False)
    report = assess(Statistic.table("d", by=["g", "h"], unit="person"), path, STANDARD)
    frame_of([[3, 40, 30], [35, 45, 33], [20, 20, 20]]).to_csv(path, index=False)
    with pytest.raises(DisclosureError) as caught:
        protect(report, "drop_records")
    assert caught.value.code == "evidence_failed"


def test_the_one_cell_of_a_table_without_dimensions_is_every_record():
    rows = exp.select("*").from_(exp.values([(1,), (2,)], alias="rows", columns=["x"]))
    assert duckdb.sql(rows.sql("duckdb")).fetchall() == [(1,), (2,)]
    assert duckdb.sql(kept_tree(rows, [()], "(missing)").sql("duckdb")).fetchall() == []
