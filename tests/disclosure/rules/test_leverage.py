"""How much of a fit hangs on few units, and which small groups are fitted on their own."""

import numpy as np
import pytest

from disclosure.models import leverage
from disclosure.models.leverage import ALONE, basis_of, smallest_alone, unit_leverage
from tests.disclosure.rules.designs import codes


def test_the_basis_spans_the_columns_and_is_orthonormal():
    working = np.column_stack([np.ones(6), np.arange(6.0)])
    basis = basis_of(working)
    assert basis.shape == (6, 2)
    assert basis.T @ basis == pytest.approx(np.eye(2))
    assert basis @ basis.T @ working == pytest.approx(working)


def test_the_leverage_of_a_unit_is_the_largest_of_its_rows_together():
    basis = np.array([[0.6, 0.0], [0.0, 0.6], [0.8, 0.0], [0.0, 0.8]])
    found = unit_leverage(basis, np.array([0, 0, 1, 2]), 0.5)
    assert found == pytest.approx(
        [0.36, 0.64, 0.64]
    )  # the first has two columns, of which neither is half its own
    found = unit_leverage(basis, np.array([0, 0, 1, 2]), 0.73)
    assert found == pytest.approx([0.72, 0.64, 0.64])  # below what matters the sum is enough


def test_the_sum_of_leverages_is_looked_into_where_it_reaches_what_matters():
    basis = np.array([[0.5, 0.0], [0.0, 0.5], [0.5, 0.5]])
    assert unit_leverage(basis, np.array([0, 0, 1]), 0.5) == pytest.approx([0.25, 0.5])
    assert unit_leverage(basis, np.array([0, 0, 1]), 0.51) == pytest.approx([0.5, 0.5])


def apart(*sizes, rest=60):
    """Return a basis with a column of its own for each group, and one for all others."""
    groups = codes(*sizes, rest)
    columns = [np.where(groups == group, 1.0, 0.0) for group in range(len(sizes) + 1)]
    return basis_of(np.column_stack(columns))


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_the_smallest_group_that_is_fitted_alone_is_found(size):
    basis = apart(size)
    units = np.arange(len(basis))
    assert smallest_alone(basis, units, 10) == size
    assert smallest_alone(basis, units, size + 1) == size
    assert smallest_alone(basis, units, size) == 0
    assert smallest_alone(basis[::-1], units, 10) == size
    assert smallest_alone(np.hstack([basis, np.zeros((len(basis), 1))]), units, 10) == size


def test_of_several_groups_the_smallest_counts_and_units_count_once():
    basis = apart(8, 4, 10)
    assert smallest_alone(basis, np.arange(len(basis)), 10) == 4
    assert smallest_alone(basis, np.arange(len(basis)) // 2, 10) == 2
    assert smallest_alone(apart(20), np.arange(80) // 10, 10) == 2
    assert smallest_alone(apart(20), np.arange(80), 10) == 0


def test_a_group_that_hangs_together_with_others_is_not_alone():
    values = np.zeros(60)
    values[:5], values[5:] = 1.0, 0.01
    basis = basis_of(values[:, None])
    assert smallest_alone(basis, np.arange(60), 10) == 0
    values[5:] = 1e-7  # less than rounding
    assert smallest_alone(basis_of(values[:, None]), np.arange(60), 10) == 5


def test_a_group_is_alone_from_the_leverage_at_which_rounding_is_left():
    row = np.array([[np.sqrt(ALONE + 1e-9)], [np.sqrt(1 - ALONE - 1e-9)]])
    assert smallest_alone(row, np.arange(2), 2) == 1
    row = np.array([[np.sqrt(ALONE - 1e-9)], [np.sqrt(1 - ALONE + 1e-9)]])
    assert smallest_alone(row, np.arange(2), 2) == 0


def test_a_limit_of_one_unit_asks_of_nobody():
    basis = apart(1)
    assert smallest_alone(basis, np.arange(len(basis)), 1) == 0
    assert smallest_alone(basis, np.arange(len(basis)), 2) == 1


def test_the_search_starts_from_units_with_most_leverage(monkeypatch):
    basis, size = apart(9, 3), 72
    monkeypatch.setattr(leverage, "MOST_SEEDS", 3)
    assert smallest_alone(basis, np.arange(size), 10) == 3
    order = np.arange(size)[::-1]
    assert smallest_alone(basis[order], np.arange(size), 10) == 3
    monkeypatch.setattr(leverage, "MOST_SEEDS", 0)
    assert smallest_alone(basis, np.arange(size), 10) == 0
