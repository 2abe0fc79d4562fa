"""Answering for a provisional researcher: the supervisor accepts it in person, and may end it at any time."""

from sqlalchemy import select, update

from tre.db.engine import Transaction
from tre.db.tables import Supervision
from tre.domain.audit import Event
from tre.domain.errors import Refused
from tre.domain.people import Actor, PersonId
from tre.services import audit, people


def accept(tx: Transaction, actor: Actor, person_id: PersonId) -> None:
    """Accept to answer for a person whose supervisor one is; twice is once.

    Raises:
        NotFound: there is no such person.
        Refused: `actor` is not their supervisor, works elsewhere, or is not fully accredited.
    """
    person = people.must_exist(tx, person_id)
    supervisor = people.must_exist(tx, actor.id)
    if person.supervisor_id != actor.id:
        raise Refused("not_supervisor", f"You do not stand as the supervisor of '{person_id}'; ask an admin.")
    if supervisor.organisation != person.organisation:
        raise Refused("other_organisation", "A supervisor works for the same organisation.")
    if not people.is_fully_accredited(tx, actor.id, audit.clock(tx)):
        raise Refused("not_accredited", "Only who is fully accredited now may answer for somebody else.")
    people.hold(tx, person_id)
    standing = select(Supervision.id).where(
        Supervision.person_id == person_id,
        Supervision.supervisor_id == actor.id,
        Supervision.ended_at.is_(None),
    )
    if tx.scalar(standing.limit(1)) is None:
        tx.add(Supervision(person_id=person_id, supervisor_id=actor.id))
        audit.record(tx, actor, Event.SUPERVISION_ACCEPTED, f"person:{person_id}")
        tx.flush()


def end(tx: Transaction, actor: Actor, person_id: PersonId) -> None:
    """No longer answer for a person; what rested on it lapses at the next sweep.

    Raises:
        Refused: `actor` does not answer for them.
    """
    mine = update(Supervision).where(
        Supervision.person_id == person_id,
        Supervision.supervisor_id == actor.id,
        Supervision.ended_at.is_(None),
    )
    ended = tx.execute(mine.values(ended_at=audit.clock(tx)).returning(Supervision.id)).all()
    if not ended:
        raise Refused("not_supervisor", f"You do not answer for '{person_id}'.")
    audit.record(tx, actor, Event.SUPERVISION_ENDED, f"person:{person_id}")
