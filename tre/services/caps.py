"""Changing caps: one person proposes with a reason, another one decides. Nobody does both."""

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select

from tre.db.engine import Transaction
from tre.db.tables import Account, CapProposal, CapVerdict, Dataset, Membership, Project, Request
from tre.domain.audit import Event
from tre.domain.caps import (
    MAY_DECIDE,
    MAY_PROPOSE,
    CapChange,
    CapDecision,
    CapFacts,
    CapUnit,
    must_fit,
    present_cap,
)
from tre.domain.conditions import broken, must_hold, stated
from tre.domain.errors import BadInput, NotFound
from tre.domain.ledger import AccountKind, Balance
from tre.domain.manifest import Manifest, parse_manifest
from tre.domain.outputs import State
from tre.domain.people import Actor, PersonId, ProjectRole
from tre.queue import enqueue
from tre.services import audit, ledger, people, projects

View = dict[str, object]

COLUMNS: Final = {
    CapUnit.NANO_RHO: "cap",
    CapUnit.EXACT_RELEASES: "exact_releases_cap",
    CapUnit.EXACT_CELLS: "exact_cells_cap",
}
"""The column of an account that holds each cap."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Another cap for an account.

    Attributes:
        account: its identifier.
        unit: what the cap counts.
        after: the cap that is wanted, in that unit.
        lower: whether a lower cap is meant; without it only a raise is taken.
    """

    account: str
    unit: CapUnit
    after: int
    lower: bool = False


def propose(tx: Transaction, actor: Actor, wish: Wish, *, reason: str) -> CapProposal:
    """Propose another cap; nothing changes before somebody else approves it.

    Raises:
        NotFound: there is no such account.
        Refused: `actor` may not, or the cap would lie below what is used.
        BadInput: the reason or the cap is none, or it lowers a cap where a raise is meant.
    """
    because = stated(reason)
    balance = _locked(tx, wish.account)
    must_hold(MAY_PROPOSE, actor, _facts(tx, actor, wish.account, None))
    before = present_cap(wish.unit, balance)
    must_fit(CapChange(wish.unit, before, wish.after), balance)
    if (wish.after < before) is not wish.lower:
        raise BadInput(
            "wrong_way", f"The cap is {before:,}: a raise names a higher one, and --lower a lower one."
        )
    row = CapProposal(account_id=wish.account, unit=wish.unit, cap_before=before, cap_after=wish.after)
    row.reason, row.person_id = because, actor.id
    tx.add(row)
    tx.flush()
    audit.record(
        tx,
        actor,
        Event.CAP_PROPOSED,
        f"account:{wish.account}",
        proposal=row.id,
        unit=wish.unit,
        before=before,
        after=wish.after,
    )
    return row


def decide(
    tx: Transaction, actor: Actor, proposal_id: int, decision: CapDecision, *, reason: str
) -> CapProposal:
    """End a proposal: approve or refuse somebody else's, or withdraw one's own. Once approved the cap is changed.

    Raises:
        NotFound: there is no such proposal.
        Refused: `actor` may not, or the account has changed so that the proposal no longer fits.
        BadInput: the reason is none.
    """
    because = stated(reason)
    row = tx.get(CapProposal, proposal_id)
    if row is None:
        raise NotFound(
            "no_such_proposal", f"There is no proposal {proposal_id}. See `tre budget raise list`."
        )
    balance = _locked(tx, row.account_id)
    must_hold(MAY_DECIDE[decision], actor, _facts(tx, actor, row.account_id, row))
    verdict = CapVerdict(proposal_id=row.id, decision=decision, reason=because, person_id=actor.id)
    tx.add(verdict)
    if decision is CapDecision.APPROVE:
        _carry_out(tx, actor, row, balance)
    else:
        subject = f"account:{row.account_id}"
        audit.record(tx, actor, Event.CAP_PROPOSAL_ENDED, subject, proposal=row.id, decision=decision)
    return row


def _carry_out(tx: Transaction, actor: Actor, row: CapProposal, balance: Balance) -> None:
    """Change the cap as proposed, record it, and ask for the releases that waited for room."""
    unit = CapUnit(row.unit)
    must_fit(CapChange(unit, row.cap_before, row.cap_after), balance)
    setattr(tx.get_one(Account, row.account_id), COLUMNS[unit], row.cap_after)
    tx.flush()
    audit.record(
        tx,
        actor,
        Event.CAP_CHANGED,
        f"account:{row.account_id}",
        proposal=row.id,
        proposer=row.person_id,
        unit=unit,
        before=row.cap_before,
        after=row.cap_after,
    )
    _try_again(tx)


def listing(tx: Transaction, account: str | None = None) -> list[View]:
    """Every proposal with how it ended, newest first."""
    query = select(CapProposal, CapVerdict).outerjoin(CapVerdict, CapVerdict.proposal_id == CapProposal.id)
    if account is not None:
        query = query.where(CapProposal.account_id == account)
    return [_view(row, verdict) for row, verdict in tx.execute(query.order_by(CapProposal.id.desc()))]


