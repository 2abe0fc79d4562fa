"""Sums and means of noughts and ones are counts: the few with a one, and the few without, are protected."""

import numpy as np
import pandas as pd
import pytest

from disclosure import Policy, Statistic, Verdict, assess

STANDARD = Policy.preset("standard")


def one(ones, size=100, function="mean", dtype=int, **columns):
    data = pd.DataFrame({"g": "a", "v": (np.arange(size) < ones).astype(dtype)} | columns)
    rest = {"unit": "u"} if "u" in columns else {}
    stat = Statistic.table("d", by=["g"], measures={"m": (function, "v")}, margins=False, **rest)
    return assess(stat, data, STANDARD)


@pytest.mark.parametrize("function", ["mean", "sum", "std", "var", "cv", "gini"])
@pytest.mark.parametrize("dtype", [int, bool, float])
def test_few_with_a_one_or_few_with_a_nought_are_unsafe(function, dtype):
    assert "threshold" not in one(20, function=function, dtype=dtype).cells["rules"][0]
    assert "threshold" in one(9, function=function, dtype=dtype).cells["rules"][0]
    assert "threshold" in one(91, function=function, dtype=dtype).cells["rules"][0]


def test_ten_on_each_side_are_enough():
    assert one(10, size=20).verdict is Verdict.PASS


def test_units_are_counted_and_not_rows():
    report = one(20, u=[0] * 20 + list(range(1, 81)))
    assert "threshold" in report.cells["rules"][0]
    assert any("have a one" in finding.sentence for finding in report.findings)


def test_everyone_on_one_side_is_all_equal():
    assert "all_equal" in one(100).cells["rules"][0]
    assert "all_equal" in one(0).cells["rules"][0]


def test_a_column_with_other_values_is_no_flag():
    data = pd.DataFrame({"g": "a", "v": [0.5] * 50 + [0.0] * 45 + [1.0] * 5})
    stat = Statistic.table("d", by=["g"], measures={"m": ("mean", "v")}, margins=False)
    assert "threshold" not in assess(stat, data, STANDARD).cells["rules"][0]


def test_margins_and_empty_cells_are_judged_by_their_own_counts():
    data = pd.DataFrame({"g": ["a"] * 60 + ["b"] * 60, "v": [1] * 6 + [0] * 54 + [1] * 6 + [0] * 54})
    stat = Statistic.table("d", by=["g"], measures={"m": ("mean", "v")})
    assert assess(stat, data, STANDARD).cells["rules"].tolist()[:2] == [("threshold",)] * 2
    assert "threshold" not in assess(stat, data, STANDARD).cells["rules"].tolist()[2]
