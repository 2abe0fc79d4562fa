"""Whose votes count, on which version, and when two are enough."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations, product

import pytest

from disclosure.result import Verdict
from tre.domain.outputs import (
    VOTES_NEEDED,
    Action,
    Decision,
    Facts,
    State,
    Vote,
    refusal,
    voter_fault,
    votes_that_count,
)
from tre.domain.people import TIE_ENDS_AFTER, WORKER, Actor, Capability, PersonId, Tie

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
FIRST, SECOND, THIRD, FOURTH = (PersonId(name) for name in ("first", "second", "third", "fourth"))
NAMES = (FIRST, SECOND, THIRD, FOURTH)
OUTCOME = {
    Action.APPROVE: Decision.APPROVE,
    Action.RETURN: Decision.RETURN,
    Action.REJECT: Decision.REJECT,
}


def checker(
    name: str, *, accredited: bool = True, capability: Capability = Capability.OUTPUT_CHECKER
) -> Actor:
    return Actor(PersonId(name), frozenset({capability}), accredited=accredited)


def vote(voter: Actor | str, decision: Decision = Decision.APPROVE, digest: str = "v2") -> Vote:
    return Vote(checker(voter) if isinstance(voter, str) else voter, decision, digest)


def facts(*votes: Vote, state: State = State.CONSOLIDATING, **changes: object) -> Facts:
    known = Facts(
        state=state,
        author=PersonId("author"),
        digest="v2",
        now=NOW,
        project_open=True,
        author_live=True,
        ties=tuple((name, Tie()) for name in (*NAMES, PersonId("author"))),
        votes=votes,
        verdicts=(Verdict.PASS,),
    )
    return replace(known, **changes)


def may(action: Action, known: Facts) -> bool:
    return refusal(action, WORKER, known) is None


def counted(known: Facts) -> set[str]:
    return {vote.voter.id for vote in votes_that_count(known)}


def tied(name: PersonId, tie: Tie) -> tuple[tuple[PersonId, Tie], ...]:
    return tuple((one, tie if one == name else Tie()) for one in NAMES)


def test_two_people_are_needed() -> None:
    assert VOTES_NEEDED == 2
    assert not may(Action.APPROVE, facts())
    assert not may(Action.APPROVE, facts(vote(FIRST)))
    assert may(Action.APPROVE, facts(vote(FIRST), vote(SECOND)))


def test_one_person_who_votes_twice_is_one_person() -> None:
    assert counted(facts(vote(FIRST), vote(FIRST))) == {FIRST}
    for action, decision in OUTCOME.items():
        assert not may(action, facts(*[vote(FIRST, decision)] * 5))


def test_of_one_persons_votes_the_latest_counts() -> None:
    known = facts(vote(FIRST, Decision.APPROVE), vote(SECOND), vote(FIRST, Decision.RETURN))
    assert not may(Action.APPROVE, known)
    assert may(Action.RETURN, facts(*known.votes, vote(SECOND, Decision.RETURN)))


def test_votes_on_another_version_do_not_count() -> None:
    earlier = [vote(name, digest="v1") for name in NAMES]
    assert votes_that_count(facts(*earlier)) == ()
    assert not may(Action.APPROVE, facts(*earlier, vote(FIRST)))


def test_a_later_vote_on_an_earlier_version_does_not_undo_one_on_this() -> None:
    known = facts(vote(FIRST), vote(SECOND), vote(FIRST, Decision.REJECT, digest="v1"))
    assert may(Action.APPROVE, known)


def test_a_voter_whose_accreditation_has_lapsed_since_does_not_count() -> None:
    lapsed = vote(checker(SECOND, accredited=False))
    assert counted(facts(vote(FIRST), lapsed)) == {FIRST}
    assert not may(Action.RELEASE, facts(vote(FIRST), lapsed, state=State.APPROVED))


def test_a_voter_who_has_lost_the_capability_since_does_not_count() -> None:
    for capability in set(Capability) - {Capability.OUTPUT_CHECKER, Capability.SENIOR_CHECKER}:
        lost = vote(checker(SECOND, capability=capability))
        assert counted(facts(vote(FIRST), lost)) == {FIRST}


def test_a_voter_who_has_joined_the_project_since_does_not_count() -> None:
    known = facts(vote(FIRST), vote(SECOND), ties=tied(SECOND, Tie(has_role=True)))
    assert counted(known) == {FIRST}
    assert not may(Action.APPROVE, known)


def test_a_voter_in_the_authors_line_does_not_count() -> None:
    known = facts(vote(FIRST), vote(SECOND), ties=tied(FIRST, Tie(in_authors_line=True)))
    assert counted(known) == {SECOND}


def test_a_voter_about_whose_ties_nothing_is_known_is_bound() -> None:
    known = facts(vote(FIRST), vote(SECOND), ties=((FIRST, Tie()),))
    assert counted(known) == {FIRST}
    assert voter_fault(checker(THIRD), known) is not None


def test_the_author_never_counts_whatever_they_are() -> None:
    author = Actor(PersonId("author"), frozenset(Capability), accredited=True)
    assert counted(facts(vote(author), vote(FIRST))) == {FIRST}


def test_the_worker_never_counts() -> None:
    robot = replace(WORKER, capabilities=frozenset(Capability), accredited=True)
    known = facts(vote(FIRST), vote(robot), ties=(*facts().ties, (WORKER.id, Tie())))
    assert counted(known) == {FIRST}
    assert refusal(Action.VOTE, robot, replace(known, state=State.IN_REVIEW)) is not None


@pytest.mark.parametrize("tick", [timedelta(microseconds=1), timedelta(seconds=1), timedelta(hours=1)])
def test_a_role_binds_until_ninety_days_after_its_end_and_not_a_moment_longer(tick: timedelta) -> None:
    assert timedelta(days=90) == TIE_ENDS_AFTER
    ended = NOW - TIE_ENDS_AFTER
    assert not Tie(last_role_ended=ended).binds(NOW)
    assert not Tie(last_role_ended=ended - tick).binds(NOW)
    assert Tie(last_role_ended=ended + tick).binds(NOW)
    for end, expected in ((ended, {FIRST, SECOND}), (ended + tick, {FIRST})):
        assert (
            counted(facts(vote(FIRST), vote(SECOND), ties=tied(SECOND, Tie(last_role_ended=end)))) == expected
        )


def test_a_tie_may_end_between_vote_and_release_but_never_begin() -> None:
    role_ended = NOW - timedelta(days=89)
    known = facts(vote(FIRST), vote(SECOND), ties=tied(SECOND, Tie(last_role_ended=role_ended)))
    assert not may(Action.APPROVE, known)
    assert may(Action.APPROVE, replace(known, now=NOW + timedelta(days=1)))


@pytest.mark.parametrize("pair", list(product(Decision, repeat=2)))
def test_two_equal_decisions_decide_and_two_different_ones_wait(pair: tuple[Decision, Decision]) -> None:
    known = facts(vote(FIRST, pair[0]), vote(SECOND, pair[1]))
    assert may(Action.CONSOLIDATE, replace(known, state=State.IN_REVIEW))
    for action, decision in OUTCOME.items():
        assert may(action, known) == (pair == (decision, decision))


@pytest.mark.parametrize("third", Decision)
@pytest.mark.parametrize("pair", list(permutations(Decision, 2)))
def test_a_third_vote_settles_a_disagreement_when_it_agrees_with_one(
    pair: tuple[Decision, Decision], third: Decision
) -> None:
    known = facts(vote(FIRST, pair[0]), vote(SECOND, pair[1]), vote(THIRD, third))
    decided = [decision for action, decision in OUTCOME.items() if may(action, known)]
    assert decided == ([third] if third in pair else [])


def test_minds_may_change_only_once_the_votes_are_open() -> None:
    known = facts(vote(FIRST), vote(SECOND, Decision.RETURN), state=State.IN_REVIEW)
    said = refusal(Action.VOTE, checker(FIRST), known)
    assert said is not None
    assert said.code == "voted_already"
    assert refusal(Action.VOTE, checker(FIRST), replace(known, state=State.CONSOLIDATING)) is None


def test_a_vote_on_an_earlier_version_does_not_bar_from_this_one() -> None:
    known = facts(vote(FIRST, digest="v1"), state=State.IN_REVIEW)
    assert refusal(Action.VOTE, checker(FIRST), known) is None
