"""Algebra without rounding tells what follows from the relations, and nothing that does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.audit import audit, exact
from disclosure.audit.exact import told
from disclosure.audit.search import parts_of
from disclosure.audit.system import Equations, Layer, margins_of, stack
from disclosure.grid import grid_of


def system_of(shape, values=None):
    inner = np.full(shape, 9.0) if values is None else np.asarray(values, dtype=float).reshape(shape)
    grid = grid_of(list(np.ndindex(*shape)), len(shape), margins=True)
    places = [tuple(slice(None) if level is None else level for level in key) for key in grid.keys]
    numbers = np.array([inner[place].sum() for place in places])
    layer = Layer("n", True, numbers, np.full(len(numbers), np.inf), numbers * 0, numbers * 0, 1.0)
    return stack(margins_of(grid), [layer])


def determined(system, columns):
    """Say by the rank of the relations, in doubles, which columns are the same in every solution."""
    matrix = np.zeros((system.count, len(system.cell)))
    np.add.at(matrix, (system.rows, system.columns), system.signs)
    matrix = matrix[:, columns]
    rank = np.linalg.matrix_rank(matrix)
    rows = np.eye(len(columns))
    return np.array([np.linalg.matrix_rank(np.vstack([matrix, row])) == rank for row in rows])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_told_is_what_has_full_rank(data):
    shape = data.draw(st.sampled_from([(3, 3), (2, 4), (2, 2, 2), (2, 3, 2)]))
    system = system_of(shape)
    hidden = data.draw(st.sets(st.integers(0, system.cells - 1), min_size=1))
    columns = np.array(sorted(hidden), dtype=np.int64)
    assert (told(system, columns) == determined(system, columns)).all()


def test_too_much_work_is_left_to_the_solver(monkeypatch):
    chance = np.random.default_rng(0)
    system = system_of((6, 6, 6), chance.integers(0, 20, 216))
    columns = np.flatnonzero(chance.random(system.cells) < 0.5)
    plain = told(system, columns)
    withheld = np.isin(np.arange(system.cells), columns)
    leaks = audit(system, withheld)
    monkeypatch.setattr(exact, "MOST_WORK", 5)
    assert told(system, columns).sum() <= plain.sum()
    assert {leak.cell for leak in audit(system, withheld)} == {leak.cell for leak in leaks}


def test_relations_in_fractions_are_left_to_the_solver():
    equations = Equations(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([0.5, 0.5, 1.0, -1.0]), 2)
    nothing = np.zeros(2)
    system = stack(equations, [Layer("n", False, nothing + 5, nothing + 5, nothing, nothing, 1.0)])
    assert not told(system, np.array([0, 1])).any()
    assert {leak.cell for leak in audit(system, np.array([True, True]))} == {0, 1}


def test_a_cell_that_stands_twice_in_a_relation_counts_twice():
    equations = Equations(np.array([0, 0, 0]), np.array([0, 0, 1]), np.array([1.0, -1.0, 1.0]), 1)
    nothing = np.zeros(2)
    system = stack(equations, [Layer("n", True, nothing + 5, nothing + 5, nothing, nothing, 1.0)])
    assert told(system, np.array([0, 1])).tolist() == [False, True]


@pytest.mark.parametrize("seed", range(3))
def test_parts_of_a_possible_table_share_no_relation_and_add_up(seed):
    system = system_of((4, 4))
    values = np.zeros(len(system.cell))
    for row, column in ((0, 0), (2, 2)):
        for down, right in ((0, 0), (1, 1), (0, 1), (1, 0)):
            values[(row + down) * 4 + column + right] = (1.0 + seed) * (1 if down == right else -1)
    parts = parts_of(system, np.arange(len(values)), values)
    assert [len(part) for part in parts] == [4, 4]
    assert set(np.concatenate(parts).tolist()) == set(np.flatnonzero(values).tolist())
    for part in parts:
        alone = np.zeros(len(values))
        alone[part] = values[part]
        rest = np.bincount(system.rows, weights=system.signs * alone[system.columns], minlength=system.count)
        assert not rest.any()
    assert parts_of(system, np.arange(len(values)), values * 0) == []
