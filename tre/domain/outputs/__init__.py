"""Output requests: every state, every step between them, and who may take it. All of it is data.

Buttons, the database constraint, the diagram in the docs and the exhaustive test are derived from `TRANSITIONS` and `MAY`.
"""

from tre.domain.outputs.facts import Facts, Vote
from tre.domain.outputs.may import MAY, Refusal, allowed, refusal, target_or_refuse
from tre.domain.outputs.picture import ChartKind, Picture
from tre.domain.outputs.protection import Method, Protection
from tre.domain.outputs.rules import IDLE_AFTER, VOTES_NEEDED, Rule, voter_fault, votes_that_count
from tre.domain.outputs.states import (
    HOLDING_STATES,
    OPEN_STATES,
    TRANSITIONS,
    Action,
    Decision,
    Kind,
    Mode,
    RequestId,
    State,
    Step,
    step,
)

__all__ = [
    "HOLDING_STATES",
    "IDLE_AFTER",
    "MAY",
    "OPEN_STATES",
    "TRANSITIONS",
    "VOTES_NEEDED",
    "Action",
    "ChartKind",
    "Decision",
    "Facts",
    "Kind",
    "Method",
    "Mode",
    "Picture",
    "Protection",
    "Refusal",
    "RequestId",
    "Rule",
    "State",
    "Step",
    "Vote",
    "allowed",
    "refusal",
    "step",
    "target_or_refuse",
    "voter_fault",
    "votes_that_count",
]
