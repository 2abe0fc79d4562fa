"""The report on mutation testing counts what it says, and never calls what was not tried a success."""

from datetime import date

import pytest

from benchmarks.mutation import report
from benchmarks.mutation.results import Mutant

SAME = {"file": "b.py", "before": "size > 0", "after": "size >= 0", "reason": "a size is never nought"}


def told(*mutants, monkeypatch):
    monkeypatch.setattr(report, "REASONS", [SAME])
    words = {"commit": "abc", "day": date(2026, 1, 2), "tests": ["tests/x"], "tool": "mutmut==3"}
    return report.report_of(mutants, **words)


def test_it_counts_each_file_and_all(monkeypatch):
    text = told(
        Mutant("a.py", "a1", 1),
        Mutant("a.py", "a2", 36),
        Mutant("b.py", "b1", 1),
        Mutant("b.py", "b2", 0, "size > 0", "size >= 0"),
        Mutant("b.py", "b3", 0, "x < 1", "x <= 1"),
        monkeypatch=monkeypatch,
    )
    assert "| `a.py` | 2 | 1 | 1 | 0 | 0 | 100.0% | 100.0% |" in text
    assert "| `b.py` | 3 | 1 | 0 | 2 | 1 | 33.3% | 50.0% |" in text
    assert "| all | 5 | 2 | 1 | 2 | 1 | 60.0% | 75.0% |" in text
    assert "- `b.py`: `size > 0` to `size >= 0`: a size is never nought\n" in text
    assert "- `b.py`: `x < 1` to `x <= 1` (`b3`)\n" in text
    assert "on 2026-01-02 on the rules of commit `abc` with mutmut 3 and the tests in `tests/x`" in text


def test_the_same_change_in_another_file_needs_its_own_reason(monkeypatch):
    monkeypatch.setattr(report, "REASONS", [SAME])
    assert report.reason_of(Mutant("b.py", "b", 0, "size > 0", "size >= 0")) == "a size is never nought"
    assert report.reason_of(Mutant("a.py", "a", 0, "size > 0", "size >= 0")) is None


@pytest.mark.parametrize("mutants", [[], [Mutant("a.py", "a1", 1), Mutant("a.py", "a2", None)]])
def test_what_was_not_tried_makes_no_report(mutants, monkeypatch):
    with pytest.raises(SystemExit):
        told(*mutants, monkeypatch=monkeypatch)


@pytest.mark.parametrize(("code", "noticed"), [(1, True), (3, True), (36, True), (0, False), (33, False), (-11, False), (None, False)])  # fmt: skip
def test_only_a_failure_or_a_run_without_end_is_noticed(code, noticed):
    assert Mutant("a.py", "a1", code).is_noticed is noticed


def test_every_reason_names_a_file_that_is_changed_and_says_why():
    for entry in report.REASONS:
        assert set(entry) == {"file", "before", "after", "reason"}
        assert len(entry["reason"].split()) > 3
