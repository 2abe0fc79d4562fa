"""Releasing: one charge, one answer, one bundle; and nothing when anything is missing."""

from __future__ import annotations

import pytest

from tests.builders import (
    ADMIN,
    AUTHOR,
    CHECKERS,
    COLLEAGUE,
    PRICE,
    House,
    manifest,
)
from tests.tre.worker.releasing import ACCOUNTS, table, verified
from tre.db.tables import AuditEvent, Charge, LedgerEntry, Release
from tre.domain.audit import Event
from tre.domain.ledger import ChargeState, ExactReason
from tre.domain.outputs import State
from tre.domain.people import WORKER
from tre.services import people, projects


def test_a_noisy_release_charges_draws_and_publishes_once(house: House) -> None:
    request = house.approved()
    house.jobs.release(request)
    receipt = verified(house, request)
    assert house.books() == dict.fromkeys(ACCOUNTS, (PRICE, 0, 0, 0))
    (charge,) = house.rows(Charge)
    assert charge.state == ChargeState.RELEASED
    assert [event.detail["nano_rho"] for event in house.events(Event.BUDGET_CHARGED)] == [PRICE]
    assert len(house.events(Event.ANSWER_DRAWN)) == 1
    charges = receipt["body"]["charges"]
    assert [(one["account"], one["unit"], one["amount"]) for one in charges] == [
        (account, "nano_rho", PRICE) for account in ACCOUNTS
    ]
    rows = table(house, request)
    assert rows[0] == ["region", "n"]
    assert len(rows) == 6


def test_an_exact_release_charges_the_exact_account_with_its_reason(house: House) -> None:
    request = house.approved(house.exact(reason=ExactReason.METHOD_CHECK))
    house.jobs.release(request)
    receipt = verified(house, request)
    assert house.books() == dict.fromkeys(ACCOUNTS, (0, 0, 1, 5))
    entries = house.rows(LedgerEntry)
    assert {(one.kind, one.exact_cells, one.reason) for one in entries} == {("EXACT", 5, "method_check")}
    amounts = {(one["account"], one["unit"]): one["amount"] for one in receipt["body"]["charges"]}
    assert amounts == {(a, u): n for a in ACCOUNTS for u, n in (("cells", 5), ("releases", 1))}
    rows = table(house, request)
    assert {row[0]: int(row[1]) for row in rows[1:]} == {
        "East": 40,
        "North": 30,
        "South": 20,
        "West": 30,
        "Total": 120,
    }


def test_a_mixed_release_charges_both(house: House) -> None:
    request = house.approved(house.noisy(), house.exact(title="Exact"))
    house.jobs.release(request)
    assert len(verified(house, request)["body"]["files"]) == 7
    assert house.books() == dict.fromkeys(ACCOUNTS, (PRICE, 0, 1, 5))


def test_two_items_that_ask_the_same_are_charged_once(house: House) -> None:
    request = house.approved(house.noisy(), house.noisy(title="Once more"))
    assert house.account("project:bills").reserved == 2 * PRICE
    house.jobs.release(request)
    verified(house, request)
    assert house.books() == dict.fromkeys(ACCOUNTS, (PRICE, 0, 0, 0))
    one, other = (path.read_bytes() for path in sorted(house.bundle(request).glob("*.csv")))
    assert one == other


def test_the_same_question_is_answered_with_the_same_bytes_at_no_cost(house: House) -> None:
    first = house.approved()
    second = house.approved(author=COLLEAGUE)  # approved before the first was answered
    house.jobs.release(first)
    house.jobs.release(second)
    third = house.approved(title="In other words")
    house.jobs.release(third)
    receipts = [verified(house, request) for request in (first, second, third)]
    assert table(house, first) == table(house, second) == table(house, third)
    assert house.books() == dict.fromkeys(ACCOUNTS, (PRICE, 0, 0, 0))
    spent = [sum(one["amount"] for one in receipt["body"]["charges"]) for receipt in receipts]
    assert spent == [3 * PRICE, 0, 0]
    assert (
        len(house.rows(Release)) == 3
    )  # an answer that is there already still needs two votes and a release


def test_a_free_answer_still_needs_two_votes(house: House) -> None:
    house.jobs.release(house.approved())
    request = house.reviewed()
    house.vote(request, CHECKERS[0])
    house.jobs.release(request)
    assert house.state(request) is State.IN_REVIEW
    assert not house.bundle(request).exists()


def test_a_job_that_comes_twice_does_nothing_twice(house: House) -> None:
    request = house.approved(house.noisy(), house.exact())
    house.jobs.release(request)
    receipt = (house.bundle(request) / "receipt.json").read_bytes()
    before = (house.books(), len(house.rows(AuditEvent)), len(house.rows(LedgerEntry)))
    for _ in range(3):
        house.jobs.release(request)
    assert (house.books(), len(house.rows(AuditEvent)), len(house.rows(LedgerEntry))) == before
    assert (house.bundle(request) / "receipt.json").read_bytes() == receipt
    verified(house, request)


@pytest.mark.parametrize("prepare", [House.submit, House.reviewed], ids=["submitted", "in review"])
def test_what_was_not_approved_is_not_released(house: House, prepare) -> None:
    request = prepare(house)
    state = house.state(request)
    house.jobs.release(request)
    assert house.state(request) is state
    assert not house.bundle(request).exists()
    assert house.rows(Release) == []
    assert house.books() == dict.fromkeys(ACCOUNTS, (0, PRICE, 0, 0))


def _project_is_over(house: House) -> None:
    house.do(projects.apply, WORKER, manifest(end="2020-01-02"))


def _author_is_suspended(house: House) -> None:
    house.act(ADMIN, people.suspend, AUTHOR)


def _author_leaves(house: House) -> None:
    house.do(projects.apply, WORKER, manifest().replace('person = "ada"', 'person = "zoe"'))


@pytest.mark.parametrize("event", [_project_is_over, _author_is_suspended, _author_leaves])
def test_what_ends_between_approval_and_release_stops_it(house: House, event) -> None:
    request = house.approved()
    event(house)
    house.jobs.release(request)
    assert house.state(request) is State.APPROVED
    assert str(house.request(request).problem).endswith(".")
    assert not house.bundle(request).exists()
    assert house.books() == dict.fromkeys(ACCOUNTS, (0, PRICE, 0, 0))


@pytest.mark.parametrize("event", [_project_is_over, _author_is_suspended, _author_leaves])
def test_what_ends_after_the_charge_stops_nothing(house: House, event) -> None:
    """The decision is taken at the charge: a bundle that is out must not belong to a request that is not released."""

    class Killed(BaseException):
        pass

    def kill(step: str) -> None:
        if step == "bundle.published":
            raise Killed

    request = house.approved()
    with pytest.raises(Killed):
        house.worker(kill).release(request)
    event(house)
    house.jobs.sweep()
    house.jobs.release(request)
    verified(house, request)
