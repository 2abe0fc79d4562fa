"""People: adding, accrediting, suspending; and who somebody is right now."""

import re
from datetime import datetime
from typing import Final

from sqlalchemy import select, update

from tre.db.engine import Transaction
from tre.db.tables import AccreditationRow, Granted, Membership, Person, Supervision
from tre.domain.audit import Event
from tre.domain.errors import BadInput, NotFound, Refused
from tre.domain.people import (
    WORKER,
    Accreditation,
    AccreditationKind,
    Actor,
    Capability,
    PersonId,
    Tie,
    end_of,
)
from tre.services import audit

MAY_SEE_REQUESTS: Final = frozenset(
    {Capability.OUTPUT_CHECKER, Capability.SENIOR_CHECKER, Capability.AUDITOR},
)
"""Who may see requests of projects on which they have no role."""

NEEDS_NO_ACCREDITATION: Final = frozenset({Capability.ADMIN, Capability.AUDITOR, Capability.DATA_OWNER})
"""Capabilities that ask for no live accreditation where they are used, so a suspension takes them away itself."""

IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
"""How a person may be called: nobody can look like somebody else in a list or in the audit log. Source: ours."""

RESERVED: Final = frozenset({WORKER.id, "sign-in", "token", "operator", "gateway", "hub"})
"""Names under which parts of the platform stand in the audit log; no person may bear one."""


def add(
    tx: Transaction, actor: Actor, person: Person, capabilities: frozenset[Capability] = frozenset()
) -> None:
    """Add a person unless they are known already; capabilities are only ever added here.

    Raises:
        Refused: `actor` is neither an admin nor the platform itself, or an admin gives a capability alone.
        BadInput: the identifier is one that the platform uses for itself, or cannot be read for certain.
        NotFound: their supervisor is unknown.
    """
    must_be_admin(actor)
    if capabilities:
        _must_be_system(actor)
    if not IDENTIFIER.fullmatch(person.id):
        raise BadInput(
            "bad_identifier",
            "An identifier has 1 to 100 letters, digits, dots, hyphens and underscores of ASCII; choose another.",
        )
    if person.supervisor_id is not None:
        must_exist(tx, PersonId(person.supervisor_id))
    if person.id.casefold() in RESERVED:
        raise BadInput(
            "reserved_name", f"'{person.id}' is a name of the platform itself; choose another identifier."
        )
    known = tx.get(Person, person.id)
    if known is None:
        tx.add(person)
        tx.flush()
        audit.record(tx, actor, Event.PERSON_ADDED, f"person:{person.id}")
    for capability in sorted(capabilities):
        grant(tx, actor, PersonId(person.id), capability)
    tx.flush()


def grant(tx: Transaction, actor: Actor, person_id: PersonId, capability: Capability) -> None:
    """Give a person a capability unless they have it, once two admins have agreed.

    Raises:
        Refused: `actor` is not the platform itself.
        NotFound: there is no such person.
    """
    _must_be_system(actor)
    must_exist(tx, person_id)
    if tx.get(Granted, (person_id, capability)) is None:
        tx.add(Granted(person_id=person_id, capability=capability))
        audit.record(tx, actor, Event.CAPABILITY_GRANTED, f"person:{person_id}", capability=capability)


def accredit(
    tx: Transaction, actor: Actor, person_id: PersonId, kind: AccreditationKind, *, starts: datetime
) -> None:
    """Give a person an accreditation that lasts as long as its kind does, once two admins have agreed.

    Raises:
        Refused: `actor` is not the platform itself.
        NotFound: there is no such person.
        BadInput: `starts` is no moment that can be used.
    """
    _must_be_system(actor)
    must_exist(tx, person_id)
    ends = end_of(kind, starts)
    tx.add(AccreditationRow(person_id=person_id, kind=kind, starts_at=starts, ends_at=ends))
    audit.record(
        tx, actor, Event.PERSON_ACCREDITED, f"person:{person_id}", kind=kind, ends=ends.date().isoformat()
    )


def suspend(tx: Transaction, actor: Actor, person_id: PersonId) -> None:
    """Suspend a person, and every accreditation of theirs, from now on.

    Raises:
        Refused: `actor` may not.
        NotFound: there is no such person.
    """
    must_be_admin(actor)
    now = must_exist(tx, person_id).suspended_at = audit.clock(tx)
    rows = update(AccreditationRow).where(AccreditationRow.person_id == person_id)
    tx.execute(rows.values(suspended_at=now))
    audit.record(tx, actor, Event.PERSON_SUSPENDED, f"person:{person_id}")


def reinstate(tx: Transaction, actor: Actor, person_id: PersonId) -> None:
    """Lift the suspension of a person and of every accreditation of theirs, once two admins have agreed.

    One that has ended meanwhile stays ended.

    Raises:
        Refused: `actor` is not the platform itself.
        NotFound: there is no such person.
    """
    _must_be_system(actor)
    must_exist(tx, person_id).suspended_at = None
    rows = update(AccreditationRow).where(
        AccreditationRow.person_id == person_id, AccreditationRow.ends_at > audit.clock(tx)
    )
    tx.execute(rows.values(suspended_at=None, lapse_recorded_at=None))
    audit.record(tx, actor, Event.PERSON_REINSTATED, f"person:{person_id}")


