"""Signing in: right passwords only, slower after mistakes, and silent about who exists."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text, update

from tests.builders import ADMIN, AUTHOR, CHECKERS, COLLEAGUE, House
from tre.db.engine import transaction
from tre.db.tables import AuditEvent, Person
from tre.domain.audit import Event
from tre.domain.errors import BadInput, Refused
from tre.domain.people import WORKER
from tre.services import sessions, signin
from tre.services.sessions import Purpose
from tre.services.signin import FREE_FAILURES, LONGEST_WAIT

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def password(house: House) -> None:
    house.do(signin.set_password, WORKER, AUTHOR, PASSWORD)


def attempt(house: House, password: str = PASSWORD, who: str = AUTHOR) -> bool:
    return house.do(signin.authenticate, who, password) is not None


def clock(house: House) -> datetime:
    """The moment by the database's clock."""
    with transaction(house.platform.application) as tx:
        found = tx.scalar(text("SELECT clock_timestamp()"))
    assert isinstance(found, datetime)
    return found


def fails_and_waits(house: House, wait: timedelta) -> bool:
    """Fail once more: does the account wait as long, from a moment during the attempt?"""
    before = clock(house)
    assert not attempt(house, "wrong")
    (person,) = house.rows(Person, Person.id == AUTHOR)
    return person.locked_until is not None and before + wait <= person.locked_until <= clock(house) + wait


def failed_before(house: House, times: int) -> None:
    with transaction(house.platform.application) as tx:
        tx.execute(update(Person).where(Person.id == AUTHOR).values(failed_logins=times))


def waited(house: House) -> None:
    with transaction(house.platform.application) as tx:
        tx.execute(update(Person).values(locked_until=text("now() - interval '1 second'")))


def test_the_right_password_signs_in_and_is_recorded(house: House) -> None:
    assert attempt(house)
    (event,) = house.events(Event.LOGGED_IN)
    assert (event.actor, event.subject) == (AUTHOR, f"person:{AUTHOR}")


def test_wrong_passwords_do_not_sign_in(house: House) -> None:
    for wrong in ("", PASSWORD + " ", PASSWORD.upper(), "\0", PASSWORD + "\0", "x" * 100_000):
        assert not attempt(house, wrong)
        waited(house)


def test_nobody_signs_in_where_no_password_was_set(house: House) -> None:
    for wrong in ("", PASSWORD, "nobody has this password"):
        assert not attempt(house, wrong, COLLEAGUE)


@pytest.mark.parametrize("who", ["nobody", "", "ADA", "ada ", "a'; --", "\0", "x" * 10_000])
def test_who_is_not_there_looks_like_who_is(house: House, who: str) -> None:
    assert not attempt(house, "nobody has this password", who)
    assert not attempt(house, "wrong")
    unknown, known = house.events(Event.LOGIN_FAILED)
    assert (unknown.actor, unknown.subject, unknown.detail) == (known.actor, known.subject, known.detail)
    assert who not in str(unknown.detail) or not who


def test_a_few_mistakes_cost_nothing_and_more_cost_doubling_waits(house: House) -> None:
    for _ in range(FREE_FAILURES - 1):
        assert not attempt(house, "wrong")
    (person,) = house.rows(Person, Person.id == AUTHOR)
    assert person.locked_until is None or person.locked_until <= clock(house)
    for seconds in (1, 2, 4, 8):
        assert fails_and_waits(house, timedelta(seconds=seconds))
        waited(house)


def test_while_an_account_waits_even_the_right_password_is_refused_and_nothing_is_counted(
    house: House,
) -> None:
    failed_before(house, FREE_FAILURES + 20)
    attempt(house, "wrong")
    (before,) = house.rows(Person, Person.id == AUTHOR)
    assert not attempt(house)
    assert not attempt(house, "wrong")
    (after,) = house.rows(Person, Person.id == AUTHOR)
    assert (after.failed_logins, after.locked_until) == (before.failed_logins, before.locked_until)
    waited(house)
    assert attempt(house)


def test_no_wait_is_longer_than_the_longest(house: House) -> None:
    failed_before(house, 10_000)
    assert fails_and_waits(house, LONGEST_WAIT)


def test_a_success_forgets_the_mistakes(house: House) -> None:
    for _ in range(FREE_FAILURES - 1):
        attempt(house, "wrong")
    assert attempt(house)
    (person,) = house.rows(Person, Person.id == AUTHOR)
    assert (person.failed_logins, person.locked_until) == (0, None)


def test_mistakes_on_one_account_keep_nobody_else_out(house: House) -> None:
    house.do(signin.set_password, WORKER, CHECKERS[0], PASSWORD)
    for _ in range(FREE_FAILURES + 2):
        attempt(house, "wrong")
    assert attempt(house, who=CHECKERS[0])


def test_only_admins_set_passwords_and_none_that_is_short(house: House) -> None:
    with pytest.raises(Refused) as caught:
        house.act(AUTHOR, signin.set_password, COLLEAGUE, PASSWORD)
    assert caught.value.code == "only_admin"
    with pytest.raises(BadInput) as short:
        house.act(ADMIN, signin.set_password, COLLEAGUE, "elevenchars")
    assert short.value.code == "password_short"
    house.act(ADMIN, signin.set_password, COLLEAGUE, "twelve chars")
    assert attempt(house, "twelve chars", COLLEAGUE)


def test_passwords_stand_nowhere_as_they_are(house: House) -> None:
    attempt(house)
    attempt(house, PASSWORD + "!")
    (person,) = house.rows(Person, Person.id == AUTHOR)
    assert str(person.password_hash).startswith("$argon2id$")
    lines = str([(one.subject, one.actor, one.detail) for one in house.rows(AuditEvent)])
    assert PASSWORD not in lines + str(person.password_hash)


def test_the_same_password_twice_has_two_hashes(house: House) -> None:
    house.do(signin.set_password, WORKER, COLLEAGUE, PASSWORD)
    hashes = {one.password_hash for one in house.rows(Person, Person.id.in_((AUTHOR, COLLEAGUE)))}
    assert len(hashes) == 2


def test_a_token_for_the_command_line_needs_the_password(house: House) -> None:
    assert house.do(signin.token_for, AUTHOR, "wrong") is None
    token = house.do(signin.token_for, AUTHOR, PASSWORD)
    assert house.do(sessions.actor_for, token, Purpose.TOKEN).id == AUTHOR
