"""Secrets handed to people: sessions, sign-in codes, personal tokens. Only hashes are kept."""

import hashlib
import secrets
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, update

from tre.db.engine import Transaction
from tre.db.tables import WebSession
from tre.domain.audit import Event
from tre.domain.errors import Refused
from tre.domain.people import Actor, PersonId
from tre.services import audit, people


class Purpose(StrEnum):
    """What a secret opens."""

    SESSION = "session"
    PROVIDER = "provider"
    CODE = "code"
    TOKEN = "token"  # noqa: S105 - a purpose, not a secret
    ACCESS = "access"


LIFE = {
    Purpose.SESSION: timedelta(hours=8),
    Purpose.PROVIDER: timedelta(hours=8),
    Purpose.CODE: timedelta(seconds=60),
    Purpose.TOKEN: timedelta(hours=12),
    Purpose.ACCESS: timedelta(hours=12),
}
"""How long a secret works at most. Source: research on sessions, section 4: checkers 8 h, codes at most 60 s."""

IDLE = timedelta(minutes=15)
"""How long a session may lie unused. Source: research on sessions, section 4, the value for checkers."""

NOTED_EVERY = timedelta(minutes=1)
"""How often its use is noted at most: so pages of one session that load at once do not wait for each other."""


def issue(tx: Transaction, person_id: PersonId, purpose: Purpose, **detail: str | int) -> str:
    """Make a secret of 256 random bits for a person; what is stored is its SHA-256.

    Returns:
        The secret, which cannot be had again.
    """
    secret = secrets.token_urlsafe(32)
    ends = audit.clock(tx) + LIFE[purpose]
    tx.add(
        WebSession(
            token_hash=_hash(secret), person_id=person_id, purpose=purpose, ends_at=ends, detail=dict(detail)
        )
    )
    return secret


def personal_token(tx: Transaction, actor: Actor) -> str:
    """Make a personal token for the command line."""
    audit.record(tx, actor, Event.TOKEN_ISSUED, f"person:{actor.id}")
    return issue(tx, actor.id, Purpose.TOKEN)


def actor_for(tx: Transaction, secret: str, purpose: Purpose) -> Actor:
    """Who holds this secret, with their rights as they are now.

    Raises:
        Refused: it is unknown, over, idle for too long, or for another purpose; the sentence is the same for all.
    """
    return people.actor_of(tx, PersonId(row_for(tx, secret, purpose).person_id))


def row_for(tx: Transaction, secret: str, purpose: Purpose) -> WebSession:
    """Return what is kept about a live secret and note that it was used.

    Raises:
        Refused: as for `actor_for`.
    """
    row = _live(tx, secret, purpose)
    now = audit.clock(tx)
    if now >= row.seen_at + NOTED_EVERY:
        noted = update(WebSession).where(WebSession.token_hash == row.token_hash)
        tx.execute(noted.values(seen_at=now))
    return row


def peek(tx: Transaction, secret: str, purpose: Purpose) -> str:
    """Whose live secret this is, without noting that it was used.

    Raises:
        Refused: as for `actor_for`.
    """
    return _live(tx, secret, purpose).person_id


def spend(tx: Transaction, secret: str, purpose: Purpose) -> WebSession:
    """Use up a secret that works once.

    Raises:
        Refused: as for `actor_for`, also when it has been used.
    """
    row = _live(tx, secret, purpose, lock=True)
    end(tx, secret)
    return row


def end(tx: Transaction, secret: str) -> None:
    """Make a secret worthless."""
    tx.execute(delete(WebSession).where(WebSession.token_hash == _hash(secret)))


def end_all(tx: Transaction, person_id: PersonId) -> None:
    """Make every secret of a person worthless."""
    tx.execute(delete(WebSession).where(WebSession.person_id == person_id))


def _live(tx: Transaction, secret: str, purpose: Purpose, *, lock: bool = False) -> WebSession:
    row, now = tx.get(WebSession, _hash(secret), with_for_update=lock), audit.clock(tx)
    idle = purpose is Purpose.SESSION and row is not None and now >= row.seen_at + IDLE
    if row is None or row.purpose != purpose or now >= row.ends_at or idle:
        raise Refused("signed_out", "You are not signed in, or no longer. Sign in again.")
    return row


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
