"""Who may take which step, and the one function that says why not."""

from dataclasses import dataclass
from typing import Final

from tre.domain.conditions import Condition, broken
from tre.domain.errors import Refused
from tre.domain.outputs import rules
from tre.domain.outputs.facts import Facts
from tre.domain.outputs.rules import Rule
from tre.domain.outputs.states import OPEN_STATES, Action, Decision, State, step
from tre.domain.people import Actor

_WORKER = Condition(
    "only_worker", rules.is_worker, "Only the platform's worker does this; nobody can do it by hand."
)
_AUTHOR = Condition("only_author", rules.is_author, "Only the author may do this.")
_AUTHOR_LIVE = Condition(
    "author_lapsed", rules.author_is_live, "The author's accreditation or role on the project has ended."
)
_OPEN = Condition("project_not_open", rules.project_is_open, "The project is not open today.")
_JUDGED = Condition(
    "not_judged", rules.all_is_judged, "An exact item has no verdict yet; the request must be checked again."
)
_NO_FAIL = Condition("fails", rules.nothing_fails, "An item of this version fails its disclosure check.")
_TWO_APPROVE = Condition(
    "two_approvals",
    rules.agreed(Decision.APPROVE),
    "Two approving votes on this version by eligible checkers are needed.",
)
_ADMIN = Condition("only_admin", rules.is_worker_or_admin, "Only an admin or the platform may do this.")
_UNDECIDED = Condition(
    "charged", rules.is_not_charged, "Its release has been decided and charged; it can only be revoked."
)
_TO_APPROVE = (_TWO_APPROVE, _JUDGED, _NO_FAIL, _OPEN, _AUTHOR_LIVE)

MAY: Final[dict[Action, tuple[Rule, ...]]] = {
    Action.SUBMIT: (
        _AUTHOR,
        Condition(
            "not_accredited",
            rules.is_accredited,
            "Your accreditation is not live; renew it before you submit.",
        ),
        Condition("not_a_member", rules.has_role, "You have no researching role on this project."),
        _OPEN,
        Condition("empty", rules.has_items, "There is nothing in this request; add at least one item."),
        Condition(
            "no_context",
            rules.has_context,
            "Say in the context what the output is for and whom it describes.",
        ),
    ),
    Action.START_CHECK: (_WORKER,),
    Action.TO_REVIEW: (_WORKER, _JUDGED, _NO_FAIL),
    Action.RETURN_BY_MACHINE: (_WORKER, _UNDECIDED),
    Action.FAIL_CHECK: (_WORKER,),
    Action.VOTE: (
        *rules.VOTER,
        Condition("voted_already", rules.has_not_voted, "You have voted on this version already."),
    ),
    Action.CONSOLIDATE: (
        _WORKER,
        Condition(
            "two_votes", rules.enough_votes, "Two votes on this version by eligible checkers are needed."
        ),
    ),
    Action.APPROVE: (_WORKER, *_TO_APPROVE),
    Action.RETURN: (
        _WORKER,
        Condition(
            "two_returns", rules.agreed(Decision.RETURN), "Two votes to return this version are needed."
        ),
    ),
    Action.REJECT: (
        _WORKER,
        Condition(
            "two_rejections", rules.agreed(Decision.REJECT), "Two votes to reject this version are needed."
        ),
    ),
    Action.RECALL: (_AUTHOR,),
    Action.WITHDRAW: (_AUTHOR,),
    Action.RELEASE: (_WORKER, *map(rules.unless_charged, _TO_APPROVE)),
    Action.REVOKE: (
        Condition(
            "only_senior", rules.is_senior_checker, "Only a senior output checker may revoke a release."
        ),
    ),
    Action.SUSPEND: (_ADMIN, _UNDECIDED),
    Action.RESUME: (_ADMIN, _OPEN, _AUTHOR_LIVE),
    Action.EXPIRE: (
        _WORKER,
        _UNDECIDED,
        Condition("not_idle", rules.is_idle, "Somebody has worked on this request in the last 30 days."),
    ),
}
"""Who may do what, and what is said when they may not. The first rule that does not hold speaks."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not be done: a code for programs and a sentence for people."""

    action: Action
    code: str
    because: str


def refusal(action: Action, actor: Actor, facts: Facts) -> Refusal | None:
    """Say why `actor` may not do `action` now, or None if they may."""
    if step(facts.state, action) is None:
        return Refusal(
            action, "wrong_state", f"A request that is {facts.state} offers no such step ({action})."
        )
    rule = broken(MAY[action], actor, facts)
    return None if rule is None else Refusal(action, rule.code, rule.sentence)


def target_or_refuse(action: Action, actor: Actor, facts: Facts, *, resume_to: State | None = None) -> State:
    """Return the state that `action` leads to; a resumed request goes back to `resume_to`.

    Raises:
        Refused: the state table has no such step, or a rule says no; the sentence is the rule's.
    """
    said = refusal(action, actor, facts)
    if said is not None:
        raise Refused(said.code, said.because)
    row = step(facts.state, action)
    if row is not None and row.target is not None:
        return row.target
    if resume_to is None or resume_to not in OPEN_STATES:
        raise Refused(
            "nowhere_to_resume", "This request was not suspended from a state that it can go back to."
        )
    return resume_to


def allowed(actor: Actor, facts: Facts) -> tuple[Action, ...]:
    """What `actor` may do now: the buttons of a page."""
    return tuple(action for action in Action if refusal(action, actor, facts) is None)
