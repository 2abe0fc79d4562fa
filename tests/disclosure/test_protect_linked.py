"""Linked tables and hierarchies: shared cells are treated alike, and all tables together tell nothing more."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError, Policy, Statistic, Verdict, Wishes, assess, protect, protect_together
from disclosure.audit import audit
from disclosure.audit.knowledge import hidden_system
from disclosure.audit.tables import together
from disclosure.safe import WITHHELD
from tests.disclosure.independent import ranges_over_atoms
from tests.disclosure.small_tables import STANDARD, checked

DISTRICTS = {f"d{index}": f"r{index // 3}" for index in range(6)}
PARENTS = {"district": ("region", DISTRICTS)}
SEXES = ("f", "m")


def people(counts):
    """Return people by district and sex, with the region of each district and an age that follows from their order."""
    rows = [
        (district, sex, DISTRICTS[district])
        for (district, sex), n in zip([(d, s) for d in DISTRICTS for s in SEXES], counts, strict=True)
        for _ in range(n)
    ]
    frame = pd.DataFrame(rows, columns=["district", "sex", "region"])
    frame["person"] = np.arange(len(frame))
    frame["money"] = 20.0 + frame["person"] * 7919 % 101
    frame["age"] = (frame["person"] % 3).map(lambda band: f"a{band}")
    return frame


COUNTS = [3, 40, 25, 30, 22, 35, 50, 41, 38, 29, 33, 27]


def reports(frame, *dimensions, policy=STANDARD, **rest):
    return [
        assess(Statistic.table("d", by=list(by), unit="person", **rest), frame, policy) for by in dimensions
    ]


LEVELS = (("district", "sex"), ("region", "sex"))


def shown(safe):
    """Return each cell's levels, and its printed count."""
    names = safe.report.statistic.by
    cells = [
        {name: level for name, level in zip(names, row, strict=True) if level is not None}
        for row in safe.table[list(names)].itertuples(index=False)
    ]
    return cells, [None if value == WITHHELD else float(value) for value in safe.table["n"]]


def test_the_levels_of_a_hierarchy_are_protected_together():
    frame = people(COUNTS)
    districts, regions = protect_together(reports(frame, *LEVELS), parents=PARENTS)
    assert districts.report.verdict is regions.report.verdict is Verdict.REVIEW
    assert districts.optimal
    assert not districts.published[0]
    cells, values = shown(districts)
    above, totals = shown(regions)
    atoms = frame[["district", "region", "sex"]].drop_duplicates().to_dict("records")
    ranges = ranges_over_atoms([*cells, *above], [*values, *totals], atoms)
    truth = [*districts.report.cells["n"], *regions.report.cells["n"]]
    assert ranges
    for place, (low, high) in ranges.items():
        assert high - low >= 1
        if truth[place] < 10:
            assert low <= truth[place] - 2
            assert high >= truth[place] + 2


def test_by_itself_the_lower_level_would_be_given_away_by_the_upper_one():
    """A wish withholds the other district of a region's pair, which the region's total then gives away."""
    frame = people([3, 40, 25, 30, 22, 35, 50, 41, 38, 29, 33, 27])
    lower, upper = reports(frame, *LEVELS)
    alone = protect(lower, wishes=Wishes(importance=dict.fromkeys(range(8, 12), 0.001)))
    tables = together([lower, upper], PARENTS)
    withheld = tables.any_of([~alone.published, np.zeros(len(upper.cells), dtype=bool)])
    unsafe = tables.any_of([lower.cells["unsafe"].to_numpy(), upper.cells["unsafe"].to_numpy()])
    leaks = audit(hidden_system(tables, unsafe), withheld)
    assert 0 in {leak.cell for leak in leaks}
    both = protect_together(
        [lower, upper],
        parents=PARENTS,
        wishes=[Wishes(importance=dict.fromkeys(range(8, 12), 0.001)), Wishes()],
    )
    assert all(safe.report.verdict is Verdict.REVIEW for safe in both)


def test_a_shared_cell_is_withheld_in_every_table_or_in_none():
    frame = people([3, 4, 25, 30, 22, 35, 50, 41, 38, 29, 33, 27])
    found = protect_together(reports(frame, ("district", "sex"), ("district", "age"), ("sex",)))
    printed = {}
    for safe in found:
        assert safe.report.verdict is Verdict.REVIEW
        for cell, value in zip(*shown(safe), strict=True):
            assert printed.setdefault(frozenset(cell.items()), value) == value
    assert printed[frozenset({("district", "d0")})] is None


