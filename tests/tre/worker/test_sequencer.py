"""The sequencer: every committed event once, in one order, without a name."""

from __future__ import annotations

import json

import pytest

from tests.builders import AUTHOR, CHECKERS, EVERYBODY, House
from tre.db.engine import transaction
from tre.db.tables import AuditEvent, LogEntry
from tre.domain.audit import Event
from tre.domain.errors import TreError
from tre.domain.people import Actor, PersonId
from tre.services import audit
from tre.vault.log import entries
from tre.worker.sequencer import MOST_AT_ONCE, Sequencer


def logged(house: House) -> list[bytes]:
    return list(entries(house.platform.log))


def test_every_committed_event_is_logged_once_in_the_order_of_its_number(house: House) -> None:
    house.reviewed()
    for _ in range(3):
        house.jobs.sequencer.catch_up()
    rows = sorted(house.rows(LogEntry), key=lambda row: row.index)
    assert [row.index for row in rows] == list(range(len(house.rows(AuditEvent))))
    assert {row.audit_event_id for row in rows} == {event.id for event in house.rows(AuditEvent)}
    assert logged(house) == [row.leaf for row in rows]


def test_an_event_that_was_undone_is_not_logged(house: House) -> None:
    before = len(house.rows(AuditEvent))
    with transaction(house.platform.application) as tx:
        audit.record(tx, Actor(AUTHOR), Event.LOGGED_IN, "person:ada")
        tx.rollback()
    house.jobs.sequencer.catch_up()
    assert len(logged(house)) == before


def test_an_event_committed_late_gets_a_later_index_and_none_is_missed(house: House) -> None:
    """Its number in the table is the lower one, but it was not there yet when the log was written."""
    with transaction(house.platform.application) as late:
        first = audit.record(late, Actor(AUTHOR), Event.LOGGED_IN, "person:ada")
        with transaction(house.platform.application) as tx:
            second = audit.record(tx, Actor(CHECKERS[0]), Event.LOGGED_IN, "person:cleo")
        house.jobs.sequencer.catch_up()
        assert first.id < second.id
    house.jobs.sequencer.catch_up()
    index = {row.audit_event_id: row.index for row in house.rows(LogEntry)}
    assert index[first.id] == index[second.id] + 1
    assert len(logged(house)) == len(house.rows(AuditEvent))


def test_many_events_are_logged_in_parts(house: House) -> None:
    with transaction(house.platform.application) as tx:
        tx.add_all(
            AuditEvent(event=Event.LOGGED_IN, actor="ada", subject="person:ada", detail={})
            for _ in range(MOST_AT_ONCE + 5)
        )
    house.jobs.sequencer.catch_up()
    assert len(logged(house)) == len(house.rows(AuditEvent)) > MOST_AT_ONCE


def test_the_log_names_nobody(house: House) -> None:
    request = house.approved(author=AUTHOR)
    house.jobs.release(request)
    house.jobs.sequencer.catch_up()
    words = b"\n".join(logged(house)).decode()
    for person in EVERYBODY:
        assert f'"{person}"' not in words
        assert f"person:{person}" not in words
    assert "Bills by region" not in words  # a title is its author's words


def test_the_same_person_has_one_pseudonym_and_two_persons_have_two(house: House) -> None:
    with transaction(house.platform.application) as tx:
        for who in ("ada", "ada", "ben"):
            audit.record(tx, Actor(PersonId(who)), Event.LOGGED_IN, f"person:{who}")
    house.jobs.sequencer.catch_up()
    one, again, other = (json.loads(leaf) for leaf in logged(house)[-3:])
    assert one["actor"] == again["actor"] != other["actor"]
    assert one["subject"] == f"person:{one['actor']}"


def test_a_second_sequencer_goes_on_where_the_first_one_stopped(house: House) -> None:
    house.jobs.sequencer.catch_up()
    house.submit()
    Sequencer(house.platform, lambda _step: None).catch_up()
    house.jobs.sequencer.catch_up()
    assert len(logged(house)) == len(house.rows(AuditEvent))


def test_a_log_that_lost_entries_is_not_written_on(house: House) -> None:
    house.jobs.sequencer.catch_up()
    (path,) = [
        one for one in house.platform.log.iterdir() if one.read_bytes().count(b"\n") > 5 and one.is_file()
    ]
    path.write_bytes(path.read_bytes()[:-200])
    house.submit()
    with pytest.raises(TreError):
        Sequencer(house.platform, lambda _step: None).catch_up()
