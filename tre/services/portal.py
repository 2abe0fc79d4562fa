"""What the portal's pages show beyond one request: what to do next, the queue, a project, the public register."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select

from tre.db.engine import Transaction
from tre.db.tables import AccreditationRow, Membership, Project, Request
from tre.domain.errors import NotFound, Refused
from tre.domain.outputs import Action, State, refusal
from tre.domain.people import Actor, Capability, PersonId
from tre.domain.projects import GATEWAYS
from tre.services import audit, people, projects, views
from tre.services.outputs.facts import facts_of, has_role

View = dict[str, object]

WAITING: Final = (State.IN_REVIEW, State.CONSOLIDATING)
"""States in which a request waits for output checkers."""

CHECKERS: Final = frozenset({Capability.OUTPUT_CHECKER, Capability.SENIOR_CHECKER})
"""Who votes on outputs."""

PAGE: Final = 20
"""Requests on one page of the queue: what fits a few screens. Source: ours."""

MOST_LINES: Final = 10
"""Newest requests that the home page lists. Source: ours."""


def home(tx: Transaction, actor: Actor) -> View:
    """What concerns a person when they sign in: their projects, their newest requests, the queue if they check."""
    newest = select(Request).where(Request.author_id == actor.id).order_by(Request.created_at.desc())
    return {
        "name": people.must_exist(tx, actor.id).name,
        "accredited": actor.accredited,
        "accreditation_ends": accreditation_ends(tx, actor.id),
        "projects": projects_of(tx, actor),
        "requests": [_line(row) for row in tx.scalars(newest.limit(MOST_LINES))],
        "waiting": waiting(tx) if actor.capabilities & people.MAY_SEE_REQUESTS else None,
        "may_vote": bool(actor.capabilities & CHECKERS),
        "capabilities": sorted(actor.capabilities),
    }


def projects_of(tx: Transaction, actor: Actor) -> list[View]:
    """The projects on which `actor` has a role now."""
    mine = select(Membership.project_id).where(
        Membership.person_id == actor.id, Membership.until_at.is_(None)
    )
    rows = tx.scalars(select(Project).where(Project.id.in_(mine)).order_by(Project.id))
    return [_project(row) for row in rows]


def waiting(tx: Transaction) -> int:
    """How many requests wait for output checkers."""
    return tx.scalar(select(func.count()).select_from(Request).where(Request.state.in_(WAITING))) or 0


def queue(tx: Transaction, actor: Actor, page: int) -> View:
    """One page of the requests that wait for output checkers, oldest first, each with why `actor` may not vote.

    Args:
        tx: the transaction.
        actor: who looks.
        page: its number, from 1.

    Raises:
        Refused: `actor` neither checks nor audits.
        NotFound: there is no such page.
    """
    if not actor.capabilities & people.MAY_SEE_REQUESTS:
        raise Refused("not_a_checker", "Only output checkers and auditors see the queue.")
    total = waiting(tx)
    pages = max(1, -(-total // PAGE))
    if not 1 <= page <= pages:
        raise NotFound("no_such_page", f"The queue has {pages} pages; go to one of them.")
    rows = tx.scalars(
        select(Request)
        .where(Request.state.in_(WAITING))
        .order_by(Request.submitted_at, Request.id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return {
        "total": total,
        "page": page,
        "pages": pages,
        "requests": [_queued(tx, actor, row) for row in rows.all()],
    }


def no_vote(tx: Transaction, actor: Actor, request_id: str) -> str | None:
    """The rule's sentence that says why `actor` may not vote on a request now, or None if they may."""
    said = refusal(Action.VOTE, actor, facts_of(tx, tx.get_one(Request, request_id), actor))
    return None if said is None else said.because


def may_see_evidence(tx: Transaction, actor: Actor, project_id: str) -> bool:
    """May `actor` see the exact values of a request? Its project's researchers and output checkers; not auditors."""
    return bool(actor.capabilities & CHECKERS) or has_role(tx, actor.id, project_id)


def project(tx: Transaction, actor: Actor, project_id: str) -> View:
    """A project as its people, checkers, auditors and admins see it.

    Raises:
        NotFound: there is none, or `actor` may not look; the answer is the same.
    """
    looks = people.MAY_SEE_REQUESTS | {Capability.ADMIN}
    if not actor.capabilities & looks and not _is_member(tx, actor.id, project_id):
        raise NotFound("no_such_project", f"There is no project '{project_id:.60}' that you may see.")
    view = views.project(tx, project_id)
    manifest = projects.manifest_of(tx, project_id)
    return {
        **view,
        "manifest": manifest,
        "gateway": GATEWAYS[manifest.gateway].law,
        "people": _people(tx, project_id),
        "may_submit": has_role(tx, actor.id, project_id),
    }


def must_see_caps(actor: Actor) -> None:
    """Let those through who may have a say about caps: anybody but people without capability or accreditation.

    Raises:
        Refused: `actor` has neither.
    """
    if not actor.capabilities and not actor.accredited:
        raise Refused("not_eligible", "Only accredited people and those with an office see changes of caps.")


def accreditation_ends(tx: Transaction, person_id: PersonId) -> str | None:
    """The last day on which a person's live accreditation holds, or None without one."""
    now = audit.clock(tx)
    latest = tx.scalar(
        select(func.max(AccreditationRow.ends_at)).where(
            AccreditationRow.person_id == person_id,
            AccreditationRow.suspended_at.is_(None),
            AccreditationRow.starts_at <= now,
            AccreditationRow.ends_at > now,
        )
    )
    return None if latest is None else latest.date().isoformat()


def _queued(tx: Transaction, actor: Actor, request: Request) -> View:
    submitted = request.submitted_at or request.created_at
    return {
        **_line(request),
        "project": request.project_id,
        "author": request.author_id,
        "days": (audit.clock(tx) - submitted).days,
        "no_vote": no_vote(tx, actor, request.id),
    }


def _line(request: Request) -> View:
    return {
        "id": request.id,
        "title": request.title,
        "state": request.state,
        "submitted_at": request.submitted_at.isoformat() if request.submitted_at else None,
        "problem": request.problem,
    }


def _project(row: Project) -> View:
    return {"id": row.id, "title": row.title, "state": row.state, "ends_on": row.ends_on.isoformat()}


def _is_member(tx: Transaction, person_id: PersonId, project_id: str) -> bool:
    query = select(Membership.id).where(
        Membership.person_id == person_id,
        Membership.project_id == project_id,
        Membership.until_at.is_(None),
    )
    return tx.scalar(query.limit(1)) is not None


def _people(tx: Transaction, project_id: str) -> Sequence[View]:
    rows = tx.scalars(
        select(Membership)
        .where(Membership.project_id == project_id, Membership.until_at.is_(None))
        .order_by(Membership.id)
    ).all()
    return [
        {
            "name": people.must_exist(tx, PersonId(row.person_id)).name,
            "role": row.role,
            "ends": accreditation_ends(tx, PersonId(row.person_id)),
        }
        for row in rows
    ]
