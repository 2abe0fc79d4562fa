"""Requests that nobody works on: after 30 days they give back what they hold and go back to their authors."""

from typing import Final

from sqlalchemy import select

from tre.db.engine import Transaction
from tre.db.tables import Request
from tre.domain.audit import Event
from tre.domain.outputs import HOLDING_STATES, IDLE_AFTER, Action, refusal
from tre.domain.people import WORKER, Actor
from tre.services import audit, ledger, people
from tre.services.outputs.facts import facts_of, items_of, locked, move

SENTENCE: Final = (
    f"Nobody has worked on this request for {IDLE_AFTER.days} days, so what it held of the budget was given back. "
    "Submit it again if it is still wanted."
)


def expire(tx: Transaction, actor: Actor) -> list[str]:
    """End every reservation that has been idle for too long, by the database clock; the worker does it every day.

    Returns:
        The requests that went back to their authors.

    Raises:
        Refused: `actor` is neither an admin nor the platform itself.
    """
    people.must_be_admin(actor)
    return [name for name in _candidates(tx) if _expired(tx, actor, name)]


def _candidates(tx: Transaction) -> list[str]:
    """Open requests that hold something, or wait for people, and were submitted long enough ago."""
    query = select(Request.id).where(
        Request.state.in_(HOLDING_STATES), Request.submitted_at <= audit.clock(tx) - IDLE_AFTER
    )
    return list(tx.scalars(query.order_by(Request.id)))


def _expired(tx: Transaction, actor: Actor, name: str) -> bool:
    request = locked(tx, name)
    if refusal(Action.EXPIRE, WORKER, facts_of(tx, request, WORKER)) is not None:
        return False
    move(tx, request, Action.EXPIRE, WORKER)
    request.problem = SENTENCE
    ledger.void(tx, WORKER, [item.id for item in items_of(tx, request)])
    audit.record(tx, actor, Event.REQUEST_IDLE, f"request:{name}", days=IDLE_AFTER.days)
    return True