@pytest.mark.parametrize("unit", ["person", None])
def test_sums_and_their_singletons_are_protected_across_tables(unit):
    frame = people([1, 1, 25, 30, 22, 35, 50, 41, 1, 29, 33, 27])
    asked = [
        assess(
            Statistic.table("d", by=list(by), unit=unit, measures={"t": ("sum", "money")}), frame, STANDARD
        )
        for by in (*LEVELS, ("district", "age"))
    ]
    found = protect_together(asked, parents=PARENTS)
    assert all(safe.report.verdict is Verdict.REVIEW for safe in found)
    assert (found[0].table.loc[[0, 1], "t"] == WITHHELD).all()


def test_one_table_alone_is_a_table_protected():
    report = checked([[3, 20, 30], [25, 18, 40], [50, 60, 22]])
    (safe,) = protect_together([report])
    assert safe.table.equals(protect(report).table)


def test_wishes_are_granted_table_by_table():
    frame = people(COUNTS)
    asked = reports(frame, *LEVELS)
    found = protect_together(asked, parents=PARENTS, wishes=[Wishes(), Wishes(forbidden=[0])])
    assert not found[1].published[0]
    with pytest.raises(DisclosureError) as caught:
        protect_together(asked, parents=PARENTS, wishes=[Wishes()])
    assert caught.value.code == "wishes"


def test_tables_over_other_people_are_refused():
    frame = people(COUNTS)
    by = ("district",)
    others = [
        *reports(frame, by, where="age != 'a1'"),
        *reports(frame, by, measures={"t": ("sum", "money")}),
        *reports(frame, by, policy=Policy(min_units=12)),
    ]
    for other in others:
        with pytest.raises(DisclosureError) as caught:
            protect_together([*reports(frame, ("sex",)), other])
        assert caught.value.code == "linked"
    with pytest.raises(DisclosureError) as caught:
        protect_together([])
    assert caught.value.code == "linked"


def test_wrong_parents_are_refused():
    asked = reports(people(COUNTS), *LEVELS)
    lacking = {name: region for name, region in DISTRICTS.items() if name != "d5"}
    for parents in (lacking, DISTRICTS | {"d0": "r1"}):
        with pytest.raises(DisclosureError) as caught:
            protect_together(asked, parents={"district": ("region", parents)})
        assert caught.value.code == "linked"


def test_tables_of_other_editions_are_refused():
    first = reports(people(COUNTS), ("district", "sex"))
    second = reports(people([*COUNTS[:-1], 99]), ("sex",))
    with pytest.raises(DisclosureError) as caught:
        protect_together([*first, *second])
    assert caught.value.code == "linked"


def test_missing_levels_belong_to_missing_ones():
    frame = people(COUNTS)
    frame.loc[frame.index[:60], ["district", "region"]] = None
    found = protect_together(reports(frame, *LEVELS), parents=PARENTS)
    assert all(safe.report.verdict is Verdict.REVIEW for safe in found)


def test_histograms_are_protected_together_with_no_other_table():
    frame = people(COUNTS)
    bins = assess(Statistic.histogram("d", "money", bins=[0, 40, 60, 80, 200]), frame, STANDARD)
    assert protect_together([bins])[0].report.verdict is not Verdict.PASS
    with pytest.raises(DisclosureError):
        protect_together([bins, *reports(frame, ("sex",))])


def test_out_of_time_all_tables_are_still_clean():
    found = protect_together(reports(people(COUNTS), *LEVELS), parents=PARENTS, time_limit=0)
    assert not found[0].optimal
    assert all(safe.report.verdict is Verdict.REVIEW for safe in found)


@settings(max_examples=6, deadline=None)
@given(st.lists(st.sampled_from([1, 2, 4, 9, 12, 20, 40]), min_size=12, max_size=12))
def test_no_set_of_tables_gives_a_withheld_count_away(counts):
    frame = people(counts)
    found = protect_together(
        reports(frame, *LEVELS, ("region",), ("district", "age")), parents=PARENTS, time_limit=5
    )
    cells, values, truth = [], [], []
    for safe in found:
        assert safe.report.verdict is Verdict.REVIEW
        more, printed = shown(safe)
        cells, values = [*cells, *more], [*values, *printed]
        truth += safe.report.cells["n"].tolist()
    pairs = frame[["district", "region"]].drop_duplicates().to_dict("records")
    ages = sorted(frame["age"].unique())
    atoms = [pair | {"sex": sex, "age": age} for pair in pairs for sex in SEXES for age in ages]
    for place, (low, high) in ranges_over_atoms(cells, values, atoms).items():
        assert low - 1e-6 <= truth[place] <= high + 1e-6
        assert high - low >= 1 - 1e-6
