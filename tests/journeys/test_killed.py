"""The worker is killed in the middle of a release, again and again: in the end one release, one charge, one answer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.house import House

pytestmark = [pytest.mark.timeout(900), pytest.mark.sandbox]
DECIDING = ("charged", "drawn", "stored", "sealed")
LOGGING = ("log.written", "log.signed", "log.checkpointed", "log.published", "logged")
PUBLISHING = (
    *("bundle.begun", "bundle.file", "bundle.files", "bundle.receipt", "bundle.synced"),
    *("bundle.renamed", "bundle.published", "published", "released"),
)
KILLED = -9


@pytest.fixture
def house(approved: House) -> Iterator[House]:
    """A copy of the approved house, its worker not yet at work."""
    copy = approved.copy()
    copy.start()
    yield copy
    copy.remove()


def asked(house: House) -> Any:  # the requests by mode
    return json.loads((house.home / "approved.json").read_text())


def kill_at(house: House, step: str) -> None:
    done = house.work(TRE_FAILPOINT=step)
    assert done.code == KILLED, (step, done.code, done.err)


def must_be_consistent(house: House) -> None:
    """What must hold at every moment, also in the middle."""
    assert house.rows(
        "SELECT count(*) FROM core.account account WHERE spent <> (SELECT coalesce(sum(nano_rho), 0) FROM"
        " core.ledger_entry entry WHERE entry.account_id = account.id AND entry.kind = 'CHARGE') OR spent > cap"
    ) == [(0,)]
    twice = (
        "SELECT count(*) FROM (SELECT 1 FROM core.release GROUP BY request_id HAVING count(*) > 1) AS twice"
    )
    assert house.rows(twice) == [(0,)]
    early = (
        "SELECT count(*) FROM core.request WHERE state = 'RELEASED' AND id NOT IN (SELECT request_id FROM"
        " core.release JOIN core.publication ON core.publication.release_id = core.release.id)"
    )
    assert house.rows(early) == [(0,)]


def must_end_well(house: House, before: dict[str, dict[str, int]]) -> None:
    done = house.work()
    assert done.code == 0, done.err
    requests = asked(house)
    for request in requests.values():
        record = house.data("request", "show", request)
        assert record["state"] == "RELEASED", record["problem"]
        house.must("receipt", "verify", house.home / "releases" / record["release"]["id"])
        events = [line["event"] for line in record["history"]]
        assert events.count("approved") == 1
        subject = f"release:{record['release']['id']}"
        lines = [line["event"] for line in house.data("audit", "show", "--subject", subject)]
        assert lines.count("released") == 1, lines
        assert lines.count("published") == 1, lines
    after = house.budget()
    row, old = after["project:fuel-poverty"], before["project:fuel-poverty"]
    assert row["spent"] - old["spent"] == 2 * 1_000_000
    assert row["reserved"] == 0
    assert row["exact_releases"] - old["exact_releases"] == 1
    charges = (
        "SELECT count(*), count(DISTINCT item_id) FROM core.ledger_entry entry JOIN core.item ON"
        " core.item.id = entry.item_id WHERE entry.kind IN ('CHARGE', 'EXACT') AND account_id = 'project:fuel-poverty'"
        " AND request_id = ANY(%(requests)s)"
    )
    assert house.rows(charges, requests=list(requests.values())) == [(3, 3)]
    house.must("audit", "verify")
    assert house.data("fsck") == []


@pytest.mark.parametrize("steps", [DECIDING, LOGGING, PUBLISHING[:5], PUBLISHING[5:]], ids=" ".join)
def test_worker_killed_at_each_step_in_a_row_releases_once_and_charges_once(
    house: House, steps: tuple[str, ...]
) -> None:
    before = house.budget()
    for step in steps:
        kill_at(house, step)
        must_be_consistent(house)
    must_end_well(house, before)


def test_database_and_worker_killed_together_lose_nothing_acknowledged(house: House) -> None:
    before = house.budget()
    kill_at(house, "stored")
    spent = house.budget()["project:fuel-poverty"]["spent"]
    house.kill_database()
    house.start()
    assert house.budget()["project:fuel-poverty"]["spent"] == spent
    must_be_consistent(house)
    must_end_well(house, before)


def test_an_answer_that_was_stored_before_the_kill_is_the_one_that_leaves(house: House) -> None:
    kill_at(house, "stored")
    stored = house.rows("SELECT item_id, answer_digest FROM core.charge WHERE answer_digest IS NOT NULL")
    assert stored
    before = {name: {**row, "spent": row["spent"] - 2_000_000} for name, row in house.budget().items()}
    must_end_well(house, before)
    after = dict(house.rows("SELECT item_id, answer_digest FROM core.charge WHERE answer_digest IS NOT NULL"))
    assert all(after[item] == digest for item, digest in stored)


def test_two_workers_at_once_are_refused(house: House) -> None:
    lock = int.from_bytes(b"tre-work", "big")
    import psycopg

    from tre.db import embedded
    from tre.db.address import Role

    url = embedded.database_of(embedded.Places(house.home.resolve())).url(Role.APPLICATION)
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo, autocommit=True) as other:
        assert other.execute("SELECT pg_try_advisory_lock(%s)", (lock,)).fetchone() == (True,)
        done = house.work()
    assert done.code == 1
    assert "Another worker" in done.err
    assert house.data("request", "show", asked(house)["noisy"])["state"] == "APPROVED"
