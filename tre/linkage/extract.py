"""A project's extract: approved columns of linked people, under the project's own pseudonyms.

The extract zone sees payload and the map from row keys to pseudonyms; it holds no identifier, no person id and no key.
Rows are sorted by study id. That is a keyed shuffle: the ids are an HMAC, so the order tells nothing of the source.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from tre.domain.errors import BadInput
from tre.domain.manifest import Linkage, Manifest
from tre.linkage.extract_files import Written, deliver
from tre.linkage.reduction import linked_query, sorts_of
from tre.linkage.source_table import literal, quoted

RESERVED: Final = frozenset({"row_key", "study_id", "audit_key", "person_id"})
"""Names of keys. A payload column of such a name would be taken for the key, or would carry one out."""

# In a schema of its own: a dataset may have any name.
_KEEP_MAP: Final = """
create schema keys;
create table keys.study_map as select dataset, row_key, study_id, audit_key from given_map;
"""


@dataclass(frozen=True, slots=True)
class ExtractPlan:
    """What goes into an extract.

    Attributes:
        linkage: the linked table: its name, base dataset and columns.
        approved: for each dataset the payload columns that the project may use.
        with_datasets: whether each dataset is delivered too, one row for each of its records.
    """

    linkage: Linkage
    approved: Mapping[str, tuple[str, ...]]
    with_datasets: bool = False

    def __post_init__(self) -> None:
        _check_plan(self)

    @classmethod
    def of(cls, manifest: Manifest, *, with_datasets: bool = False) -> "ExtractPlan":
        """The plan that a project's manifest declares."""
        approved = {dataset.name: dataset.columns for dataset in manifest.datasets}
        return cls(manifest.linkage, approved, with_datasets)


@dataclass(frozen=True, slots=True)
class ExtractReport:
    """What was delivered.

    Attributes:
        tables: for each table its file, SHA-256 digest (hexadecimal) and rows.
        audit: the same of the audit table, `study_id, audit_key`, which never enters a workspace.
        unlinked: for each dataset the payload rows that the map does not know; they are left out.
    """

    tables: Mapping[str, Written]
    audit: Written
    unlinked: Mapping[str, int]


def build_extract(
    payloads: Mapping[str, Path], study_map: pa.Table, plan: ExtractPlan, *, out: Path, audit: Path
) -> ExtractReport:
    """Join payload halves to pseudonyms and write the project's tables, read-only, all or none.

    Args:
        payloads: for each dataset its payload half: Parquet with `row_key`.
        study_map: Arrow table `dataset, row_key, study_id, audit_key`.
        plan: what goes into it.
        out: folder to make, mode 0555, its files 0444. It must not exist.
        audit: file to write beside the vault's other secrets, mode 0400. It must not exist.

    Raises:
        BadInput: a payload that does not fit the plan, or a map that gives one row to two people.
        Unavailable: the disk is full or refuses; nothing is left behind.
    """
    with duckdb.connect() as connection:
        connection.register("given_map", study_map)
        connection.execute(_KEEP_MAP)
        connection.unregister("given_map")
        _check_map(connection)
        unlinked = {
            dataset: _load(connection, dataset, payloads.get(dataset), columns)
            for dataset, columns in sorted(plan.approved.items())
        }
        tables = {plan.linkage.table: _linked(connection, plan)}
        if plan.with_datasets:
            tables |= {
                dataset: _rows(connection, dataset, columns) for dataset, columns in plan.approved.items()
            }
        people = connection.sql(
            f"select distinct study_id, audit_key from keys.study_map where dataset in"  # noqa: S608 - names are quoted
            f" ({', '.join(map(literal, plan.approved))}) order by audit_key"
        ).to_arrow_table()
    files, audit_file = deliver(tables, people, out=out, audit=audit)
    return ExtractReport(files, audit_file, unlinked)


