"""Voting, and what follows when enough people agree."""

from tre.db.engine import Transaction
from tre.db.tables import Request, VoteRow
from tre.domain.audit import Event
from tre.domain.conditions import stated
from tre.domain.errors import Refused
from tre.domain.outputs import VOTES_NEEDED, Action, Decision, State, refusal, votes_that_count
from tre.domain.people import WORKER, Actor
from tre.queue import enqueue
from tre.services import audit, ledger
from tre.services.outputs.facts import facts_of, items_of, locked, move

OUTCOMES = {
    Decision.APPROVE: (Action.APPROVE, Event.APPROVED),
    Decision.RETURN: (Action.RETURN, Event.RETURNED),
    Decision.REJECT: (Action.REJECT, Event.REJECTED),
}


def cast(  # noqa: PLR0913 - a vote is who, on what, which, why, and what they saw
    tx: Transaction,
    actor: Actor,
    request_id: str,
    decision: Decision,
    *,
    reason: str,
    seen: str | None = None,
) -> State:
    """Cast one sealed vote on the request's present version; the vote that completes agreement decides.

    If two disagree, anybody eligible may vote or change their mind until two agree.
    `seen` is the manifest digest that the voter had before their eyes; None where they name none.

    Returns:
        The state that the request is in afterwards.

    Raises:
        Refused: the rules for voting say no, or the request has changed since they saw it.
        BadInput: the reason is empty or too long.
    """
    because = stated(reason)
    request = locked(tx, request_id)
    digest = request.manifest_digest
    if seen is not None and seen != digest:
        raise Refused("changed", "The request has changed since you saw it; look at it again, then vote.")
    move(tx, request, Action.VOTE, actor)
    row = VoteRow(request_id=request.id, person_id=actor.id, manifest_digest=digest)
    row.decision, row.reason = decision, because
    tx.add(row)
    audit.record(tx, actor, Event.VOTE_CAST, f"request:{request.id}", manifest=digest)
    tx.flush()
    _settle(tx, request)
    return State(request.state)


def _settle(tx: Transaction, request: Request) -> None:
    """Open the votes when all are in, and take the step on which enough people agree."""
    if (
        request.state == State.IN_REVIEW
        and refusal(Action.CONSOLIDATE, WORKER, facts_of(tx, request, WORKER)) is None
    ):
        move(tx, request, Action.CONSOLIDATE, WORKER)
        audit.record(tx, WORKER, Event.CONSOLIDATED, f"request:{request.id}", votes=VOTES_NEEDED)
    if request.state != State.CONSOLIDATING:
        return
    for decision, (action, event) in OUTCOMES.items():
        if refusal(action, WORKER, facts_of(tx, request, WORKER)) is None:
            move(tx, request, action, WORKER)
            audit.record(tx, WORKER, event, f"request:{request.id}", manifest=request.manifest_digest)
            _follow(tx, request, decision)
            return


def _follow(tx: Transaction, request: Request, decision: Decision) -> None:
    if decision is Decision.APPROVE:
        enqueue(tx, "release", {"request_id": request.id}, once=f"release:{request.id}")
        return
    request.problem = "The output checkers decided so; their reasons stand with the request."
    ledger.void(tx, WORKER, [item.id for item in items_of(tx, request)])


def withdraw(tx: Transaction, actor: Actor, request_id: str) -> None:
    """Withdraw a request for good and give back what it holds.

    Raises:
        Refused: `actor` is not the author, or it has been decided already.
    """
    request = locked(tx, request_id)
    move(tx, request, Action.WITHDRAW, actor)
    ledger.void(tx, actor, [item.id for item in items_of(tx, request)])
    audit.record(tx, actor, Event.WITHDRAWN, f"request:{request.id}")


def standing(tx: Transaction, request: Request) -> int:
    """How many votes on the present version count so far."""
    return len(votes_that_count(facts_of(tx, request, WORKER)))
