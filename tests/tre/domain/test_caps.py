"""Who may change a cap, and to what: never one person, never an admin, never somebody tied, never below what is used."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tre.domain.caps import (
    MAY_DECIDE,
    MAY_PROPOSE,
    PROPOSAL_HOLDS,
    CapChange,
    CapDecision,
    CapFacts,
    CapUnit,
    must_fit,
    present_cap,
)
from tre.domain.conditions import broken
from tre.domain.declared import LARGEST_INTEGER
from tre.domain.errors import BadInput, Refused
from tre.domain.ledger import AccountId, Balance
from tre.domain.people import WORKER, Actor, Capability, PersonId

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
FACTS = CapFacts(
    owns_data=False, leads=False, is_tied=False, now=NOW, proposer=PersonId("lead"), proposed_at=NOW
)
OWNER = Actor(PersonId("owner"), frozenset({Capability.DATA_OWNER}))
SENIOR = Actor(PersonId("senior"), frozenset({Capability.SENIOR_CHECKER}), accredited=True)
LEAD = Actor(PersonId("lead"), accredited=True)
BALANCE = Balance(
    AccountId("project:p"),
    cap=100,
    spent=30,
    reserved=20,
    exact_releases=2,
    exact_cells=7,
    exact_releases_cap=5,
    exact_cells_cap=50,
)


def proposing(actor: Actor, **changes: bool) -> str | None:
    rule = broken(MAY_PROPOSE, actor, replace(FACTS, proposer=None, **changes))
    return None if rule is None else rule.code


def ending(decision: CapDecision, actor: Actor, **changes: object) -> str | None:
    rule = broken(MAY_DECIDE[decision], actor, replace(FACTS, **changes))
    return None if rule is None else rule.code


def with_more(actor: Actor, *capabilities: Capability) -> Actor:
    return replace(actor, capabilities=actor.capabilities | set(capabilities))


@pytest.mark.parametrize(
    ("actor", "changes", "code"),
    [
        (LEAD, {"leads": True}, None),
        (LEAD, {}, "not_eligible"),
        (replace(LEAD, accredited=False), {"leads": True}, "not_eligible"),
        (OWNER, {"owns_data": True}, None),
        (OWNER, {}, "not_eligible"),
        (Actor(PersonId("nobody")), {"owns_data": True}, "not_eligible"),
        (SENIOR, {}, None),
        (with_more(SENIOR, Capability.ADMIN), {}, "admin"),
        (Actor(PersonId("root"), frozenset({Capability.ADMIN})), {}, "not_eligible"),
        (Actor(PersonId("checker"), frozenset({Capability.OUTPUT_CHECKER})), {}, "not_eligible"),
        (WORKER, {"leads": True, "owns_data": True}, "not_eligible"),
        (with_more(WORKER, *Capability), {"leads": True, "owns_data": True}, "not_eligible"),
        (replace(WORKER, accredited=True), {"leads": True}, "not_eligible"),
    ],
)
def test_a_cap_is_proposed_by_lead_owner_or_senior_checker(
    actor: Actor, changes: dict[str, bool], code: str | None
) -> None:
    assert proposing(actor, **changes) == code


@pytest.mark.parametrize(
    ("actor", "changes", "code"),
    [
        (SENIOR, {}, None),
        (OWNER, {"owns_data": True}, None),
        (OWNER, {}, "not_eligible"),
        (LEAD, {"leads": True}, "not_eligible"),
        (with_more(LEAD, Capability.SENIOR_CHECKER), {"leads": True}, "own_proposal"),
        (with_more(SENIOR, Capability.ADMIN), {}, "admin"),
        (replace(SENIOR, accredited=False), {}, "not_accredited"),
        (SENIOR, {"is_tied": True}, "tied"),
        (SENIOR, {"in_proposers_line": True}, "proposers_line"),
        (SENIOR, {"is_decided": True}, "cap_decided"),
        (SENIOR, {"proposer": None}, "own_proposal"),
        (SENIOR, {"proposer": SENIOR.id}, "own_proposal"),
        (with_more(WORKER, *Capability), {"owns_data": True}, "not_eligible"),
    ],
)
@pytest.mark.parametrize("decision", [CapDecision.APPROVE, CapDecision.REFUSE])
def test_another_eligible_person_decides(
    actor: Actor, changes: dict[str, object], code: str | None, decision: CapDecision
) -> None:
    assert ending(decision, actor, **changes) == code


@pytest.mark.parametrize(
    ("age", "code"),
    [
        (timedelta(0), None),
        (PROPOSAL_HOLDS - timedelta(seconds=1), None),
        (PROPOSAL_HOLDS, "cap_lapsed"),
        (None, "cap_lapsed"),
    ],
)
def test_a_proposal_is_approved_within_thirty_days_or_made_again(
    age: timedelta | None, code: str | None
) -> None:
    made = None if age is None else NOW - age
    assert ending(CapDecision.APPROVE, SENIOR, proposed_at=made) == code
    assert ending(CapDecision.REFUSE, SENIOR, proposed_at=made) is None


def test_only_its_maker_withdraws_a_proposal() -> None:
    assert ending(CapDecision.WITHDRAW, LEAD) is None
    assert ending(CapDecision.WITHDRAW, SENIOR) == "not_proposer"
    assert ending(CapDecision.WITHDRAW, LEAD, is_decided=True) == "cap_decided"


@pytest.mark.parametrize(
    ("unit", "before", "used"),
    [(CapUnit.NANO_RHO, 100, 50), (CapUnit.EXACT_RELEASES, 5, 2), (CapUnit.EXACT_CELLS, 50, 7)],
)
def test_a_cap_never_lies_below_what_is_spent_and_reserved(unit: CapUnit, before: int, used: int) -> None:
    assert present_cap(unit, BALANCE) == before
    must_fit(CapChange(unit, before, used), BALANCE)
    must_fit(CapChange(unit, before, before + 1), BALANCE)
    with pytest.raises(Refused, match="never lowered below") as caught:
        must_fit(CapChange(unit, before, used - 1), BALANCE)
    assert caught.value.code == "below_used"


def test_a_cap_that_has_moved_since_the_proposal_needs_a_new_one() -> None:
    with pytest.raises(Refused) as caught:
        must_fit(CapChange(CapUnit.NANO_RHO, 90, 200), BALANCE)
    assert caught.value.code == "cap_moved"


@pytest.mark.parametrize("after", [-1, LARGEST_INTEGER + 1, 100])
def test_a_cap_is_another_whole_number_within_range(after: int) -> None:
    with pytest.raises(BadInput):
        must_fit(CapChange(CapUnit.NANO_RHO, 100, after), BALANCE)
