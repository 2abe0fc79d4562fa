"""The ledger under 100,000 racing attempts and 1,000 crashes: nothing overspent, nothing unspent, one answer a charge."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest

from tests import racing
from tests.builders import AUTHOR, SENIOR, House, add_project
from tests.crashing import BILLS, WORK, crashed
from tests.racing import Race
from tests.time_machine import go_on
from tre.db.tables import Account, Charge
from tre.domain.ledger import ChargeState
from tre.domain.outputs import State
from tre.services import caps
from tre.services.outputs import vote as voting

pytestmark = pytest.mark.soak

ATTEMPTS = 100_000
CRASHES = 1_000
LATEST = 90
"""The last statement at which a process is killed; a whole release has fewer."""


def test_a_hundred_thousand_attempts_spend_the_last_units_and_not_one_more(house: House) -> None:
    add_project(house, "water")
    racing.run(
        house,
        Race(
            8, 50, ATTEMPTS, edition=ATTEMPTS // 5, population=3 * ATTEMPTS // 10, project=3 * ATTEMPTS // 20
        ),
    )


def subject_for(house: House, name: str, number: int) -> str:
    """What the work needs before it."""
    match name:
        case "void":
            return house.submit(house.noisy(title=f"Table {number}"))
        case "expire":
            request = house.submit(house.noisy(title=f"Table {number}"))
            go_on(house, timedelta(days=30))
            return request
        case "approve":
            cap = house.account(BILLS).cap
            wish = caps.Wish(BILLS, caps.CapUnit.NANO_RHO, cap + 1)
            return str(house.act(SENIOR, caps.propose, wish, reason="More").id)
        case "release":
            return house.approved(
                house.noisy(title=f"Table {number}", where=None, nano_rho=5_000_000 + number)
            )
        case _:
            return ""


def clear_up(house: House) -> None:
    """Withdraw what waits, so that reservations do not fill the accounts."""
    for request in house.rows(voting.Request, voting.Request.state.in_((State.SUBMITTED, State.IN_REVIEW))):
        house.act(AUTHOR, voting.withdraw, request.id)


def test_a_thousand_crashes_never_unspend_and_never_answer_twice(house: House) -> None:
    for account in house.accounts():
        house.set_cap(account, 10**15)
    spent = dict.fromkeys(house.accounts(), 0)
    crashes = rounds = 0
    while crashes < CRASHES:
        rounds += 1
        name = secrets.choice(list(WORK))
        subject = subject_for(house, name, rounds)
        answers: set[str] = set()
        for _ in range(3):
            if not crashed(house, name, subject, 1 + secrets.randbelow(LATEST)):
                break
            crashes += 1
            house.ledger_is_whole()
            now = {one.id: one.spent for one in house.rows(Account)}
            assert all(now[account] >= spent[account] for account in now)
            spent = now
            mine = house.rows(Charge, Charge.item_id == f"{subject}-v1-1", Charge.answer_digest.is_not(None))
            answers |= {str(one.answer_digest) for one in mine}
            assert len(answers) <= 1
        if name == "release":
            house.jobs.release(subject)
            assert house.state(subject) is State.RELEASED
        if rounds % 20 == 0:
            clear_up(house)
    for request in house.rows(voting.Request, voting.Request.state == State.APPROVED):
        house.jobs.release(request.id)
    house.ledger_is_whole()
    paid = house.rows(Charge, Charge.state == ChargeState.RELEASED)
    assert house.account(BILLS).spent == sum(one.price for one in paid)
