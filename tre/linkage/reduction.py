"""How one person's rows become one value: the reductions of a linked table, as SQL."""

from collections.abc import Mapping
from typing import Final

import duckdb

from tre.domain.errors import BadInput
from tre.domain.manifest import Linkage, LinkedColumn, Reduction, SourceColumn
from tre.linkage.source_table import quoted

WHOLE: Final = "BIGINT"
NUMBER: Final = "DOUBLE"
_WHOLE_TYPES: Final = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
)
_PRESENT: Final = quoted(" present")
"""Mark of a person who has a row in a dataset. No declared column can have this name: they begin with a letter."""

_PEOPLE: Final = quoted(" people")
"""Name of the base in the query, which no dataset can have either."""

Sorts = Mapping[str, Mapping[str, str]]
"""For each dataset and column what it holds: whole numbers, numbers, or else the engine's own word."""


def linked_query(linkage: Linkage, sorts: Sorts) -> str:
    """SQL for one row for each person of the base dataset, over tables `<dataset>(study_id, row_key, ...)`.

    Parameters named `absent_0`, `absent_1`, ... stand for what columns hold where no source says anything.

    Raises:
        BadInput: `extract_types`, a column mixes types.
    """
    for column in linkage.columns:
        _check_types(column, sorts)
    joins = " ".join(
        f"left join ({_reduced(dataset, linkage.columns, held)}) as {quoted(dataset)} using (study_id)"
        for dataset, held in sorts.items()
    )
    values = "".join(
        f", {_value(column, place)} as {quoted(column.name)}" for place, column in enumerate(linkage.columns)
    )
    people = f"(select distinct study_id from {quoted(linkage.base)}) as {_PEOPLE}"  # noqa: S608 - quoted
    return f"select {_PEOPLE}.study_id{values} from {people} {joins} order by {_PEOPLE}.study_id"  # noqa: S608 - quoted


def sorts_of(connection: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, str]:
    """Say what each column of a table holds."""
    described = connection.execute(f"describe {quoted(dataset)}").fetchall()
    return {str(column): _sort(str(kind)) for column, kind, *_ in described}


def _sort(kind: str) -> str:
    if kind in _WHOLE_TYPES:
        return WHOLE
    return NUMBER if kind == "FLOAT" or kind.startswith("DECIMAL") else kind


def _check_types(column: LinkedColumn, sorts: Sorts) -> None:
    """Refuse what the engine would quietly turn into text."""
    held = (
        {"BOOLEAN"}
        if column.reduce is Reduction.EXISTS
        else {sorts[source.dataset][source.column or ""] for source in column.sources}
    )
    numeric = held <= {WHOLE, NUMBER}
    fits = {
        bool: held == {"BOOLEAN"},
        str: held == {"VARCHAR"},
        int: numeric,
        float: numeric,
        type(None): True,
    }
    one_sort = numeric or len(held) == 1
    summable = numeric or column.reduce is not Reduction.SUM
    if not (fits[type(column.absent)] and one_sort and summable):
        raise BadInput(
            "extract_types",
            f"The linked column {column.name} mixes types that do not go together; correct it in the manifest.",
        )


def _reduced(dataset: str, columns: tuple[LinkedColumn, ...], held: Mapping[str, str]) -> str:
    """SQL for one row a person of `dataset`: that there is one, and each column that the linked table reads."""
    parts = "".join(
        f", {_aggregate(column.reduce, source, held)} as {quoted(column.name)}"
        for column in columns
        for source in column.sources
        if source.dataset == dataset and source.column is not None
    )
    return f"select study_id, true as {_PRESENT}{parts} from {quoted(dataset)} group by study_id"  # noqa: S608 - quoted


def _aggregate(reduce: Reduction, source: SourceColumn, held: Mapping[str, str]) -> str:
    """SQL in the order of row keys, so that a sum of decimals has the same last bit every time."""
    column = quoted(source.column or "")
    if reduce is Reduction.FIRST:
        return f"first({column} order by row_key) filter (where {column} is not null)"
    if reduce is Reduction.SUM:
        # The engine sums whole numbers into a type of its own that pandas does not know.
        return f"cast(sum({column} order by row_key) as {held[source.column or '']})"
    return f"max({column})"


def _value(column: LinkedColumn, place: int) -> str:
    mark = _PRESENT if column.reduce is Reduction.EXISTS else quoted(column.name)
    values = [f"{quoted(source.dataset)}.{mark}" for source in column.sources]
    absent = [] if column.absent is None else [f"$absent_{place}"]
    return f"coalesce({', '.join([*values, *absent])})"
