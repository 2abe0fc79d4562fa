"""Where the expression tree meets the rows: DuckDB over a path, a pandas or Arrow table, or a DuckDB relation."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from sqlglot import exp

from disclosure.dp.bounding import SOURCE, Shape

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

Data: TypeAlias = "str | Path | pd.DataFrame | pa.Table | duckdb.DuckDBPyRelation"
"""What rows may come as: a Parquet or CSV file, a pandas or Arrow table, a DuckDB relation."""


@contextmanager
def opened(data: Data) -> "Iterator[duckdb.DuckDBPyRelation]":
    """The rows as a relation: a given one as it is, anything else in a fresh engine in memory, closed afterwards."""
    import duckdb  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    if isinstance(data, duckdb.DuckDBPyRelation):
        yield data
        return
    with duckdb.connect(":memory:") as connection:
        yield _read(data, connection)


def _read(
    data: "str | Path | pd.DataFrame | pa.Table", connection: "duckdb.DuckDBPyConnection"
) -> "duckdb.DuckDBPyRelation":
    """Read a file or a table.

    A CSV file is read as text, so that no value can stop the reading; what is no number is then missing.
    """
    import pandas as pd  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    if isinstance(data, pd.DataFrame):
        return connection.from_df(_with_text(data))
    if not isinstance(data, str | Path):
        return connection.from_arrow(data)
    if Path(data).suffix.lower() == ".csv":
        return connection.read_csv(str(data), all_varchar=True, header=True, sep=",", ignore_errors=True)
    return connection.read_parquet(str(data))


def shape_of(relation: "duckdb.DuckDBPyRelation") -> Shape:
    """Names and types of a relation's columns."""
    return Shape({name: str(held) for name, held in zip(relation.columns, relation.types, strict=True)})


def answered(relation: "duckdb.DuckDBPyRelation", query: exp.Select) -> "duckdb.DuckDBPyRelation":
    """The tree's answer over the rows, not yet computed."""
    answer = relation.query(SOURCE, query.sql(dialect="duckdb"))
    return cast("duckdb.DuckDBPyRelation", answer)  # None only for statements that return no rows


def vectors_of(answer: "duckdb.DuckDBPyRelation", count: int) -> tuple["NDArray[np.int64]", ...]:
    """Compute the answer: its columns as vectors of 64-bit integers."""
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    columns: dict[str, Any] = answer.fetchnumpy()  # DuckDB has no types for arrays
    return tuple(np.asarray(columns[f"answer{index}"], dtype=np.int64) for index in range(count))


def _with_text(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The frame with columns of mixed Python objects as text: DuckDB would guess a type from a sample and fail."""
    mixed = {
        name: frame[name].map(str, na_action="ignore")
        for name in frame.columns
        if frame[name].dtype == object
    }
    return frame.assign(**mixed) if mixed else frame
