"""People as they are kept: added once, trusted as of now, and only by an admin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from tests.builders import ADMIN, AUTHOR, CHECKERS, COLLEAGUE, STRANGER, House
from tre.db.engine import transaction
from tre.db.tables import AccreditationRow, Granted, Person
from tre.domain.audit import Event
from tre.domain.errors import NotFound, Refused
from tre.domain.people import WORKER, AccreditationKind, Capability, PersonId
from tre.services import audit, people


def new(name: str) -> Person:
    return Person(id=name, name="Fay", organisation="Tests")


def test_a_person_is_added_once_and_keeps_what_is_known(house: House) -> None:
    for _ in range(2):
        house.do(people.add, WORKER, new("fay"), frozenset({Capability.OUTPUT_CHECKER}))
    other = Person(id="fay", name="Somebody else", organisation="Elsewhere")
    house.act(ADMIN, people.add, other)
    (row,) = house.rows(Person, Person.id == "fay")
    assert (row.name, row.organisation) == ("Fay", "Tests")
    assert [one.subject for one in house.events(Event.PERSON_ADDED)].count("person:fay") == 1
    granted = [one for one in house.events(Event.CAPABILITY_GRANTED) if one.subject == "person:fay"]
    assert [one.actor for one in granted] == [WORKER.id]


def test_adding_again_takes_no_capability_away(house: House) -> None:
    house.act(ADMIN, people.add, new(CHECKERS[0]))
    assert house.rows(Granted, Granted.person_id == CHECKERS[0])


def test_only_admins_add_accredit_and_suspend(house: House) -> None:
    for who in (AUTHOR, CHECKERS[0], STRANGER):
        for verb, words in (
            (people.add, (new("fay"),)),
            (people.suspend, (COLLEAGUE,)),
        ):
            with pytest.raises(Refused) as caught:
                house.act(who, verb, *words)
            assert caught.value.code == "only_admin"
        with pytest.raises(Refused):
            house.act(who, people.accredit, COLLEAGUE, AccreditationKind.FULL, starts=datetime.now(UTC))
        with pytest.raises(Refused):
            house.act(who, people.reinstate, COLLEAGUE)
    assert house.rows(Person, Person.id == "fay") == []


def test_somebody_who_is_not_there_is_said_to_be_not_there(house: House) -> None:
    nobody = PersonId("nobody")
    for verb in (people.suspend, people.reinstate):
        with pytest.raises(NotFound, match="no person 'nobody'"):
            house.do(verb, WORKER, nobody)
    with pytest.raises(NotFound):
        house.do(people.grant, WORKER, nobody, Capability.OUTPUT_CHECKER)
    with pytest.raises(NotFound):
        house.do(people.accredit, WORKER, nobody, AccreditationKind.FULL, starts=datetime.now(UTC))
    with pytest.raises(NotFound):
        house.do(people.actor_of, nobody)
    assert not house.do(people.is_known, nobody)


@pytest.mark.parametrize(
    ("starts", "ends", "holds"),
    [
        ("now()", "now() + interval '1 second'", True),
        ("now() - interval '1 second'", "now()", False),
        ("now() - interval '1 second'", "now() + interval '1 microsecond'", True),
        ("now() + interval '1 microsecond'", "now() + interval '1 second'", False),
    ],
)
def test_an_accreditation_holds_by_the_database_clock_to_the_moment(
    house: House, starts: str, ends: str, holds: bool
) -> None:
    with transaction(house.platform.application) as tx:
        mine = update(AccreditationRow).where(AccreditationRow.person_id == AUTHOR)
        tx.execute(mine.values(starts_at=text(starts), ends_at=text(ends)))
        assert people.is_accredited(tx, AUTHOR, audit.clock(tx)) == holds
        assert people.actor_of(tx, AUTHOR).accredited == holds


def test_an_accreditation_lasts_as_long_as_its_kind_says(house: House) -> None:
    starts = datetime(2024, 2, 29, 12, tzinfo=UTC)
    house.do(people.accredit, WORKER, STRANGER, AccreditationKind.PROVISIONAL, starts=starts)
    row = max(house.rows(AccreditationRow, AccreditationRow.person_id == STRANGER), key=lambda one: one.id)
    assert row.ends_at == datetime(2027, 3, 1, 12, tzinfo=UTC)
    (*_, event) = [
        one for one in house.events(Event.PERSON_ACCREDITED) if one.subject == f"person:{STRANGER}"
    ]
    assert event.detail == {"kind": "provisional", "ends": "2027-03-01"}


def test_a_suspension_ends_all_accreditations_at_once(house: House) -> None:
    starts = datetime.now(UTC) - timedelta(days=1)
    house.do(people.accredit, WORKER, AUTHOR, AccreditationKind.FULL, starts=starts)
    house.act(ADMIN, people.suspend, AUTHOR)
    assert not house.do(people.actor_of, AUTHOR).accredited
    house.do(people.reinstate, WORKER, AUTHOR)
    assert house.do(people.actor_of, AUTHOR).accredited


def test_a_tie_is_as_the_database_says_now(house: House) -> None:
    assert house.do(people.tie, COLLEAGUE, "bills", AUTHOR).has_role
    free = house.do(people.tie, STRANGER, "bills", AUTHOR)
    assert (free.has_role, free.last_role_ended, free.in_authors_line) == (False, None, False)


def test_the_worker_needs_no_row(house: House) -> None:
    assert not house.do(people.is_known, WORKER.id)
    people.must_be_admin(WORKER)
