"""The end of accreditations: it suspends open requests and is recorded, once."""

from sqlalchemy import select

from tre.db.engine import Transaction
from tre.db.tables import AccreditationRow, Request
from tre.domain.audit import Event
from tre.domain.outputs import OPEN_STATES, Action
from tre.domain.people import WORKER, PersonId
from tre.services import audit, people, sessions
from tre.services.outputs.facts import locked, move


def sweep(tx: Transaction) -> int:
    """Notice every person whose accreditation has ended or is suspended; suspend their open requests.

    Returns:
        How many people lapsed since the last sweep.
    """
    now = audit.clock(tx)
    over = (AccreditationRow.ends_at <= now) | AccreditationRow.suspended_at.is_not(None)
    query = select(AccreditationRow).where(over, AccreditationRow.lapse_recorded_at.is_(None))
    rows = tx.scalars(query.with_for_update(skip_locked=True)).all()
    for row in rows:
        row.lapse_recorded_at = now
    lapsed = sorted(
        {
            PersonId(row.person_id)
            for row in rows
            if not people.is_accredited(tx, PersonId(row.person_id), now)
        }
    )
    for person_id in lapsed:
        _lapse(tx, person_id)
    return len(lapsed)


def _lapse(tx: Transaction, person_id: PersonId) -> None:
    audit.record(tx, WORKER, Event.ACCREDITATION_LAPSED, f"person:{person_id}")
    sessions.end_all(tx, person_id)
    mine = select(Request.id).where(Request.author_id == person_id, Request.state.in_(OPEN_STATES))
    for request_id in tx.scalars(mine).all():
        move(tx, locked(tx, request_id), Action.SUSPEND, WORKER)
        audit.record(tx, WORKER, Event.SUSPENDED, f"request:{request_id}")
