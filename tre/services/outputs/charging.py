"""T1 of a release: votes counted again, the release decided, its items charged, in one transaction or not at all.

Releases that wait together are charged together, so that an account on which many wait is written and flushed once for
all of them. Each still stands or falls by its own votes.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import exists, select

from tre.db.engine import Transaction
from tre.db.tables import Charge, Extract, Item, Release, Request
from tre.domain.errors import Unavailable
from tre.domain.ledger import ChargeState
from tre.domain.outputs import Action, Decision, Mode, State, refusal, votes_that_count
from tre.domain.people import WORKER
from tre.services import ledger, projects
from tre.services.outputs import archive
from tre.services.outputs.facts import facts_of, items_of, locked

MOST_TOGETHER: Final = 32
"""Most releases charged in one transaction. Source: ours; half the subtransactions' cache, and far below a second's work."""


def charge(tx: Transaction, request_id: str) -> bool:
    """Decide and charge, all or nothing; say whether there is (now or already) a release to carry out.

    Votes are counted again here, with everybody's roles and accreditations as they are now.

    Raises:
        Unavailable: an exact table was released meanwhile, so that this request must be judged again first.
    """
    return _charge(tx, request_id, together=False)


def charge_with_others(tx: Transaction, request_id: str) -> bool:
    """Decide and charge as `charge`, and in the same transaction what else waits and leaves with noise only."""
    return _charge(tx, request_id, together=True)


def _charge(tx: Transaction, request_id: str, *, together: bool) -> bool:
    request = locked(tx, request_id)
    if release_of(tx, request) is not None:
        return True
    said = refusal(Action.RELEASE, WORKER, facts_of(tx, request, WORKER))
    if said is not None:
        if request.state == State.APPROVED:  # elsewhere stands why it did not come to that
            request.problem = said.because
        return False
    items = items_of(tx, request)
    exact = [item for item in items if item.mode == Mode.EXACT]
    accounts = projects.accounts_behind(tx.get_one(Extract, request.extract_id))
    if exact:
        ledger.balances(tx, accounts, lock=True)  # nothing else is released on them from here on
        _must_be_current(tx, request, exact)
    _decide(tx, request)
    others = [item for each in _others(tx) for item in _decided(tx, each)] if together and not exact else []
    ledger.charge_all(tx, [item for item in items if item.mode == Mode.NOISY] + others)
    ledger.charge_exact_all(tx, exact, accounts)
    return True


def release_of(tx: Transaction, request: Request) -> Release | None:
    """The decision that a request leaves, if it has been taken."""
    return tx.scalar(select(Release).where(Release.request_id == request.id))


def _others(tx: Transaction) -> Sequence[Request]:
    """Other requests that wait to be charged and leave with noise only; whatever else works on one keeps it."""
    holds = exists().where(Charge.item_id == Item.id, Charge.state == ChargeState.RESERVED)
    holds_nothing = exists().where(Item.request_id == Request.id, Item.version == Request.version, ~holds)
    is_decided = exists().where(Release.request_id == Request.id)
    waiting = select(Request).where(Request.state == State.APPROVED, ~holds_nothing, ~is_decided)
    held = waiting.order_by(Request.id).limit(MOST_TOGETHER - 1).with_for_update(skip_locked=True)
    tx.flush()
    return tx.scalars(held.execution_options(populate_existing=True)).all()


def _decided(tx: Transaction, request: Request) -> list[Item]:
    """Decide that another request leaves too, if it may; its items, to be charged. Its own job says why it may not."""
    if release_of(tx, request) is not None:  # its own job was quicker, after this statement had begun
        return []
    if refusal(Action.RELEASE, WORKER, facts_of(tx, request, WORKER)) is not None:
        return []
    _decide(tx, request)
    return items_of(tx, request)


def _decide(tx: Transaction, request: Request) -> None:
    tx.add(
        Release(
            id=f"release-{request.id}",
            request_id=request.id,
            manifest_digest=request.manifest_digest,
            reviewers={"ids": _approvers(tx, request)},
        )
    )
    tx.flush()


def _must_be_current(tx: Transaction, request: Request, exact: Sequence[Item]) -> None:
    """Refuse to go on when the archive has grown since an exact item was judged; the accounts' rows are held."""
    known = archive.of(tx, tx.get_one(Extract, request.extract_id).population).size
    if any(item.archive_size != known for item in exact):
        raise Unavailable(
            "archive_grown", "Another table was released meanwhile; this one is judged again first."
        )


def _approvers(tx: Transaction, request: Request) -> list[str]:
    """Who approved this version and may still vote: the people in whose name it leaves."""
    votes = votes_that_count(facts_of(tx, request, WORKER))
    return sorted(vote.voter.id for vote in votes if vote.decision is Decision.APPROVE)
