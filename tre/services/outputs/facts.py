"""Gathering what the rules may know about one request, fresh from the database at every question."""

from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from disclosure.verdict import Verdict
from tre.db.engine import Transaction
from tre.db.tables import AuditEvent, Item, Membership, Project, Release, Request, VoteRow
from tre.domain.audit import Event
from tre.domain.errors import NotFound, Refused
from tre.domain.outputs import Action, Decision, Facts, Mode, State, Vote, target_or_refuse
from tre.domain.people import Actor, PersonId, ProjectRole
from tre.domain.projects import ProjectState, is_open
from tre.services import audit, people

RESEARCHING = (ProjectRole.LEAD, ProjectRole.RESEARCHER)

ACTS_OF_PEOPLE: Final = (Event.REQUEST_SUBMITTED, Event.VOTE_CAST, Event.RECALLED, Event.RESUMED)
"""Events by which a person keeps a request going. What the machine tries again and again is none of them."""


def locked(tx: Transaction, request_id: str) -> Request:
    """Return the request as it is now, its row held until the transaction ends.

    What was read of it earlier in the transaction is read again: it may have changed before the row was held.

    Raises:
        NotFound: there is none of that name.
    """
    tx.flush()
    request = tx.get(Request, request_id, with_for_update=True, populate_existing=True)
    if request is None:
        raise NotFound("no_such_request", f"There is no request '{request_id}'. See `tre request list`.")
    return request


def items_of(tx: Transaction, request: Request) -> list[Item]:
    """The items of the request's present version, in order."""
    query = select(Item).where(Item.request_id == request.id, Item.version == request.version)
    return list(tx.scalars(query.order_by(Item.position)))


def has_role(tx: Transaction, person_id: str, project_id: str) -> bool:
    """Does the person hold a researching role on the project now?"""
    query = select(Membership.id).where(
        Membership.project_id == project_id,
        Membership.person_id == person_id,
        Membership.role.in_(RESEARCHING),
        Membership.until_at.is_(None),
    )
    return tx.scalar(query) is not None


def project_is_open(tx: Transaction, project_id: str) -> bool:
    """Is the project open today, by the database clock?"""
    project = tx.get(Project, project_id)
    if project is None:
        return False
    today = audit.clock(tx).date()
    return is_open(ProjectState(project.state), project.starts_on, project.ends_on, today)


def facts_of(tx: Transaction, request: Request, actor: Actor) -> Facts:
    """Everything that the rules may ask about `request` when `actor` wants something."""
    items, votes = items_of(tx, request), _latest_votes(tx, request)
    author = people.actor_of(tx, PersonId(request.author_id))
    voters = {vote.voter.id for vote in votes} | (set() if actor.is_system else {actor.id})
    return Facts(
        state=State(request.state),
        author=author.id,
        digest=request.manifest_digest,
        now=audit.clock(tx),
        project_open=project_is_open(tx, request.project_id),
        author_live=author.accredited and has_role(tx, author.id, request.project_id),
        actor_has_role=not actor.is_system and has_role(tx, actor.id, request.project_id),
        ties=tuple(
            (voter, people.tie(tx, voter, request.project_id, author.id))
            for voter in sorted(voters)
            if people.is_known(tx, voter)
        ),
        votes=votes,
        verdicts=tuple(
            Verdict[item.verdict] if item.verdict else None for item in items if item.mode == Mode.EXACT
        ),
        has_items=bool(items),
        has_context=bool(request.context.strip()),
        is_charged=tx.scalar(select(Release.id).where(Release.request_id == request.id)) is not None,
        touched_at=touched_at(tx, request.id),
    )


def touched_at(tx: Transaction, request_id: str) -> datetime | None:
    """When a person last did something about a request, by the database clock; None if nobody has submitted it yet."""
    query = select(func.max(AuditEvent.at)).where(
        AuditEvent.subject == f"request:{request_id}", AuditEvent.event.in_(ACTS_OF_PEOPLE)
    )
    return tx.scalar(query)


def move(tx: Transaction, request: Request, action: Action, actor: Actor) -> None:
    """Take one step of the state table, or say why not.

    Raises:
        Refused: the table has no such step, or a rule says no.
    """
    resume_to = State(request.resume_to) if request.resume_to else None
    target = target_or_refuse(action, actor, facts_of(tx, request, actor), resume_to=resume_to)
    request.resume_to = request.state if target is State.SUSPENDED else None
    request.state = target
    tx.flush()


def must_see(tx: Transaction, actor: Actor, request: Request) -> None:
    """Let those through who may know that the request exists: its project's people, checkers, auditors.

    Raises:
        NotFound: anybody else; the answer is the same as for a request that does not exist.
    """
    may_look = actor.is_system or bool(actor.capabilities & people.MAY_SEE_REQUESTS)
    if not may_look and not has_role(tx, actor.id, request.project_id):
        raise NotFound("no_such_request", f"There is no request '{request.id}'. See `tre request list`.")


def must_be_member(tx: Transaction, actor: Actor, project_id: str) -> None:
    """Let a project's accredited researchers through while it is open.

    Raises:
        Refused: no role, no live accreditation, or the project is not open today.
    """
    if not has_role(tx, actor.id, project_id):
        raise Refused("not_a_member", f"You have no researching role on project '{project_id}'.")
    if not actor.accredited:
        raise Refused("not_accredited", "Your accreditation is not live; renew it before you go on.")
    if not project_is_open(tx, project_id):
        raise Refused("project_not_open", f"Project '{project_id}' is not open today.")


def _latest_votes(tx: Transaction, request: Request) -> tuple[Vote, ...]:
    rows = tx.scalars(select(VoteRow).where(VoteRow.request_id == request.id).order_by(VoteRow.id))
    latest = {(row.person_id, row.manifest_digest): row for row in rows}
    return tuple(
        Vote(people.actor_of(tx, PersonId(row.person_id)), Decision(row.decision), row.manifest_digest)
        for row in latest.values()
    )
