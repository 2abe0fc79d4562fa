"""The audit log: what is recorded, for ever. The meaning of an event never changes: a new meaning is a new event."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Event(StrEnum):
    """Every kind of event. Append new ones at the end; never reuse or reinterpret one."""

    PLATFORM_STARTED = "platform_started"
    PERSON_ADDED = "person_added"
    CAPABILITY_GRANTED = "capability_granted"
    PERSON_ACCREDITED = "person_accredited"
    PERSON_SUSPENDED = "person_suspended"
    PERSON_REINSTATED = "person_reinstated"
    ACCREDITATION_LAPSED = "accreditation_lapsed"
    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    LOGGED_OUT = "logged_out"
    TOKEN_ISSUED = "token_issued"  # noqa: S105 - a kind of event, not a secret
    PROJECT_APPLIED = "project_applied"
    MEMBER_ADDED = "member_added"
    MEMBER_REMOVED = "member_removed"
    PROJECT_FROZEN = "project_frozen"
    PROJECT_CLOSED = "project_closed"
    DATASET_REGISTERED = "dataset_registered"
    DELIVERY_RECEIVED = "delivery_received"
    DELIVERY_REFUSED = "delivery_refused"
    LINKAGE_RUN = "linkage_run"
    PSEUDONYMS_MADE = "pseudonyms_made"
    EXTRACT_BUILT = "extract_built"
    RUN_STARTED = "run_started"
    RUN_FINISHED = "run_finished"
    RUN_FAILED = "run_failed"
    REQUEST_SUBMITTED = "request_submitted"
    REQUEST_REFUSED = "request_refused"
    CHECK_STARTED = "check_started"
    CHECK_FINISHED = "check_finished"
    CHECK_FAILED_TO_RUN = "check_failed_to_run"
    RETURNED_BY_MACHINE = "returned_by_machine"
    VOTE_CAST = "vote_cast"
    VOTE_REFUSED = "vote_refused"
    CONSOLIDATED = "consolidated"
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"
    RECALLED = "recalled"
    WITHDRAWN = "withdrawn"
    BUDGET_RESERVED = "budget_reserved"
    BUDGET_REFUSED = "budget_refused"
    BUDGET_VOIDED = "budget_voided"
    BUDGET_CHARGED = "budget_charged"
    EXACT_CHARGED = "exact_charged"
    ANSWER_DRAWN = "answer_drawn"
    RELEASED = "released"
    PUBLISH_FAILED = "publish_failed"
    RELEASE_FETCHED = "release_fetched"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    ACCESS_REFUSED = "access_refused"
    PUBLISHED = "published"
    COMMAND_REFUSED = "command_refused"
    CAP_PROPOSED = "cap_proposed"
    CAP_CHANGED = "cap_changed"
    CAP_PROPOSAL_ENDED = "cap_proposal_ended"
    REQUEST_IDLE = "request_idle"
    WORKSPACE_STARTED = "workspace_started"
    WORKSPACE_STOPPED = "workspace_stopped"
    WORKSPACE_REFUSED = "workspace_refused"
    WORKSPACE_REVOKED = "workspace_revoked"
    WORKSPACE_ALARM = "workspace_alarm"
    APPOINTMENT_PROPOSED = "appointment_proposed"
    APPOINTMENT_ENDED = "appointment_ended"
    SUPERVISION_ACCEPTED = "supervision_accepted"
    SUPERVISION_ENDED = "supervision_ended"
    ACCREDITATION_ENDS_SOON = "accreditation_ends_soon"
    ADMIN_NAMED = "admin_named"


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the audit log.

    Attributes:
        event: what happened.
        actor: who did it: a person's identifier or the name of a component.
        subject: what it happened to, as `kind:identifier`.
        at: when, by the database clock.
        detail: identifiers, digests, codes and counts; never a value from the data.
    """

    event: Event
    actor: str
    subject: str
    at: datetime
    detail: tuple[tuple[str, str | int], ...] = ()
