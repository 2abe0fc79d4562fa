"""Trusting people: one admin proposes with a reason, another one agrees. Nobody does both, and nobody alone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date

from sqlalchemy import select

from tre.db.engine import Transaction
from tre.db.tables import AppointmentProposal, AppointmentVerdict, Granted, Person
from tre.domain.appointments import (
    ENOUGH_ADMINS,
    MAY_APPOINT,
    MAY_END,
    Appointment,
    AppointmentDecision,
    AppointmentFacts,
    Evidence,
    must_convince,
)
from tre.domain.audit import Event
from tre.domain.conditions import must_hold, stated
from tre.domain.errors import BadInput, NotFound, Refused
from tre.domain.people import WORKER, AccreditationKind, Actor, Capability, PersonId
from tre.services import audit, people

View = dict[str, object]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person is to be given.

    Attributes:
        person: who.
        appointment: what kind of thing.
        detail: which one: the capability, or kind and evidence of an accreditation; as text.
    """

    person: PersonId
    appointment: Appointment
    detail: Mapping[str, str] = field(default_factory=dict)


def capability(person: PersonId, word: Capability) -> Wish:
    """The wish that a person get a capability."""
    return Wish(person, Appointment.CAPABILITY, {"capability": word})


def accreditation(person: PersonId, kind: AccreditationKind, evidence: Evidence) -> Wish:
    """The wish that a person be accredited from the moment on at which the second admin agrees."""
    shown = {**asdict(evidence), "trained_on": evidence.trained_on.isoformat()}
    return Wish(person, Appointment.ACCREDITATION, {"kind": kind, **shown})


def reinstatement(person: PersonId) -> Wish:
    """The wish that a person's suspension be lifted."""
    return Wish(person, Appointment.REINSTATEMENT)


def propose(tx: Transaction, actor: Actor, wish: Wish, *, reason: str) -> AppointmentProposal:
    """Propose to trust a person with something; nothing changes before another admin agrees.

    Raises:
        NotFound: there is no such person.
        Refused: `actor` may not.
        BadInput: the reason is none, or the evidence does not suffice.
    """
    because = stated(reason)
    people.must_exist(tx, wish.person)
    must_hold(MAY_APPOINT, actor, _facts(tx, actor, wish.person))
    _must_suffice(tx, wish)
    row = AppointmentProposal(person_id=wish.person, appointment=wish.appointment, detail=dict(wish.detail))
    row.reason, row.proposer_id = because, actor.id
    tx.add(row)
    tx.flush()
    subject = f"person:{wish.person}"
    audit.record(
        tx, actor, Event.APPOINTMENT_PROPOSED, subject, proposal=row.id, appointment=wish.appointment
    )
    return row


def decide(
    tx: Transaction, actor: Actor, proposal_id: int, decision: AppointmentDecision, *, reason: str
) -> AppointmentProposal:
    """End a proposal: agree to or refuse another admin's, or withdraw one's own. Once agreed it is carried out.

    Raises:
        NotFound: there is no such proposal.
        Refused: `actor` may not.
        BadInput: the reason is none, or the evidence no longer suffices.
    """
    because = stated(reason)
    row = _locked(tx, proposal_id)
    wish = Wish(PersonId(row.person_id), Appointment(row.appointment), _texts(row))
    must_hold(MAY_END[decision], actor, _facts(tx, actor, wish.person, row))
    verdict = AppointmentVerdict(proposal_id=row.id, decision=decision, reason=because)
    verdict.decider_id = actor.id
    tx.add(verdict)
    subject, proposer = f"person:{wish.person}", row.proposer_id
    audit.record(
        tx, actor, Event.APPOINTMENT_ENDED, subject, proposal=row.id, proposer=proposer, decision=decision
    )
    if decision is AppointmentDecision.AGREE:
        _must_suffice(tx, wish)
        _carry_out(tx, wish)
    tx.flush()
    return row


