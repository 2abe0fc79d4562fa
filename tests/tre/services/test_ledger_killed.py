"""Killed at any statement of reserving, giving back, expiring, proposing, approving or releasing: all of it happened, or nothing."""

from __future__ import annotations

import pytest

from tests.builders import PRICE, SENIOR, House
from tests.crashing import BILLS, CAP, WORK, crashed
from tests.time_machine import go_on
from tre.db.tables import CapVerdict, Charge, LedgerEntry
from tre.domain.audit import Event
from tre.domain.outputs import IDLE_AFTER, State
from tre.services import caps

STEP = 9
"""In tests every ninth statement is tried, and the commit; `make soak` tries them by chance, a thousand times."""


def prepared(house: House, name: str) -> str:
    """What the work needs before it; its subject."""
    match name:
        case "void" | "expire":
            request = house.submit(house.noisy())
            if name == "expire":
                go_on(house, IDLE_AFTER)
            return request
        case "approve":
            wish = caps.Wish(BILLS, caps.CapUnit.NANO_RHO, 2 * CAP)
            return str(house.act(SENIOR, caps.propose, wish, reason="More").id)
        case "release":
            return house.approved(house.noisy())
        case _:
            return ""


def standing(house: House) -> tuple[object, ...]:
    """What the ledger says now."""
    account = house.account(BILLS)
    return (
        account.spent,
        account.reserved,
        account.cap,
        len(house.rows(LedgerEntry)),
        sorted(one.state for one in house.rows(Charge)),
        len(house.rows(CapVerdict)),
        len(house.events(Event.CAP_PROPOSED)),
    )


@pytest.mark.parametrize("name", [name for name in WORK if name != "release"])
def test_a_kill_leaves_all_of_it_or_nothing_and_it_can_be_done_again(house: House, name: str) -> None:
    subject = prepared(house, name)
    before, statement = standing(house), 1
    while crashed(house, name, subject, statement):
        house.ledger_is_whole()
        assert standing(house) == before, f"half of {name} was kept at statement {statement}"
        statement += STEP
    assert statement > 1
    house.ledger_is_whole()
    assert standing(house) != before


def test_a_release_killed_at_any_statement_never_unspends_and_has_one_answer(house: House) -> None:
    request = house.approved(house.noisy())
    spent, answers, statement = 0, set(), 1
    while crashed(house, "release", request, statement):
        house.ledger_is_whole()
        now = house.account(BILLS).spent
        assert now in {spent, PRICE}
        assert now >= spent
        spent = now
        answers |= {one.answer_digest for one in house.rows(Charge) if one.answer_digest}
        statement += 4 * STEP
    assert len(answers | {one.answer_digest for one in house.rows(Charge)}) == 1
    assert (house.account(BILLS).spent, house.account(BILLS).reserved) == (PRICE, 0)
    assert house.state(request) is State.RELEASED
