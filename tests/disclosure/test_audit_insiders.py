"""Contributors who know their own cells, alone or two together, learn no other unsafe cell either."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError, Policy, Statistic, Verdict, assess, protect
from disclosure.audit import Leak, audit, insiders
from disclosure.audit.attacker import Attacker, Move
from disclosure.audit.insiders import counted_people, groups_of
from disclosure.audit.knowledge import hidden_system
from disclosure.audit.moves import Moves
from disclosure.audit.shown import Shown
from disclosure.audit.system import Equations, Group, Layer, margins_of, stack
from disclosure.audit.tables import alone
from disclosure.grid import grid_of
from disclosure.leaving import judged
from disclosure.safe import WITHHELD
from disclosure.suppress import suppress
from tests.disclosure.independent import ranges_over_atoms
from tests.disclosure.small_tables import STANDARD, frame_of

VALUES = np.array([[100.0, 40, 60, 70], [50, 80, 90, 30], [45, 65, 85, 95]])


def valued(values, units, coalition, need=0.1):
    """Return a table of values with its coalitions, its unsafe cells (fewer than three units) and its grid."""
    grid = grid_of(list(np.ndindex(values.shape)), values.ndim, margins=True)
    places = [tuple(slice(None) if level is None else level for level in key) for key in grid.keys]
    numbers = np.array([values[place].sum() for place in places])
    counts = np.array([units[place].sum() for place in places])
    unsafe = counts < 3
    needs = np.where(unsafe, need * numbers, 0.0)
    layer = Layer("v", False, numbers, np.full(len(numbers), np.inf), needs, needs, 1.0)
    equations = margins_of(grid)
    system = stack(equations, [layer])
    people = counted_people(equations, counts, coalition)
    return replace(system, groups=groups_of(equations, [people], coalition)), unsafe, grid


def lone(*cells):
    units = np.full(VALUES.shape, 9)
    for cell in cells:
        units[cell] = 1
    return units


def hidden(grid, *keys):
    mask = np.zeros(len(grid.keys), dtype=bool)
    mask[[grid.positions[key] for key in keys]] = True
    return mask


def test_a_singleton_subtracts_its_own_value():
    """Two singletons of one row hide each other from outside; each of them knows the other."""
    system, _, grid = valued(VALUES, lone((0, 0), (0, 1)), 1)
    corners = hidden(grid, (0, 0), (0, 1), (1, 0), (1, 1))
    assert audit(replace(system, groups=()), corners) == ()
    leaks = audit(system, corners)
    assert {leak.cell for leak in leaks} == {0, 1}
    assert all(leak.inside and not leak.exact for leak in leaks)


def test_two_singletons_of_a_row_put_together_what_they_know():
    units = lone((0, 0), (0, 1), (0, 2))
    three = [(0, 0), (0, 1), (0, 2)]
    rows = [(row, column) for row in (0, 1) for column in range(3)]
    single, _, grid = valued(VALUES, units, 1)
    assert audit(single, hidden(grid, *rows)) == ()
    together, _, _ = valued(VALUES, units, 2)
    assert {leak.cell for leak in audit(together, hidden(grid, *rows))} == {grid.positions[k] for k in three}


def test_two_contributors_of_one_cell_know_it():
    units = lone((0, 1))
    units[0, 0] = 2
    system, _, grid = valued(VALUES, units, 2)
    leaks = audit(system, hidden(grid, (0, 0), (0, 1), (1, 0), (1, 1)))
    assert {leak.cell for leak in leaks} == {0, 1}
    single, _, _ = valued(VALUES, units, 1)
    assert {leak.cell for leak in audit(single, hidden(grid, (0, 0), (0, 1), (1, 0), (1, 1)))} == {0}


@pytest.mark.parametrize("time_limit", [20, 0])
@pytest.mark.parametrize("coalition", [1, 2])
def test_suppression_protects_against_them(coalition, time_limit):
    units = lone((0, 0), (0, 1), (0, 2))
    units[1, 3] = 2
    system, unsafe, grid = valued(VALUES, units, coalition)
    choice = suppress(
        system,
        unsafe,
        cost=np.ones(len(unsafe)),
        frozen=np.zeros(len(unsafe), dtype=bool),
        time_limit=time_limit,
    )
    assert audit(system, choice.withheld) == ()
    assert choice.optimal is (time_limit > 0)
    cells = [
        {name: level for name, level in zip("ab", key, strict=True) if level is not None} for key in grid.keys
    ]
    atoms = [dict(zip("ab", place, strict=True)) for place in np.ndindex(VALUES.shape)]
    truth = np.array([sum(VALUES[a["a"], a["b"]] for a in atoms if c.items() <= a.items()) for c in cells])
    shown = [None if hide else value for hide, value in zip(choice.withheld, truth, strict=True)]
    for group in system.groups:
        known = [(cell, truth[cell]) for cell in group.known if choice.withheld[cell]]
        ranges = ranges_over_atoms(cells, shown, atoms, known)
        for cell in set(np.flatnonzero(unsafe).tolist()) - set(group.own):
            low, high = ranges[cell]
            assert low <= truth[cell] * 0.9 + 1e-4
            assert high >= truth[cell] * 1.1 - 1e-4


def test_who_is_alone_in_a_total_knows_it_and_its_parts():
    units = np.zeros((2, 3), dtype=int)
    units[0, 1] = 1
    units[1] = 9
    _, _, grid = valued(VALUES[:2, :3], units, 1)
    equations = margins_of(grid)
    counts = np.array(
        [units[tuple(slice(None) if level is None else level for level in key)].sum() for key in grid.keys]
    )
    (group,) = groups_of(equations, [counted_people(equations, counts, 1)], 1)
    assert set(group.known) == {grid.positions[0, 1], grid.positions[0, None]}
    assert {grid.positions[0, 0], grid.positions[None, 1], grid.positions[None, None]} <= set(group.own)
    assert grid.positions[1, 1] not in group.own


def test_more_coalitions_than_can_be_held_are_refused(monkeypatch):
    monkeypatch.setattr(insiders, "MOST_GROUPS", 3)
    with pytest.raises(DisclosureError) as caught:
        valued(VALUES, np.ones(VALUES.shape, dtype=int), 2)
    assert caught.value.code == "too_many_cells"


def firms(unit=True):
    """Two lone firms in one row of a 3 by 4 table, forty small ones in each other cell."""
    rows = [("r0", "c0", "A", 100.0), ("r0", "c1", "B", 60.0)]
    for row in range(3):
        for column in range(4):
            if (row, column) not in {(0, 0), (0, 1)}:
                rows += [(f"r{row}", f"c{column}", f"{row}{column}{i}", 5.0 + i % 7) for i in range(40)]
    return pd.DataFrame(rows, columns=["row", "column", "firm", "money"])


def table(policy=STANDARD, unit="firm", function="sum", data=None):
    stat = Statistic.table("d", by=["row", "column"], measures={"t": (function, "money")}, unit=unit)
    return protect(assess(stat, firms() if data is None else data, policy))


@pytest.mark.parametrize("unit", ["firm", None])
@pytest.mark.parametrize("function", ["sum", "mean"])
def test_protect_withholds_a_third_cell_where_two_singletons_share_a_row(unit, function):
    safe = table(unit=unit, function=function)
    assert safe.report.verdict is Verdict.REVIEW
    first = safe.table[(safe.table["row"] == "r0") & (safe.table["t"] == WITHHELD)]
    assert len(first) >= 3


def test_who_is_counted_does_not_know_that_they_are_alone():
    report = assess(Statistic.table("d", by=["row", "column"], unit="firm"), firms(), STANDARD)
    assert hidden_system(alone(report), report.cells["unsafe"].to_numpy()).groups == ()


def test_a_firm_that_is_alone_in_two_cells_knows_both():
    data = firms()
    data.loc[1, "firm"] = "A"
    more = pd.DataFrame([("r1", "c0", "C", 50.0)], columns=data.columns)
    data = pd.concat([data[(data["row"] != "r1") | (data["column"] != "c0")], more])
    safe = table(policy=Policy(coalition_units=1), data=data)
    assert safe.report.verdict is Verdict.REVIEW
    withheld = safe.table["t"] == WITHHELD
    row = safe.table[(safe.table["row"] == "r0") & withheld]
    column = safe.table[(safe.table["column"] == "c0") & withheld]
    assert len(row) >= 3 or len(column) >= 3


def test_a_leak_to_contributors_fails_and_says_so():
    report = assess(
        Statistic.table("d", by=["row", "column"], measures={"t": ("sum", "money")}, unit="firm"),
        firms(),
        STANDARD,
    )
    safe = replace(protect(report), report=report)
    leak = Leak(0, "money value", 0.0, 1.0, exact=False, inside=True)
    found = judged(safe, safe.published, [leak], said="as asked", released=[]).report
    assert found.verdict is Verdict.FAIL
    assert (
        found.findings[-2].sentence == "1 cell can be estimated too closely by contributors of other cells."
    )


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([0, 1, 2, 3, 14, 30]), min_size=3, max_size=3), min_size=2, max_size=4)
)
def test_tables_with_many_singletons_are_protected(counts):
    frame = frame_of(counts)
    if frame.empty:
        return
    stat = Statistic.table("d", by=["g", "h"], measures={"t": ("sum", "v")}, unit="person")
    safe = protect(assess(stat, frame, STANDARD), time_limit=5)
    assert safe.report.verdict is Verdict.REVIEW
    atoms = [{"g": f"g{g}", "h": f"h{h}"} for g, line in enumerate(counts) for h, _ in enumerate(line)]
    names = [(g, h) for g, h in safe.table[["g", "h"]].itertuples(index=False)]
    cells = [{k: v for k, v in (("g", g), ("h", h)) if v is not None} for g, h in names]
    shown = [None if value == WITHHELD else float(value or 0) for value in safe.table["t"].fillna(0)]
    people = {
        place: frame[np.logical_and.reduce([frame[k] == v for k, v in cell.items()] or [[True] * len(frame)])]
        for place, cell in enumerate(cells)
    }
    for person in {people[place]["person"].iloc[0] for place in people if len(people[place]) == 1}:
        known = [
            (place, float(found["v"].sum()))
            for place, found in people.items()
            if set(found["person"]) == {person} and shown[place] is None
        ]
        ranges = ranges_over_atoms(cells, shown, atoms, known)
        for place, (low, high) in ranges.items():
            if 0 < len(people[place]) < 10 and person not in set(people[place]["person"]):
                assert high - low > 1e-3


def test_what_no_cheap_table_shows_the_solver_shows(monkeypatch):
    system, unsafe, _ = valued(VALUES, lone((0, 0), (0, 1)), 2)
    choice = suppress(
        system, unsafe, cost=np.ones(len(unsafe)), frozen=np.zeros(len(unsafe), dtype=bool), time_limit=20
    )
    monkeypatch.setattr(Moves, "cheapest", lambda *_arguments: None)
    assert audit(system, choice.withheld) == ()


@pytest.mark.parametrize("answered", [True, False])
def test_whole_numbers_are_asked_for_with_what_a_coalition_knows(monkeypatch, answered):
    """Three relations over a triangle have half-integral corners; the fourth relation is the coalition's own."""
    rows = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3])
    cells = np.array([0, 1, 3, 1, 2, 4, 0, 2, 5, 6, 7])
    signs = np.array([1.0, 1.0, -1.0] * 3 + [1.0, -1.0])
    bounds, need = np.ones(8), np.array([1.0, 0, 0, 0, 0, 0, 0, 0])
    layer = Layer("n", True, bounds, bounds, np.zeros(8), need, 0.0)
    system = replace(stack(Equations(rows, cells, signs, 4), [layer]), groups=(Group((6,), (6, 7)),))
    whole, asked = Attacker.whole, []

    def counted(*given):
        asked.append(given)
        return whole(*given) if answered else None

    half = Move(np.array([1.0, 0.5, 0.5, 1.5, 1.0, 1.5, 0, 0]), np.zeros(4))
    monkeypatch.setattr(Moves, "cheapest", lambda *_arguments: None)
    monkeypatch.setattr(Attacker, "farthest", lambda *_arguments: half)
    monkeypatch.setattr(Attacker, "whole", counted)
    monkeypatch.setattr(Shown, "record", lambda *_arguments, **_rest: None)
    leaks = audit(system, np.ones(8, dtype=bool))
    assert len(asked) == (2 if answered else 1)
    assert [leak.cell for leak in leaks] == ([] if answered else [0])


def test_relations_without_one_total_say_nothing_of_who_is_behind_it():
    equations = Equations(
        np.array([0, 0, 1, 1]), np.array([0, 1, 0, 2]), np.array([-1.0, -1.0, -1.0, 1.0]), 2
    )
    people = counted_people(equations, np.array([1, 1, 1]), 1)
    assert people[0] == people[2] != people[1]
