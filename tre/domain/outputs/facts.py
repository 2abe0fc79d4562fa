"""What the rules may know about one request at one moment."""

from dataclasses import dataclass
from datetime import datetime

from disclosure.verdict import Verdict
from tre.domain.outputs.states import Decision, State
from tre.domain.people import Actor, PersonId, Tie


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's decision on one version of a request.

    Attributes:
        voter: who cast it, with their capabilities and accreditation as they are now, not as they were.
        decision: what it says.
        digest: the manifest digest it was cast on.
    """

    voter: Actor
    decision: Decision
    digest: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules may know about one request at one moment.

    Attributes:
        state: where it stands.
        author: who made it.
        digest: the manifest digest of this version.
        now: the database clock.
        project_open: whether the project is open today.
        author_live: whether the author still has a role on the project and a live accreditation.
        actor_has_role: whether the one who asks has a researching role on the project now.
        ties: what binds each possible voter; a voter who is missing here is treated as bound.
        votes: the latest vote of each person, on any version, oldest first.
        verdicts: the platform's verdict per exact item, None for one that is not judged yet; noisy items have none.
        has_items: whether there is at least one item.
        has_context: whether the author said what the output is for.
        is_charged: whether its release has been decided and charged: it is carried out then, whatever happens next.
        touched_at: when a person last did something about it; None where that is not known.
    """

    state: State
    author: PersonId
    digest: str
    now: datetime
    project_open: bool = False
    author_live: bool = False
    actor_has_role: bool = False
    ties: tuple[tuple[PersonId, Tie], ...] = ()
    votes: tuple[Vote, ...] = ()
    verdicts: tuple[Verdict | None, ...] = ()
    has_items: bool = False
    has_context: bool = False
    is_charged: bool = False
    touched_at: datetime | None = None