def name_admin(tx: Transaction, person: Person) -> None:
    """Let the operator of the machine name an admin, while there are too few for two of them to agree.

    Raises:
        Refused: there are enough who are not suspended; from then on admins appoint each other, two at a time.
        BadInput: the identifier cannot be used.
    """
    named = select(Granted.person_id).where(Granted.capability == Capability.ADMIN)
    able = [name for name in tx.scalars(named).all() if _is_able_admin(tx, PersonId(name))]
    if len(able) >= ENOUGH_ADMINS:
        raise Refused(
            "enough_admins", f"There are {ENOUGH_ADMINS} admins already; they appoint others together."
        )
    people.add(tx, WORKER, person, frozenset({Capability.ADMIN}))
    audit.record(tx, Actor(PersonId("operator")), Event.ADMIN_NAMED, f"person:{person.id}")


def _is_able_admin(tx: Transaction, person_id: PersonId) -> bool:
    return Capability.ADMIN in people.actor_of(tx, person_id).capabilities


def listing(tx: Transaction) -> list[View]:
    """Every proposal with how it ended, newest first."""
    query = select(AppointmentProposal, AppointmentVerdict).outerjoin(
        AppointmentVerdict, AppointmentVerdict.proposal_id == AppointmentProposal.id
    )
    return [_view(row, verdict) for row, verdict in tx.execute(query.order_by(AppointmentProposal.id.desc()))]


def _carry_out(tx: Transaction, wish: Wish) -> None:
    if wish.appointment is Appointment.CAPABILITY:
        people.grant(tx, WORKER, wish.person, Capability(wish.detail["capability"]))
    elif wish.appointment is Appointment.ACCREDITATION:
        kind = AccreditationKind(wish.detail["kind"])
        people.accredit(tx, WORKER, wish.person, kind, starts=audit.clock(tx))
    else:
        people.reinstate(tx, WORKER, wish.person)


def _must_suffice(tx: Transaction, wish: Wish) -> None:
    """Let a wish through whose evidence is complete today, and whose supervisor has accepted where one is needed."""
    if wish.appointment is not Appointment.ACCREDITATION:
        return
    now, detail = audit.clock(tx), wish.detail
    shown = {name: detail[name] for name in ("qualification", "declaration", "agreement")}
    must_convince(Evidence(date.fromisoformat(detail["trained_on"]), **shown), now.date())
    provisional = detail["kind"] == AccreditationKind.PROVISIONAL
    if provisional and not people.is_supervised(tx, wish.person, now):
        raise BadInput(
            "no_supervisor",
            "A provisional accreditation needs a supervisor of the same organisation, fully accredited, "
            "who has accepted with `tre person supervise`.",
        )


def _facts(
    tx: Transaction, actor: Actor, person: PersonId, proposal: AppointmentProposal | None = None
) -> AppointmentFacts:
    decided = proposal is not None and tx.get(AppointmentVerdict, proposal.id) is not None
    return AppointmentFacts(
        person=person,
        now=audit.clock(tx),
        in_persons_line=people.are_in_line(tx, actor.id, person),
        proposer=None if proposal is None else PersonId(proposal.proposer_id),
        is_decided=decided,
        proposed_at=None if proposal is None else proposal.proposed_at,
        proposer_is_admin=proposal is not None and _is_able_admin(tx, PersonId(proposal.proposer_id)),
    )


def _locked(tx: Transaction, proposal_id: int) -> AppointmentProposal:
    row = tx.get(AppointmentProposal, proposal_id)
    if row is None:
        raise NotFound("no_such_proposal", f"There is no proposal {proposal_id}. See `tre person proposals`.")
    people.hold(tx, PersonId(row.person_id))  # two admins who decide at once: the second one finds the first
    return row


def _texts(row: AppointmentProposal) -> dict[str, str]:
    return {name: str(value) for name, value in row.detail.items()}


def _view(row: AppointmentProposal, verdict: AppointmentVerdict | None) -> View:
    return {
        "id": row.id,
        "person": row.person_id,
        "appointment": row.appointment,
        "detail": dict(row.detail),
        "reason": row.reason,
        "proposed_by": row.proposer_id,
        "proposed_at": row.proposed_at.isoformat(),
        "decision": None if verdict is None else verdict.decision,
        "decided_by": None if verdict is None else verdict.decider_id,
        "decided_because": None if verdict is None else verdict.reason,
        "decided_at": None if verdict is None else verdict.decided_at.isoformat(),
    }
