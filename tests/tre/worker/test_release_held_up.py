"""What holds a release up, and what must not leave."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.builders import (
    AUTHOR,
    CHECKERS,
    COLLEAGUE,
    PRICE,
    House,
    add_project,
    write_rows,
)
from tests.tre.worker.releasing import ACCOUNTS, verified
from tre.db.engine import transaction
from tre.db.tables import Account, Item, Publication, Release
from tre.domain.audit import Event
from tre.domain.errors import Refused, TreError, Unavailable
from tre.domain.outputs import State
from tre.services.outputs import archive
from tre.services.outputs import release as releasing


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
    (archived,) = archive.read(objects, archive.Archive((str(item.archive_digest),)))
    blind = replace(archived.open(), contributors=None)
    with transaction(house.platform.application) as tx:
        tx.get_one(Item, item.id).archive_digest = archive.put(objects, blind)
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
