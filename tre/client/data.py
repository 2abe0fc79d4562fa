"""One table of the extract, as the researcher reads it."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from tre.wire import TableShape

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table of the project's extract: one row or more per unit, under study ids of this project only.

    Attributes:
        shape: what the platform says about it.
        path: its Parquet file.
    """

    shape: TableShape
    path: Path

    @property
    def name(self) -> str:
        """What a statistic calls it, as its source."""
        return self.shape.name

    @property
    def unit(self) -> str:
        """The column of the privacy unit."""
        return self.shape.unit

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns, in order."""
        return tuple(column.name for column in self.shape.columns)

    def to_pandas(self) -> "pd.DataFrame":
        """Read all of it into memory."""
        import pandas as pd  # noqa: PLC0415 - slow; only when wanted

        return pd.read_parquet(self.path)

    def duckdb(self) -> "duckdb.DuckDBPyRelation":
        """A DuckDB relation over the file, read as needed."""
        import duckdb  # noqa: PLC0415 - slow; only when wanted

        return duckdb.read_parquet(str(self.path))

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row">{escape(column.name)}</th><td>{escape(column.type)}</td>'
            f"<td>{escape(column.description)}</td></tr>"
            for column in self.shape.columns
        )
        return (
            f"<table><caption>{escape(self.name)}: unit {escape(self.unit)}</caption>"
            '<thead><tr><th scope="col">column</th><th scope="col">type</th><th scope="col">meaning</th></tr>'
            f"</thead><tbody>{rows}</tbody></table>"
        )
