"""A noisy release bounds the exact cells that it shows, and is never taken for their numbers."""

import numpy as np
import pandas as pd
import pytest

from disclosure import DisclosureError, NoisyReleased, Policy, Statistic, Verdict, assess, protect
from disclosure.released.intervals import intervals

STANDARD = Policy.preset("standard")
SIZES = {("n", "x"): 30, ("n", "y"): 4, ("s", "x"): 25, ("s", "y"): 40, ("w", "x"): 22, ("w", "y"): 31}


def people():
    rows = [key for key, size in SIZES.items() for _ in range(size)]
    return pd.DataFrame(rows, columns=["region", "kind"]).reset_index(names="person")


def table(*by, where=None, source="people"):
    return Statistic.table(source, by=by, unit="person", where=where)


def noisy(stat, values, sigma=10.0, name="N1"):
    """A noisy answer, by level of each dimension."""
    cells = pd.DataFrame([(*key, value) for key, value in values.items()], columns=[*stat.by, "n"])
    return NoisyReleased(name, stat, cells, {"n": sigma})


def test_an_exact_table_of_cells_that_left_with_noise_is_left_to_a_person():
    earlier = noisy(table("region"), {("n",): 41, ("s",): 60, ("w",): 50})
    for stat in (table("region"), table("region", "kind"), table()):
        report = assess(stat, people(), STANDARD, [earlier])
        [finding] = [one for one in report.findings if one.rule == "differencing"]
        assert finding.verdict is Verdict.REVIEW
        assert "'N1'" in finding.sentence
        assert finding.cells == tuple(range(len(report.cells)))


def test_noise_on_other_rows_is_no_matter():
    for stat in (table("kind"), table("region", where="kind == 'x'"), table("region", source="others")):
        earlier = noisy(stat, {("x",): 41})
        assert assess(table("region"), people(), STANDARD, [earlier]).verdict is Verdict.PASS


def test_a_noisy_release_is_never_taken_for_one_that_cannot_be_compared():
    earlier = noisy(table("region"), {("n",): 41})
    report = assess(Statistic.table("people", by=["region"]), people(), STANDARD, [earlier])
    assert "check_failed" not in {finding.rule for finding in report.findings}


def test_answers_on_one_cell_are_averaged_by_their_precision():
    first = noisy(table("region"), {("n",): 30, ("s",): 60}, sigma=10)
    second = noisy(table("region"), {("n",): 40}, sigma=5, name="N2")
    found = intervals(table("region"), [("n",), ("s",), (None,)], [first, second])
    half = 3 / np.sqrt(1 / 100 + 1 / 25)
    assert (found[0].low, found[0].high) == pytest.approx((38 - half, 38 + half))
    assert (found[1].low, found[1].high) == (30, 90)
    assert set(found) == {0, 1}


def test_the_noise_of_a_total_is_that_of_its_parts():
    earlier = noisy(table("region"), {("n",): 30, ("s",): 60, ("w",): 50, (None,): 140}, sigma=2)
    found = intervals(table("kind"), [(None,)], [noisy(table("region"), {("n",): 1})])
    assert found == {}
    [total] = intervals(table(), [()], [earlier]).values()
    assert (total.low, total.high) == pytest.approx((140 - 6 * np.sqrt(3), 140 + 6 * np.sqrt(3)))


def test_a_withheld_count_that_wide_noise_leaves_open_stays_protected():
    report = assess(table("region", "kind"), people(), STANDARD)
    earlier = noisy(table("region", "kind"), {key: size + 2 for key, size in SIZES.items()}, sigma=10)
    safe = protect(report, released=[earlier])
    assert safe.report.verdict is Verdict.REVIEW
    assert "differencing" in {finding.rule for finding in safe.report.findings}


def test_a_withheld_count_that_narrow_noise_gives_away_is_not_protected():
    report = assess(table("region", "kind"), people(), STANDARD)
    repeats = [
        noisy(table("region", "kind"), dict(SIZES), sigma=5, name=f"N{number}") for number in range(400)
    ]
    with pytest.raises(DisclosureError) as refused:
        protect(report, released=repeats)
    assert refused.value.code == "cannot_protect"
    assert protect(report, released=repeats[:1]).report.verdict is Verdict.REVIEW
