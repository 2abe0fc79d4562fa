"""The data a question is asked of, opened read-only as one DuckDB relation."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias, cast

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from sqlglot import exp

from disclosure.errors import DisclosureError
from disclosure.expression.sql import Kind

Data: TypeAlias = str | Path | pd.DataFrame | pa.Table | duckdb.DuckDBPyRelation
"""A path to a Parquet or CSV file, a pandas or Arrow table, or a DuckDB relation."""

VIEW: Final = "disclosure_source"
"""The name under which an expression tree finds the data."""

_KINDS: Final = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), Kind.INTEGER),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), Kind.INTEGER),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL"), Kind.NUMBER),
    **dict.fromkeys(("VARCHAR", "ENUM"), Kind.TEXT),
    **dict.fromkeys(("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), Kind.DATE),
    "BOOLEAN": Kind.BOOLEAN,
}


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Data opened for one question.

    Attributes:
        relation: the data.
        kinds: what each column holds.
        types: each column's type in the engine's words.
        connection: keeps the engine alive; None when the relation came with its own.
    """

    relation: duckdb.DuckDBPyRelation
    kinds: dict[str, Kind]
    types: dict[str, str]
    connection: duckdb.DuckDBPyConnection | None

    def run(self, tree: exp.Expr) -> duckdb.DuckDBPyRelation:
        """Run an expression tree that reads `VIEW`.

        Raises:
            DisclosureError: "evidence_failed"; the engine's own words are dropped, for they may quote the data.
        """
        try:
            # a SELECT always answers with a relation
            return cast("duckdb.DuckDBPyRelation", self.relation.query(VIEW, tree.sql(dialect="duckdb")))
        except duckdb.Error:
            raise evidence_failed() from None

    def rows(self, tree: exp.Expr) -> list[tuple[object, ...]]:
        """Run an expression tree and fetch its rows as Python values."""
        relation = self.run(tree)
        try:
            return list(relation.fetchall())
        except duckdb.Error:
            raise evidence_failed() from None

    def with_column(self, name: str, node: exp.Expr) -> "Source":
        """Return the data with one more column.

        Raises:
            DisclosureError: "evidence_failed".
        """
        kept = [
            exp.column(exp.to_identifier(each, quoted=True)) for each in self.relation.columns if each != name
        ]
        aliased = exp.alias_(node, exp.to_identifier(name, quoted=True))
        text = ", ".join(each.sql(dialect="duckdb") for each in [*kept, aliased])
        try:
            relation = self.relation.project(text)
            types = {each: str(found) for each, found in zip(relation.columns, relation.types, strict=True)}
        except duckdb.Error:
            raise evidence_failed() from None
        return Source(relation, kinds_of(types), types, self.connection)

    def has_row(self, conditions: list[exp.Expr]) -> bool:
        """Whether some row meets one of the conditions."""
        tree = (
            exp.select(exp.Literal.number(1)).from_(exp.to_table(VIEW)).where(exp.or_(*conditions)).limit(1)
        )
        return bool(self.rows(tree))


def kinds_of(types: dict[str, str]) -> dict[str, Kind]:
    """Return what columns of the engine's types hold."""
    return {name: _KINDS.get(found.split("(")[0], Kind.OTHER) for name, found in types.items()}


def evidence_failed() -> DisclosureError:
    """Return the one error for an engine that could not answer; it says nothing of the data."""
    return DisclosureError(
        "evidence_failed",
        "The data could not be aggregated, so nothing was checked; look for numbers too large to add, "
        "a damaged file, or a relation that is closed.",
    )


def open_source(data: Data, columns: Iterable[str]) -> Source:
    """Open data and find the columns that a question reads.

    Raises:
        DisclosureError: "data_format", "data_unreadable", "unknown_column", "duplicate_column", "column_type".
    """
    wanted = tuple(columns)
    relation, connection = _relation(data, wanted)
    types = {name: str(found) for name, found in zip(relation.columns, relation.types, strict=True)}
    _check_known(wanted, types)
    return Source(relation, kinds_of(types), types, connection)


def _relation(
    data: Data, wanted: tuple[str, ...]
) -> tuple[duckdb.DuckDBPyRelation, duckdb.DuckDBPyConnection | None]:
    """Open each form of data in an engine of its own, but for a relation, which has one."""
    if isinstance(data, duckdb.DuckDBPyRelation):
        return data, None
    connection = duckdb.connect(":memory:", config={"python_enable_replacements": False})
    if isinstance(data, pd.DataFrame):
        return connection.from_arrow(_arrow(data, wanted)), connection
    if isinstance(data, pa.Table):
        return connection.from_arrow(_selected(data, wanted)), connection
    if isinstance(data, str | Path):
        return _file(Path(data), connection), connection
    raise DisclosureError(
        "data_format", "Give the data as a path, a pandas or Arrow table, or a DuckDB relation."
    )


def _file(path: Path, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """Open one file; a CSV is read whole to find its types, so that they do not depend on the order of rows."""
    if path.suffix not in {".parquet", ".csv"} or set(str(path)) & set("*?["):
        raise DisclosureError("data_format", "Give the path of one file whose name ends in .parquet or .csv.")
    try:
        if path.suffix == ".parquet":
            return connection.read_parquet(str(path))
        return connection.read_csv(str(path), sample_size=-1)
    except duckdb.Error:
        raise DisclosureError(
            "data_unreadable", f"The file {path.name!r} is missing, empty or damaged; give a readable file."
        ) from None


def _arrow(frame: pd.DataFrame, wanted: tuple[str, ...]) -> pa.Table:
    """Copy the wanted columns to Arrow, where a column has one type and NaN is missing."""
    names = [name for name in frame.columns if name in wanted]
    _check_once(names)
    _check_known(wanted, names)
    if not wanted:
        return _rows_only(len(frame))
    return pa.table({name: _array(frame[name], name) for name in names})


def _array(values: pd.Series, name: str) -> pa.Array:
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        raise DisclosureError(
            "column_type", f"The column {name[:60]!r} mixes kinds of values; give it one type."
        ) from None


def _selected(table: pa.Table, wanted: tuple[str, ...]) -> pa.Table:
    names = [name for name in table.column_names if name in wanted]
    _check_once(names)
    _check_known(wanted, names)
    return table.select(names) if wanted else _rows_only(table.num_rows)


def _rows_only(count: int) -> pa.Table:
    """Return a table with as many rows, for a question that reads no column."""
    return pa.table({"row": np.zeros(count, dtype=np.int8)})


def _check_once(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise DisclosureError(
                "duplicate_column", f"The data have two columns called {name[:60]!r}; rename one."
            )


def _check_known(wanted: tuple[str, ...], found: Iterable[str]) -> None:
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise DisclosureError(
            "unknown_column", f"The data have no column {missing[0][:60]!r}; correct the name or the data."
        )
