"""The attacker's audit finds what can be recovered, by subtraction or by possible tables, and nothing else."""

import highspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError
from disclosure.audit import audit
from disclosure.audit.attacker import Attacker
from disclosure.audit.search import Search
from disclosure.audit.system import Equations, Layer, margins_of, stack
from disclosure.grid import grid_of
from tests.disclosure.independent import possible_ranges


def table_of(inner):
    """Return a grid with margins and its numbers."""
    inner = np.asarray(inner)
    cells = list(np.ndindex(inner.shape))
    grid = grid_of(cells, inner.ndim, margins=True)
    numbers = [
        inner[tuple(slice(None) if level is None else level for level in key)].sum() for key in grid.keys
    ]
    return grid, np.array(numbers, dtype=float)


def system_of(inner, *, need=0.0, least=1.0, whole=True, up=np.inf):
    grid, numbers = table_of(inner)
    size = len(numbers)
    needs = np.full(size, need)
    layer = Layer("n", whole, numbers, np.full(size, up), np.minimum(needs, numbers), needs, least)
    return grid, numbers, stack(margins_of(grid), [layer])


def hide(grid, *keys):
    withheld = np.zeros(len(grid.keys), dtype=bool)
    withheld[[grid.positions[key] for key in keys]] = True
    return withheld


def test_a_cell_that_is_alone_in_its_row_is_told_by_subtraction():
    grid, _, system = system_of([[3, 20], [30, 40]])
    leaks = audit(system, hide(grid, (0, 0), (1, 1)))
    assert {(leak.cell, leak.exact, leak.low, leak.high) for leak in leaks} == {
        (0, True, 0, 0),
        (3, True, 0, 0),
    }


def test_four_corners_protect_each_other():
    grid, _, system = system_of([[3, 20], [30, 40]], need=2.0)
    assert audit(system, hide(grid, (0, 0), (0, 1), (1, 0), (1, 1))) == ()


def test_nobody_can_be_fewer_than_nought():
    grid, _, system = system_of([[1, 20], [0, 40]], need=2.0)
    leaks = audit(system, hide(grid, (0, 0), (0, 1), (1, 0), (1, 1)))
    assert {leak.cell for leak in leaks} >= {0, 1}
    tight = next(leak for leak in leaks if leak.cell == 1)
    assert (tight.low, tight.high, tight.exact) == (0.0, 1.0, False)


def test_a_table_that_only_one_possibility_fits_is_recovered():
    grid, _, system = system_of([[0, 5], [7, 0]])
    assert audit(system, hide(grid, (0, 0), (0, 1), (1, 0), (1, 1))) == ()
    grid, _, system = system_of([[0, 0], [0, 5]])
    leaks = audit(system, hide(grid, (0, 0), (0, 1), (1, 0), (1, 1)))
    assert all(leak.exact for leak in leaks)
    assert len(leaks) == 4


def test_fractions_that_no_whole_table_has_do_not_protect():
    """In 2x + y + z = 3 style relations an LP sees half persons; the whole-number question does not."""
    equations = Equations(np.array([0, 0]), np.array([0, 1]), np.array([2.0, -1.0]), 1)
    layer = Layer(
        "n", True, np.array([5.0, 1.0]), np.array([5.0, 1.0]), np.zeros(2), np.array([0.0, 1.0]), 0.0
    )
    leaks = audit(stack(equations, [layer]), np.array([True, True]))
    assert [leak.cell for leak in leaks] == [1]


def test_whole_numbers_are_asked_for_where_fractions_came_first():
    """Three relations over a triangle have half-integral corners, and a whole table as well."""
    rows = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    cells = np.array([0, 1, 3, 1, 2, 4, 0, 2, 5])
    signs = np.array([1.0, 1.0, -1.0] * 3)
    size = 6
    bounds = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    need = np.array([1.0, 0, 0, 0, 0, 0])
    layer = Layer("n", True, bounds, bounds, np.zeros(size), need, 0.0)
    assert audit(stack(Equations(rows, cells, signs, 3), [layer]), np.ones(size, dtype=bool)) == ()