def actor_of(tx: Transaction, person_id: PersonId) -> Actor:
    """Who `person_id` is now: live capabilities and accreditation, never those of an earlier moment.

    Somebody who is suspended has none of the capabilities that would work without an accreditation.

    Raises:
        NotFound: there is no such person.
    """
    person = must_exist(tx, person_id)
    granted = tx.scalars(select(Granted.capability).where(Granted.person_id == person_id))
    accredited = is_accredited(tx, person_id, audit.clock(tx))
    suspended = not accredited and person.suspended_at is not None
    taken = NEEDS_NO_ACCREDITATION if suspended else frozenset()
    return Actor(
        person_id,
        capabilities=frozenset(Capability(word) for word in granted) - taken,
        accredited=accredited,
    )


def is_accredited(tx: Transaction, person_id: PersonId, now: datetime) -> bool:
    """Does any accreditation of theirs hold at `now`? A provisional one only under a live supervisor."""
    rows = tx.scalars(select(AccreditationRow).where(AccreditationRow.person_id == person_id)).all()
    held = [accreditation_of(row) for row in rows]
    supervised = any(each.is_live(now) for each in held) and is_supervised(tx, person_id, now)
    return any(each.is_relied_on(now, supervised=supervised) for each in held)


def is_fully_accredited(tx: Transaction, person_id: PersonId, now: datetime) -> bool:
    """Does a full accreditation of theirs hold at `now`?"""
    rows = tx.scalars(select(AccreditationRow).where(AccreditationRow.person_id == person_id))
    return any(accreditation_of(row).is_relied_on(now, supervised=False) for row in rows)


def is_supervised(tx: Transaction, person_id: PersonId, now: datetime) -> bool:
    """Has their supervisor, of the same organisation and fully accredited now, accepted to answer for them?"""
    person = must_exist(tx, person_id)
    if person.supervisor_id is None:
        return False
    accepted = select(Supervision.id).where(
        Supervision.person_id == person_id,
        Supervision.supervisor_id == person.supervisor_id,
        Supervision.ended_at.is_(None),
    )
    supervisor = must_exist(tx, PersonId(person.supervisor_id))
    return (
        supervisor.organisation == person.organisation
        and tx.scalar(accepted.limit(1)) is not None
        and is_fully_accredited(tx, PersonId(supervisor.id), now)
    )


def tie(tx: Transaction, person_id: PersonId, project_id: str, author_id: PersonId) -> Tie:
    """What binds a person to a project and to the author of a request on it."""
    roles = tx.scalars(
        select(Membership).where(Membership.person_id == person_id, Membership.project_id == project_id)
    ).all()
    ended = [role.until_at for role in roles if role.until_at is not None]
    return Tie(
        has_role=any(role.until_at is None for role in roles),
        last_role_ended=max(ended, default=None),
        in_authors_line=are_in_line(tx, person_id, author_id),
    )


def are_in_line(tx: Transaction, one: PersonId, other: PersonId) -> bool:
    """Does one of the two supervise the other, directly or through others?"""
    first, second = must_exist(tx, one), must_exist(tx, other)
    return second.id in _line_above(tx, first) or first.id in _line_above(tx, second)


def _line_above(tx: Transaction, person: Person) -> frozenset[str]:
    """Everybody who supervises a person, their supervisor, and so on up."""
    above: set[str] = set()
    while person.supervisor_id is not None and person.supervisor_id not in above:
        above.add(person.supervisor_id)
        person = tx.get_one(Person, person.supervisor_id)
    return frozenset(above)


def must_exist(tx: Transaction, person_id: PersonId) -> Person:
    """Return the person.

    Raises:
        NotFound: there is none of that name.
    """
    person = tx.get(Person, person_id)
    if person is None:
        raise NotFound("no_such_person", f"There is no person '{person_id}'. See `tre person list`.")
    return person


def hold(tx: Transaction, person_id: PersonId) -> None:
    """Hold a person's row until the transaction ends, so that decisions about them follow one another."""
    tx.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))


def is_known(tx: Transaction, person_id: PersonId) -> bool:
    """Is there a person of that name?"""
    return tx.get(Person, person_id) is not None


def must_be_admin(actor: Actor) -> None:
    """Let admins and the platform itself through.

    Raises:
        Refused: `actor` is neither.
    """
    if not actor.is_system and Capability.ADMIN not in actor.capabilities:
        raise Refused("only_admin", "Only an admin may do this.")


def _must_be_system(actor: Actor) -> None:
    if not actor.is_system:
        raise Refused("two_admins", "Two admins give this together: propose it, and let another one agree.")


def accreditation_of(row: AccreditationRow) -> Accreditation:
    """What the rules know of one row."""
    return Accreditation(
        AccreditationKind(row.kind), row.starts_at, row.ends_at, suspended=row.suspended_at is not None
    )
