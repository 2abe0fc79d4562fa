"""What every kind beyond tables has: filters, units, reports, releases, differencing; and what it cannot have."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from disclosure import DisclosureError, Report, Statistic, Verdict, assess, protect
from disclosure.sample import sample_of
from tests.disclosure.kinds import KINDS, STANDARD, curve, every, people, ratio

HOSTILE = "\"; drop table x; -- <script>'🦆'"


@every
@pytest.mark.parametrize(
    "words", [{}, {"by": ["g"]}, {"where": "x > 50"}, {"unit": None}, {"where": "x > 1e9"}]
)
def test_a_report_survives_json_without_its_evidence(ask, words):
    report = assess(ask(**words), people(), STANDARD)
    again = Report.from_json(report.to_json())
    assert again.to_json() == report.to_json()
    assert_frame_equal(again.cells, report.cells)
    assert (again.verdict, again.findings, again.statistic) == (
        report.verdict,
        report.findings,
        report.statistic,
    )
    assert list(report.cells.columns)[-4:] == ["n", "units", "unsafe", "rules"]


@every
def test_a_cell_of_another_type_is_refused(ask):
    record = json.loads(assess(ask(), people(), STANDARD).to_json())
    for place, value in ((0, [1]), (-4, -1), (-3, 1.5), (-2, 1), (3, "x")):
        cells = [list(row) for row in record["cells"]]
        cells[0][place] = value
        with pytest.raises(DisclosureError):
            Report.from_json(json.dumps(record | {"cells": cells}))


@every
def test_a_filter_chooses_the_rows(ask):
    data = people()
    found = assess(ask(where="g == 'a'"), data, STANDARD).cells
    assert_frame_equal(found, assess(ask(), data[data["g"] == "a"], STANDARD).cells)


@every
@pytest.mark.parametrize("method", ["suppress", "round", "controlled_round", "cell_key"])
def test_nothing_of_it_can_be_protected_piece_by_piece(ask, method):
    report = assess(ask(by=["g"]), people(), STANDARD)
    with pytest.raises(DisclosureError) as caught:
        protect(report, method=method, key="secret")
    assert caught.value.code == "unsuitable"
    assert "coarser" in caught.value.sentence
    loaded = Report.from_json(report.to_json())
    with pytest.raises(DisclosureError):
        protect(loaded, method=method, key="secret")


def test_labels_and_columns_may_be_called_anything():
    data = people()
    data = data.rename(columns={"t": HOSTILE, "e": "select", "g": "d0", "u": "h0"})
    data["d0"] = data["d0"].replace({"a": HOSTILE, "b": "x" * 10_000})
    stat = Statistic.survival(HOSTILE, HOSTILE, "select", by=["d0"], at=[10, 25], unit="h0", title=HOSTILE)
    report = assess(stat, data, STANDARD)
    assert sorted(report.cells["d0"].unique()) == sorted([HOSTILE, "x" * 10_000])
    plain = assess(curve(by=["g"]), people(), STANDARD)
    assert report.cells["survival"].sum() == pytest.approx(plain.cells["survival"].sum())
    assert "<script" not in report._repr_html_()
    test = Statistic.association("d", "chi2", ("d0", "select"), unit="h0")
    assert assess(test, data, STANDARD).verdict is Verdict.PASS


@pytest.mark.parametrize("by", [["g", "h"], ["h"], ["k"]])
def test_missing_levels_are_a_group_and_noughts_are_one(by):
    data = people().assign(
        h=lambda frame: frame["e"].astype("Int64").mask(frame["x"] > 52),
        k=lambda frame: np.where(frame["e"] == 1, -0.0, np.where(frame["x"] > 50, 0.0, np.nan)),
    )
    cells = assess(curve(by=by, at=[10]), data, STANDARD).cells
    starts = cells[cells["part"] == "start"]
    assert starts["n"].sum() == len(data)
    assert "(missing)" in set(starts[by[-1]])
    assert not starts[by].duplicated().any()


def test_any_form_of_data_gives_the_same_answer(tmp_path):
    data = people()
    wanted = assess(curve(by=["g"]), data, STANDARD).cells
    data.to_parquet(tmp_path / "d.parquet")
    data.to_csv(tmp_path / "d.csv", index=False)
    for form in (pa.Table.from_pandas(data), tmp_path / "d.parquet", tmp_path / "d.csv"):
        assert_frame_equal(assess(curve(by=["g"]), form, STANDARD).cells, wanted)


def test_what_the_data_do_not_let_us_check_is_looked_at():
    data = people()
    data.loc[0, "t"] = np.inf
    report = assess(curve(), data, STANDARD)
    assert report.cells["n"].iloc[0] == len(data) - 1
    assert "infinity" in report.findings[0].sentence
    assert len(set(report.findings)) == len(report.findings)
    big = people().assign(ill=lambda frame: frame["ill"] * 2**60)
    assert "too large" in assess(KINDS["ratio"](), big, STANDARD).findings[0].sentence
    weights = people().assign(w=lambda frame: frame["w"].mask(frame["u"] == "p1"))
    assert "weights" in assess(curve(weight="w"), weights, STANDARD).findings[0].sentence
    with pytest.raises(DisclosureError) as caught:
        assess(curve(weight="g"), people(), STANDARD)
    assert caught.value.code == "not_numeric"
    with pytest.raises(DisclosureError) as caught:
        assess(curve(), people().drop(columns="t"), STANDARD)
    assert caught.value.code == "unknown_column"


def test_more_rows_than_the_policy_allows_are_refused():
    data = people().assign(k=range(600))
    stat = Statistic.association("d", "pearson", ("x", "y"), by=["k"])
    with pytest.raises(DisclosureError) as caught:
        assess(stat, data, STANDARD.tightened(max_cells=100))
    assert caught.value.code == "too_many_cells"


def test_a_rule_that_raises_is_a_finding(monkeypatch):
    def broken(facts, policy):
        raise ZeroDivisionError

    monkeypatch.setattr("disclosure.survival.answer.RULES", (broken,))
    report = assess(curve(), people(), STANDARD)
    assert (report.verdict, report.findings[0].rule) == (Verdict.REVIEW, "check_failed")
    assert "broken" in report.findings[0].sentence


def test_an_answer_that_does_not_say_who_is_behind_each_row_is_refused():
    from disclosure.sample import Behind, evidence_behind

    sample = sample_of(curve(), people(), key="u")
    with pytest.raises(DisclosureError):
        evidence_behind(curve(), pd.DataFrame({"n": [1], "units": [1]}), Behind(sample, ()))


def test_labels_are_as_they_are_in_the_data():
    data = people().assign(e=lambda frame: frame["e"] == 1, x=lambda frame: frame["x"].mask(frame["x"] > 60))
    stat = Statistic.association("d", "chi2", ("e", "ill"))
    assert {type(label) for label in sample_of(stat, data, key=None).labels("e")} == {bool}
    assert {type(label) for label in sample_of(stat, data, key=None).labels("ill")} == {int}
    stat = Statistic.association("d", "chi2", ("x", "g"))
    sample = sample_of(stat, data, key=None)
    assert {type(label) for label in sample.labels("x")} == {float, type(None)}
    assert set(sample.labels("g")) == {"a", "b"}


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
WORDS = st.sampled_from(
    ["time", "event", "at", "coarsen", "test", "level", "columns", "reference", "kind", "formula"]
)


@given(
    st.sampled_from(["survival", "association", "table", "model"]),
    st.dictionaries(WORDS, ANY, max_size=6) | ANY,
)
@settings(max_examples=300, deadline=None)
def test_no_text_of_a_question_breaks_its_reader(kind, asks):
    record = json.loads(curve().to_json()) | {"kind": kind, "asks": asks}
    try:
        read = Statistic.from_json(record)
    except DisclosureError:
        return
    assert Statistic.from_json(read.to_json()) == read


@given(WORDS, ANY)
@settings(max_examples=200, deadline=None)
def test_no_word_of_a_question_breaks_its_reader(word, value):
    for stat in (curve(by=["g"]), ratio(by=["g"]), KINDS["t_test"](), KINDS["pearson"]()):
        record = json.loads(stat.to_json())
        try:
            read = Statistic.from_json(record | {"asks": record["asks"] | {word: value}})
        except DisclosureError:
            continue
        assert Statistic.from_json(read.to_json()) == read


def test_a_question_loads_no_estimator():
    code = (
        "import sys; from disclosure import Statistic; Statistic.table('d', by=['g']); "
        "assert 'disclosure.survival' not in sys.modules; "
        "Statistic.survival('d', 't', 'e'); Statistic.association('d', 'chi2', ('a', 'b')); "
        "assert not {'scipy', 'statsmodels', 'disclosure.survival.answer'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
