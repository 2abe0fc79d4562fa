"""The ledger's arithmetic: whole numbers, every account, never above a cap; and the steps a charge may take."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tre.domain.errors import Refused
from tre.domain.ledger import (
    CHARGE_STEPS,
    DEFAULT_CAPS,
    DEFAULT_EXACT_CELLS,
    DEFAULT_EXACT_RELEASES,
    NANO,
    AccountId,
    AccountKind,
    Balance,
    ChargeState,
    ExactReason,
    admit_exact,
    admit_noisy,
    must_have_exact_room,
    next_state,
)

BIG = 2**62


def balance(name: str = "project:p", **parts: int) -> Balance:
    whole = {
        "cap": 100,
        "spent": 0,
        "reserved": 0,
        "exact_releases": 0,
        "exact_cells": 0,
        "exact_releases_cap": 5,
        "exact_cells_cap": 50,
    }
    return Balance(AccountId(name), **(whole | parts))


def test_the_last_unit_may_be_spent_and_no_more() -> None:
    account = balance(spent=60, reserved=30)
    assert account.remaining == 10
    admit_noisy((account,), 10)
    with pytest.raises(Refused, match="'project:p' has 10 left of 100") as caught:
        admit_noisy((account,), 11)
    assert caught.value.code == "over_budget"


def test_what_is_reserved_is_not_there_for_others() -> None:
    with pytest.raises(Refused):
        admit_noisy((balance(reserved=100),), 1)


@pytest.mark.parametrize("short", range(3))
def test_one_account_with_too_little_refuses_and_is_named(short: int) -> None:
    accounts = [balance(f"account-{place}", spent=90 if place == short else 0) for place in range(3)]
    with pytest.raises(Refused, match=f"'account-{short}'"):
        admit_noisy(tuple(accounts), 11)


def test_a_question_that_was_paid_for_passes_an_empty_account() -> None:
    admit_noisy((balance(spent=100),), 0)


@given(
    st.lists(st.tuples(*[st.integers(0, BIG)] * 3), min_size=1, max_size=4),
    st.integers(0, BIG),
)
def test_a_cost_passes_exactly_when_no_account_would_go_over(
    rows: list[tuple[int, int, int]], cost: int
) -> None:
    accounts = tuple(balance(cap=cap, spent=spent, reserved=held) for cap, spent, held in rows)
    fits = cost == 0 or all(spent + held + cost <= cap for cap, spent, held in rows)
    if cost == 0 and any(spent + held > cap for cap, spent, held in rows):
        return  # no account is ever there: the database refuses it
    try:
        admit_noisy(accounts, cost)
    except Refused:
        assert not fits
    else:
        assert fits


def test_amounts_that_no_double_holds_are_compared_to_the_unit() -> None:
    cap = 2**53 + 1
    admit_noisy((balance(cap=cap, spent=2**53),), 1)
    with pytest.raises(Refused):
        admit_noisy((balance(cap=cap, spent=2**53),), 2)


@pytest.mark.parametrize(
    ("parts", "cells", "passes"),
    [
        ({}, 50, True),
        ({}, 51, False),
        ({"exact_cells": 49}, 1, True),
        ({"exact_cells": 50}, 1, False),
        ({"exact_cells": 50}, 0, True),
        ({"exact_releases": 4}, 1, True),
        ({"exact_releases": 5}, 0, False),
        ({"exact_releases_cap": 0}, 0, False),
    ],
)
def test_the_exact_account_counts_releases_and_cells(parts: dict[str, int], cells: int, passes: bool) -> None:
    if passes:
        admit_exact((balance(**parts),), cells)
        return
    with pytest.raises(Refused, match="Ask for a noisy release instead") as caught:
        admit_exact((balance(exact_cells_cap=100), balance("edition:e", **parts)), cells)
    assert caught.value.code == "over_exact_account"
    assert "'edition:e'" in caught.value.sentence


def test_room_for_exact_releases_is_told_before_anything_is_counted() -> None:
    must_have_exact_room((balance(), balance(exact_releases=2)), 3)
    for parts, releases in (({"exact_releases": 3}, 3), ({"exact_releases": 5}, 1), ({"exact_cells": 50}, 1)):
        with pytest.raises(Refused, match="let two people raise the cap") as caught:
            must_have_exact_room((balance(), balance("edition:e", **parts)), releases)
        assert caught.value.code == "no_exact_left"
        assert "'edition:e'" in caught.value.sentence


def test_several_exact_releases_need_room_for_all_of_them() -> None:
    admit_exact((balance(exact_releases=3),), 1, releases=2)
    with pytest.raises(Refused, match="allows 1 more"):
        admit_exact((balance(exact_releases=4),), 1, releases=2)


def test_delta_has_a_cap_of_its_own_which_is_nought_unless_set() -> None:
    admit_noisy((balance(delta_cap=10, delta_spent=3, delta_reserved=2),), 1, 5)
    for parts in ({}, {"delta_cap": 10, "delta_spent": 3, "delta_reserved": 3}):
        with pytest.raises(Refused, match="group by published levels") as caught:
            admit_noisy((balance(**parts),), 1, 5)
        assert caught.value.code == "over_delta"


def test_noise_does_not_draw_on_the_exact_account_nor_exact_on_the_privacy_budget() -> None:
    admit_noisy((balance(exact_releases=5, exact_cells=50),), 100)
    admit_exact((balance(spent=100),), 50)


def test_a_charge_takes_only_the_steps_of_its_table() -> None:
    for now, target in product(ChargeState, repeat=2):
        if (now, target) in CHARGE_STEPS:
            assert next_state(now, target) is target
            continue
        with pytest.raises(Refused, match=f"A charge that is {now} cannot become {target}") as caught:
            next_state(now, target)
        assert caught.value.code == "charge_step"


def test_what_was_charged_is_never_given_back() -> None:
    after, fresh = set(), [ChargeState.CHARGED]
    while fresh:
        for source, target in CHARGE_STEPS:
            if source is fresh[0] and target not in after:
                after.add(target)
                fresh.append(target)
        fresh.pop(0)
    assert after == {ChargeState.DONE, ChargeState.RELEASED}
    assert not [step for step in CHARGE_STEPS if step[0] is ChargeState.VOID]


def test_caps_grow_from_project_to_edition_to_population() -> None:
    caps = [DEFAULT_CAPS[kind] for kind in (AccountKind.PROJECT, AccountKind.EDITION, AccountKind.POPULATION)]
    assert caps == [NANO // 10, NANO // 2, 2 * NANO]
    assert (DEFAULT_EXACT_RELEASES, DEFAULT_EXACT_CELLS) == (200, 20_000)


def test_reasons_for_exact_releases_are_a_closed_list() -> None:
    assert len(set(ExactReason)) == 6
