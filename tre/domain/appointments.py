"""Who is trusted with what: a capability, an accreditation or its return is always the act of two admins."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from tre.domain.conditions import Condition
from tre.domain.errors import BadInput
from tre.domain.people import Actor, Capability, PersonId

PROPOSAL_HOLDS: Final = timedelta(days=30)
"""How long a proposal may be agreed to, in days: who agrees judges what holds now. Source: ours, as for caps."""

DECLARATION: Final = "2020-02"
"""The edition of the researcher's declaration that is signed today, as year and month.

Source: Research Code of Practice and Accreditation Criteria, UK Statistics Authority, edition of 12 February 2020.
"""

TRAINING_YEARS: Final = 5
"""How long safe researcher training counts towards an accreditation, in years.

Source: as long as the accreditation itself, Research Code of Practice and Accreditation Criteria, 2020 edition.
"""

ENOUGH_ADMINS: Final = 2
"""With how many admins, not suspended, the operator of the machine names no more, in persons: from here on two agree."""


class Appointment(StrEnum):
    """What a person is given."""

    CAPABILITY = "capability"
    ACCREDITATION = "accreditation"
    REINSTATEMENT = "reinstatement"


class AppointmentDecision(StrEnum):
    """How a proposal ends."""

    AGREE = "agree"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an application for accreditation shows.

    Attributes:
        trained_on: the day on which the test of the safe researcher training was passed.
        qualification: the degree, or the years of quantitative research, in words.
        declaration: the edition of the declaration that was signed.
        agreement: the reference of the organisation's agreement.
    """

    trained_on: date
    qualification: str
    declaration: str
    agreement: str


@dataclass(frozen=True, slots=True)
class AppointmentFacts:
    """What the rules may know about one admin and one proposal.

    Attributes:
        person: who is to be given something.
        now: the database clock.
        in_persons_line: whether the admin supervises that person or is supervised by them.
        proposer: who made the proposal; None while it is being made.
        is_decided: whether it has been decided already.
        proposed_at: when it was made, by the database clock.
        proposer_is_admin: whether who made it is an admin still, and not suspended.
    """

    person: PersonId
    now: datetime
    in_persons_line: bool = False
    proposer: PersonId | None = None
    is_decided: bool = False
    proposed_at: datetime | None = None
    proposer_is_admin: bool = False


def _is_admin(actor: Actor, _facts: AppointmentFacts) -> bool:
    return Capability.ADMIN in actor.capabilities and not actor.is_system


def _is_another_person(actor: Actor, facts: AppointmentFacts) -> bool:
    return actor.id != facts.person


def _is_of_no_line(_actor: Actor, facts: AppointmentFacts) -> bool:
    return not facts.in_persons_line


def _is_proposer(actor: Actor, facts: AppointmentFacts) -> bool:
    return actor.id == facts.proposer


def _is_another_admin(actor: Actor, facts: AppointmentFacts) -> bool:
    return facts.proposer is not None and actor.id != facts.proposer


def _is_undecided(_actor: Actor, facts: AppointmentFacts) -> bool:
    return not facts.is_decided


def _is_fresh(_actor: Actor, facts: AppointmentFacts) -> bool:
    return facts.proposed_at is not None and facts.now < facts.proposed_at + PROPOSAL_HOLDS


def _stands(_actor: Actor, facts: AppointmentFacts) -> bool:
    return facts.proposer_is_admin


_ELIGIBLE: Final = (
    Condition("only_admin", _is_admin, "Only an admin may do this."),
    Condition("own_appointment", _is_another_person, "Nobody decides what they are trusted with themselves."),
    Condition("persons_line", _is_of_no_line, "You supervise this person or are supervised by them."),
)
_UNDECIDED: Final = Condition("decided", _is_undecided, "This proposal has been decided already.")
_SECOND: Final = Condition(
    "own_proposal", _is_another_admin, "Nobody agrees to their own proposal; ask another admin."
)

MAY_APPOINT: Final = _ELIGIBLE
"""Who may propose. The first condition that does not hold speaks."""

MAY_END: Final[dict[AppointmentDecision, tuple[Condition[AppointmentFacts], ...]]] = {
    AppointmentDecision.AGREE: (
        _UNDECIDED,
        *_ELIGIBLE,
        _SECOND,
        Condition("proposer_lapsed", _stands, "Who proposed this is no admin now; propose it again."),
        Condition("lapsed", _is_fresh, "This proposal is older than 30 days; propose it again."),
    ),
    AppointmentDecision.REFUSE: (_UNDECIDED, *_ELIGIBLE, _SECOND),
    AppointmentDecision.WITHDRAW: (
        _UNDECIDED,
        Condition("not_proposer", _is_proposer, "Only who made a proposal may withdraw it."),
    ),
}
"""Who may end a proposal in which way."""


def must_convince(evidence: Evidence, today: date) -> None:
    """Let an application through that shows all that an accreditation asks for.

    Raises:
        BadInput: something is missing, too old or not yet true; the sentence names it.
    """
    if not evidence.qualification.strip():
        raise BadInput("no_qualification", "Name the degree, or the years of quantitative research.")
    if not evidence.agreement.strip():
        raise BadInput("no_agreement", "Name the agreement that the person's organisation has signed.")
    if evidence.declaration != DECLARATION:
        raise BadInput("old_declaration", f"The declaration to sign is that of {DECLARATION}.")
    if evidence.trained_on > today:
        raise BadInput("training_ahead", "The training has not been passed yet; apply afterwards.")
    if today > _years_after(evidence.trained_on, TRAINING_YEARS):
        raise BadInput(
            "training_old", f"The training was passed more than {TRAINING_YEARS} years ago; take it again."
        )


def _years_after(day: date, years: int) -> date:
    """The same day some years later; 28 February where a 29th does not exist."""
    leaps = (day.month, day.day) == (2, 29)
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date.max if not leaps else day.replace(year=day.year + years, day=28)
