"""The end of accreditations: it suspends open requests and is recorded, once. And the way back."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from tre.db.engine import Transaction
from tre.db.tables import AccreditationRow, Request
from tre.domain.audit import Event
from tre.domain.outputs import OPEN_STATES, Action, State, refusal
from tre.domain.people import WARNED_BEFORE, WORKER, AccreditationKind, Actor, PersonId
from tre.queue import enqueue
from tre.services import audit, people, sessions
from tre.services.outputs.facts import facts_of, locked, move

LEFT_UNDONE: Final = {
    State.SUBMITTED: "check",
    State.CHECKING: "check",
    State.CHECK_ERROR: "check",
    State.APPROVED: "release",
}
"""Which job a request waits for in each state in which it waits for one."""


def sweep(tx: Transaction) -> int:
    """Notice every person who may no longer be relied on, and suspend their open requests; warn of coming ends.

    Somebody with a provisional accreditation lapses with their supervisor, and may come back with them.

    Returns:
        How many people lapsed since the last sweep.
    """
    now = audit.clock(tx)
    provisional = AccreditationRow.kind == AccreditationKind.PROVISIONAL
    over = (AccreditationRow.ends_at <= now) | AccreditationRow.suspended_at.is_not(None)
    untold = over & AccreditationRow.lapse_recorded_at.is_(None)
    query = select(AccreditationRow).where(untold | provisional).order_by(AccreditationRow.id)
    lapsed: set[PersonId] = set()
    for row in tx.scalars(query.with_for_update(skip_locked=True)).all():
        holder, holds = PersonId(row.person_id), _holds(tx, row, now)
        if not holds and row.lapse_recorded_at is None:
            row.lapse_recorded_at = now
            lapsed |= set() if people.is_accredited(tx, holder, now) else {holder}
        elif holds:
            row.lapse_recorded_at = None
    for person_id in sorted(lapsed):
        _lapse(tx, person_id)
    _warn(tx, now)
    return len(lapsed)


def _holds(tx: Transaction, row: AccreditationRow, now: datetime) -> bool:
    held, holder = people.accreditation_of(row), PersonId(row.person_id)
    return held.is_relied_on(now, supervised=held.is_live(now) and people.is_supervised(tx, holder, now))


def _warn(tx: Transaction, now: datetime) -> None:
    """Record once for each of the agreed days that an accreditation ends soon."""
    soon = AccreditationRow.ends_at.between(now, now + timedelta(days=max(WARNED_BEFORE)))
    going_on = AccreditationRow.suspended_at.is_(None)
    for row in tx.scalars(
        select(AccreditationRow).where(soon, going_on).with_for_update(skip_locked=True)
    ).all():
        days = people.accreditation_of(row).warning(now)
        if days is not None and (row.warned_days is None or days < row.warned_days):
            row.warned_days = days
            subject = f"person:{row.person_id}"
            audit.record(tx, WORKER, Event.ACCREDITATION_ENDS_SOON, subject, days=days)


def _lapse(tx: Transaction, person_id: PersonId) -> None:
    audit.record(tx, WORKER, Event.ACCREDITATION_LAPSED, f"person:{person_id}")
    sessions.end_all(tx, person_id)
    mine = select(Request.id).where(Request.author_id == person_id, Request.state.in_(OPEN_STATES))
    for request_id in tx.scalars(mine.order_by(Request.id)).all():
        request = locked(tx, request_id)
        if refusal(Action.SUSPEND, WORKER, facts_of(tx, request, WORKER)) is None:
            move(tx, request, Action.SUSPEND, WORKER)
            audit.record(tx, WORKER, Event.SUSPENDED, f"request:{request_id}")


def resume(tx: Transaction, actor: Actor, request_id: str) -> State:
    """Take a suspended request back to where it stood, and ask for the work that was left undone there.

    Returns:
        The state that the request is in afterwards.

    Raises:
        Refused: `actor` is no admin, the request is not suspended, or its author or project is still not live.
    """
    request = locked(tx, request_id)
    move(tx, request, Action.RESUME, actor)
    audit.record(tx, actor, Event.RESUMED, f"request:{request_id}")
    state = State(request.state)
    if task := LEFT_UNDONE.get(state):
        enqueue(tx, task, {"request_id": request_id}, once=f"{task}:{request_id}")
    return state
