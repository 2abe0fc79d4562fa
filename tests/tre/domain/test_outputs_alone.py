"""Nothing is released without two people who have no tie to it, whatever anybody does and in whatever order.

The house is played through: every action that the rules allow to anybody in a group, in every order, with a worker that
does at once all that it may, until nothing new is reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.result import Verdict
from tre.domain.outputs import OPEN_STATES, Action, Decision, Facts, State, Vote, refusal, target_or_refuse
from tre.domain.people import WORKER, Actor, Capability, PersonId, Tie

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
EVERYTHING = frozenset(Capability)
FREE = Tie()
VERSIONS = 2
"""How often a request is edited at most; a third edit reaches no new kind of state."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """One person of a group, and what binds them."""

    actor: Actor
    tie: Tie | None

    @property
    def may_vote(self) -> bool:
        checks = {Capability.OUTPUT_CHECKER, Capability.SENIOR_CHECKER} & self.actor.capabilities
        checks = set() if Capability.ADMIN in self.actor.capabilities else checks
        free = self.tie is not None and not self.tie.binds(NOW)
        return bool(checks) and free and self.actor.accredited and self.actor.id != "author"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request may stand: everything that the rules look at and that changes."""

    state: State = State.DRAFT
    version: int = 0
    resume_to: State | None = None
    votes: frozenset[tuple[int, str, Decision]] = frozenset()


def somebody(
    name: str, *capabilities: Capability, accredited: bool = True, tie: Tie | None = FREE
) -> Somebody:
    return Somebody(Actor(PersonId(name), frozenset(capabilities), accredited=accredited), tie)


def facts_at(place: Place, group: tuple[Somebody, ...]) -> Facts:
    people = {one.actor.id: one.actor for one in group}
    return Facts(
        state=place.state,
        author=PersonId("author"),
        digest=str(place.version),
        now=NOW,
        project_open=True,
        author_live=True,
        actor_has_role=True,
        ties=tuple((one.actor.id, one.tie) for one in group if one.tie is not None),
        votes=tuple(
            Vote(people[PersonId(who)], what, str(version)) for version, who, what in sorted(place.votes)
        ),
        verdicts=(Verdict.PASS,),
        has_items=True,
        has_context=True,
    )


def following(place: Place, group: tuple[Somebody, ...]) -> Iterator[Place]:
    """Every place that one act of anybody leads to."""
    facts = facts_at(place, group)
    for actor in (WORKER, *(one.actor for one in group)):
        for action in Action:
            if refusal(action, actor, facts) is not None:
                continue
            if action is Action.RESUME and place.resume_to is None:
                continue
            target = target_or_refuse(action, actor, facts, resume_to=place.resume_to)
            yield from _acted(place, action, actor, target)


def _acted(place: Place, action: Action, actor: Actor, target: State) -> Iterator[Place]:
    moved = replace(place, state=target, resume_to=place.state if action is Action.SUSPEND else None)
    if action is Action.VOTE:
        for decision in Decision:
            others = {v for v in place.votes if v[:2] != (place.version, actor.id)}
            yield replace(moved, votes=frozenset({*others, (place.version, str(actor.id), decision)}))
    elif action is not Action.SUBMIT:
        yield moved
    elif place.version < VERSIONS:
        yield replace(moved, version=place.version + 1)


def reached(*group: Somebody) -> set[State]:
    """Every state that a group can bring a request to."""
    known, fresh = {Place()}, [Place()]
    while fresh:
        for place in following(fresh.pop(), group):
            if place not in known:
                known.add(place)
                fresh.append(place)
    return {place.state for place in known}


AUTHOR = somebody("author")
MIGHTY_AUTHOR = somebody("author", *EVERYTHING)
FIRST = somebody("first", *(EVERYTHING - {Capability.ADMIN}))
SECOND = somebody("second", Capability.OUTPUT_CHECKER)
BOUND = {
    "member": Tie(has_role=True),
    "member until last week": Tie(last_role_ended=NOW - timedelta(days=7)),
    "supervisor": Tie(in_authors_line=True),
    "of unknown ties": None,
}


def test_an_author_and_two_free_checkers_can_release_and_reach_every_state() -> None:
    assert reached(AUTHOR, FIRST, SECOND) == set(State)


def test_nobody_at_all_releases_nothing() -> None:
    assert reached().isdisjoint({State.APPROVED, State.RELEASED})


def test_no_single_person_with_every_capability_gets_a_release() -> None:
    for alone in (MIGHTY_AUTHOR, FIRST):
        assert reached(alone).isdisjoint({State.CONSOLIDATING, State.APPROVED, State.RELEASED})


def test_no_author_gets_a_release_with_one_checker_however_mighty_both_are() -> None:
    assert reached(MIGHTY_AUTHOR, FIRST).isdisjoint({State.CONSOLIDATING, State.APPROVED, State.RELEASED})


@pytest.mark.parametrize("tie", BOUND.values(), ids=BOUND)
def test_no_author_gets_a_release_with_one_checker_and_an_accomplice_who_is_bound(tie: Tie | None) -> None:
    accomplice = somebody("accomplice", *EVERYTHING, tie=tie)
    states = reached(MIGHTY_AUTHOR, accomplice, FIRST)
    assert states.isdisjoint({State.CONSOLIDATING, State.APPROVED, State.RELEASED})


def test_admins_and_auditors_and_owners_release_nothing_together() -> None:
    mighty = [Capability.ADMIN, Capability.AUDITOR, Capability.DATA_OWNER]
    group = [somebody(name, *mighty) for name in ("one", "two", "three")]
    assert reached(AUTHOR, *group).isdisjoint({State.CONSOLIDATING, State.APPROVED, State.RELEASED})


def test_nobody_who_gives_out_capabilities_votes_however_mighty() -> None:
    group = [somebody(name, *EVERYTHING) for name in ("one", "two", "three")]
    assert reached(AUTHOR, *group).isdisjoint({State.CONSOLIDATING, State.APPROVED, State.RELEASED})


ANYBODY = st.builds(
    somebody,
    st.sampled_from(["author", "first", "second"]),
    st.sampled_from(list(Capability)),
    accredited=st.booleans(),
    tie=st.sampled_from([FREE, FREE, *BOUND.values()]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANYBODY, max_size=3, unique_by=lambda one: one.actor.id))
def test_a_release_needs_exactly_an_accredited_author_and_two_eligible_voters(group: list[Somebody]) -> None:
    author = any(one.actor.id == "author" and one.actor.accredited for one in group)
    expected = author and sum(one.may_vote for one in group) >= 2
    assert (State.RELEASED in reached(*group)) == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(ANYBODY, max_size=3, unique_by=lambda one: one.actor.id), st.sampled_from(OPEN_STATES))
def test_no_group_suspends_its_way_round_the_votes(group: list[Somebody], state: State) -> None:
    if sum(one.may_vote for one in group) >= 2 or state is State.APPROVED:
        return
    for place in following(Place(state=State.SUSPENDED, resume_to=state), tuple(group)):
        assert place.state is state
