"""Writing and reading the audit log, inside the transaction of what it records."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from tre.db.engine import Transaction
from tre.db.tables import AuditEvent
from tre.domain.audit import Event
from tre.domain.people import Actor


def clock(tx: Transaction) -> datetime:
    """The database clock, as of this transaction's start. The only clock that rules are asked with."""
    return tx.execute(select(func.now())).scalar_one()


def record(
    tx: Transaction,
    actor: Actor,
    event: Event,
    subject: str,
    *,
    receipt: str | None = None,
    **detail: str | int,
) -> AuditEvent:
    """Append one line.

    Args:
        tx: the transaction of what is recorded.
        actor: who did it.
        event: what happened.
        subject: what it happened to, as `kind:identifier`.
        receipt: for a release, its receipt's body, which becomes the leaf in the transparency log.
        detail: identifiers, digests, codes and counts; never a value from the data.
    """
    line = AuditEvent(event=event, actor=actor.id, subject=subject, detail=detail, receipt=receipt)
    tx.add(line)
    tx.flush()
    return line


def lines(tx: Transaction, *, subject: str | None = None, most: int = 500) -> Sequence[AuditEvent]:
    """The newest lines, newest first, all or those about one subject."""
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(most)
    if subject is not None:
        query = query.where(AuditEvent.subject == subject)
    return tx.scalars(query).all()
