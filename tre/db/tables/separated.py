"""The three roles that never meet: identifiers with spine, keys, payload with extracts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Index,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from tre.db.tables.declarative import JsonObject, Table, now


class IdentifierDelivery(Table):
    """One delivery of identifiers; its data key opens the sealed file."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("dataset", "edition"), {"schema": "linkage"})
    id: Mapped[str] = mapped_column(primary_key=True)
    dataset: Mapped[str]
    edition: Mapped[str]
    digest: Mapped[str]
    data_key: Mapped[bytes | None]
    rows: Mapped[int]
    received_at: Mapped[datetime] = now()
    destroyed_at: Mapped[datetime | None]


class SpineRow(Table):
    """Which record belongs to which person."""

    __tablename__ = "spine"
    __table_args__ = (Index("ix_spine_person_id", "person_id"), {"schema": "linkage"})
    dataset: Mapped[str] = mapped_column(primary_key=True)
    edition: Mapped[str] = mapped_column(primary_key=True)
    row_key: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]


class LinkageRun(Table):
    """One linkage run, with its model and its quality."""

    __tablename__ = "run"
    __table_args__ = {"schema": "linkage"}
    id: Mapped[str] = mapped_column(primary_key=True)
    population: Mapped[str]
    deliveries: Mapped[JsonObject]
    model: Mapped[JsonObject]
    quality: Mapped[JsonObject]
    ran_at: Mapped[datetime] = now()


class PopulationKey(Table):
    """The secret that makes audit keys for one population."""

    __tablename__ = "population_key"
    __table_args__ = {"schema": "pseudonyms"}
    population: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[bytes]
    made_at: Mapped[datetime] = now()


class ProjectKey(Table):
    """The secret that makes study ids for one project."""

    __tablename__ = "project_key"
    __table_args__ = {"schema": "pseudonyms"}
    project_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[bytes | None]
    made_at: Mapped[datetime] = now()
    destroyed_at: Mapped[datetime | None]


class StudyMap(Table):
    """Which record has which study id: a handover, deleted once read."""

    __tablename__ = "study_map"
    __table_args__ = {"schema": "pseudonyms"}
    project_id: Mapped[str] = mapped_column(primary_key=True)
    dataset: Mapped[str] = mapped_column(primary_key=True)
    row_key: Mapped[UUID] = mapped_column(primary_key=True)
    study_id: Mapped[str]
    audit_key: Mapped[str]


class PayloadDelivery(Table):
    """One delivery of payload; its data key opens the sealed file."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("dataset", "edition"), {"schema": "extract"})
    id: Mapped[str] = mapped_column(primary_key=True)
    dataset: Mapped[str]
    edition: Mapped[str]
    digest: Mapped[str]
    data_key: Mapped[bytes | None]
    rows: Mapped[int]
    received_at: Mapped[datetime] = now()
    destroyed_at: Mapped[datetime | None]


class Extract(Table):
    """One project extract."""

    __tablename__ = "extract"
    __table_args__ = {"schema": "extract"}
    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(index=True)
    population: Mapped[str]
    editions: Mapped[JsonObject]
    tables: Mapped[JsonObject]
    digest: Mapped[str]
    built_at: Mapped[datetime] = now()
