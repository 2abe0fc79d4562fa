"""The conditions under which something may be done to a request: one predicate each, on an actor and the facts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from disclosure.verdict import Verdict
from tre.domain.conditions import Condition, broken
from tre.domain.outputs.facts import Facts, Vote
from tre.domain.outputs.states import Decision, State
from tre.domain.people import Actor, Capability

VOTES_NEEDED: Final = 2
"""How many people must agree, in persons. Source: SATRE 3.3 and OpenSAFELY practice, two independent checkers."""


IDLE_AFTER: Final = timedelta(days=30)
"""After how long without any act of a person a request gives back what it holds, in days.

Source: the platform's design, section 5: a reservation that nobody works on keeps others from their budget.
"""


Rule = Condition[Facts]
"""What is asked of whoever acts on a request."""


def is_author(actor: Actor, facts: Facts) -> bool:
    """Is the one who asks the author?"""
    return actor.id == facts.author and not actor.is_system


def is_not_author(actor: Actor, facts: Facts) -> bool:
    """Is the one who asks somebody else than the author?"""
    return actor.id != facts.author


def is_worker(actor: Actor, _facts: Facts) -> bool:
    """Is it the platform itself?"""
    return actor.is_system


def is_checker(actor: Actor, _facts: Facts) -> bool:
    """Is it a person with an output checker's capability?"""
    checkers = {Capability.OUTPUT_CHECKER, Capability.SENIOR_CHECKER}
    return not actor.is_system and bool(checkers & actor.capabilities)


def is_no_admin(actor: Actor, _facts: Facts) -> bool:
    """Is it somebody who cannot make checkers, and so cannot make the other vote?"""
    return Capability.ADMIN not in actor.capabilities


def is_senior_checker(actor: Actor, _facts: Facts) -> bool:
    """Is it a senior checker?"""
    return not actor.is_system and Capability.SENIOR_CHECKER in actor.capabilities


def is_worker_or_admin(actor: Actor, _facts: Facts) -> bool:
    """Is it the platform itself or an admin?"""
    return actor.is_system or Capability.ADMIN in actor.capabilities


def is_accredited(actor: Actor, _facts: Facts) -> bool:
    """Does the one who asks hold a live accreditation?"""
    return actor.accredited


def has_role(_actor: Actor, facts: Facts) -> bool:
    """Does the one who asks have a researching role on the project?"""
    return facts.actor_has_role


def has_no_tie(actor: Actor, facts: Facts) -> bool:
    """Is the one who asks free of any tie to the project and its author? Unknown ties bind."""
    tie = dict(facts.ties).get(actor.id)
    return tie is not None and not tie.binds(facts.now)


def has_not_voted(actor: Actor, facts: Facts) -> bool:
    """Has the one who asks no vote on this version yet? While votes are consolidated, minds may change."""
    if facts.state is State.CONSOLIDATING:
        return True
    return all(vote.voter.id != actor.id for vote in facts.votes if vote.digest == facts.digest)


def project_is_open(_actor: Actor, facts: Facts) -> bool:
    """Is the project open today?"""
    return facts.project_open


def author_is_live(_actor: Actor, facts: Facts) -> bool:
    """Does the author still have a role on the project and an accreditation?"""
    return facts.author_live


def has_items(_actor: Actor, facts: Facts) -> bool:
    """Is there anything to release?"""
    return facts.has_items


def has_context(_actor: Actor, facts: Facts) -> bool:
    """Has the author said what it is for?"""
    return facts.has_context


def votes_that_count(facts: Facts) -> tuple[Vote, ...]:
    """The votes on this version whose voters are eligible still: of each person the latest."""
    latest = {vote.voter.id: vote for vote in facts.votes if vote.digest == facts.digest}
    return tuple(vote for vote in latest.values() if not voter_fault(vote.voter, facts))


def enough_votes(_actor: Actor, facts: Facts) -> bool:
    """Have enough eligible people voted on this version?"""
    return len(votes_that_count(facts)) >= VOTES_NEEDED


def agreed(decision: Decision) -> Callable[[Actor, Facts], bool]:
    """Make the rule that enough eligible people have voted for `decision` on this version."""

    def holds(_actor: Actor, facts: Facts) -> bool:
        return sum(vote.decision is decision for vote in votes_that_count(facts)) >= VOTES_NEEDED

    return holds


def all_is_judged(_actor: Actor, facts: Facts) -> bool:
    """Has every exact item a verdict?"""
    return None not in facts.verdicts


def nothing_fails(_actor: Actor, facts: Facts) -> bool:
    """Is no exact item's verdict FAIL?"""
    return Verdict.FAIL not in facts.verdicts


def is_not_charged(_actor: Actor, facts: Facts) -> bool:
    """Is its release undecided still?"""
    return not facts.is_charged


def is_idle(_actor: Actor, facts: Facts) -> bool:
    """Has no person done anything about it for so long that its reservation ends? Of an unknown time, no."""
    return facts.touched_at is not None and facts.now >= facts.touched_at + IDLE_AFTER


def unless_charged(rule: Rule) -> Rule:
    """Make the rule that no longer asks once the release has been decided and charged."""

    def holds(actor: Actor, facts: Facts) -> bool:
        return facts.is_charged or rule.holds(actor, facts)

    return Condition(rule.code, holds, rule.sentence)


VOTER: Final = (
    Condition("own_request", is_not_author, "Nobody may vote on their own request."),
    Condition("not_a_checker", is_checker, "Only output checkers may vote."),
    Condition(
        "admin", is_no_admin, "Whoever gives out capabilities may not vote; ask another output checker."
    ),
    Condition("not_accredited", is_accredited, "Your accreditation is not live; renew it before you vote."),
    Condition(
        "tied", has_no_tie, "You have, or had in the last 90 days, a tie to this project or its author."
    ),
)
"""What makes a person eligible to vote. Asked when they vote, and again when their vote is counted."""


def voter_fault(actor: Actor, facts: Facts) -> Rule | None:
    """Name the rule that bars `actor` from voting on this request, or None if they may."""
    return broken(VOTER, actor, facts)
