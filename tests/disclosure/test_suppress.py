"""Secondary suppression: what it chooses is safe, and no cheaper choice is."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError
from disclosure.audit import audit
from disclosure.audit.attacker import Move
from disclosure.audit.system import Equations, Layer, margins_of, stack
from disclosure.grid import grid_of
from disclosure.suppress import suppress
from disclosure.suppress.master import capped, cut_weights

LIMIT = 10


def counted(inner, need=2.0):
    inner = np.asarray(inner)
    grid = grid_of(list(np.ndindex(inner.shape)), inner.ndim, margins=True)
    numbers = np.array(
        [inner[tuple(slice(None) if level is None else level for level in key)].sum() for key in grid.keys],
        dtype=float,
    )
    unsafe = numbers < LIMIT
    needs = np.where(unsafe, need, 0.0)
    layer = Layer("n", True, numbers, np.full(len(numbers), np.inf), np.minimum(needs, numbers), needs, 1.0)
    return stack(margins_of(grid), [layer]), unsafe, numbers


def chosen(system, unsafe, numbers, **rest):
    arguments = {"cost": numbers + 1, "frozen": np.zeros(len(numbers), dtype=bool), "time_limit": 20} | rest
    return suppress(system, unsafe, **arguments)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.lists(st.integers(5, 30), min_size=2, max_size=3), min_size=2, max_size=2))
def test_no_cheaper_choice_is_safe(inner):
    width = min(map(len, inner))
    system, unsafe, numbers = counted([line[:width] for line in inner])
    choice = chosen(system, unsafe, numbers)
    assert choice.optimal
    assert audit(system, choice.withheld) == ()
    free = np.flatnonzero(~unsafe)
    paid = (numbers + 1)[choice.withheld & ~unsafe].sum()
    for size in range(len(free)):
        for more in itertools.combinations(free, size):
            withheld = unsafe.copy()
            withheld[list(more)] = True
            if (numbers + 1)[list(more)].sum() < paid - 1e-6:
                assert audit(system, withheld, secondary=False) != ()


@pytest.mark.parametrize("time_limit", [20, 0])
def test_three_dimensions_are_protected_in_time_and_out_of_time(time_limit):
    chance = np.random.default_rng(3)
    system, unsafe, numbers = counted(chance.poisson(18, size=(4, 4, 3)))
    choice = chosen(system, unsafe, numbers, time_limit=time_limit)
    assert choice.optimal is (time_limit > 0)
    assert audit(system, choice.withheld) == ()
    assert (choice.withheld >= unsafe).all()


def test_frozen_cells_are_published():
    system, unsafe, numbers = counted([[3, 20, 30], [25, 18, 40], [50, 60, 22]])
    free = chosen(system, unsafe, numbers).withheld
    frozen = np.zeros(len(numbers), dtype=bool)
    frozen[np.flatnonzero(free & ~unsafe)[0]] = True
    for time_limit in (20, 0):
        choice = chosen(system, unsafe, numbers, frozen=frozen, time_limit=time_limit)
        assert not (choice.withheld & frozen).any()
        assert audit(system, choice.withheld) == ()


@pytest.mark.parametrize("time_limit", [20, 0])
def test_what_cannot_be_protected_is_refused(time_limit):
    system, unsafe, numbers = counted([[3, 20, 30], [25, 18, 40], [50, 60, 22]])
    with pytest.raises(DisclosureError) as caught:
        chosen(system, unsafe, numbers, frozen=~unsafe, time_limit=time_limit)
    assert caught.value.code == "cannot_protect"
    with pytest.raises(DisclosureError):
        chosen(system, unsafe, numbers, frozen=unsafe)


def test_a_move_that_only_fractions_allow_brings_in_another_cell():
    rows, cells = np.array([0, 0, 0]), np.array([0, 1, 2])
    equations = Equations(rows, cells, np.array([2.0, -1.0, -1.0]), 1)
    ones = np.ones(3)
    bounds = np.array([5.0, 1.0, 5.0])
    layer = Layer("n", True, bounds, bounds, np.array([0.0, 0, 0]), np.array([0.0, 1, 0]), 1.0)
    system = stack(equations, [layer])
    unsafe = np.array([True, True, False])
    for time_limit in (20, 0):
        choice = suppress(system, unsafe, cost=ones, frozen=np.zeros(3, dtype=bool), time_limit=time_limit)
        assert audit(system, choice.withheld) == ()


def test_any_prices_give_a_demand_that_every_safe_choice_meets():
    system, unsafe, numbers = counted([[3, 20], [30, 40]])
    withheld = chosen(system, unsafe, numbers).withheld
    chance = np.random.default_rng(1)
    column = int(np.flatnonzero(unsafe)[0])
    for _ in range(50):
        move = Move(np.zeros(1), chance.normal(size=system.count))
        weights = cut_weights(system, column, move, amount=2.0)
        shares = capped(weights, unsafe, 2.0)
        assert shares is None or shares[withheld & ~unsafe].sum() >= 1 - 1e-9


def test_a_move_that_no_whole_table_has_is_refused():
    equations = Equations(np.array([0, 0]), np.array([0, 1]), np.array([2.0, -1.0]), 1)
    bounds = np.array([5.0, 1.0])
    layer = Layer("n", True, bounds, bounds, np.zeros(2), np.array([0.0, 1.0]), 0.0)
    for time_limit in (20, 0):
        with pytest.raises(DisclosureError) as caught:
            suppress(
                stack(equations, [layer]),
                np.array([True, True]),
                cost=np.ones(2),
                frozen=np.zeros(2, dtype=bool),
                time_limit=time_limit,
            )
        assert caught.value.code == "cannot_protect"


def test_a_safe_cell_that_cannot_move_far_enough_is_no_protection():
    equations = Equations(np.array([0, 0]), np.array([0, 1]), np.array([1.0, -1.0]), 1)
    bounds = np.array([5.0, 1.0])
    layer = Layer("n", True, bounds, bounds, np.zeros(2), np.array([2.0, 0.0]), 0.0)
    with pytest.raises(DisclosureError) as caught:
        suppress(
            stack(equations, [layer]),
            np.array([True, False]),
            cost=np.ones(2),
            frozen=np.zeros(2, dtype=bool),
            time_limit=20,
        )
    assert caught.value.code == "cannot_protect"
