"""Bad input is a clear finding or an error with a code; nothing passes by accident."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from disclosure import DisclosureError, Policy, Statistic, Verdict, assess
from disclosure.rules import RULES, judge

STANDARD = Policy.preset("standard")
MEASURES = [
    ("count", None), ("count", "v"), ("sum", "v"), ("mean", "v"), ("median", "v"), ("quantile", "v", 0.9), ("min", "v"),
    ("max", "v"), ("mode", "v"), ("std", "v"), ("var", "v"), ("cv", "v"), ("gini", "v"), ("hhi", "v"),
    ("lorenz", "v", 0.5), ("proportion", None, "all"),
]  # fmt: skip


def asked(measure=("mean", "v"), **rest):
    return Statistic.table("d", **{"by": ["g"], "measures": {"m": measure}} | rest)


def frame(values, **columns):
    return pd.DataFrame({"g": "a", "v": values} | columns)


@pytest.mark.parametrize("measure", MEASURES)
def test_an_empty_table_fails(measure):
    data = pa.table({"g": pa.array([], pa.string()), "v": pa.array([], pa.float64())})
    for by in (["g"], []):
        assert assess(asked(measure, by=by), data, STANDARD).verdict is Verdict.FAIL


@pytest.mark.parametrize("measure", MEASURES)
def test_one_row_fails(measure):
    assert assess(asked(measure), frame([5.0]), STANDARD).verdict is Verdict.FAIL


@pytest.mark.parametrize("measure", [each for each in MEASURES if each[1] is not None])
def test_a_column_of_which_all_is_missing_fails(measure):
    report = assess(asked(measure), frame(np.full(50, np.nan)), STANDARD)
    assert report.verdict is Verdict.FAIL
    assert report.cells["m_units"].tolist() == [0, 0]


@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
@pytest.mark.parametrize(
    "measure", [("sum", "v"), ("mean", "v"), ("std", "v"), ("median", "v"), ("gini", "v")]
)
def test_infinity_is_left_out_and_a_person_must_look(infinite, measure):
    report = assess(asked(measure), frame([infinite, *np.linspace(1, 2, 50)]), STANDARD)
    assert report.verdict is not Verdict.PASS
    assert any("holds infinity" in finding.sentence for finding in report.findings)
    assert report.cells["m_n"].tolist() == [50, 50]


def test_a_milliard_in_a_cell_is_found_in_that_cell_alone():
    data = pd.DataFrame({"g": ["a"] * 50 + ["b"] * 50, "v": [1e9, *[1.0] * 49, *np.linspace(1, 2, 50)]})
    cells = assess(asked(("sum", "v"), margins=False), data, STANDARD).cells
    assert cells["rules"].tolist() == [("p_percent", "dominance"), ()]
    assert cells["m"][0] == 1e9 + 49


def test_a_milliard_hides_behind_no_negative_value():
    data = pd.DataFrame({"g": ["a"] * 50 + ["b"] * 50, "v": [1e9, *[1.0] * 49, -1.0, *np.linspace(1, 2, 49)]})
    cells = assess(asked(("sum", "v"), margins=False), data, STANDARD).cells
    assert cells["rules"].tolist() == [("p_percent", "dominance"), ()]


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_weights_that_are_none_need_a_person(bad):
    report = assess(asked(weight="w"), frame(np.linspace(1, 2, 50), w=[bad, *[1.0] * 49]), STANDARD)
    assert report.verdict is not Verdict.PASS


def test_categories_that_no_row_has_are_not_invented():
    data = frame(np.linspace(1, 2, 50))
    data["g"] = pd.Categorical(data["g"], categories=["a", "nobody"])
    report = assess(asked(), data, STANDARD)
    assert report.cells["g"].tolist() == ["a", None]
    empty = assess(asked(where="g == 'nobody'"), data, STANDARD)
    assert empty.verdict is Verdict.FAIL


def test_columns_of_one_name_are_refused():
    twice = pd.DataFrame([["a", 1, 2]] * 20, columns=["g", "v", "v"])
    with pytest.raises(DisclosureError) as caught:
        assess(asked(), twice, STANDARD)
    assert caught.value.code == "duplicate_column"
    with pytest.raises(DisclosureError):
        assess(asked(), pa.table([["a"], [1], [2]], names=["g", "v", "v"]), STANDARD)


def test_a_policy_looser_than_its_base_is_refused():
    with pytest.raises(DisclosureError) as caught:
        STANDARD.tightened(min_units=5)
    assert caught.value.code == "policy"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_that_raises_is_never_a_pass(rule):
    def broken(_stat, _evidence, _policy):
        raise ZeroDivisionError

    report = assess(asked(), frame(np.linspace(1, 2, 50)), STANDARD)
    assert report.verdict is Verdict.PASS
    rules = [broken if each is rule else each for each in RULES]
    found = judge(report.statistic, report.evidence, STANDARD, rules)
    assert [(finding.rule, finding.verdict) for finding in found] == [("check_failed", Verdict.REVIEW)]


@pytest.mark.parametrize(
    "label", ["'", '"', "x' OR '1'='1", "'; drop table d; --", "🎉", "\\", "%s", "x" * 10_000, "\n"]
)
def test_labels_and_names_are_data_in_every_measure(label):
    data = pd.DataFrame({label: [label] * 30, f"v{label}": np.linspace(1, 2, 30)})
    measures = {
        f"{function}{label}": (function, f"v{label}") for function in ("sum", "median", "gini", "std")
    }
    report = assess(Statistic.table("d", by=[label], measures=measures, margins=False), data, STANDARD)
    assert report.cells[label].tolist() == [label]
    assert report.verdict is Verdict.PASS
    kept = Statistic.table("d", by=[label], where=f"col({label!r}) == {label!r}", margins=False)
    assert assess(kept, data, STANDARD).cells["n"].tolist() == [30]