def refusals(tx: Transaction, actor: Actor, proposal_id: int) -> dict[CapDecision, str | None]:
    """Per way to end a proposal, the sentence that says why `actor` may not; None where they may."""
    row = tx.get_one(CapProposal, proposal_id)
    facts = _facts(tx, actor, row.account_id, row)
    found = {decision: broken(rules, actor, facts) for decision, rules in MAY_DECIDE.items()}
    return {decision: None if rule is None else rule.sentence for decision, rule in found.items()}


def faults(tx: Transaction) -> list[str]:
    """Accounts whose cap is not what the last approved proposal made it; empty when every change has two people."""
    query = (
        select(CapProposal)
        .join(CapVerdict, CapVerdict.proposal_id == CapProposal.id)
        .where(CapVerdict.decision == CapDecision.APPROVE)
        .order_by(CapVerdict.decided_at, CapProposal.id)
    )
    last = {(row.account_id, row.unit): row.cap_after for row in tx.scalars(query)}
    return sorted(
        {
            account
            for (account, unit), cap in last.items()
            if getattr(tx.get_one(Account, account), COLUMNS[CapUnit(unit)]) != cap
        }
    )


def _view(row: CapProposal, verdict: CapVerdict | None) -> View:
    return {
        "id": row.id,
        "account": row.account_id,
        "unit": row.unit,
        "before": row.cap_before,
        "after": row.cap_after,
        "reason": row.reason,
        "proposed_by": row.person_id,
        "proposed_at": row.proposed_at.isoformat(),
        "decision": None if verdict is None else verdict.decision,
        "decided_by": None if verdict is None else verdict.person_id,
        "decided_because": None if verdict is None else verdict.reason,
        "decided_at": None if verdict is None else verdict.decided_at.isoformat(),
    }


def _locked(tx: Transaction, account: str) -> Balance:
    if tx.get(Account, account) is None:
        raise NotFound("no_such_account", f"There is no account '{account:.60}'. See `tre budget show`.")
    return ledger.balances(tx, [account], lock=True)[0]


def _facts(tx: Transaction, actor: Actor, account: str, proposal: CapProposal | None) -> CapFacts:
    people.must_exist(tx, actor.id)
    now, spenders = audit.clock(tx), _spenders(tx, account)
    proposer = None if proposal is None else PersonId(proposal.person_id)
    ties = [people.tie(tx, actor.id, manifest.id, proposer or actor.id) for manifest in spenders]
    owners = {owner for manifest in spenders for owner in _owners(tx, manifest)} | _edition_owner(tx, account)
    decided = proposal is not None and tx.get(CapVerdict, proposal.id) is not None
    return CapFacts(
        owns_data=actor.id in owners,
        leads=_leads(tx, actor.id, account),
        is_tied=any(replace(tie, in_authors_line=False).binds(now) for tie in ties),
        now=now,
        proposer=proposer,
        in_proposers_line=proposer is not None and people.tie(tx, actor.id, "", proposer).in_authors_line,
        is_decided=decided,
        proposed_at=None if proposal is None else proposal.proposed_at,
    )


def _spenders(tx: Transaction, account: str) -> list[Manifest]:
    """The projects whose releases are posted to an account."""
    manifests = [parse_manifest(text) for text in tx.scalars(select(Project.manifest).order_by(Project.id))]
    return [each for each in manifests if account in projects.accounts_of(each)]


def _owners(tx: Transaction, manifest: Manifest) -> set[str]:
    rows = [tx.get(Dataset, (each.name, each.edition)) for each in manifest.datasets]
    return {row.owner_id for row in rows if row is not None}


def _edition_owner(tx: Transaction, account: str) -> set[str]:
    kind, _, name = account.partition(":")
    row = tx.get(Dataset, tuple(name.rsplit("@", 1))) if kind == AccountKind.EDITION else None
    return set() if row is None else {row.owner_id}


def _leads(tx: Transaction, person: PersonId, account: str) -> bool:
    """Does the person lead the project to which an account belongs? Other accounts belong to no project."""
    kind, _, name = account.partition(":")
    query = select(Membership.id).where(
        Membership.project_id == name,
        Membership.person_id == person,
        Membership.role == ProjectRole.LEAD,
        Membership.until_at.is_(None),
    )
    return kind == AccountKind.PROJECT and tx.scalar(query) is not None


def _try_again(tx: Transaction) -> None:
    """Ask for the releases that waited for room."""
    for name in tx.scalars(select(Request.id).where(Request.state == State.APPROVED).order_by(Request.id)):
        enqueue(tx, "release", {"request_id": name}, once=f"release:{name}")
