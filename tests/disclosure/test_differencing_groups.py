"""Cells of several tables, added and subtracted, must not leave fewer people than the threshold."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from disclosure import Policy, Statistic, Verdict, assess
from disclosure.audit.attacker import Solver
from disclosure.differencing import combinations as searching
from disclosure.differencing import groups, protected_differences
from disclosure.differencing.people import classes_of
from disclosure.evidence import Contributors
from disclosure.released import Released

STANDARD = Policy.preset("standard")


def people(size=90):
    return pd.DataFrame(
        {
            "person": np.arange(size),
            "age": np.arange(size),
            "half": np.arange(size) % 2,
            "third": np.arange(size) % 3,
        }
    )


def total(where):
    return Statistic.table("people", unit="person", where=where)


def by(*columns, where=None):
    return Statistic.table("people", by=columns, unit="person", where=where, margins=False)


def earlier(data, *asked, policy=STANDARD):
    return [assess(stat, data, policy).released(f"R{index}") for index, stat in enumerate(asked)]


def hits(report, rule="differencing"):
    return [finding for finding in report.findings if finding.rule == rule]


def test_three_overlapping_groups_of_which_no_two_hold_each_other_are_stopped():
    """Three parts of 20, 3 and 20 people: each pair of them has a union that is released, and a half is left."""
    data = people(43)
    first, middle, last = "age < 20", "age >= 20 and age < 23", "age >= 23"
    unions = [f"({one}) or ({other})" for one, other in combinations((first, middle, last), 2)]
    released = earlier(data, total(unions[0]), total(unions[2]))
    report = assess(total(unions[1]), data, STANDARD, released)
    [finding] = hits(report)
    assert "'R0', 'R1'" in finding.sentence
    assert "as few as 3 units" in finding.sentence
    assert finding.cells == (0,)
    assert report.verdict is Verdict.FAIL


def test_some_cells_of_a_table_added_up_are_stopped():
    data = pd.concat([people(60)] * 12, ignore_index=True)
    data = data.assign(person=np.arange(len(data)))
    released = earlier(data, by("age"))
    asked = total("age < 30 and not (age == 5 and person < 60)")
    [finding] = hits(assess(asked, data, STANDARD, released))
    assert "a single unit" in finding.sentence
    assert hits(assess(total("age < 30"), data, STANDARD, released)) == []


def test_what_a_cell_less_another_release_leaves_is_stopped():
    data = people()
    released = earlier(data, total("age < 60"), total("age < 30"))
    asked = total("age >= 30 and age < 59")
    [finding] = hits(assess(asked, data, STANDARD, released))
    assert "'R0', 'R1'" in finding.sentence


def test_releases_that_are_not_needed_are_not_named():
    data = people(43)
    unions = ["age < 23", "age >= 20", "age < 20 or age >= 23"]
    released = earlier(data, by("half", where="age >= 10 and age < 30"), total(unions[0]), total(unions[1]))
    [finding] = hits(assess(total(unions[2]), data, STANDARD, released))
    assert "'R1', 'R2'" in finding.sentence
    assert "'R0'" not in finding.sentence


def test_what_earlier_releases_isolate_by_themselves_does_not_stop_another_table():
    data = people()
    loose = Policy(min_units=1)
    released = earlier(data, total("age < 60"), total("age < 58 and half == half"), policy=loose)
    report = assess(by("third"), data, STANDARD, released)
    assert hits(report) == []


def test_many_tables_of_a_large_population_pass():
    size = 4000
    chance = np.random.default_rng(2)
    names = ["a", "b", "c", "d", "e", "f"]
    data = pd.DataFrame({name: chance.integers(0, 4, size) for name in names}).assign(person=np.arange(size))
    released = earlier(data, *(by(*pair) for pair in combinations(names, 2) if pair != ("a", "b")))
    assert assess(by("a", "b"), data, STANDARD, released).verdict is Verdict.PASS


def test_a_few_people_hidden_in_many_tables_are_found():
    size = 4000
    chance = np.random.default_rng(2)
    names = ["a", "b", "c", "d"]
    data = pd.DataFrame({name: chance.integers(0, 4, size) for name in names}).assign(person=np.arange(size))
    released = earlier(data, *(by(*pair) for pair in combinations(names, 2) if "d" not in pair), by("d"))
    one = data[data["a"] == 1].iloc[0]["person"]
    asked = by("a", "d", where=f"person != {one} and a <= 2")
    assert assess(asked, data, STANDARD, released).verdict is Verdict.FAIL


def test_more_tables_than_can_be_combined_are_left_to_a_person(monkeypatch):
    data = people()
    released = earlier(data, by("half"), by("third"), by("half", where="age >= 0"))
    monkeypatch.setattr(groups, "MOST_CELLS", 4)
    report = assess(by("half", where="age < 70"), data, STANDARD, released)
    assert report.verdict is Verdict.REVIEW
    assert [finding.rule for finding in report.findings] == ["check_failed"]
    monkeypatch.setattr(groups, "MOST_CELLS", 600)
    monkeypatch.setattr(groups, "MOST_ENTRIES", 10)
    assert hits(assess(by("half", where="age < 70"), data, STANDARD, released), "check_failed")


def test_a_search_that_is_not_finished_is_left_to_a_person(monkeypatch):
    data = people(43)
    unions = ["age < 23", "age >= 20", "age < 20 or age >= 23"]
    released = earlier(data, total(unions[0]), total(unions[1]))
    for name, value in (("MOST_CLASSES", 0), ("MOST_KNOWN", 0)):
        with monkeypatch.context() as patch:
            patch.setattr(searching, name, value)
            report = assess(total(unions[2]), data, STANDARD, released)
        assert report.verdict is Verdict.REVIEW
        assert "more combinations than were tried" in report.findings[0].sentence


def test_a_solver_without_an_answer_settles_nothing():
    with pytest.raises(TimeoutError):
        searching._asked(Solver(), 1)


def test_classes_as_large_as_the_threshold_leave_nobody():
    members = [
        (np.arange(20 * cell, 20 * cell + 20, dtype=np.uint64), np.ones(20, dtype=np.int64))
        for cell in (0, 1)
    ]
    classes = classes_of(members, np.array([0, 1]), np.array([0, 0]))
    assert classes.people.tolist() == [20, 20]
    assert searching.smallest_left(classes, 10) is None
    assert searching.in_span(classes, np.zeros(0, dtype=np.int64), np.ones(2)) is None
    assert searching.in_span(classes, np.array([0]), np.ones(2)) is None


def test_people_who_stand_in_several_rows_are_combined_by_their_rows():
    data = pd.concat([people(43), people(43).iloc[20:23]])
    unions = ["age < 23", "age >= 20", "age < 20 or age >= 23"]
    released = earlier(data, total(unions[0]), total(unions[1]))
    [finding] = hits(assess(total(unions[2]), data, STANDARD, released))
    assert "as few as 3 units" in finding.sentence


def test_those_who_have_a_value_are_combined_too():
    data = people(100).assign(bill=lambda frame: frame["age"].where(frame["age"] < 43).astype("float64"))
    unions = [
        "age < 23 or age >= 80",
        "(age >= 20 and age < 60) or age >= 70",
        "age < 20 or age >= 23 and age < 50",
    ]
    asked = [
        Statistic.table("people", unit="person", where=where, measures={"t": ("sum", "bill")})
        for where in unions
    ]
    released = earlier(data, *asked[:2])
    [finding] = hits(assess(asked[2], data, STANDARD, released))
    assert "as few as 3 units" in finding.sentence


def echelon(rows):
    """Return the rows with a pivot each, by elimination of fractions."""
    basis = {}
    for row in rows:
        left = remainder([Fraction(value) for value in row], basis)
        pivot = next((place for place, value in enumerate(left) if value), None)
        if pivot is not None:
            basis[pivot] = [value / left[pivot] for value in left]
    return basis


def remainder(row, basis):
    """Return what is left of a row when the basis, in the order in which it was found, is taken from it."""
    for pivot, own in basis.items():
        if row[pivot]:
            factor = row[pivot]
            row = [value - factor * other for value, other in zip(row, own, strict=True)]
    return row


def isolated(cells, limit, *, whole):
    """Return the groups of fewer people than the limit of which combinations of cells tell something.

    Args:
        cells: per cell its rows of each person.
        limit: the threshold.
        whole: the number of the group's people, each counted once, rather than any equation between them.
    """
    size, basis = len(cells[0]), echelon(cells)
    ones = [remainder([Fraction(person == one) for person in range(size)], basis) for one in range(size)]
    found = set()
    for count in range(1, limit):
        for group in combinations(range(size), count):
            rest = [ones[person] for person in group]
            summed = [sum(column) for column in zip(*rest, strict=True)]
            if not any(summed) if whole else len(echelon(rest)) < count:
                found.add(group)
    return found


def table_of(name, levels, keys):
    """Return a table of people by one column, as if it had been released."""
    shown = sorted(set(levels))
    behind = [np.sort(keys[np.array(levels) == level]) for level in shown]
    contributors = Contributors(tuple(behind), tuple(np.ones(len(one), dtype=np.int64) for one in behind))
    return Released(name, by(name), pd.DataFrame({name: shown}), "person", {None: contributors})


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_combination_of_cells_that_isolates_someone_passes(data):
    """Exact elimination over all groups of few people says what three released tables and a new one tell."""
    size, limit = data.draw(st.integers(6, 12)), 3
    keys = np.arange(size, dtype=np.uint64) << np.uint64(58)
    columns = data.draw(
        st.lists(st.lists(st.integers(0, 2), min_size=size, max_size=size), min_size=4, max_size=4)
    )
    tables = [table_of(name, levels, keys) for name, levels in zip("abcd", columns, strict=True)]
    members = [[[int(own == level) for own in levels] for level in sorted(set(levels))] for levels in columns]
    assume(all(sum(cell) >= limit for cell in members[3]))
    old, own = [cell for table in members[:3] for cell in table], members[3]
    told, equations = (
        isolated([*old, *own], limit, whole=whole)
        - isolated(old, limit, whole=whole)
        - isolated(own, limit, whole=whole)
        for whole in (True, False)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groups, "_variables", lambda _stat: set())  # as if all shared a variable
        found = list(protected_differences(tables[3], tables[:3], Policy(min_units=limit)))
    assert found or not told
    assert equations or not [one for one in found if "Adding" in one.sentence]
