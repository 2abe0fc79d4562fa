"""Every state, every action, every role: what may be done, and a sentence for everything else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from disclosure.result import Verdict
from tre.domain.errors import Refused
from tre.domain.outputs import (
    MAY,
    OPEN_STATES,
    TRANSITIONS,
    Action,
    Decision,
    Facts,
    Mode,
    State,
    Vote,
    allowed,
    refusal,
    step,
    target_or_refuse,
)
from tre.domain.people import WORKER, Actor, Capability, PersonId, Tie

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
EVERYTHING = frozenset(Capability)
FREE = Tie()


def person(name: str, *capabilities: Capability, accredited: bool = True) -> Actor:
    return Actor(PersonId(name), frozenset(capabilities), accredited=accredited)


AUTHOR = person("author")
MIGHTY_AUTHOR = person("author", *EVERYTHING)
CHECKER = person("checker", Capability.OUTPUT_CHECKER)
SENIOR = person("senior", Capability.SENIOR_CHECKER)
MIGHTY = person("mighty", *EVERYTHING)
ADMIN = person("admin", Capability.ADMIN)
ROLES = {
    "author": AUTHOR,
    "author with every capability": MIGHTY_AUTHOR,
    "colleague": person("colleague"),
    "colleague who is a checker": person("colleague", Capability.OUTPUT_CHECKER),
    "checker": CHECKER,
    "checker whose accreditation lapsed": person("checker", Capability.OUTPUT_CHECKER, accredited=False),
    "checker about whom nothing is known": person("unknown", Capability.OUTPUT_CHECKER),
    "senior checker": SENIOR,
    "somebody with every capability": MIGHTY,
    "admin": ADMIN,
    "data owner": person("owner", Capability.DATA_OWNER),
    "auditor": person("auditor", Capability.AUDITOR),
    "stranger": person("stranger"),
    "person called worker": person("worker", *EVERYTHING),
    "worker": WORKER,
}
TIES = (
    *(
        (PersonId(name), FREE)
        for name in ("checker", "senior", "mighty", "admin", "worker", "first", "second")
    ),
    (PersonId("colleague"), Tie(has_role=True)),
    (PersonId("author"), FREE),
)
_AUTHORS = {"author", "author with every capability"}
_ALL_POWERFUL = {"author with every capability", "somebody with every capability", "person called worker"}
_WORKER_ONLY = {"worker"}
WHO: dict[Action, set[str]] = {
    Action.SUBMIT: _AUTHORS,
    Action.START_CHECK: _WORKER_ONLY,
    Action.TO_REVIEW: _WORKER_ONLY,
    Action.RETURN_BY_MACHINE: _WORKER_ONLY,
    Action.FAIL_CHECK: _WORKER_ONLY,
    Action.VOTE: {"checker", "senior checker"},
    Action.CONSOLIDATE: _WORKER_ONLY,
    Action.APPROVE: _WORKER_ONLY,
    Action.RETURN: _WORKER_ONLY,
    Action.REJECT: _WORKER_ONLY,
    Action.RECALL: _AUTHORS,
    Action.WITHDRAW: _AUTHORS,
    Action.RELEASE: _WORKER_ONLY,
    Action.REVOKE: {"senior checker"} | _ALL_POWERFUL,
    Action.SUSPEND: {"admin", "worker"} | _ALL_POWERFUL,
    Action.RESUME: {"admin", "worker"} | _ALL_POWERFUL,
    Action.EXPIRE: _WORKER_ONLY,
}
"""Written by hand: who may take each step when nothing else stands in the way."""
SAYS = {Action.RETURN: Decision.RETURN, Action.REJECT: Decision.REJECT}


def votes(decision: Decision, *names: str, digest: str = "digest") -> tuple[Vote, ...]:
    return tuple(Vote(person(name, Capability.OUTPUT_CHECKER), decision, digest) for name in names)


def facts_for(action: Action, state: State) -> Facts:
    """Facts under which nothing but role and state can stand in the way."""
    return Facts(
        state=state,
        author=PersonId("author"),
        digest="digest",
        now=NOW,
        project_open=True,
        author_live=True,
        actor_has_role=True,
        ties=TIES,
        votes=votes(SAYS.get(action, Decision.APPROVE), "first", "second"),
        verdicts=(Verdict.PASS, Verdict.REVIEW),
        has_items=True,
        has_context=True,
        touched_at=NOW - timedelta(days=30),
    )


def test_the_table_of_who_names_every_action() -> None:
    assert set(WHO) == set(Action) == set(MAY)


@pytest.mark.parametrize("state", State)
def test_only_the_table_says_what_may_be_done_and_everything_else_gets_a_sentence(state: State) -> None:
    for action, (role, who) in product(Action, ROLES.items()):
        facts = facts_for(action, state)
        said = refusal(action, who, facts)
        expected = step(state, action) is not None and role in WHO[action]
        assert (said is None) == expected, (state, action, role, said)
        if said is not None:
            assert said.code
            assert said.because.endswith(".")
            assert said.action is action
            with pytest.raises(Refused) as caught:
                target_or_refuse(action, who, facts, resume_to=State.IN_REVIEW)
            assert (caught.value.code, caught.value.sentence) == (said.code, said.because)


@pytest.mark.parametrize("state", State)
def test_buttons_are_exactly_what_is_not_refused(state: State) -> None:
    for role, who in ROLES.items():
        facts = facts_for(Action.APPROVE, state)
        assert allowed(who, facts) == tuple(
            action for action in Action if refusal(action, who, facts) is None
        ), role


def test_each_step_leads_where_the_table_says() -> None:
    for row in TRANSITIONS:
        role = max(WHO[row.action])
        facts = facts_for(row.action, row.source)
        target = target_or_refuse(row.action, ROLES[role], facts, resume_to=State.IN_REVIEW)
        assert target is (row.target or State.IN_REVIEW)


def test_no_step_has_two_targets() -> None:
    pairs = [(row.source, row.action) for row in TRANSITIONS]
    assert len(pairs) == len(set(pairs))


def test_decided_requests_offer_no_way_but_a_revocation() -> None:
    final = {State.REJECTED, State.WITHDRAWN, State.REVOKED}
    assert not [row for row in TRANSITIONS if row.source in final]
    assert [row.action for row in TRANSITIONS if row.source is State.RELEASED] == [Action.REVOKE]


def test_only_a_release_leads_to_released_and_only_from_approved() -> None:
    into = [row for row in TRANSITIONS if row.target is State.RELEASED]
    assert [(row.source, row.action) for row in into] == [(State.APPROVED, Action.RELEASE)]
    approving = [row for row in TRANSITIONS if row.target is State.APPROVED]
    assert [(row.source, row.action) for row in approving] == [(State.CONSOLIDATING, Action.APPROVE)]


def test_every_open_state_can_be_suspended_and_no_other() -> None:
    assert {row.source for row in TRANSITIONS if row.action is Action.SUSPEND} == set(OPEN_STATES)
    closed = {State.RELEASED, State.REJECTED, State.WITHDRAWN, State.REVOKED, State.SUSPENDED}
    assert set(State) - set(OPEN_STATES) == closed


@pytest.mark.parametrize("target", [None, *(state for state in State if state not in OPEN_STATES)])
def test_a_resumed_request_goes_back_to_an_open_state_only(target: State | None) -> None:
    facts = facts_for(Action.RESUME, State.SUSPENDED)
    with pytest.raises(Refused, match="was not suspended from a state") as caught:
        target_or_refuse(Action.RESUME, ADMIN, facts, resume_to=target)
    assert caught.value.code == "nowhere_to_resume"


@pytest.mark.parametrize("target", OPEN_STATES)
def test_a_resumed_request_goes_back_to_where_it_was(target: State) -> None:
    facts = facts_for(Action.RESUME, State.SUSPENDED)
    assert target_or_refuse(Action.RESUME, ADMIN, facts, resume_to=target) is target


@pytest.mark.parametrize("action", [a for a in Action if a is not Action.RESUME])
def test_where_to_resume_changes_no_other_step(action: Action) -> None:
    row = next(row for row in TRANSITIONS if row.action is action)
    who = ROLES[max(WHO[action])]
    assert target_or_refuse(action, who, facts_for(action, row.source), resume_to=State.DRAFT) is row.target


UNJUDGED = {"verdicts": (Verdict.PASS, None)}
FAILS = {"verdicts": (Verdict.PASS, Verdict.FAIL)}
ONE_VOTE = {"votes": votes(Decision.APPROVE, "first")}
CLOSED = {"project_open": False}
GONE = {"author_live": False}
FAULTS = [
    (Action.SUBMIT, MIGHTY, {}, "only_author"),
    (Action.SUBMIT, person("author", accredited=False), {}, "not_accredited"),
    (Action.SUBMIT, AUTHOR, {"actor_has_role": False}, "not_a_member"),
    (Action.SUBMIT, AUTHOR, CLOSED, "project_not_open"),
    (Action.SUBMIT, AUTHOR, {"has_items": False}, "empty"),
    (Action.SUBMIT, AUTHOR, {"has_context": False}, "no_context"),
    (Action.TO_REVIEW, WORKER, FAILS, "fails"),
    (Action.TO_REVIEW, WORKER, UNJUDGED, "not_judged"),
    (Action.VOTE, MIGHTY_AUTHOR, {}, "own_request"),
    (Action.VOTE, ADMIN, {}, "not_a_checker"),
    (Action.VOTE, WORKER, {}, "not_a_checker"),
    (Action.VOTE, MIGHTY, {}, "admin"),
    (Action.VOTE, replace(CHECKER, accredited=False), {}, "not_accredited"),
    (Action.VOTE, CHECKER, {"ties": ()}, "tied"),
    (Action.VOTE, CHECKER, {"votes": votes(Decision.RETURN, "checker")}, "voted_already"),
    (Action.CONSOLIDATE, WORKER, ONE_VOTE, "two_votes"),
    *((action, WORKER, ONE_VOTE, "two_approvals") for action in (Action.APPROVE, Action.RELEASE)),
    *((action, WORKER, FAILS, "fails") for action in (Action.APPROVE, Action.RELEASE)),
    *((action, WORKER, UNJUDGED, "not_judged") for action in (Action.APPROVE, Action.RELEASE)),
    *((action, WORKER, CLOSED, "project_not_open") for action in (Action.APPROVE, Action.RELEASE)),
    *((action, WORKER, GONE, "author_lapsed") for action in (Action.APPROVE, Action.RELEASE)),
    (Action.RETURN, WORKER, {"votes": votes(Decision.RETURN, "first")}, "two_returns"),
    (Action.REJECT, WORKER, {"votes": votes(Decision.REJECT, "first")}, "two_rejections"),
    (Action.RESUME, ADMIN, CLOSED, "project_not_open"),
    (Action.RESUME, ADMIN, GONE, "author_lapsed"),
    (Action.SUSPEND, ADMIN, {"is_charged": True}, "charged"),
    (Action.SUSPEND, WORKER, {"is_charged": True}, "charged"),
    (Action.RETURN_BY_MACHINE, WORKER, {"is_charged": True}, "charged"),
    (Action.EXPIRE, WORKER, {"is_charged": True}, "charged"),
    (Action.EXPIRE, WORKER, {"touched_at": NOW - timedelta(days=30) + timedelta(seconds=1)}, "not_idle"),
    (Action.EXPIRE, WORKER, {"touched_at": None}, "not_idle"),
    (Action.REVOKE, CHECKER, {}, "only_senior"),
]


@pytest.mark.parametrize(
    ("action", "who", "change", "code"),
    FAULTS,
    ids=[f"{action}-{code}-{who.id}" for action, who, _, code in FAULTS],
)
def test_each_rule_alone_refuses(action: Action, who: Actor, change: dict[str, object], code: str) -> None:
    for row in TRANSITIONS:
        minds_may_change = code == "voted_already" and row.source is State.CONSOLIDATING
        if row.action is action and not minds_may_change:
            said = refusal(action, who, replace(facts_for(action, row.source), **change))
            assert said is not None
            assert said.code == code


def test_each_rule_of_the_house_has_a_test_that_breaks_it() -> None:
    broken = {(action, code) for action, _, _, code in FAULTS}
    by_role = {"only_worker", "only_author", "only_admin"}  # the table of who breaks these
    for action, rules in MAY.items():
        for rule in rules:
            assert rule.code in by_role or (action, rule.code) in broken, (action, rule.code)


def test_facts_about_which_nothing_is_known_allow_nobody_but_their_author_to_take_back() -> None:
    for state, (role, who) in product(State, ROLES.items()):
        facts = Facts(state, PersonId("author"), "digest", NOW)
        may = set(allowed(who, facts))
        harmless = {Action.WITHDRAW, Action.RECALL, Action.SUSPEND, Action.REVOKE}
        checking = {Action.START_CHECK, Action.TO_REVIEW, Action.RETURN_BY_MACHINE, Action.FAIL_CHECK}
        assert may <= harmless | (checking if role == "worker" else set()), (state, role, may)


def test_a_charged_release_is_carried_out_whatever_follows() -> None:
    facts = replace(facts_for(Action.RELEASE, State.APPROVED), is_charged=True, votes=(), **CLOSED, **GONE)
    assert target_or_refuse(Action.RELEASE, WORKER, facts) is State.RELEASED
    for role, who in ROLES.items():
        if role != "worker":
            assert refusal(Action.RELEASE, who, facts) is not None


def test_being_charged_opens_no_other_step() -> None:
    for state, action, (role, who) in product(State, Action, ROLES.items()):
        facts = replace(facts_for(action, state), votes=())
        charged = replace(facts, is_charged=True)
        if refusal(action, who, facts) is not None and refusal(action, who, charged) is None:
            assert (state, action, role) == (State.APPROVED, Action.RELEASE, "worker")


def test_modes_are_two_and_neither_is_free() -> None:
    assert set(Mode) == {Mode.NOISY, Mode.EXACT}
