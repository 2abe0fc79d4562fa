"""Whole tables near consistent ones are consistent; those without negatives too."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError
from disclosure.dp.sets.marginals import closure
from disclosure.dp.sets.nonnegative import adding_up, moved, within_margins
from disclosure.dp.sets.rounding import rounded


def family(random, levels, tables):
    """Consistent tables of fractions: margins of one table of all attributes."""
    whole = random.normal(3, 9, levels)
    order = closure(tables)
    axes = range(len(levels))
    return order, {each: whole.sum(axis=tuple(axis for axis in axes if axis not in each)) for each in order}


def agree(tables):
    for one, other in itertools.permutations(tables, 2):
        if set(one) < set(other):
            over = tuple(place for place, axis in enumerate(other) if axis not in one)
            assert np.array_equal(tables[other].sum(axis=over), tables[one])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(0, 2**32), st.data())
def test_rounded_tables_agree_and_stay_near(levels, seed, data):
    possible = closure([tuple(range(len(levels)))])
    tables = data.draw(st.lists(st.sampled_from(possible), min_size=1, max_size=4))
    order, estimates = family(np.random.default_rng(seed), levels, tables)
    whole = rounded(estimates, order)
    agree(whole)
    for each in order:
        assert whole[each].dtype == np.int64
        assert np.abs(whole[each] - estimates[each]).max() < 2 ** (len(each) + 1)


def test_whole_tables_are_left_as_they_are():
    random = np.random.default_rng(2)
    whole = random.integers(-50, 50, (3, 4, 5)).astype(float)
    order = closure([(0, 1, 2)])
    estimates = {each: whole.sum(axis=tuple(axis for axis in range(3) if axis not in each)) for each in order}
    assert all(np.array_equal(found, estimates[each]) for each, found in rounded(estimates, order).items())


def test_rounding_leans_to_neither_side():
    random = np.random.default_rng(4)
    off = []
    for _ in range(400):
        order, estimates = family(random, (4, 5), [(0, 1)])
        off.append(rounded(estimates, order)[(0, 1)] - estimates[(0, 1)])
    assert np.abs(np.mean(off, axis=0)).max() < 0.12
    assert np.var(off) < 0.4


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=4), st.integers(0, 2**32))
def test_moved_tables_agree_and_have_no_number_below_zero(levels, seed):
    pairs = list(itertools.combinations(range(len(levels)), 2))
    order, estimates = family(np.random.default_rng(seed), levels, pairs)
    whole = moved(estimates, order)
    agree(whole)
    assert min(table.min() for table in whole.values()) >= 0


def test_tables_without_negatives_are_moved_by_rounding_only():
    order, estimates = family(np.random.default_rng(7), (4, 6), [(0, 1)])
    lifted = {each: np.abs(table) + 1_000 * 24 / table.size for each, table in estimates.items()}
    lifted[(0,)], lifted[(1,)] = lifted[(0, 1)].sum(axis=1), lifted[(0, 1)].sum(axis=0)
    lifted[()] = lifted[(0, 1)].sum()
    whole = moved(lifted, order)
    assert np.abs(whole[(0, 1)] - lifted[(0, 1)]).max() < 2


def test_parts_add_up_to_their_total():
    found = adding_up(np.array([5.4, -3.0, 2.2, 0.1]), 6)
    assert found.sum() == 6
    assert found.tolist() == [5, 0, 1, 0] or found.min() >= 0
    assert adding_up(np.array([-4.0, -9.0]), 0).tolist() == [0, 0]


@pytest.mark.parametrize(("rows", "columns"), [([1, 2], [1, 1]), ([-1, 1], [0, 0])])
def test_margins_that_cannot_be_are_refused(rows, columns):
    with pytest.raises(DisclosureError) as refusal:
        within_margins(np.zeros((2, 2)), np.array(rows), np.array(columns))
    assert refusal.value.code == "margins"
