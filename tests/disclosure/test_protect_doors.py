"""Doors of protection that someone may try: tampered tables, low thresholds, no time, unknown earlier releases."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from disclosure import DisclosureError, Policy, Statistic, Verdict, assess, protect
from disclosure.safe import WITHHELD, printed, withheld_in, written
from tests.disclosure.independent import possible_ranges
from tests.disclosure.small_tables import SMALL, STANDARD, checked, frame_of, keys_of, values_of


def test_measures_that_cannot_be_audited_are_refused():
    with pytest.raises(DisclosureError) as caught:
        protect(checked(SMALL, measures={"m": ("median", "v")}))
    assert caught.value.code == "unsuitable"


def test_a_threshold_so_low_that_it_tells_the_count_is_not_credited_to_the_attacker():
    stat = Statistic.table("d", by=["g", "h"])
    report = assess(stat, frame_of([[1, 20, 30], [25, 18, 40], [50, 60, 22]]), Policy(min_units=2))
    safe = protect(report)
    assert safe.table["n"][0] == WITHHELD
    assert safe.report.verdict is Verdict.REVIEW


def test_weighted_counts_and_sums_are_withheld_with_the_rest():
    measures = {"c": ("count", None), "t": ("sum", "v")}
    safe = protect(checked(SMALL, measures=measures, weight="v"))
    assert (safe.table.loc[0, ["n", "c", "t"]] == WITHHELD).all()
    for name in ("c", "t"):
        ranges = possible_ranges(keys_of(safe.table), values_of(safe.table, name))
        assert all(high - low > 1 for low, high in ranges.values())
    assert safe.report.verdict is Verdict.REVIEW


def test_earlier_releases_of_unknown_people_are_looked_at():
    unknown = checked([[20, 30], [40, 50]]).released("unknown")
    by_person = assess(Statistic.table("d", by=["g", "h"], unit="person"), frame_of(SMALL), STANDARD)
    for report in (checked(SMALL), by_person):
        findings = protect(report, released=[unknown]).report.findings
        assert "check_failed" in [finding.rule for finding in findings]


def test_without_time_no_controlled_rounding_is_made_up():
    with pytest.raises(DisclosureError) as caught:
        protect(checked(SMALL), "controlled_round", time_limit=0)
    assert caught.value.code == "cannot_protect"


def test_a_table_that_was_written_otherwise_is_not_released():
    report = checked(SMALL, measures={"t": ("sum", "v")})
    safe = protect(report)
    text, numbers = safe.to_csv(), {name: report.cells[name].tolist() for name in printed(report)}
    assert (withheld_in(text, report, numbers) == ~safe.published).all()
    first = text.split("\n", 1)[0]
    for other in (
        first,
        text + "g9,h9,1,1,1\n",
        text.replace(f",{WITHHELD},", ",3,", 1),
        text.replace(",30,", ",31,", 1),
        text.replace(",30,", ",,", 1),
    ):
        with pytest.raises(DisclosureError) as caught:
            withheld_in(other, report, numbers)
        assert caught.value.code == "written"


def test_words_read_back_as_the_words_they_are():
    report = checked([[20, 30]])
    words = ["plain", 'with "quotes", commas\nand lines', None]
    table = pd.DataFrame({"g": ["a", "b", "c"], "h": ["x", "y", "z"], "n": pd.Series(words, dtype="object")})
    shown = replace(report, cells=report.cells.iloc[:3])
    assert not withheld_in(written(table), shown, {"n": words}).any()
    for other in ("Plain", WITHHELD):
        with pytest.raises(DisclosureError) as caught:
            withheld_in(written(table), shown, {"n": [other, *words[1:]]})
        assert caught.value.code == "written"


def test_a_commonest_word_is_refused_before_anything_is_protected():
    with pytest.raises(DisclosureError) as caught:
        checked(SMALL, measures={"m": ("mode", "h")})
    assert caught.value.code == "not_numeric"


def test_a_curve_cannot_be_withheld_piece_by_piece():
    frame = frame_of(SMALL).assign(time=1.0, event=True)
    report = assess(Statistic.survival("d", "time", "event"), frame, STANDARD)
    for method in ("suppress", "round"):
        with pytest.raises(DisclosureError) as caught:
            protect(report, method)
        assert caught.value.code == "unsuitable"


def test_a_hard_table_is_clean_even_where_no_time_is_given():
    chance = np.random.default_rng(5)
    counts = chance.poisson(14, size=(9, 9, 4))
    rows = [(*place, person) for place in np.ndindex(counts.shape) for person in range(counts[place])]
    data = pd.DataFrame(rows, columns=["a", "b", "c", "person"])
    report = assess(Statistic.table("d", by=["a", "b", "c"]), data, STANDARD)
    assert report.cells["unsafe"].sum() > 20
    safe = protect(report, time_limit=0.001)
    assert not safe.optimal
    assert safe.report.verdict is Verdict.REVIEW


@pytest.mark.parametrize("method", ["suppress", "drop_records"])
def test_a_sum_is_protected_at_the_level_of_unit_that_gives_most(method):
    """A household holds what its three persons do, so its sum is what must stay uncertain."""
    frame = frame_of([[12, 40, 50], [45, 38, 60], [52, 61, 47]])
    frame["household"] = [0 if person < 9 else person for person in frame["person"]]
    frame.loc[frame["person"] < 9, "v"] = 1000.0
    measures = {"t": ("sum", "v")}
    by_person, by_household = (
        assess(Statistic.table("d", by=["g", "h"], measures=measures, unit=unit), frame, STANDARD)
        for unit in ("person", ["person", "household"])
    )
    assert by_household.cells["unsafe"][0]
    assert not by_person.cells["unsafe"][0]
    safe = protect(by_household, method)
    assert safe.report.verdict is Verdict.REVIEW
    assert safe.table["t"][0] == WITHHELD
    if method == "suppress":
        low, high = possible_ranges(keys_of(safe.table), values_of(safe.table, "t"))[0]
        truth = by_household.cells["t"][0]
        assert low <= truth - 900
        assert high >= truth + 900