def test_values_present_never_exceed_rows():
    grid, rows = table_of([[12, 20], [30, 40]])
    _, present = table_of([[12, 19], [30, 38]])
    zeros = np.zeros(len(rows))
    layers = [
        Layer("n", True, rows, zeros + np.inf, zeros, zeros, 1.0),
        Layer("present", True, present, zeros + np.inf, zeros, zeros, 1.0),
    ]
    system = stack(margins_of(grid), layers, [(1, 0, rows - present)])
    corners = hide(grid, (0, 0), (0, 1), (1, 0), (1, 1))
    assert audit(system, corners) == ()
    search = Search(system, corners, secondary=True)
    assert [*search.failures()] == []
    rows_moved, present_moved = search.high[:4], search.high[4:8]
    assert (rows_moved >= present_moved - 1).all()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_intervals_are_those_of_an_independent_auditor(data):
    inner = data.draw(st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=2, max_size=3))
    grid, numbers, system = system_of(inner, least=1.0)
    hidden = data.draw(st.sets(st.integers(0, len(numbers) - 1), min_size=1))
    withheld = np.zeros(len(numbers), dtype=bool)
    withheld[list(hidden)] = True
    exact = {leak.cell for leak in audit(system, withheld)}
    shown = [None if hide_it else value for value, hide_it in zip(numbers, withheld, strict=True)]
    ranges = possible_ranges(list(grid.keys), shown)
    assert exact == {cell for cell, (low, high) in ranges.items() if high - low < 1e-6}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_three_dimensions_agree_with_an_independent_auditor(data):
    numbers = data.draw(st.lists(st.integers(0, 9), min_size=8, max_size=8))
    grid, truth, system = system_of(np.array(numbers).reshape(2, 2, 2), least=1.0)
    hidden = data.draw(st.sets(st.integers(0, 19), min_size=1, max_size=20))
    withheld = np.zeros(len(truth), dtype=bool)
    withheld[list(hidden)] = True
    exact = {leak.cell for leak in audit(system, withheld)}
    shown = [None if hide_it else value for value, hide_it in zip(truth, withheld, strict=True)]
    recovered = {
        cell for cell, (low, high) in possible_ranges(list(grid.keys), shown).items() if high - low < 1e-6
    }
    assert recovered <= exact


def test_a_sum_is_protected_by_its_own_size():
    grid, _, system = system_of([[1e9, 2e9], [3e9, 4e9]], need=1e8, least=1.0, whole=False)
    assert audit(system, hide(grid, (0, 0), (0, 1), (1, 0), (1, 1))) == ()
    grid, _, system = system_of([[1e9, 5.0], [3e9, 4e9]], need=1e8, least=1.0, whole=False)
    leaks = audit(system, hide(grid, (0, 0), (0, 1), (1, 0), (1, 1)))
    first = next(leak for leak in leaks if leak.cell == 0)
    assert first.high == pytest.approx(5.0)
    assert not first.exact


def test_a_solver_without_answer_is_no_pass(monkeypatch):
    _, _, system = system_of([[3, 20], [30, 40]], need=2.0)
    monkeypatch.setattr(highspy.Highs, "getModelStatus", lambda _self: highspy.HighsModelStatus.kTimeLimit)
    with pytest.raises(DisclosureError) as caught:
        audit(system, np.ones(9, dtype=bool))
    assert caught.value.code == "solver"


def test_an_unanswered_whole_number_question_counts_as_a_leak(monkeypatch):
    equations = Equations(np.array([0, 0]), np.array([0, 1]), np.array([2.0, -1.0]), 1)
    layer = Layer(
        "n", True, np.array([5.0, 1.0]), np.array([5.0, 1.0]), np.zeros(2), np.array([0.0, 1.0]), 0.0
    )
    monkeypatch.setattr(Attacker, "whole", lambda *_arguments: None)
    assert [leak.cell for leak in audit(stack(equations, [layer]), np.array([True, True]))] == [1]
