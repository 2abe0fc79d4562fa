"""Voting on a real database: sealed, by people as they are now, and only on what they saw."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text, update

from tests.builders import (
    ADMIN,
    AUDITOR,
    AUTHOR,
    CHECKERS,
    COLLEAGUE,
    OBSERVER,
    SENIOR,
    STRANGER,
    House,
    manifest,
)
from tre.db.engine import transaction
from tre.db.tables import Granted, Membership, Person, Request, VoteRow
from tre.domain.audit import Event
from tre.domain.errors import BadInput, NotFound, Refused
from tre.domain.outputs import Decision, State
from tre.domain.people import TIE_ENDS_AFTER, WORKER, Actor, Capability
from tre.services import people, projects
from tre.services.outputs import vote as voting

FIRST, SECOND, THIRD = CHECKERS


def refused(house: House, request: str, who: str, code: str, **words: object) -> None:
    before = len(house.rows(VoteRow))
    with pytest.raises(Refused) as caught:
        house.vote(request, who, **words)
    assert caught.value.code == code
    assert len(house.rows(VoteRow)) == before


def grant(house: House, who: str, capability: Capability = Capability.OUTPUT_CHECKER) -> None:
    with transaction(house.platform.application) as tx:
        tx.add(Granted(person_id=who, capability=capability))


def test_two_checkers_approve_and_the_release_is_asked_for_once(house: House) -> None:
    request = house.reviewed()
    assert house.vote(request, FIRST) is State.IN_REVIEW
    assert house.vote(request, SECOND) is State.APPROVED
    with transaction(house.platform.application) as tx:
        tasks = list(
            tx.scalars(text("SELECT task_name FROM jobs.procrastinate_jobs WHERE task_name = 'release'"))
        )
    assert tasks == ["release"]
    assert len(house.events(Event.VOTE_CAST)) == 2
    assert len(house.events(Event.APPROVED)) == 1


@pytest.mark.parametrize("who", [AUTHOR, COLLEAGUE, OBSERVER])
def test_author_and_people_of_the_project_cannot_vote_even_as_checkers(house: House, who: str) -> None:
    request = house.reviewed()
    for capability in set(Capability) - {Capability.ADMIN}:  # an admin would be refused as such
        grant(house, who, capability)
    refused(house, request, who, "own_request" if who == AUTHOR else "tied")


def test_whoever_is_no_checker_cannot_vote(house: House) -> None:
    request = house.reviewed()
    for who in (STRANGER, AUDITOR, ADMIN):
        refused(house, request, who, "not_a_checker")
    with pytest.raises(Refused) as caught:
        house.do(voting.cast, WORKER, request, Decision.APPROVE, reason="By machine")
    assert caught.value.code == "not_a_checker"


def test_a_senior_checker_counts_as_one_of_two(house: House) -> None:
    request = house.reviewed()
    assert house.vote(request, SENIOR) is State.IN_REVIEW
    assert house.vote(request, FIRST) is State.APPROVED


def test_nobody_votes_twice(house: House) -> None:
    request = house.reviewed()
    house.vote(request, FIRST)
    refused(house, request, FIRST, "voted_already")
    refused(house, request, FIRST, "voted_already", decision=Decision.REJECT)
    assert house.state(request) is State.IN_REVIEW


def test_a_suspended_checker_cannot_vote(house: House) -> None:
    request = house.reviewed()
    house.do(people.suspend, WORKER, FIRST)
    refused(house, request, FIRST, "not_accredited")


def supervise(house: House, person: str, supervisor: str) -> None:
    with transaction(house.platform.application) as tx:
        tx.execute(update(Person).where(Person.id == person).values(supervisor_id=supervisor))


def test_the_authors_line_cannot_vote_however_long_it_is(house: House) -> None:
    request = house.reviewed()
    supervise(house, AUTHOR, STRANGER)  # first > stranger > author > second
    supervise(house, STRANGER, FIRST)
    supervise(house, SECOND, AUTHOR)
    refused(house, request, FIRST, "tied")
    refused(house, request, SECOND, "tied")
    house.vote(request, THIRD)


def test_two_who_have_one_supervisor_are_not_in_one_line(house: House) -> None:
    request = house.reviewed()
    supervise(house, AUTHOR, STRANGER)
    supervise(house, FIRST, STRANGER)
    house.vote(request, FIRST)


def test_a_circle_of_supervisors_ends_and_binds(house: House) -> None:
    request = house.reviewed()
    supervise(house, AUTHOR, FIRST)
    supervise(house, FIRST, SECOND)
    supervise(house, SECOND, AUTHOR)
    for who in (FIRST, SECOND):
        refused(house, request, who, "tied")


def left(house: House, who: str, ago: timedelta) -> None:
    """Let somebody have had a role on the project that ended some time ago."""
    with transaction(house.platform.application) as tx:
        role = Membership(project_id="bills", person_id=who, role="observer")
        tx.add(role)
        tx.flush()
        ended = text("now() - :ago").bindparams(ago=ago)
        tx.execute(update(Membership).where(Membership.id == role.id).values(until_at=ended))


def test_a_role_bars_for_ninety_days_after_its_end(house: House) -> None:
    request = house.reviewed()
    left(house, FIRST, TIE_ENDS_AFTER - timedelta(minutes=1))
    left(house, SECOND, TIE_ENDS_AFTER)
    refused(house, request, FIRST, "tied")
    house.vote(request, SECOND)


def test_of_several_ended_roles_the_latest_counts(house: House) -> None:
    request = house.reviewed()
    left(house, FIRST, timedelta(days=10))
    left(house, FIRST, timedelta(days=400))
    refused(house, request, FIRST, "tied")


def test_a_role_on_another_project_does_not_bind(house: House) -> None:
    house.do(projects.apply, WORKER, manifest("water").replace('person = "ben"', f'person = "{FIRST}"'))
    house.vote(house.reviewed(), FIRST)


def _joins(house: House, who: str) -> None:
    house.do(projects.apply, WORKER, manifest().replace('person = "ben"', f'person = "{who}"'))


def _is_suspended(house: House, who: str) -> None:
    house.do(people.suspend, WORKER, who)


def _becomes_supervisor(house: House, who: str) -> None:
    supervise(house, AUTHOR, who)


@pytest.mark.parametrize("event", [_joins, _is_suspended, _becomes_supervisor])
def test_a_vote_stops_counting_when_its_voter_is_no_longer_eligible(house: House, event) -> None:
    request = house.reviewed()
    house.vote(request, FIRST)
    event(house, FIRST)
    assert house.vote(request, SECOND) is State.IN_REVIEW
    assert house.vote(request, THIRD) is State.APPROVED


@pytest.mark.parametrize("event", [_joins, _is_suspended, _becomes_supervisor])
def test_an_approval_does_not_release_when_a_voter_is_no_longer_eligible(house: House, event) -> None:
    request = house.approved()
    event(house, FIRST)
    house.jobs.release(request)
    assert house.state(request) is State.APPROVED
    assert "Two approving votes" in str(house.request(request).problem)
    assert not house.bundle(request).exists()
    assert all(spent == 0 for spent, *_ in house.books().values())


def test_a_vote_of_somebody_who_lost_the_capability_does_not_count(house: House, administrator) -> None:
    request = house.reviewed()
    house.vote(request, FIRST)
    with administrator.connect() as connection:
        connection.execute(text("DELETE FROM core.granted_capability WHERE person_id = :who"), {"who": FIRST})
    assert house.vote(request, SECOND) is State.IN_REVIEW


def test_a_lapsed_voter_counts_again_after_reinstatement_and_the_release_goes_on(house: House) -> None:
    request = house.approved()
    _is_suspended(house, FIRST)
    house.jobs.release(request)
    assert house.state(request) is State.APPROVED
    house.do(people.reinstate, WORKER, FIRST)
    house.jobs.release(request)
    assert house.state(request) is State.RELEASED


def test_disagreement_waits_for_a_third_or_a_change_of_mind(house: House) -> None:
    one, other = house.reviewed(), house.reviewed()
    for request in (one, other):
        house.vote(request, FIRST)
        assert house.vote(request, SECOND, decision=Decision.REJECT) is State.CONSOLIDATING
    assert house.vote(one, THIRD) is State.APPROVED
    assert house.vote(other, FIRST, decision=Decision.REJECT) is State.REJECTED


def test_a_changed_mind_counts_once(house: House) -> None:
    request = house.reviewed()
    house.vote(request, FIRST)
    house.vote(request, SECOND, decision=Decision.RETURN)
    assert house.vote(request, FIRST) is State.CONSOLIDATING  # approves again: still one approval
    assert house.vote(request, FIRST) is State.CONSOLIDATING
    assert house.vote(request, SECOND, decision=Decision.REJECT) is State.CONSOLIDATING
    assert len(house.rows(VoteRow)) == 5  # nothing is overwritten


def test_a_vote_on_what_is_no_longer_there_is_refused(house: House) -> None:
    request = house.reviewed()
    seen = house.request(request).manifest_digest
    house.vote(request, FIRST, SECOND, decision=Decision.RETURN, seen=seen)
    house.submit(house.noisy(nano_rho=1_000_000), again=request)
    house.jobs.check(request)
    refused(house, request, THIRD, "changed", seen=seen)
    house.vote(request, THIRD, seen=house.request(request).manifest_digest)


def test_votes_on_an_earlier_version_do_not_count(house: House) -> None:
    request = house.reviewed()
    house.vote(request, FIRST)
    house.vote(request, SECOND, decision=Decision.RETURN)
    house.vote(request, THIRD, decision=Decision.RETURN)
    house.submit(again=request)
    house.jobs.check(request)
    assert house.vote(request, SECOND) is State.IN_REVIEW  # the first one's approval was of version 1


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 4_001, "nul \0"])
def test_a_vote_needs_a_reason_that_can_be_read(house: House, reason: str) -> None:
    request = house.reviewed()
    with pytest.raises(BadInput) as caught:
        house.act(FIRST, voting.cast, request, Decision.APPROVE, reason=reason)
    assert caught.value.code == "no_reason"
    assert house.rows(VoteRow) == []


def test_only_requests_under_review_take_votes(house: House) -> None:
    request = house.submit()
    refused(house, request, FIRST, "wrong_state")
    house.jobs.check(request)
    house.vote(request, FIRST, SECOND)
    refused(house, request, THIRD, "wrong_state")
    house.jobs.release(request)
    refused(house, request, THIRD, "wrong_state")
    with pytest.raises(NotFound):
        house.act(FIRST, voting.cast, "no-such", Decision.APPROVE, reason="r")


def test_a_vote_that_is_refused_can_be_made_by_nobody_forging_an_actor(house: House) -> None:
    """Rights handed over with the actor count when a vote is cast, those in the database when it is counted."""
    request = house.reviewed()
    forged = Actor(STRANGER, frozenset({Capability.OUTPUT_CHECKER}), accredited=True)
    house.do(voting.cast, forged, request, Decision.APPROVE, reason="Forged")
    assert house.vote(request, FIRST) is State.IN_REVIEW


def test_standing_counts_only_what_counts(house: House) -> None:
    request = house.reviewed()
    house.vote(request, FIRST)
    with transaction(house.platform.application) as tx:
        assert voting.standing(tx, tx.get_one(Request, request)) == 1
    _is_suspended(house, FIRST)
    with transaction(house.platform.application) as tx:
        assert voting.standing(tx, tx.get_one(Request, request)) == 0


def test_a_locked_request_is_read_anew_though_it_was_looked_at_before(house: House) -> None:
    """Whoever shows a request and then acts on it in one transaction must not act on what it was."""
    request = house.reviewed()
    with transaction(house.platform.application) as tx:
        looked_at = tx.get_one(Request, request)
        assert looked_at.state == State.IN_REVIEW
        house.act(AUTHOR, voting.withdraw, request)
        checker = people.actor_of(tx, FIRST)
        with pytest.raises(Refused, match="A request that is WITHDRAWN"):
            voting.cast(tx, checker, request, Decision.APPROVE, reason="Saw it before")
