"""The page of request states: diagram, steps, and who may take each."""  # noqa: INP001  # run as a script

from typing import Final

from docs.generate.writing import bullets, code, codes, diagram, page, table
from tre.domain.outputs import MAY, OPEN_STATES, TRANSITIONS, VOTES_NEEDED, Action, Rule, State
from tre.domain.people import TIE_ENDS_AFTER

STATES: Final = {
    State.DRAFT: "Being written; nobody but its author is asked anything.",
    State.SUBMITTED: "Handed in. Budget is reserved. The worker checks it next.",
    State.CHECKING: "The worker recomputes and judges it.",
    State.CHECK_ERROR: "The check itself could not be completed. Nothing leaves; the worker may check again.",
    State.IN_REVIEW: "It waits for votes. The first vote is sealed: nobody else sees it.",
    State.CONSOLIDATING: "Enough people have voted; votes are open and may be changed until they agree.",
    State.APPROVED: "Agreed. The worker charges, draws noise where asked, logs, signs and publishes.",
    State.RELEASED: "It has left, with a signed receipt.",
    State.RETURNED: "Sent back to its author, who may change it and submit it again.",
    State.REJECTED: "Refused for good.",
    State.WITHDRAWN: "Taken back by its author for good.",
    State.REVOKED: "Released, and afterwards declared not to be relied on. Its charge stays spent.",
    State.SUSPENDED: "Held, with the state to which it goes back.",
}
ACTIONS: Final = {
    Action.SUBMIT: "Hand the request in.",
    Action.START_CHECK: "Begin, or begin again, to check it.",
    Action.TO_REVIEW: "Pass it on to the output checkers.",
    Action.RETURN_BY_MACHINE: "Send it back because its check, or a second check before release, found a failure.",
    Action.FAIL_CHECK: "Record that the check could not be completed.",
    Action.VOTE: "Say approve, return or reject of this version.",
    Action.CONSOLIDATE: "Open the votes to each other.",
    Action.APPROVE: "Make it approved, by its votes.",
    Action.RETURN: "Send it back, by its votes.",
    Action.REJECT: "Refuse it, by its votes.",
    Action.RECALL: "Take it back from review to change it.",
    Action.WITHDRAW: "Take it back for good.",
    Action.RELEASE: "Charge and publish it.",
    Action.REVOKE: "Declare a release not to be relied on.",
    Action.SUSPEND: "Hold it.",
    Action.RESUME: "Let it go on from where it was held.",
    Action.EXPIRE: "Give back what it holds: nobody has worked on it for 30 days.",
}
BESIDE: Final = frozenset({Action.WITHDRAW, Action.SUSPEND, Action.RESUME, Action.EXPIRE})
"""Steps from almost everywhere, which would hide the others in the drawing."""
TABLE: Final = (
    "A request goes only where this table lets it go. Buttons, the database's constraint and the tests are made from "
    "the same table (`tre/domain/outputs`). A step that is not here is refused with the code `wrong_state`."
)
ASKED: Final = (
    "The rules of a step are asked in this order; the first that does not hold speaks, with this code and sentence. "
    "They are asked at the moment of the step, whatever a page has shown before."
)


def states() -> dict[str, str]:
    """Return the page of request states."""
    return {"states.md": page("Request states, and who may take each step", *_parts())}


def _parts() -> tuple[str, ...]:
    return (
        TABLE,
        f"{VOTES_NEEDED} votes of different people, on exactly this version, are needed for every decision.",
        f"A role on the project bars its holder from voting for {TIE_ENDS_AFTER.days} days after it ends.",
        diagram(_lines()),
        f"Not drawn: `withdraw`; `suspend`, from {codes(OPEN_STATES)}; `resume`, back to where it was.",
        "## States",
        table(("State", "Meaning"), ((code(state), STATES[state]) for state in State)),
        "## Steps",
        table(("Step", "From", "To", "Meaning"), (_step(action) for action in Action)),
        "## Who may take each step",
        ASKED,
        *(f"### {action}\n\n{_rules(MAY[action])}" for action in Action),
    )


def _lines() -> list[str]:
    drawn = [row for row in TRANSITIONS if row.action not in BESIDE and row.source is not row.target]
    leaving = {row.source for row in TRANSITIONS}
    return [
        f"[*] --> {State.DRAFT}",
        *(f"{row.source} --> {row.target}: {row.action}" for row in drawn),
        *(f"{state} --> [*]" for state in State if state not in leaving),
    ]


def _step(action: Action) -> tuple[str, str, str, str]:
    rows = [row for row in TRANSITIONS if row.action is action]
    targets = dict.fromkeys("where it was" if row.target is None else code(row.target) for row in rows)
    return code(action), codes(row.source for row in rows), ", ".join(targets), ACTIONS[action]


def _rules(rules: tuple[Rule, ...]) -> str:
    return bullets(f"{code(rule.code)}: {rule.sentence}" for rule in rules)
