"""Output requests, their items, votes and releases."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from tre.db.tables.declarative import JsonObject, Table, now, one_of
from tre.domain.outputs import Decision, Kind, Mode, State


class Request(Table):
    """One output request."""

    __tablename__ = "request"
    __table_args__ = (
        one_of("state", State),
        CheckConstraint("(state = 'SUSPENDED') = (resume_to IS NOT NULL)", name="resume_to"),
        {"schema": "core"},
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("core.project.id"), index=True)
    author_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"))
    title: Mapped[str]
    context: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    resume_to: Mapped[str | None]
    run_id: Mapped[str | None] = mapped_column(ForeignKey("core.run.id"))
    extract_id: Mapped[str]
    policy: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")
    salt: Mapped[bytes]
    manifest_digest: Mapped[str]
    problem: Mapped[str | None]
    created_at: Mapped[datetime] = now()
    submitted_at: Mapped[datetime | None]


class Item(Table):
    """One output in a request."""

    __tablename__ = "item"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("mode", Mode),
        UniqueConstraint("request_id", "version", "position"),
        CheckConstraint("(mode = 'exact') = (exact_reason IS NOT NULL)", name="exact_reason"),
        CheckConstraint("mode = 'exact' OR protection IS NULL", name="protection"),
        {"schema": "core"},
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("core.request.id"))
    version: Mapped[int]
    position: Mapped[int]
    kind: Mapped[str]
    mode: Mapped[str]
    title: Mapped[str]
    specification: Mapped[str]
    fingerprint: Mapped[str]
    plan: Mapped[str | None]
    price: Mapped[int] = mapped_column(server_default="0")
    atto_delta: Mapped[int] = mapped_column(server_default="0")
    exact_reason: Mapped[str | None]
    protection: Mapped[str | None]
    picture: Mapped[str | None]
    verdict: Mapped[str | None]
    findings: Mapped[JsonObject | None]
    cells: Mapped[int] = mapped_column(server_default="0")
    report_digest: Mapped[str | None]
    printed_digest: Mapped[str | None]
    picture_digest: Mapped[str | None]
    archive_digest: Mapped[str | None]
    archive_size: Mapped[int] = mapped_column(server_default="0")


class VoteRow(Table):
    """One vote, for ever."""

    __tablename__ = "vote"
    __table_args__ = (one_of("decision", Decision), {"schema": "core"})
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("core.request.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"))
    manifest_digest: Mapped[str]
    decision: Mapped[str]
    reason: Mapped[str]
    cast_at: Mapped[datetime] = now()


class Release(Table):
    """The decision that a request leaves, for ever."""

    __tablename__ = "release"
    __table_args__ = {"schema": "core"}
    id: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("core.request.id"), unique=True)
    manifest_digest: Mapped[str]
    reviewers: Mapped[JsonObject]
    released_at: Mapped[datetime] = now()


class Publication(Table):
    """The fact that a release bundle has been written, for ever."""

    __tablename__ = "publication"
    __table_args__ = {"schema": "core"}
    release_id: Mapped[str] = mapped_column(ForeignKey("core.release.id"), primary_key=True)
    receipt_digest: Mapped[str]
    published_at: Mapped[datetime] = now()
