"""The two gates of ingest: identifiers and payload may each enter only their own half."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from tre.domain.contracts import ROW_KEY, ColumnType, Contract, Field
from tre.domain.errors import BadInput
from tre.domain.published import Bounds, Levels
from tre.linkage.detectors import DETECTORS, NHS_NUMBER, Detector
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


@dataclass(frozen=True, slots=True)
class PayloadReport:
    """What the payload gate saw. For the data owner only: the counts depend on the data.

    Attributes:
        rows: rows in the half.
        columns: payload columns, in the contract's order.
        outside: for each numeric column with such values, how many lie outside its declared bounds.
    """

    rows: int
    columns: tuple[str, ...]
    outside: dict[str, int]


@dataclass(frozen=True, slots=True)
class IdentifierReport:
    """What the identifier gate saw.

    Attributes:
        rows: rows in the half.
        columns: identifier columns by kind, in the contract's order.
    """

    rows: int
    columns: tuple[str, ...]


def inspect_payload(path: Path, contract: Contract) -> PayloadReport:
    """Let a payload half pass, or say why not.

    Args:
        path: Parquet file with `row_key` and the contract's payload fields.
        contract: of the dataset.

    Raises:
        BadInput: an identifier or undeclared column, a missing column, a wrong type, no rows, a missing or repeated
            row key, a text outside its declared levels, or a value that looks like an identifier. The sentence
            names column and reason, never a value.
    """
    with engine() as connection:
        table = open_table(connection, path)
        fields = {field.name: field for field in contract.fields}
        identifiers = {each.name for each in contract.identifiers} | {
            each.kind for each in contract.identifiers
        }
        _require_columns(table, tuple(fields), strangers=identifiers, half="payload")
        rows = _require_keyed_rows(connection, table)
        for field in fields.values():
            require_type(connection, table, column=field.name, wanted=field.type)
        found = _count(connection, table, _suspicions(tuple(fields.values())))
    for (column, reason), count in found.items():
        if count and reason != _OUTSIDE_BOUNDS:
            code = "undeclared_value" if reason == _OUTSIDE_LEVELS else "identifier_in_payload"
            raise BadInput(
                code,
                f"Column {column} of {path.name} holds {reason} in {count} rows; "
                "correct the source or its contract and split again.",
            )
    return PayloadReport(
        rows, tuple(fields), {column: count for (column, _), count in found.items() if count}
    )


def inspect_identifiers(path: Path, contract: Contract) -> IdentifierReport:
    """Let an identifier half pass, or say why not.

    Args:
        path: Parquet file with `row_key` and the contract's identifiers, named by kind.
        contract: of the dataset.

    Raises:
        BadInput: a payload or undeclared column, a missing column, a column that is not text, no rows, a missing or
            repeated row key.
    """
    with engine() as connection:
        table = open_table(connection, path)
        kinds = tuple(str(kind) for kind in contract.linkage_kinds)
        _require_columns(table, kinds, strangers={field.name for field in contract.fields}, half="identifier")
        rows = _require_keyed_rows(connection, table)
        for kind in kinds:
            require_type(connection, table, column=kind, wanted=ColumnType.STRING)
    return IdentifierReport(rows, kinds)


_OUTSIDE_BOUNDS = "a number outside its declared bounds"
_OUTSIDE_LEVELS = "a text that is not among its declared levels"


def _require_columns(table: SourceTable, wanted: tuple[str, ...], *, strangers: set[str], half: str) -> None:
    expected = {ROW_KEY, *wanted}
    for column in table.columns:
        if column in expected:
            continue
        if column in strangers:
            other = "identifier" if half == "payload" else "payload"
            raise BadInput(
                f"{other}_in_{half}",
                f"Column {column} of {table.name} belongs to the {other} half; split the source again.",
            )
        raise BadInput(
            "undeclared_column",
            f"Column {column} of {table.name} is not declared in the contract; declare it or leave it out.",
        )
    for column in (ROW_KEY, *wanted):
        if column not in table.columns:
            raise BadInput(
                "missing_column",
                f"{table.name} lacks the column {column}; deliver it, the contract declares it.",
            )


def _require_keyed_rows(connection: duckdb.DuckDBPyConnection, table: SourceTable) -> int:
    rows = require_rows(connection, table)
    require_type(connection, table, column=ROW_KEY, wanted=ColumnType.STRING)
    require_unique(connection, table, column=ROW_KEY, code="duplicate_row_key")
    shapeless = f"not regexp_full_match({quoted(ROW_KEY)}, '[0-9a-f]{{32}}')"
    if counts(connection, table, [shapeless])[0]:
        raise BadInput(
            "row_key_shape",
            f"Column {ROW_KEY} of {table.name} must hold 32 hexadecimal digits made at the split; split again.",
        )
    return rows


def _suspicions(fields: tuple[Field, ...]) -> dict[tuple[str, str], str]:
    """Return, by column and reason, the SQL condition of a row that gives cause for it."""
    found: dict[tuple[str, str], str] = {}
    for field in fields:
        name = quoted(field.name)
        found.update(
            {(field.name, each.name): each.sql(f"cast({name} as varchar)") for each in _detectors(field)}
        )
        match field.published:
            case Bounds(lower=lower, upper=upper):
                found[field.name, _OUTSIDE_BOUNDS] = f"{name} not between {lower} and {upper}"
            case Levels(values=values) if field.type is ColumnType.STRING:
                listed = ", ".join(literal(str(value)) for value in values)
                found[field.name, _OUTSIDE_LEVELS] = f"{name} not in ({listed})"
            case Levels():
                pass
    return found


def _detectors(field: Field) -> tuple[Detector, ...]:
    match field.type:
        case ColumnType.STRING:
            return DETECTORS
        case ColumnType.INTEGER:
            return (NHS_NUMBER,)
        case ColumnType.DECIMAL | ColumnType.BOOLEAN | ColumnType.DATE:
            return ()


def _count(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, conditions: dict[tuple[str, str], str]
) -> dict[tuple[str, str], int]:
    return dict(zip(conditions, counts(connection, table, list(conditions.values())), strict=True))
