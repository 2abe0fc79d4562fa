"""Releasing: one charge, one answer, one bundle; and nothing when anything is missing."""

from __future__ import annotations

import csv
import json
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import text

from disclosure.released import Released
from tests.builders import (
    ADMIN,
    AUTHOR,
    CHECKERS,
    COLLEAGUE,
    PRICE,
    House,
    add_project,
    manifest,
    write_rows,
)
from tre.db.engine import read_only, transaction
from tre.db.tables import Account, AuditEvent, Charge, Item, LedgerEntry, LogEntry, Publication, Release
from tre.domain.audit import Event
from tre.domain.errors import Refused, TreError, Unavailable
from tre.domain.ledger import ChargeState, ExactReason
from tre.domain.outputs import State
from tre.domain.people import WORKER
from tre.services import people, projects, records
from tre.services.outputs import release as releasing

ACCOUNTS = ("edition:accounts@2016", "population:residents", "project:bills")


def verified(house: House, request: str) -> dict[str, object]:
    """The receipt of a released request, after everything about it was verified."""
    assert house.state(request) is State.RELEASED
    key = house.platform.public_key
    assert records.receipt_faults(house.bundle(request), key) == []
    with read_only(house.platform.application) as tx:
        assert records.faults(tx, house.platform) == []
    house.ledger_is_whole()
    released = [one for one in house.events(Event.RELEASED) if one.subject == f"release:release-{request}"]
    assert len(released) == 1
    assert len(house.rows(LogEntry, LogEntry.audit_event_id == released[0].id)) == 1
    return json.loads((house.bundle(request) / "receipt.json").read_text())


def table(house: House, request: str) -> list[list[str]]:
    (path,) = house.bundle(request).glob("*.csv")
    with path.open(newline="") as stream:
        return list(csv.reader(stream))


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
    assert len(verified(house, request)["body"]["files"]) == 3
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


def test_reviewers_stand_in_the_receipt_by_pseudonym_as_they_were_at_the_charge(house: House) -> None:
    request = house.approved()
    house.jobs.release(request)
    receipt = verified(house, request)
    assert len(receipt["body"]["reviewers"]) == 2
    bundle = b"".join(path.read_bytes() for path in house.bundle(request).iterdir())
    for person in (*CHECKERS, AUTHOR):
        assert f'"{person}"'.encode() not in bundle
    (release,) = house.rows(Release)
    assert release.reviewers == {"ids": sorted(CHECKERS[:2])}


def test_an_exact_release_over_the_cap_is_refused_whole(house: House) -> None:
    with transaction(house.platform.application) as tx:
        tx.get_one(Account, "population:residents").exact_cells_cap = 9
    first, second = house.approved(house.exact()), house.approved(house.noisy(), house.exact(title="Again"))
    house.jobs.release(first)
    before = house.books()
    with pytest.raises(Refused) as caught:
        house.jobs.release(second)
    assert caught.value.code == "over_exact_account"
    assert "'population:residents' allows" in str(house.request(second).problem)
    assert house.state(second) is State.APPROVED
    assert house.books() == before
    assert len(house.rows(Release)) == 1
    with transaction(house.platform.application) as tx:
        tx.get_one(Account, "population:residents").exact_cells_cap = 10
    house.jobs.release(second)
    verified(house, second)
    assert house.request(second).problem is None


def test_exact_caps_of_the_manifest_hold(house: House) -> None:
    add_project(house, "water", exact_releases=1, exact_cells=1_000)
    requests = [
        house.approved(house.exact(title=str(n)), project="water", author=COLLEAGUE) for n in range(2)
    ]
    house.jobs.release(requests[0])
    with pytest.raises(Refused, match="'project:water' allows 0 more exact"):
        house.jobs.release(requests[1])


def test_rows_that_changed_after_the_check_are_not_drawn_from(house: House) -> None:
    request = house.approved()
    for path in house.platform.extracts.rglob("linked.parquet"):
        path.unlink()
        write_rows(path, (1, 0, 0, 0))
    with pytest.raises(TreError, match="missing or have changed"):
        house.jobs.release(request)
    assert house.state(request) is State.APPROVED
    assert not house.bundle(request).exists()
    assert house.account("project:bills").spent == PRICE  # charged, and never refunded
    house.ledger_is_whole()


