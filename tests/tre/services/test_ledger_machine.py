"""The ledger in any order of reserve, void, charge, answer and release, against a book kept by hand; and three planted bugs."""

from __future__ import annotations

import secrets
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.builders import AUTHOR, House
from tests.planting import let_everything_through, plant
from tre.db.engine import transaction
from tre.db.tables import Account, Charge, Item, LedgerEntry, Request
from tre.db.tables.posting import FUNCTIONS
from tre.domain.errors import Refused
from tre.domain.ledger import AccountId, AccountKind, ChargeState
from tre.domain.manifest import Budget
from tre.domain.people import WORKER
from tre.services import ledger

CAPS = {"edition": 30, "population": 25, "project": 20}
PAID = (ChargeState.CHARGED, ChargeState.DONE, ChargeState.RELEASED)


class Ledger(RuleBasedStateMachine):
    """One set of accounts and the items that are posted to it."""

    house: ClassVar[House]
    items = Bundle("items")

    @initialize()
    def open_accounts(self) -> None:
        self.name = secrets.token_hex(6)
        self.accounts = {f"{kind}:{self.name}": cap for kind, cap in CAPS.items()}
        self.spent = self.reserved = 0
        self.states: dict[str, ChargeState] = {}
        self.prices: dict[str, int] = {}
        self.answers: dict[str, str] = {}  # by question
        with transaction(self.house.platform.application) as tx:
            for account, cap in self.accounts.items():
                kind = AccountKind(account.split(":")[0])
                ledger.open_account(tx, AccountId(account), kind, Budget(cap, 5, 50))
            words = {"title": "T", "context": "C", "state": "DRAFT", "extract_id": "none", "policy": "{}"}
            request = Request(id=self.name, project_id="bills", author_id=AUTHOR, salt=b"", **words)
            request.manifest_digest = ""
            tx.add(request)

    def _question(self, item: str) -> str:
        return item.rsplit("-", 1)[1]

    def _is_paid(self, question: str) -> bool:
        return any(self._question(item) == question and state in PAID for item, state in self.states.items())

    @rule(target=items, question=st.integers(0, 3), price=st.integers(0, 9))
    def reserve(self, question: int, price: int) -> object:
        item = f"{self.name}-{len(self.states) + secrets.randbits(40)}-{question}"
        cost = 0 if self._is_paid(str(question)) else price
        fits = all(self.spent + self.reserved + cost <= cap for cap in self.accounts.values())
        try:
            with transaction(self.house.platform.application) as tx:
                words = {
                    "version": 1,
                    "kind": "statistic",
                    "mode": "noisy",
                    "title": "T",
                    "specification": "{}",
                }
                row = Item(id=item, request_id=self.name, position=secrets.randbits(40), **words)
                row.fingerprint, row.price = f"{self.name}-{question}", price
                tx.add(row)
                tx.flush()
                ledger.reserve(tx, WORKER, row, list(self.accounts))
        except Refused:
            assert not fits
            return multiple()
        assert fits
        self.states[item], self.prices[item] = ChargeState.RESERVED, cost
        self.reserved += cost
        return item

    @rule(item=items)
    def void(self, item: str) -> None:
        with transaction(self.house.platform.application) as tx:
            ledger.void(tx, WORKER, [item])
        if self.states[item] is ChargeState.RESERVED:
            self.states[item] = ChargeState.VOID
            self.reserved -= self.prices[item]

    @rule(item=items)
    def charge(self, item: str) -> None:
        was_paid = self._is_paid(self._question(item))
        try:
            with transaction(self.house.platform.application) as tx:
                ledger.charge(tx, tx.get_one(Item, item))
        except Refused:
            assert self.states[item] is not ChargeState.RESERVED
            return
        assert self.states[item] is ChargeState.RESERVED
        self.reserved -= self.prices[item]
        self.states[item] = ChargeState.VOID if was_paid else ChargeState.CHARGED
        self.spent += 0 if was_paid else self.prices[item]

    @rule(item=items)
    def answer(self, item: str) -> None:
        question = self._question(item)
        try:
            with transaction(self.house.platform.application) as tx:
                told = ledger.store_answer(tx, tx.get_one(Item, item), secrets.token_hex(4))
        except Refused:
            assert not self._is_paid(question)
            return
        assert self._is_paid(question)
        assert self.answers.setdefault(question, told) == told
        for each, state in self.states.items():
            if self._question(each) == question and state is ChargeState.CHARGED:
                self.states[each] = ChargeState.DONE

    @rule(item=items)
    def release(self, item: str) -> None:
        with transaction(self.house.platform.application) as tx:
            ledger.mark_released(tx, tx.get_one(Item, item))
        if self.states[item] is ChargeState.DONE:
            self.states[item] = ChargeState.RELEASED

    @invariant()
    def the_books_agree(self) -> None:
        with transaction(self.house.platform.application) as tx:
            assert not set(ledger.faults(tx)) & set(self.accounts)
            for account in tx.scalars(select(Account).where(Account.id.in_(self.accounts))):
                assert (account.spent, account.reserved) == (self.spent, self.reserved)
                assert account.spent + account.reserved <= account.cap
                posted = select(LedgerEntry.nano_rho).where(
                    LedgerEntry.account_id == account.id, LedgerEntry.kind == "CHARGE"
                )
                assert sum(tx.scalars(posted)) == account.spent
            charges = tx.scalars(select(Charge).where(Charge.item_id.in_(self.states)))
            assert {charge.item_id: ChargeState(charge.state) for charge in charges} == self.states

    @invariant()
    def no_question_is_paid_for_twice(self) -> None:
        paid = [self._question(item) for item, state in self.states.items() if state in PAID]
        assert len(paid) == len(set(paid))


def run(house: House, examples: int, *phases: Phase) -> None:
    Ledger.house = house
    chosen = settings(
        max_examples=examples,
        stateful_step_count=15,
        deadline=None,
        database=None,
        derandomize=True,
        print_blob=False,
        report_multiple_bugs=False,
        phases=phases or (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Ledger, settings=chosen)


def test_the_ledger_keeps_its_promises_in_any_order(house: House) -> None:
    run(house, 12)
    house.ledger_is_whole()


def caught(house: House) -> None:
    with pytest.raises((AssertionError, IntegrityError)):
        run(house, 40)


def test_a_check_of_the_budget_that_always_passes_is_caught(house: House) -> None:
    let_everything_through(house)
    caught(house)


def test_a_void_that_gives_back_what_was_spent_is_caught(house: House) -> None:
    """It forgets to look at the state."""
    plant(
        house,
        "core.post_void",
        f"item_id = ANY(asked) AND state = '{ChargeState.RESERVED}'",
        "item_id = ANY(asked)",
    )
    caught(house)


def test_a_charge_that_does_not_look_whether_the_question_was_paid_for_is_caught(house: House) -> None:
    """As if another charge of the same question had come between look and act, because nothing was locked."""
    plant(house, "core.post_charge", "AND other.state IN", "AND false AND other.state IN")
    caught(house)


@pytest.mark.parametrize("function", ["core.post_reserve", "core.post_void", "core.post_charge"])
def test_a_posting_that_misses_an_account_is_caught(house: House, function: str) -> None:
    right = "WHERE id = leg;" if "WHERE id = leg;" in FUNCTIONS[function] else "risk WHERE id = ANY(legs);"
    plant(house, function, right, right.replace("WHERE", "WHERE id NOT LIKE 'edition:%' AND"))
    caught(house)
