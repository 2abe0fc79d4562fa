"""Caps change by two people and a reason, under every attack on that; and what waited for room goes on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import (
    ADMIN,
    AUTHOR,
    CHECKERS,
    COLLEAGUE,
    OTHER_SENIOR,
    PRICE,
    SENIOR,
    STRANGER,
    House,
    add_project,
    manifest,
)
from tests.time_machine import go_on
from tre.db.engine import read_only, transaction
from tre.db.tables import Account, CapProposal, CapVerdict, Person
from tre.domain.audit import Event
from tre.domain.caps import PROPOSAL_HOLDS, CapDecision, CapUnit
from tre.domain.errors import BadInput, NotFound, Refused
from tre.domain.outputs import State
from tre.domain.people import WORKER, Capability
from tre.services import caps, people, projects, records

BILLS, POPULATION, EDITION = "project:bills", "population:residents", "edition:accounts@2016"
CAP = 100_000_000


def wish(after: int = 2 * CAP, account: str = BILLS, unit: CapUnit = CapUnit.NANO_RHO, **more) -> caps.Wish:
    return caps.Wish(account, unit, after, **more)


def proposed(house: House, person: str = AUTHOR, **words) -> int:
    return house.act(person, caps.propose, wish(**words), reason="One more chapter").id


def decided(house: House, person: str, number: int, decision: CapDecision = CapDecision.APPROVE) -> None:
    house.act(person, caps.decide, number, decision, reason="Weighed")


def refused(house: House, person: str, number: int, decision: CapDecision = CapDecision.APPROVE) -> str:
    with pytest.raises(Refused) as caught:
        decided(house, person, number, decision)
    return caught.value.code


def test_a_lead_proposes_and_a_senior_checker_approves(house: House) -> None:
    number = proposed(house)
    assert house.account(BILLS).cap == CAP
    decided(house, SENIOR, number)
    assert house.account(BILLS).cap == 2 * CAP
    (event,) = house.events(Event.CAP_CHANGED)
    assert (event.actor, event.subject) == (SENIOR, f"account:{BILLS}")
    assert event.detail | {"proposer": AUTHOR, "before": CAP, "after": 2 * CAP} == event.detail
    with read_only(house.platform.application) as tx:
        (line,) = caps.listing(tx, BILLS)
        assert (line["reason"], line["decided_because"]) == ("One more chapter", "Weighed")
        assert caps.faults(tx) == []


@pytest.mark.parametrize("person", [COLLEAGUE, CHECKERS[0], STRANGER, ADMIN])
def test_nobody_else_proposes(house: House, person: str) -> None:
    with pytest.raises(Refused):
        proposed(house, person)
    assert house.rows(CapProposal) == []


def test_a_lead_proposes_for_their_project_only(house: House) -> None:
    with pytest.raises(Refused, match="Only the project's lead"):
        proposed(house, AUTHOR, account=POPULATION, after=10**10)


def test_nobody_approves_alone(house: House) -> None:
    number = proposed(house, SENIOR)
    assert refused(house, SENIOR, number) == "own_proposal"
    assert refused(house, AUTHOR, number) == "not_eligible"
    assert refused(house, CHECKERS[0], number) == "not_eligible"
    assert refused(house, ADMIN, number) == "not_eligible"
    with pytest.raises(NotFound):  # the worker is no person
        house.do(caps.decide, WORKER, number, CapDecision.APPROVE, reason="By machine")
    assert house.account(BILLS).cap == CAP
    decided(house, OTHER_SENIOR, number)


def test_an_admin_who_is_made_a_senior_checker_still_decides_nothing(house: House) -> None:
    number = proposed(house)
    house.do(
        people.add,
        WORKER,
        Person(id=ADMIN, name="Root", organisation="Tests"),
        frozenset({Capability.SENIOR_CHECKER}),
    )
    assert refused(house, ADMIN, number) == "admin"


def test_somebody_with_a_role_on_a_project_that_spends_from_it_is_refused_for_ninety_days(
    house: House,
) -> None:
    olga = manifest().replace('person = "olga"', f'person = "{OTHER_SENIOR}"')
    house.do(projects.apply, WORKER, olga)
    number = proposed(house, SENIOR, account=POPULATION, after=3 * 10**9)
    assert refused(house, OTHER_SENIOR, number) == "tied"
    house.do(projects.apply, WORKER, manifest())
    assert refused(house, OTHER_SENIOR, number) == "tied"
    go_on(house, timedelta(days=91))
    assert refused(house, OTHER_SENIOR, number) == "cap_lapsed"
    decided(house, OTHER_SENIOR, proposed(house, SENIOR, account=POPULATION, after=3 * 10**9))


def test_the_proposers_supervisor_does_not_decide(house: House) -> None:
    with transaction(house.platform.application) as tx:
        tx.get_one(Person, AUTHOR).supervisor_id = SENIOR
    assert refused(house, SENIOR, proposed(house)) == "proposers_line"


def test_the_owner_of_the_data_decides_on_their_own_data_and_on_no_other(house: House) -> None:
    for person in ("greta", "hugo"):
        house.do(
            people.add,
            WORKER,
            Person(id=person, name=person, organisation="Tests"),
            frozenset({Capability.DATA_OWNER}),
        )
    with transaction(house.platform.application) as tx:
        tx.execute(caps.Dataset.__table__.update().values(owner_id="greta"))
    number = proposed(house, SENIOR, account=EDITION, after=10**9)
    assert refused(house, "hugo", number) == "not_eligible"
    decided(house, "greta", number)
    assert house.account(EDITION).cap == 10**9


def test_two_who_approve_at_once_change_it_once(house: House) -> None:
    number = proposed(house)

    def approve(person: str) -> str:
        try:
            decided(house, person, number)
        except Refused as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(approve, [SENIOR, OTHER_SENIOR])) == ["cap_decided", "done"]
    assert len(house.events(Event.CAP_CHANGED)) == len(house.rows(CapVerdict)) == 1


def test_a_cap_is_lowered_only_to_what_is_spent_and_reserved(house: House) -> None:
    house.submit(house.noisy())
    with pytest.raises(BadInput, match="a raise names a higher one"):
        proposed(house, after=PRICE)
    with pytest.raises(Refused, match="never lowered below"):
        proposed(house, after=PRICE - 1, lower=True)
    number = proposed(house, after=PRICE, lower=True)
    house.set_cap(POPULATION, 10**10)
    request = house.submit(house.noisy(where="region == 'East'"))
    assert refused(house, SENIOR, number) == "below_used"
    house.do(lambda tx: caps.ledger.void(tx, WORKER, [house.items(request)[0].id]))
    decided(house, SENIOR, number)
    with pytest.raises(Refused, match="0 left"):
        house.submit(house.noisy(where="region == 'West'"))
    house.ledger_is_whole()


def test_proposals_on_a_cap_that_moved_are_made_again(house: House) -> None:
    first, second = proposed(house), proposed(house, after=3 * CAP)
    decided(house, SENIOR, first)
    assert refused(house, SENIOR, second) == "cap_moved"
    assert house.account(BILLS).cap == 2 * CAP


def test_refused_and_withdrawn_proposals_change_nothing_and_end(house: House) -> None:
    first, second = proposed(house), proposed(house)
    decided(house, SENIOR, first, CapDecision.REFUSE)
    assert refused(house, SENIOR, second, CapDecision.WITHDRAW) == "not_proposer"
    decided(house, AUTHOR, second, CapDecision.WITHDRAW)
    assert [refused(house, SENIOR, one) for one in (first, second)] == ["cap_decided"] * 2
    assert house.account(BILLS).cap == CAP


def test_a_proposal_lapses_by_the_database_clock(house: House) -> None:
    number = proposed(house)
    go_on(house, PROPOSAL_HOLDS)
    assert refused(house, SENIOR, number) == "cap_lapsed"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 4001, "a\0b"])
def test_a_reason_is_needed_for_both_acts(house: House, reason: str) -> None:
    with pytest.raises(BadInput):
        house.act(AUTHOR, caps.propose, wish(), reason=reason)
    number = proposed(house)
    with pytest.raises(BadInput):
        house.act(SENIOR, caps.decide, number, CapDecision.APPROVE, reason=reason)


def test_what_is_not_there_is_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        proposed(house, account="project:none")
    with pytest.raises(NotFound):
        decided(house, SENIOR, 99)


def test_a_cap_changed_behind_the_platforms_back_is_found(house: House) -> None:
    house.raise_cap(BILLS, 2 * CAP)
    with transaction(house.platform.application) as tx:
        tx.get_one(Account, BILLS).cap = 5 * CAP
    with read_only(house.platform.application) as tx:
        assert caps.faults(tx) == [BILLS]
        assert any(
            f"'{BILLS}'" in each and "two people" in each for each in records.faults(tx, house.platform)
        )


def test_an_exact_item_over_its_cap_waits_with_a_sentence_and_leaves_after_a_raise(house: House) -> None:
    add_project(house, "small", exact_releases=1)
    house = replace(house, project="small")
    first, request = (house.approved(house.exact(title=title)) for title in ("First", "Second"))
    house.jobs.release(first)
    with pytest.raises(Refused, match="allows 0 more exact releases"):
        house.jobs.release(request)
    assert house.state(request) is State.APPROVED
    assert "two people have raised the cap" in str(house.request(request).problem)
    house.raise_cap("project:small", 2, CapUnit.EXACT_RELEASES)
    house.jobs.release(request)
    assert house.state(request) is State.RELEASED
    assert house.request(request).problem is None
    assert house.account("project:small").exact_releases == 2
