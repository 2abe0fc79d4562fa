"""What each person may see of a request. Votes stay sealed; a noisy item shows nothing that depends on the data."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from tre.db.engine import Transaction
from tre.db.tables import AuditEvent, Item, Membership, Publication, Release, Request, VoteRow
from tre.domain.audit import Event
from tre.domain.errors import NotFound, Refused
from tre.domain.outputs import VOTES_NEEDED, Mode, State, allowed
from tre.domain.people import Actor, Capability, PersonId
from tre.services import audit, people
from tre.services.outputs.facts import RESEARCHING, facts_of, items_of, must_see

View = dict[str, object]
OPENED = (State.CONSOLIDATING, State.APPROVED, State.RELEASED, State.REVOKED)
"""States in which all votes on the present version are open to checkers."""
DECIDED = (State.RETURNED, State.REJECTED, State.RELEASED, State.REVOKED)
"""States in which the author reads the votes and reasons too."""


def listing(
    tx: Transaction, actor: Actor, *, project: str | None = None, state: State | None = None
) -> list[View]:
    """The requests that `actor` may see, newest first: a line each."""
    query = select(Request).order_by(Request.created_at.desc(), Request.id)
    if project is not None:
        query = query.where(Request.project_id == project)
    if state is not None:
        query = query.where(Request.state == state)
    if not actor.capabilities & people.MAY_SEE_REQUESTS and not actor.is_system:
        mine = select(Membership.project_id).where(
            Membership.person_id == actor.id,
            Membership.role.in_(RESEARCHING),
            Membership.until_at.is_(None),
        )
        query = query.where(Request.project_id.in_(mine))
    return [_line(request) for request in tx.scalars(query)]


def request_view(tx: Transaction, actor: Actor, request_id: str) -> View:
    """One request, as far as `actor` may see it.

    Raises:
        NotFound: there is none, or they may not know that there is.
    """
    request = found(tx, actor, request_id)
    return {
        **_line(request),
        "context": request.context,
        "problem": request.problem,
        "version": request.version,
        "manifest_digest": request.manifest_digest,
        "run": request.run_id,
        "items": [_item(item) for item in items_of(tx, request)],
        "votes": _votes(tx, actor, request),
        "actions": [str(action) for action in allowed(actor, facts_of(tx, request, actor))],
        "release": _release(tx, request),
        "history": [_event(event) for event in _history(tx, request)],
    }


def found(tx: Transaction, actor: Actor, request_id: str) -> Request:
    """Return the request if `actor` may know of it.

    Raises:
        NotFound: there is none, or they may not know that there is.
    """
    request = tx.get(Request, request_id)
    if request is None:
        raise NotFound("no_such_request", f"There is no request '{request_id}'. See `tre request list`.")
    must_see(tx, actor, request)
    return request


def release_of(tx: Transaction, actor: Actor, request_id: str) -> str:
    """Name the published release of a request, for whoever may see the request, and record that it was fetched.

    Raises:
        NotFound: nothing has been released, or `actor` may not know.
    """
    request = found(tx, actor, request_id)
    release = _release(tx, request)
    if request.state != State.RELEASED or release is None or not release["published_at"]:
        raise NotFound(
            "not_released", f"Request '{request_id}' is {request.state}: there is nothing to fetch yet."
        )
    audit.record(tx, actor, Event.RELEASE_FETCHED, f"release:{release['id']}")
    return str(release["id"])


@dataclass(frozen=True, slots=True)
class Evidence:
    """Digests of what is stored about a checked exact item: the report, the table as it would leave, its chart if any."""

    report: str
    printed: str
    picture: str | None


def evidence_of(tx: Transaction, actor: Actor, request_id: str, item_id: str) -> Evidence | None:
    """What is stored about an exact item, for those who may see it; None for a noisy or unchecked one.

    Raises:
        NotFound: there is no such request, or they may not know that there is.
        Refused: their accreditation is not live, and the report holds values of the data.
    """
    request = found(tx, actor, request_id)
    if not actor.accredited:
        raise Refused(
            "not_accredited", "Your accreditation is not live; renew it before you look at results."
        )
    item = next((item for item in items_of(tx, request) if item.id == item_id), None)
    if item is None or item.mode != Mode.EXACT or item.report_digest is None or item.printed_digest is None:
        return None
    return Evidence(item.report_digest, item.printed_digest, item.picture_digest)


def _line(request: Request) -> View:
    return {
        "id": request.id,
        "project": request.project_id,
        "author": request.author_id,
        "title": request.title,
        "state": request.state,
        "created_at": request.created_at.isoformat(),
        "submitted_at": request.submitted_at.isoformat() if request.submitted_at else None,
    }


def _item(item: Item) -> View:
    return {
        "id": item.id,
        "kind": item.kind,
        "mode": item.mode,
        "title": item.title,
        "specification": item.specification,
        "price": item.price,
        "plan": item.plan,
        "reason": item.exact_reason,
        "protection": item.protection,
        "picture": item.picture,
        "verdict": item.verdict,
        "findings": (item.findings or {}).get("findings", []),
        "cells": item.cells,
    }


def _votes(tx: Transaction, actor: Actor, request: Request) -> list[View]:
    rows = tx.scalars(select(VoteRow).where(VoteRow.request_id == request.id).order_by(VoteRow.id)).all()
    open_to_actor = _open_to(tx, actor, request, rows)
    return [_vote(row) for row in rows if row.person_id == actor.id or row.manifest_digest in open_to_actor]


def _open_to(tx: Transaction, actor: Actor, request: Request, rows: Sequence[VoteRow]) -> frozenset[str]:
    """Digests of the versions on which `actor` may read everybody's votes.

    An auditor without a tie reads all. A version's votes open when enough people have voted on it; on the present version
    they open to checkers from then on, to the author and whoever is tied to the project when it is decided.
    """
    is_party = _is_party(tx, actor, request)
    voters: dict[str, set[str]] = {}
    for row in rows:
        voters.setdefault(row.manifest_digest, set()).add(row.person_id)
    if Capability.AUDITOR in actor.capabilities and not is_party:
        return frozenset(voters)
    is_open = request.state in (DECIDED if is_party else (*OPENED, *DECIDED))
    return frozenset(
        digest
        for digest, people_of in voters.items()
        if len(people_of) >= VOTES_NEEDED and (is_open or digest != request.manifest_digest)
    )


def _is_party(tx: Transaction, actor: Actor, request: Request) -> bool:
    """Is `actor` the author, or bound by a tie to the project or its author?"""
    if actor.id == request.author_id or not people.is_known(tx, actor.id):
        return actor.id == request.author_id
    author = PersonId(request.author_id)
    return people.tie(tx, actor.id, request.project_id, author).binds(audit.clock(tx))


def _vote(row: VoteRow) -> View:
    return {
        "person": row.person_id,
        "decision": row.decision,
        "reason": row.reason,
        "manifest_digest": row.manifest_digest,
        "cast_at": row.cast_at.isoformat(),
    }


def _release(tx: Transaction, request: Request) -> View | None:
    release = tx.scalar(select(Release).where(Release.request_id == request.id))
    if release is None:
        return None
    publication = tx.get(Publication, release.id)
    return {
        "id": release.id,
        "released_at": release.released_at.isoformat(),
        "published_at": publication.published_at.isoformat() if publication else None,
    }


def _history(tx: Transaction, request: Request) -> Sequence[AuditEvent]:
    return audit.lines(tx, subject=f"request:{request.id}")


def _event(event: AuditEvent) -> View:
    actor = "a checker" if event.event == Event.VOTE_CAST else event.actor
    return {"at": event.at.isoformat(), "event": event.event, "actor": actor}
