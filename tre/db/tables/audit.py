"""The audit log and its place in the transparency log."""

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Index,
)
from sqlalchemy.orm import Mapped, mapped_column

from tre.db.tables.declarative import JsonObject, Table, now


class AuditEvent(Table):
    """One line of the audit log, for ever."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_subject", "subject"), {"schema": "core"})
    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str]
    actor: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[JsonObject]
    at: Mapped[datetime] = now()
    receipt: Mapped[str | None]


class LogEntry(Table):
    """The place of one audit event in the transparency log, for ever."""

    __tablename__ = "log_entry"
    __table_args__ = {"schema": "core"}
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    audit_event_id: Mapped[int] = mapped_column(ForeignKey("core.audit_event.id"), unique=True)
    leaf: Mapped[bytes]
