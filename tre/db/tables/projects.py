"""Projects, their people, datasets and runs."""

from datetime import date, datetime

from sqlalchemy import (
    ForeignKey,
    Index,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tre.db.tables.declarative import JsonObject, Table, now, one_of
from tre.domain.people import ProjectRole
from tre.domain.projects import ProjectState


class Project(Table):
    """One project, with its manifest as it was applied."""

    __tablename__ = "project"
    __table_args__ = (one_of("state", ProjectState), {"schema": "core"})
    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    state: Mapped[str]
    manifest: Mapped[str]
    manifest_digest: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    applied_at: Mapped[datetime] = now()


class Membership(Table):
    """One role of one person on one project, with its end."""

    __tablename__ = "membership"
    __table_args__ = (
        one_of("role", ProjectRole),
        Index(
            "uq_membership_live",
            "project_id",
            "person_id",
            unique=True,
            postgresql_where=text("until_at IS NULL"),
        ),
        {"schema": "core"},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("core.project.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"), index=True)
    role: Mapped[str]
    from_at: Mapped[datetime] = now()
    until_at: Mapped[datetime | None]


class Dataset(Table):
    """One edition of one dataset, with its contract."""

    __tablename__ = "dataset"
    __table_args__ = {"schema": "core"}
    id: Mapped[str] = mapped_column(primary_key=True)
    edition: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"))
    contract: Mapped[str]
    contract_digest: Mapped[str]
    registered_at: Mapped[datetime] = now()


class Run(Table):
    """One trusted run of one notebook."""

    __tablename__ = "run"
    __table_args__ = {"schema": "core"}
    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("core.project.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"))
    status: Mapped[str]
    sentence: Mapped[str] = mapped_column(server_default="")
    notebook_digest: Mapped[str]
    environment_digest: Mapped[str] = mapped_column(server_default="")
    data_digest: Mapped[str]
    parameters: Mapped[JsonObject]
    tables: Mapped[JsonObject]
    executed_digest: Mapped[str | None]
    started_at: Mapped[datetime] = now()
    finished_at: Mapped[datetime | None]
