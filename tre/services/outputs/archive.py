"""The archive of exact releases on a population, in every project: what a new exact table is compared with.

Contributors stand there by audit key, which is the same for one person in every project of the population and is never
mounted in a workspace. What is stored is as secret as the data.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlalchemy import select

from disclosure.released import Earlier, Imprint, Released, imprint_of
from tre.db.engine import Transaction
from tre.db.tables import Extract, Item, Release, Request
from tre.domain.errors import BadInput
from tre.domain.outputs import Mode
from tre.services.dictionary import STUDY_ID
from tre.services.outputs import noised
from tre.services.outputs.question import AUDIT_KEY, must_leave_our_names
from tre.vault.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class Archive:
    """What has been released on a population, by the names of what is stored.

    Attributes:
        exact: digests of the imprints of exact tables, oldest first.
        noisy: the questions answered with noise.
    """

    exact: tuple[str, ...]
    noisy: tuple[noised.Noised, ...] = ()

    @property
    def size(self) -> int:
        """How many releases there are; it only grows."""
        return len(self.exact) + len(self.noisy)


def of(tx: Transaction, population: str) -> Archive:
    """Everything that has been released on a population, in every project."""
    return Archive(digests(tx, population), noised.stored(tx, population))


def digests(tx: Transaction, population: str) -> tuple[str, ...]:
    """Digests of every exact table that has been released on a population, oldest first."""
    query = (
        select(Item.archive_digest)
        .join(Request, Request.id == Item.request_id)
        .join(Release, Release.request_id == Request.id)
        .join(Extract, Extract.id == Request.extract_id)
        .where(Item.mode == Mode.EXACT, Item.version == Request.version, Extract.population == population)
        .order_by(Release.released_at, Item.id)
    )
    return tuple(digest for digest in tx.scalars(query) if digest is not None)


def put(objects: ObjectStore, released: Released) -> str:
    """Store what later checks must remember of a table, and return the digest of its imprint, which names the rest."""
    return objects.put(imprint_of(released).to_bytes(objects.put(released.to_bytes())))


def read(objects: ObjectStore, archive: Archive) -> list[Earlier]:
    """Read what a new table is compared with; an exact release itself is read when a comparison needs it.

    Raises:
        Refused, NotFound: one is damaged or missing; nothing may be compared without it.
        DisclosureError: one is no stored release.
    """
    exact = [_imprint(objects, digest) for digest in archive.exact]
    return [*exact, *noised.read(objects, archive.noisy)]


def _imprint(objects: ObjectStore, digest: str) -> Imprint:
    """Read an imprint; of a release that was stored before there were imprints, make one."""

    def opened(release: str) -> Released:
        return Released.from_bytes(objects.get(release))

    stored = objects.get(digest)
    if Imprint.is_stored(stored):
        return Imprint.from_bytes(stored, opened)
    return imprint_of(Released.from_bytes(stored))


def audit_file(extracts: Path, extract: Extract) -> Path:
    """Where the audit keys of an extract's people lie."""
    return extracts / extract.project_id / f"{extract.id}.audit.parquet"


@contextmanager
def with_audit_keys(table: Path, audit: Path) -> Iterator[duckdb.DuckDBPyRelation]:
    """Open a project's table with the audit key of each row's person beside it.

    A row whose person has no audit key keeps none, and the check then says that it could not be compared.

    Raises:
        BadInput: one of the two cannot be read, has no column that names the person, or has one under our name.
    """
    with duckdb.connect() as connection:
        yield _joined(connection, table, audit)


def _joined(connection: duckdb.DuckDBPyConnection, table: Path, audit: Path) -> duckdb.DuckDBPyRelation:
    try:
        rows = connection.read_parquet(str(table)).set_alias("rows")
        must_leave_our_names(rows)
        keys = connection.read_parquet(str(audit)).set_alias("keys")
        joined = rows.join(keys, f"rows.{STUDY_ID} = keys.{STUDY_ID}", how="left")
        return joined.project(f"rows.*, keys.{AUDIT_KEY}")
    except duckdb.Error:
        raise BadInput(
            "data_unreadable", f"The rows cannot be read, or have no column {STUDY_ID}; an admin must look."
        ) from None
