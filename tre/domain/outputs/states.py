"""Every state of an output request and every step between them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

RequestId = NewType("RequestId", str)


class State(StrEnum):
    """Where a request stands."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    CHECKING = "CHECKING"
    CHECK_ERROR = "CHECK_ERROR"
    IN_REVIEW = "IN_REVIEW"
    CONSOLIDATING = "CONSOLIDATING"
    APPROVED = "APPROVED"
    RELEASED = "RELEASED"
    RETURNED = "RETURNED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    REVOKED = "REVOKED"
    SUSPENDED = "SUSPENDED"


class Action(StrEnum):
    """What can be done to a request."""

    SUBMIT = "submit"
    START_CHECK = "start_check"
    TO_REVIEW = "to_review"
    RETURN_BY_MACHINE = "return_by_machine"
    FAIL_CHECK = "fail_check"
    VOTE = "vote"
    CONSOLIDATE = "consolidate"
    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"
    RECALL = "recall"
    WITHDRAW = "withdraw"
    RELEASE = "release"
    REVOKE = "revoke"
    SUSPEND = "suspend"
    RESUME = "resume"
    EXPIRE = "expire"


class Kind(StrEnum):
    """What an item is; see section 2 of the design."""

    STATISTIC = "statistic"
    RUN = "run"
    FILE = "file"


class Mode(StrEnum):
    """Whether an item leaves with noise, charged to the privacy budget, or exact, charged to the exact account."""

    NOISY = "noisy"
    EXACT = "exact"


class Decision(StrEnum):
    """What one vote says."""

    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the state table. A resume has no fixed target: it goes back to where it was suspended."""

    source: State
    action: Action
    target: State | None


OPEN_STATES: Final = (
    State.DRAFT,
    State.SUBMITTED,
    State.CHECKING,
    State.CHECK_ERROR,
    State.IN_REVIEW,
    State.CONSOLIDATING,
    State.APPROVED,
    State.RETURNED,
)

HOLDING_STATES: Final = (
    State.SUBMITTED,
    State.CHECKING,
    State.CHECK_ERROR,
    State.IN_REVIEW,
    State.CONSOLIDATING,
    State.APPROVED,
    State.SUSPENDED,
)
"""States in which a request may hold a part of the budget that nobody else can use."""

TRANSITIONS: Final = (
    Step(State.DRAFT, Action.SUBMIT, State.SUBMITTED),
    Step(State.RETURNED, Action.SUBMIT, State.SUBMITTED),
    Step(State.SUBMITTED, Action.START_CHECK, State.CHECKING),
    Step(State.CHECK_ERROR, Action.START_CHECK, State.CHECKING),
    Step(State.CHECKING, Action.START_CHECK, State.CHECKING),
    Step(State.CHECKING, Action.TO_REVIEW, State.IN_REVIEW),
    Step(State.CHECKING, Action.RETURN_BY_MACHINE, State.RETURNED),
    Step(State.CHECKING, Action.FAIL_CHECK, State.CHECK_ERROR),
    Step(State.APPROVED, Action.RETURN_BY_MACHINE, State.RETURNED),
    Step(State.IN_REVIEW, Action.VOTE, State.IN_REVIEW),
    Step(State.IN_REVIEW, Action.CONSOLIDATE, State.CONSOLIDATING),
    Step(State.IN_REVIEW, Action.RECALL, State.RETURNED),
    Step(State.CONSOLIDATING, Action.VOTE, State.CONSOLIDATING),
    Step(State.CONSOLIDATING, Action.APPROVE, State.APPROVED),
    Step(State.CONSOLIDATING, Action.RETURN, State.RETURNED),
    Step(State.CONSOLIDATING, Action.REJECT, State.REJECTED),
    Step(State.APPROVED, Action.RELEASE, State.RELEASED),
    Step(State.RELEASED, Action.REVOKE, State.REVOKED),
    *(
        Step(state, Action.WITHDRAW, State.WITHDRAWN)
        for state in (State.DRAFT, State.SUBMITTED, State.CHECK_ERROR, State.IN_REVIEW, State.RETURNED)
    ),
    *(Step(state, Action.EXPIRE, State.RETURNED) for state in HOLDING_STATES),
    *(Step(state, Action.SUSPEND, State.SUSPENDED) for state in OPEN_STATES),
    Step(State.SUSPENDED, Action.RESUME, None),
)
"""Every step there is. What is not here is refused."""


def step(state: State, action: Action) -> Step | None:
    """Return the row of the state table for `action` in `state`, or None if there is none."""
    return next((row for row in TRANSITIONS if row.source is state and row.action is action), None)
