"""Delta of discovered levels stands in the ledger beside rho: off unless an account has a cap for it, and never above it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError

from tests.builders import House
from tests.planting import let_everything_through
from tests.tre.services.test_ledger_races import LEGS, UNIT, questions
from tre.db.engine import transaction
from tre.db.tables import Account, Item, LedgerEntry
from tre.domain.audit import Event
from tre.domain.errors import Refused
from tre.domain.people import WORKER
from tre.services import ledger, statements
from tre.services.statements import Subject

ACCOUNTS = LEGS["bills"]
RISK = 100_000
"""Of one item, in atto-delta."""


def risky(house: House, *names: str, question: str | None = None) -> list[str]:
    """Items that spend delta besides rho."""
    items = questions(house, list(names), question=question)
    with transaction(house.platform.application) as tx:
        for item in items:
            tx.get_one(Item, item).atto_delta = RISK
    return items


def allow(house: House, atto_delta: int, *accounts: str) -> None:
    with transaction(house.platform.application) as tx:
        for account in accounts or ACCOUNTS:
            tx.get_one(Account, account).delta_cap = atto_delta


def reserve(house: House, item: str) -> None:
    with transaction(house.platform.application) as tx:
        ledger.reserve(tx, WORKER, tx.get_one(Item, item), ACCOUNTS)


def charge(house: House, item: str) -> None:
    with transaction(house.platform.application) as tx:
        ledger.charge(tx, tx.get_one(Item, item))


def deltas(house: House) -> set[tuple[int, int]]:
    rows = [house.account(name) for name in ACCOUNTS]
    return {(row.delta_spent, row.delta_reserved) for row in rows}


def test_nothing_spends_delta_unless_every_account_has_a_cap_for_it(house: House) -> None:
    (item,) = risky(house, "one")
    for allowed in ((), ACCOUNTS[:1], ACCOUNTS[:2]):
        if allowed:
            allow(house, RISK, *allowed)
        with pytest.raises(Refused, match="group by published levels") as caught:
            reserve(house, item)
        assert caught.value.code == "over_delta"
        assert house.rows(LedgerEntry) == []
    allow(house, RISK)
    reserve(house, item)
    assert deltas(house) == {(0, RISK)}


def test_delta_is_reserved_spent_and_given_back_with_its_rho(house: House) -> None:
    allow(house, 2 * RISK)
    kept, freed = risky(house, "kept", "freed")
    reserve(house, kept)
    reserve(house, freed)
    assert deltas(house) == {(0, 2 * RISK)}
    charge(house, kept)
    with transaction(house.platform.application) as tx:
        ledger.void(tx, WORKER, [freed, kept])  # what is charged stays charged
    assert deltas(house) == {(RISK, 0)}
    house.ledger_is_whole()
    (line,) = house.events(Event.BUDGET_CHARGED)
    assert line.detail == {"nano_rho": UNIT, "atto_delta": RISK}


def test_a_question_that_is_paid_for_spends_no_delta_again(house: House) -> None:
    allow(house, 2 * RISK)
    first, late = risky(house, "first", "late", question="the same")
    for item in (first, late):
        reserve(house, item)
    charge(house, first)
    charge(house, late)
    (again,) = risky(house, "again", question="the same")
    reserve(house, again)
    assert deltas(house) == {(RISK, 0)}
    house.ledger_is_whole()


def test_many_at_once_stop_at_the_cap_of_delta(house: House) -> None:
    allow(house, 3 * RISK)

    def spend(item: str) -> bool:
        try:
            reserve(house, item)
        except Refused as refused:
            assert refused.code == "over_delta"  # noqa: PT017  any other refusal is a fault here
            return False
        charge(house, item)
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(spend, risky(house, *map(str, range(9))))) == 3
    assert deltas(house) == {(3 * RISK, 0)}
    house.ledger_is_whole()


def test_the_database_itself_refuses_delta_above_its_cap(house: House) -> None:
    (item,) = risky(house, "one")
    let_everything_through(house)
    with pytest.raises(IntegrityError, match="delta_never_overspent"):
        reserve(house, item)


def test_a_posting_of_delta_that_an_account_does_not_show_is_found(house: House) -> None:
    allow(house, 3 * RISK)
    (item,) = risky(house, "one")
    reserve(house, item)
    charge(house, item)
    with transaction(house.platform.application) as tx:
        assert ledger.faults(tx) == []
        tx.get_one(Account, ACCOUNTS[0]).delta_spent += 1
        tx.get_one(Account, ACCOUNTS[1]).delta_reserved += 1
        tx.flush()
        assert sorted(ledger.faults(tx)) == sorted(ACCOUNTS[:2])
        tx.rollback()


def test_a_statement_shows_delta_and_the_delta_at_which_epsilon_holds(house: House) -> None:
    allow(house, 10**12)
    items = risky(house, "one", "two")
    with transaction(house.platform.application) as tx:
        tx.get_one(Item, items[0]).atto_delta = 10**11
    for item in items:
        reserve(house, item)
        charge(house, item)
    with transaction(house.platform.application) as tx:
        drawn = statements.of(tx, Subject.PROJECT, "bills")
        (account,) = drawn.accounts
        assert [line["spent_atto_delta"] for line in drawn.lines] == [10**11, 10**11 + RISK]
        assert account["delta_spent"] == 10**11 + RISK
        assert account["spent_delta"] == pytest.approx(drawn.delta + 1.000001e-7, rel=1e-9)
        page = statements.written(drawn, statements.Format.HTML)
        assert "100,000,000,000" in page
        assert f"{account['spent_delta']:.3g}" in page
        assert "spent_atto_delta" in statements.written(drawn, statements.Format.CSV).splitlines()[0]
