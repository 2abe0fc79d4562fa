"""The split at the source: identifiers and payload part under a random row key, before anything leaves the owner."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from tre.domain.contracts import ROW_KEY, Contract, Kind
from tre.domain.errors import BadInput, Unavailable
from tre.domain.regions import NOT_KNOWN
from tre.linkage.deidentify import inspect_identifiers, inspect_payload
from tre.linkage.source_table import (
    SourceTable,
    counts,
    engine,
    literal,
    open_table,
    quoted,
    require_rows,
    require_type,
    require_unique,
)
from tre.linkage.treatment import derived_sql, identifier_sql, payload_sql


@dataclass(frozen=True, slots=True)
class SplitReport:
    """What the split made. The counts depend on the data: for the owner only.

    Attributes:
        dataset: name of the source.
        rows: rows in the source and in each half.
        identifiers: file for the linkage unit.
        payload: file for the ingest vault.
        row_keys: file that stays with the owner: which record got which row key.
        identifiers_digest: SHA-256 of the identifier half, hexadecimal.
        payload_digest: SHA-256 of the payload half, hexadecimal.
        kept_back: columns that the contract refuses; they are in none of the files.
        not_known: for each derived column, how many rows could not be derived.
        outside: for each numeric column with such values, how many lie outside its declared bounds.
    """

    dataset: str
    rows: int
    identifiers: Path
    payload: Path
    row_keys: Path
    identifiers_digest: str
    payload_digest: str
    kept_back: tuple[str, ...]
    not_known: dict[str, int]
    outside: dict[str, int]


def split(source: Path, contract: Contract, out: Path) -> SplitReport:
    """Split one source into an identifier half and a payload half.

    Row keys are random, new at each call and derived from nothing; the rows of each half lie in an order of their own.
    Both halves pass the gates of ingest before they appear. Either the whole folder `out` appears or nothing does.

    Args:
        source: the owner's file, Parquet or CSV.
        contract: of the source.
        out: folder to make: `identifiers.parquet`, `payload.parquet`, `owner/row_keys.parquet`.

    Raises:
        BadInput: the source does not keep the contract.
        Unavailable: the halves could not be written.
    """
    with _new_folder(out) as folder, engine(folder / "spill") as connection:
        table = open_table(connection, source)
        rows = _require_contract(connection, table, contract)
        with _writing(contract.dataset):
            _stage(connection, table, contract, rows=rows)
            not_known = _write(connection, contract, folder)
        payload = inspect_payload(folder / "payload.parquet", contract)
        inspect_identifiers(folder / "identifiers.parquet", contract)
        return SplitReport(
            dataset=contract.dataset,
            rows=rows,
            identifiers=out / "identifiers.parquet",
            payload=out / "payload.parquet",
            row_keys=out / "owner" / "row_keys.parquet",
            identifiers_digest=_digest(folder / "identifiers.parquet"),
            payload_digest=_digest(folder / "payload.parquet"),
            kept_back=tuple(name for name in contract.refused if name in table.columns),
            not_known=not_known,
            outside=payload.outside,
        )


def _require_contract(connection: duckdb.DuckDBPyConnection, table: SourceTable, contract: Contract) -> int:
    declared = contract.source_types
    for column in table.columns:
        if column not in declared:
            raise BadInput(
                "undeclared_column",
                f"Column {column} of {table.name} is not declared in the contract of {contract.dataset}; "
                "declare it as identifier, payload or refused.",
            )
    for column, wanted in declared.items():
        if wanted is not None and column not in table.columns:
            raise BadInput(
                "missing_column",
                f"{table.name} lacks the column {column} that the contract of {contract.dataset} declares; "
                "deliver it or change the contract.",
            )
    rows = require_rows(connection, table)
    for column, wanted in declared.items():
        if wanted is not None:
            require_type(connection, table, column=column, wanted=wanted)
    require_unique(connection, table, column=contract.column_of(Kind.RECORD_ID), code="duplicate_record_id")
    return rows


def _stage(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, contract: Contract, *, rows: int
) -> None:
    """Put the source beside fresh random keys: the row key and a random order for each half."""
    order = np.frombuffer(os.urandom(rows * 16), dtype=np.uint64)
    keys = pa.table(
        {
            "split_row_key": pa.array([secrets.token_hex(16) for _ in range(rows)]),
            "split_identifier_order": pa.array(order[:rows]),
            "split_payload_order": pa.array(order[rows:]),
        }
    )
    connection.register("split_keys", keys)
    taken = ", ".join(quoted(name) for name, kind in contract.source_types.items() if kind is not None)
    connection.execute(
        f"create table staged as select * from (select {taken} from {table.scan}) positional join split_keys"  # noqa: S608 - quoted names
    )
    connection.unregister("split_keys")
    _require_unchanged(connection, table, record=quoted(contract.column_of(Kind.RECORD_ID)), rows=rows)


def _require_unchanged(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, *, record: str, rows: int
) -> None:
    # The source is read twice, once to check and once to split; in between somebody may have written to it.
    query = f"select count(split_row_key), count(distinct {record}) from staged"  # noqa: S608 - quoted name
    if connection.execute(query).fetchall()[0] != (rows, rows):
        raise BadInput(
            "source_changed", f"{table.name} changed while it was read; split again when it is at rest."
        )


def _write(connection: duckdb.DuckDBPyConnection, contract: Contract, folder: Path) -> dict[str, int]:
    key = f"split_row_key as {quoted(ROW_KEY)}"
    identifiers = [identifier_sql(each) for each in contract.identifiers if each.kind is not Kind.RECORD_ID]
    derived = [derived_sql(each, contract) for each in contract.derived]
    payload = [payload_sql(each) for each in contract.payload]
    record = f"{quoted(contract.column_of(Kind.RECORD_ID))} as record_id"
    (folder / "owner").mkdir(mode=0o700)
    for name, columns, order in (
        ("identifiers", [key, *identifiers], "split_identifier_order"),
        ("payload", [key, *derived, *payload], "split_payload_order"),
        ("owner/row_keys", [key, record], "split_row_key"),
    ):
        selected = f"select {', '.join(columns)} from staged order by {order}, split_row_key"  # noqa: S608 - quoted names
        target = literal(str(folder / f"{name}.parquet"))
        connection.execute(f"copy ({selected}) to {target} (format parquet, compression zstd)")
        (folder / f"{name}.parquet").chmod(0o600)
    return _not_known(connection, contract, folder)


def _not_known(connection: duckdb.DuckDBPyConnection, contract: Contract, folder: Path) -> dict[str, int]:
    payload = open_table(connection, folder / "payload.parquet")
    unknown = [f"{quoted(each.name)} = {literal(NOT_KNOWN)}" for each in contract.derived]
    return dict(
        zip((each.name for each in contract.derived), counts(connection, payload, unknown), strict=True)
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _writing(dataset: str) -> Iterator[None]:
    try:
        yield
    except duckdb.DataError:
        raise BadInput(
            "value_out_of_range",
            f"A number in {dataset} is too large for 64 bits; correct the source or refuse its column.",
        ) from None
    except (OSError, duckdb.OperationalError):
        # The engine's own words may quote a value; they end here.
        raise Unavailable(
            "split_not_written",
            f"The halves of {dataset} could not be written, perhaps because the disk is full or the file is damaged; "
            "nothing was kept, make room and split again.",
        ) from None


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """Give a private folder that becomes `out` when all went well, and vanishes otherwise."""
    if out.exists():
        raise BadInput("folder_exists", f"The folder {out.name} is there already; name a new one.")
    folder = out.with_name(f".{out.name}.{secrets.token_hex(4)}.partial")
    with _writing(out.name):
        out.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
    try:
        yield folder
        shutil.rmtree(folder / "spill", ignore_errors=True)
        with _writing(out.name):
            _flush(folder)
            folder.rename(out)
            _sync(out.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _flush(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
