"""Signing in to the embedded identity provider: argon2id, throttled, and silent about who exists."""

from datetime import timedelta
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select

from tre.db.engine import Transaction
from tre.db.tables import Person
from tre.domain.audit import Event
from tre.domain.errors import BadInput
from tre.domain.people import Actor, PersonId
from tre.services import audit, people, sessions

HASHER: Final = PasswordHasher()
"""Argon2id with the library's defaults. Source: RFC 9106, second recommended option (64 MiB, 3 passes, 4 lanes)."""

SHORTEST: Final = 12
"""Fewest characters of a password. Source: OWASP ASVS 5.0, 6.2.1 asks for 8 and recommends 15; ours are random."""

FREE_FAILURES: Final = 5
"""Failed attempts before an account waits. Source: OWASP ASVS 5.0, 6.3.1, leaves the number open; ours."""

LONGEST_WAIT: Final = timedelta(minutes=15)
"""Longest wait after repeated failures. Long enough against guessing, short enough not to lock people out for a day."""


def set_password(tx: Transaction, actor: Actor, person_id: PersonId, password: str) -> None:
    """Give a person a password.

    Raises:
        Refused: `actor` is not an admin.
        BadInput: it is too short.
    """
    people.must_be_admin(actor)
    if len(password) < SHORTEST:
        raise BadInput(
            "password_short", f"A password has at least {SHORTEST} characters; choose a longer one."
        )
    people.must_exist(tx, person_id).password_hash = HASHER.hash(password)


def authenticate(tx: Transaction, person_id: str, password: str) -> PersonId | None:
    """Return who signed in, or None: no such person, a wrong password and a waiting account look the same.

    A failed attempt is counted in the same transaction, so commit it also when the answer is None.
    """
    named = person_id.replace("\0", "\ufffd")  # the database takes no NUL; nobody bears this one either
    query = select(Person).where(Person.id == named).with_for_update()
    person = tx.scalar(query.execution_options(populate_existing=True))
    now = audit.clock(tx)
    waits = person is not None and person.locked_until is not None and now < person.locked_until
    known = person is not None and person.password_hash is not None
    right = _verify(
        person.password_hash if person is not None and person.password_hash else _decoy(), password
    )
    if person is None or waits or not known or not right:
        if person is not None and not waits:
            person.failed_logins += 1
            person.locked_until = now + _wait(person.failed_logins)
        audit.record(tx, Actor(PersonId("sign-in")), Event.LOGIN_FAILED, "sign-in")
        return None
    person.failed_logins, person.locked_until = 0, None
    audit.record(tx, Actor(PersonId(person.id)), Event.LOGGED_IN, f"person:{person.id}")
    return PersonId(person.id)


def token_for(tx: Transaction, person_id: str, password: str) -> str | None:
    """Return a personal token for the command line, or None if the sign-in failed; commit in both cases."""
    known = authenticate(tx, person_id, password)
    return None if known is None else sessions.personal_token(tx, people.actor_of(tx, known))


def _wait(failures: int) -> timedelta:
    """Nothing at first, then a second, doubled at each further failure."""
    over = failures - FREE_FAILURES
    return timedelta() if over < 0 else min(timedelta(seconds=2 ** min(over, 20)), LONGEST_WAIT)


def _verify(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _decoy() -> str:
    """A hash to check against where there is nobody, so that an answer takes as long as for somebody."""
    return HASHER.hash("nobody has this password")