def test_a_release_that_crashes_says_so_without_the_words_of_the_crash(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = house.approved()

    def crash(*_: object) -> None:
        raise ZeroDivisionError("Mrs Smith of North")

    with monkeypatch.context() as patch:
        patch.setattr(releasing, "aggregate", crash)
        with pytest.raises(ZeroDivisionError):
            house.jobs.release(request)
    assert house.state(request) is State.APPROVED
    assert "stopped before its end" in str(house.request(request).problem)
    assert "Smith" not in str(house.request(request).problem)
    house.jobs.release(request)
    verified(house, request)
    assert house.account("project:bills").spent == PRICE


@contextmanager
def disk_full(largest: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes: what writes more sees what a full disk says."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize("largest", [0, 60, 600])
def test_a_full_disk_holds_a_release_up_and_loses_nothing(house: House, largest: int) -> None:
    request = house.approved(house.noisy(), house.exact(title="Exact"))
    with disk_full(largest), pytest.raises(Unavailable) as caught:
        house.jobs.release(request)
    assert caught.value.code == "disk_full"
    assert house.state(request) is State.APPROVED
    assert str(house.request(request).problem).startswith("The disk is full:")
    assert not house.bundle(request).exists()
    assert len(house.events(Event.PUBLISH_FAILED)) == 1
    house.jobs.release(request)
    verified(house, request)
    assert house.books() == dict.fromkeys(ACCOUNTS, (PRICE, 0, 1, 5))
    assert not [path for path in house.platform.releases.iterdir() if path.name.startswith(".")]


def test_a_release_that_waits_is_asked_for_again_and_told_once(house: House) -> None:
    request = house.approved()
    with disk_full(0):
        for _ in range(3):
            with pytest.raises(Unavailable):
                house.jobs.release(request)
    assert len(house.events(Event.PUBLISH_FAILED)) == 1
    with transaction(house.platform.application) as tx:
        tx.execute(text("UPDATE jobs.procrastinate_jobs SET status = 'failed'"))
    house.jobs.sweep()
    house.jobs.sweep()
    with transaction(house.platform.application) as tx:
        query = "SELECT args ->> 'request_id' FROM jobs.procrastinate_jobs WHERE status = 'todo'"
        waiting = list(tx.scalars(text(query)))
    assert waiting == [request]


def test_a_bundle_that_somebody_put_there_before_is_not_taken_for_the_release(house: House) -> None:
    request = house.approved()
    house.bundle(request).mkdir()
    (house.bundle(request) / "receipt.json").write_text("{}")
    with pytest.raises(Refused, match="Another bundle lies at"):
        house.jobs.release(request)
    assert house.state(request) is State.APPROVED
    assert house.rows(Publication) == []


def test_two_exact_tables_that_isolate_somebody_together_do_not_both_leave(house: House) -> None:
    """Each is clean alone; both are approved before either is out. The second one is judged again and goes back."""
    house.put_extract(sizes=(40, 30, 20, 31))
    whole = house.approved(house.exact(title="All"))
    but_one = house.approved(house.exact(title="All but one", where="bill < 139"))
    house.jobs.release(whole)
    house.jobs.release(but_one)
    assert house.state(but_one) is State.RETURNED
    assert not house.bundle(but_one).exists()
    (item,) = house.items(but_one)
    assert item.verdict == "FAIL"
    assert {finding["rule"] for finding in (item.findings or {})["findings"]} == {"differencing"}
    assert house.account("project:bills").exact_releases == 1


def test_a_finding_that_no_voter_has_seen_sends_an_approved_request_back(house: House) -> None:
    """What was released meanwhile cannot be compared with: the check says so, and the votes were cast without it."""
    first, second = house.approved(house.exact()), house.approved(house.exact(where="bill < 900"))
    (item,) = house.items(first)
    objects = house.platform.objects
    blind = replace(Released.from_bytes(objects.get(str(item.archive_digest))), contributors=None)
    with transaction(house.platform.application) as tx:
        tx.get_one(Item, item.id).archive_digest = objects.put(blind.to_bytes())
    house.jobs.release(first)
    house.jobs.release(second)
    assert house.state(second) is State.RETURNED
    assert house.items(second)[0].verdict == "REVIEW"
    assert "nobody has voted on" in str(house.request(second).problem)
    house.submit(house.exact(where="bill < 900"), again=second)
    house.jobs.check(second)
    house.vote(second, *CHECKERS[:2])  # now they have seen it
    house.jobs.release(second)
    verified(house, second)
