"""People, what they may do, and the secrets handed to them."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
)
from sqlalchemy.orm import Mapped, mapped_column

from tre.db.tables.declarative import JsonObject, Table, now, one_of
from tre.domain.appointments import Appointment, AppointmentDecision
from tre.domain.people import AccreditationKind, Capability


class Person(Table):
    """A person known to the platform, with what the embedded identity provider needs to know."""

    __tablename__ = "person"
    __table_args__ = {"schema": "core"}
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    organisation: Mapped[str]
    supervisor_id: Mapped[str | None] = mapped_column(ForeignKey("core.person.id"))
    password_hash: Mapped[str | None]
    failed_logins: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    added_at: Mapped[datetime] = now()


class Granted(Table):
    """One capability of one person."""

    __tablename__ = "granted_capability"
    __table_args__ = (one_of("capability", Capability), {"schema": "core"})
    person_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"), primary_key=True)
    capability: Mapped[str] = mapped_column(primary_key=True)
    granted_at: Mapped[datetime] = now()


class AccreditationRow(Table):
    """One accreditation of one person."""

    __tablename__ = "accreditation"
    __table_args__ = (
        one_of("kind", AccreditationKind),
        CheckConstraint("starts_at < ends_at", name="order"),
        {"schema": "core"},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"), index=True)
    kind: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    lapse_recorded_at: Mapped[datetime | None]
    warned_days: Mapped[int | None]


class Supervision(Table):
    """That a supervisor has accepted to answer for a person, until they no longer do."""

    __tablename__ = "supervision"
    __table_args__ = (
        CheckConstraint("person_id <> supervisor_id", name="another"),
        CheckConstraint("ended_at IS NULL OR accepted_at <= ended_at", name="order"),
        {"schema": "core"},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"), index=True)
    supervisor_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"), index=True)
    accepted_at: Mapped[datetime] = now()
    ended_at: Mapped[datetime | None]


class AppointmentProposal(Table):
    """One admin's wish that a person be trusted with something, for ever."""

    __tablename__ = "appointment_proposal"
    __table_args__ = (
        one_of("appointment", Appointment),
        CheckConstraint("length(reason) > 0", name="reason"),
        {"schema": "core"},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"), index=True)
    appointment: Mapped[str]
    detail: Mapped[JsonObject]
    reason: Mapped[str]
    proposer_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"))
    proposed_at: Mapped[datetime] = now()


class AppointmentVerdict(Table):
    """How one proposal ended, for ever; there is one end."""

    __tablename__ = "appointment_verdict"
    __table_args__ = (one_of("decision", AppointmentDecision), {"schema": "core"})
    proposal_id: Mapped[int] = mapped_column(
        ForeignKey("core.appointment_proposal.id"), primary_key=True, autoincrement=False
    )
    decision: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    decider_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"))
    decided_at: Mapped[datetime] = now()


class WebSession(Table):
    """One secret handed to a person, by its hash: a session, a sign-in code or a personal token."""

    __tablename__ = "session"
    __table_args__ = {"schema": "core"}
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"), index=True)
    purpose: Mapped[str]
    authenticated_at: Mapped[datetime] = now()
    seen_at: Mapped[datetime] = now()
    ends_at: Mapped[datetime]
    detail: Mapped[JsonObject]
