"""Source files as DuckDB sees them: a private engine, quoted names, and whether columns hold what is declared."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from tre.domain.contracts import ColumnType
from tre.domain.errors import BadInput

_INTEGERS: Final = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
)

_TEXT_SHAPES: Final = {
    ColumnType.INTEGER: "regexp_full_match({0}, '[+-]?[0-9]{{1,18}}')",
    ColumnType.DECIMAL: "regexp_full_match({0}, '[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?')",
    ColumnType.BOOLEAN: "lower({0}) in ('true', 'false')",
    ColumnType.DATE: "regexp_full_match({0}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') "
    "and try_cast({0} as date) is not null",
}
"""What a text must look like to stand for a value of each type, as SQL over one column."""

WORDS: Final = {
    ColumnType.STRING: "texts",
    ColumnType.INTEGER: "whole numbers",
    ColumnType.DECIMAL: "numbers",
    ColumnType.BOOLEAN: "true or false",
    ColumnType.DATE: "dates like 2016-05-31",
}
"""Each type in a sentence for people."""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A source file, or one half of it, opened for reading.

    Attributes:
        name: what people call it.
        scan: SQL that reads it.
        columns: each column and its physical type.
        is_text: whether every value is still text (CSV).
    """

    name: str
    scan: str
    columns: dict[str, str]
    is_text: bool


def quoted(name: str) -> str:
    """Return a name as an SQL identifier, whatever it contains."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL literal, whatever it contains."""
    return "'" + text.replace("'", "''") + "'"


def engine(spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open an in-memory engine that loads no extensions; `spill` is where it may put what memory cannot hold."""
    return duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(spill) if spill else "",
        }
    )


def open_table(connection: duckdb.DuckDBPyConnection, path: Path) -> SourceTable:
    """Open a Parquet or CSV file; CSV columns are read as text, an empty field as missing.

    Raises:
        BadInput: it is absent, empty, of another format, or damaged.
    """
    name = path.name
    if not path.is_file():
        raise BadInput("no_file", f"There is no file {name}; check the path.")
    if path.suffix not in {".parquet", ".csv"}:
        raise BadInput("file_format", f"{name} is neither .parquet nor .csv; convert it to one of them.")
    if path.stat().st_size == 0:
        raise BadInput("empty_file", f"{name} is empty; deliver a file with rows.")
    is_text = path.suffix == ".csv"
    here = literal(_without_patterns(path))
    scan = (
        f"read_csv({here}, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"')"
        if is_text
        else f"read_parquet({here}, hive_partitioning = false)"
    )
    try:
        described = connection.execute(f"describe select * from {scan}").fetchall()  # noqa: S608 - literal
    except duckdb.Error:
        raise _unreadable(name) from None
    return SourceTable(name, scan, {str(row[0]): str(row[1]) for row in described}, is_text)


def require_rows(connection: duckdb.DuckDBPyConnection, table: SourceTable) -> int:
    """Count the rows.

    Raises:
        BadInput: there are none, or the file is damaged.
    """
    rows = counts(connection, table, ["true"])[0]
    if rows == 0:
        raise BadInput("empty_file", f"{table.name} holds no rows; deliver a file with rows.")
    return rows


def require_type(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, *, column: str, wanted: ColumnType
) -> None:
    """Check that a column holds what is declared. A column that is missing in every row fits any type.

    Raises:
        BadInput: it does not; the sentence names the column and the type, never a value.
    """
    physical = table.columns[column]
    if _fits(physical, wanted) and not (table.is_text and wanted is not ColumnType.STRING):
        return
    name = quoted(column)
    wrong = f"{name} is not null"
    if physical == "VARCHAR" and (table.is_text or wanted is ColumnType.DATE):
        wrong = f"{wrong} and not ({_TEXT_SHAPES[wanted].format(f'trim({name})')})"
    if counts(connection, table, [wrong])[0]:
        raise BadInput(
            "wrong_type",
            f"Column {column} of {table.name} must hold {WORDS[wanted]} and does not everywhere; "
            "correct the file or the contract.",
        )


def require_unique(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, *, column: str, code: str
) -> None:
    """Check that a column has a value in every row and no value twice.

    Raises:
        BadInput: it has not, with `code`.
    """
    name = quoted(column)
    query = f"select count(*), count(distinct {name}) from {table.scan}"  # noqa: S608 - quoted name
    total, different = _fetch(connection, query, table)
    if total != different:
        raise BadInput(
            code,
            f"Column {column} of {table.name} is missing or repeated in {total - different} rows; "
            "every row needs its own, correct the file.",
        )


def counts(connection: duckdb.DuckDBPyConnection, table: SourceTable, conditions: list[str]) -> list[int]:
    """Count the rows that meet each condition, in one pass.

    Raises:
        BadInput: the file is damaged.
    """
    selected = ", ".join(f"count(*) filter (where {condition})" for condition in conditions)
    query = f"select {selected} from {table.scan}"  # noqa: S608 - conditions quote their names
    return _fetch(connection, query, table) if conditions else []


def _fetch(connection: duckdb.DuckDBPyConnection, query: str, table: SourceTable) -> list[int]:
    try:
        return [int(value) for value in connection.execute(query).fetchall()[0]]
    except duckdb.Error:
        raise _unreadable(table.name) from None


def _unreadable(name: str) -> BadInput:
    # The engine's own words may quote a value; they end here.
    return BadInput(
        "file_unreadable", f"{name} cannot be read: it is damaged or of another format; send it again."
    )


def _without_patterns(path: Path) -> str:
    # DuckDB takes * ? [ in a path for a pattern; a file's name is only a name.
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path.absolute()))


def _fits(physical: str, wanted: ColumnType) -> bool:
    match wanted:
        case ColumnType.STRING:
            return physical == "VARCHAR"
        case ColumnType.INTEGER:
            return physical in _INTEGERS
        case ColumnType.DECIMAL:
            return physical in _INTEGERS | {"FLOAT", "DOUBLE"} or physical.startswith("DECIMAL")
        case ColumnType.BOOLEAN:
            return physical == "BOOLEAN"
        case ColumnType.DATE:
            return physical == "DATE"
