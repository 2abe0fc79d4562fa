"""Changing a cap of an account: always two people, a reason, and never below what is spent and reserved."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from tre.domain.conditions import Condition
from tre.domain.declared import LARGEST_INTEGER
from tre.domain.errors import BadInput, Refused
from tre.domain.ledger import Balance
from tre.domain.people import Actor, Capability, PersonId

PROPOSAL_HOLDS: Final = timedelta(days=30)
"""How long a proposal may be approved, in days: who approves judges what holds now. Source: ours, as for idle requests."""


class CapUnit(StrEnum):
    """What a cap counts."""

    NANO_RHO = "nano_rho"
    EXACT_RELEASES = "exact_releases"
    EXACT_CELLS = "exact_cells"


class CapDecision(StrEnum):
    """How a proposal ends."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class CapChange:
    """Another cap for one account.

    Attributes:
        unit: what the cap counts.
        before: the cap when it was proposed, in that unit.
        after: the cap that is wanted, in that unit.
    """

    unit: CapUnit
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class CapFacts:
    """What the rules may know about one person and one proposal.

    Attributes:
        owns_data: whether the person answers for a dataset that is counted on the account.
        leads: whether they lead the project that the account belongs to.
        is_tied: whether they have, or had in the last 90 days, a role on a project that spends from the account.
        proposer: who made the proposal; None while it is being made.
        in_proposers_line: whether they supervise the proposer or are supervised by them.
        is_decided: whether the proposal has been decided already.
        proposed_at: when it was made, by the database clock.
        now: the database clock.
    """

    owns_data: bool
    leads: bool
    is_tied: bool
    now: datetime
    proposer: PersonId | None = None
    in_proposers_line: bool = False
    is_decided: bool = False
    proposed_at: datetime | None = None


def _answers_for_people(actor: Actor, facts: CapFacts) -> bool:
    """Is it somebody whose office is to protect the people in the data?"""
    is_owner = facts.owns_data and Capability.DATA_OWNER in actor.capabilities
    return not actor.is_system and (is_owner or Capability.SENIOR_CHECKER in actor.capabilities)


def _may_ask(actor: Actor, facts: CapFacts) -> bool:
    return _answers_for_people(actor, facts) or (facts.leads and actor.accredited and not actor.is_system)


def _is_no_admin(actor: Actor, _facts: CapFacts) -> bool:
    return Capability.ADMIN not in actor.capabilities


def _is_trusted_now(actor: Actor, _facts: CapFacts) -> bool:
    return actor.accredited or Capability.DATA_OWNER in actor.capabilities


def _is_proposer(actor: Actor, facts: CapFacts) -> bool:
    return actor.id == facts.proposer


def _is_another(actor: Actor, facts: CapFacts) -> bool:
    return facts.proposer is not None and actor.id != facts.proposer


def _is_free(_actor: Actor, facts: CapFacts) -> bool:
    return not facts.is_tied


def _is_of_no_line(_actor: Actor, facts: CapFacts) -> bool:
    return not facts.in_proposers_line


def _is_undecided(_actor: Actor, facts: CapFacts) -> bool:
    return not facts.is_decided


def _is_fresh(_actor: Actor, facts: CapFacts) -> bool:
    return facts.proposed_at is not None and facts.now < facts.proposed_at + PROPOSAL_HOLDS


_ADMIN: Final = Condition(
    "admin", _is_no_admin, "Whoever gives out capabilities may not change a cap; ask a data owner."
)
_UNDECIDED: Final = Condition("cap_decided", _is_undecided, "This proposal has been decided already.")
_ELIGIBLE: Final = (
    _UNDECIDED,
    Condition(
        "not_eligible",
        _answers_for_people,
        "Only the owner of the data or a senior output checker may decide on a cap.",
    ),
    _ADMIN,
    Condition(
        "not_accredited", _is_trusted_now, "Your accreditation is not live; renew it before you decide."
    ),
    Condition(
        "own_proposal",
        _is_another,
        "Nobody may approve their own proposal; ask another eligible person.",
    ),
    Condition(
        "tied", _is_free, "You have, or had in the last 90 days, a role on a project that spends from this."
    ),
    Condition("proposers_line", _is_of_no_line, "You supervise the proposer or are supervised by them."),
)

MAY_PROPOSE: Final = (
    Condition(
        "not_eligible",
        _may_ask,
        "Only the project's lead, the owner of the data or a senior output checker may propose a cap.",
    ),
    _ADMIN,
)
"""Who may propose another cap. The first rule that does not hold speaks."""

MAY_DECIDE: Final = {
    CapDecision.APPROVE: (
        *_ELIGIBLE,
        Condition("cap_lapsed", _is_fresh, "This proposal is older than 30 days; propose it again."),
    ),
    CapDecision.REFUSE: _ELIGIBLE,
    CapDecision.WITHDRAW: (
        _UNDECIDED,
        Condition("not_proposer", _is_proposer, "Only who made a proposal may withdraw it."),
    ),
}
"""Who may end a proposal in which way."""


def must_fit(change: CapChange, balance: Balance) -> None:
    """Let a change through that fits the account as it is now.

    Raises:
        BadInput: the cap is no amount, or the same as before.
        Refused: the cap has changed meanwhile, or would lie below what is spent and reserved.
    """
    present, used = _standing(change.unit, balance)
    if not 0 <= change.after <= LARGEST_INTEGER:
        raise BadInput("bad_cap", f"A cap is a whole number from 0 to {LARGEST_INTEGER:,}.")
    if change.after == change.before:
        raise BadInput("same_cap", f"The cap is {change.before:,} already; name another.")
    if present != change.before:
        raise Refused(
            "cap_moved",
            f"The cap is {present:,} by now, not {change.before:,} as when this was proposed; propose it again.",
        )
    if change.after < used:
        raise Refused(
            "below_used",
            f"{used:,} of account '{balance.account}' are spent or reserved; a cap is never lowered below that.",
        )


def _standing(unit: CapUnit, balance: Balance) -> tuple[int, int]:
    """The present cap, and what is used of it."""
    return {
        CapUnit.NANO_RHO: (balance.cap, balance.spent + balance.reserved),
        CapUnit.EXACT_RELEASES: (balance.exact_releases_cap, balance.exact_releases),
        CapUnit.EXACT_CELLS: (balance.exact_cells_cap, balance.exact_cells),
    }[unit]


def present_cap(unit: CapUnit, balance: Balance) -> int:
    """The cap of an account as it is, in that unit."""
    return _standing(unit, balance)[0]