def _check_plan(plan: ExtractPlan) -> None:
    linkage = plan.linkage
    if linkage.base not in plan.approved:
        raise BadInput(
            "extract_base", f"The base dataset {linkage.base} is not among the project's datasets; add it."
        )
    if linkage.table in plan.approved:
        raise BadInput(
            "extract_name_twice",
            f"The linked table and a dataset are both named {linkage.table}; rename one.",
        )
    taken = [column for columns in plan.approved.values() for column in columns if column in RESERVED]
    taken += [column.name for column in linkage.columns if column.name in RESERVED]
    if taken:
        raise BadInput(
            "extract_reserved_name",
            f"A column is named {taken[0]}, which is kept for the platform's own keys; rename it in contract and manifest.",
        )
    for column in linkage.columns:
        for source in column.sources:
            allowed = plan.approved.get(source.dataset)
            if allowed is None or (source.column is not None and source.column not in allowed):
                raise BadInput(
                    "extract_not_approved",
                    f"The linked column {column.name} reads {source.dataset}{f'.{source.column}' if source.column else ''},"
                    " which the project is not approved for; ask the data owner or drop the column.",
                )


def _check_map(connection: duckdb.DuckDBPyConnection) -> None:
    """One row is of one person, and one person has one pseudonym of each sort."""
    for wrong in (
        "select 1 from keys.study_map where dataset is null or row_key is null or study_id is null or audit_key is null",
        "select 1 from keys.study_map group by dataset, row_key having count(*) > 1",
        "select 1 from keys.study_map group by study_id having count(distinct audit_key) > 1",
        "select 1 from keys.study_map group by audit_key having count(distinct study_id) > 1",
    ):
        if connection.execute(f"{wrong} limit 1").fetchall():
            raise BadInput(
                "extract_map_ambiguous",
                "The map of row keys gives one row to two people, or one person two pseudonyms; make it again.",
            )


def _load(
    connection: duckdb.DuckDBPyConnection, dataset: str, path: Path | None, columns: tuple[str, ...]
) -> int:
    """Make table `<dataset>(study_id, row_key, <columns>)`; answer how many payload rows the map does not know."""
    if path is None:
        raise BadInput("extract_no_payload", f"There is no payload half of {dataset}; ingest one first.")
    held = _columns(connection, dataset, path)
    missing = [column for column in ("row_key", *columns) if column not in held]
    if missing:
        raise BadInput(
            "extract_column_missing",
            f"The payload half of {dataset} has no {', '.join(missing)}, which the project asks for; correct one of them.",
        )
    rows, keys = connection.execute(
        "select count(*), count(distinct row_key) from read_parquet($path)", {"path": str(path)}
    ).fetchall()[0]
    if rows != keys:
        raise BadInput(
            "extract_row_key_repeated",
            f"The payload half of {dataset} has row keys that are missing or repeated; ask for a new delivery.",
        )
    chosen = "".join(f", {quoted(column)}" for column in columns)
    connection.execute(
        f"create table {quoted(dataset)} as select study_id, row_key{chosen} from read_parquet($path) as payload"  # noqa: S608
        " join keys.study_map as map using (row_key) where map.dataset = $dataset",
        {"path": str(path), "dataset": dataset},
    )
    joined = int(connection.execute(f"select count(*) from {quoted(dataset)}").fetchall()[0][0])  # noqa: S608
    return int(rows) - joined


def _columns(connection: duckdb.DuckDBPyConnection, dataset: str, path: Path) -> set[str]:
    try:
        rows = connection.execute(
            "describe select * from read_parquet($path)", {"path": str(path)}
        ).fetchall()
    except duckdb.Error:
        # The engine's own words may quote bytes of the file, so they are not passed on.
        raise BadInput(
            "extract_unreadable",
            f"The payload half of {dataset} is not a Parquet file that can be read; ingest it again.",
        ) from None
    return {str(row[0]) for row in rows}


def _rows(connection: duckdb.DuckDBPyConnection, dataset: str, columns: tuple[str, ...]) -> pa.Table:
    chosen = "".join(f", {quoted(column)}" for column in columns)
    return connection.sql(
        f"select study_id{chosen} from {quoted(dataset)} order by all"  # noqa: S608 - names are quoted
    ).to_arrow_table()


def _linked(connection: duckdb.DuckDBPyConnection, plan: ExtractPlan) -> pa.Table:
    """One row for each person of the base dataset."""
    linkage = plan.linkage
    query = linked_query(linkage, {dataset: sorts_of(connection, dataset) for dataset in plan.approved})
    absent = {
        f"absent_{place}": column.absent
        for place, column in enumerate(linkage.columns)
        if column.absent is not None
    }
    table = connection.sql(query, params=absent).to_arrow_table()
    if table.num_rows != len(table.column("study_id").unique()):
        raise BadInput(
            "extract_person_twice",
            "A linked person would have two rows; declare how their rows become one value.",
        )
    return table
