"""Identifier halves of all sources, brought into one table of records in one spelling.

Everything here is SQL over DuckDB, so a million records need no Python loop.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import duckdb

from tre.domain.errors import BadInput
from tre.linkage.model import FIELDS
from tre.linkage.nicknames import ROOTS
from tre.linkage.source_table import literal

_LETTERS: Final = (
    r"nullif(regexp_replace(upper(strip_accents(cast({column} as varchar))), '[^A-Z]', '', 'g'), '')"
)
_LETTERS_AND_DIGITS: Final = (
    r"nullif(regexp_replace(upper(strip_accents(cast({column} as varchar))), '[^A-Z0-9]', '', 'g'), '')"
)

SPELLING: Final[dict[str, str]] = {
    "given_name": _LETTERS,
    "surname": _LETTERS,
    # A code outside M and F is no evidence: sources differ in what else they write.
    "sex": "case upper(left(trim(cast({column} as varchar)), 1)) when 'M' then 'M' when 'F' then 'F' end",
    "dob": "strftime(try_cast({column} as date), '%Y-%m-%d')",
    "postcode": _LETTERS_AND_DIGITS,
    "house_number": _LETTERS_AND_DIGITS,
    "street": _LETTERS_AND_DIGITS,
    "nino": _LETTERS_AND_DIGITS,
}
"""How each identifier is brought into one spelling; what is empty, or no date, becomes null."""


def load_records(
    connection: duckdb.DuckDBPyConnection,
    sources: Mapping[str, Path],
    *,
    adults_only: frozenset[str] = frozenset(),
) -> int:
    """Make the table `records(rid, dataset, row_key, <fields>, given_root, is_adult)`; answer how many.

    `rid` numbers records by dataset and row key, so the same deliveries give the same numbers in any row order.

    Raises:
        BadInput: no source, an unreadable or empty file, a column that is no identifier, a null or repeated row key.
    """
    if not sources:
        raise BadInput("linkage_no_source", "There is no source to link; name at least one identifier half.")
    for dataset, path in sources.items():
        _check_half(connection, dataset, path)
    halves = " union all ".join(
        _select(connection, dataset, path) for dataset, path in sorted(sources.items())
    )
    connection.execute("create or replace temp table nickname (form varchar primary key, root varchar)")
    connection.execute(
        "insert into nickname select unnest($forms), unnest($roots)",
        {"forms": list(ROOTS), "roots": list(ROOTS.values())},
    )
    connection.execute(
        "create or replace table records as"  # noqa: S608 - built from names of this file only
        f" with halves as ({halves})"
        " select row_number() over (order by dataset, row_key) as rid, halves.*,"
        " coalesce(nickname.root, given_name) as given_root, list_contains($adults, dataset) as is_adult"
        " from halves left join nickname on nickname.form = halves.given_name order by rid",
        {"adults": sorted(adults_only)},
    )
    return _number(connection, "select count(*) from records")


def _check_half(connection: duckdb.DuckDBPyConnection, dataset: str, path: Path) -> None:
    columns = _columns(connection, dataset, path)
    if "row_key" not in columns:
        raise BadInput(
            "linkage_no_row_key",
            f"The identifier half of {dataset} has no row_key; split it at source again.",
        )
    foreign = sorted(columns - {"row_key", *FIELDS})
    if foreign:
        raise BadInput(
            "linkage_not_identifier",
            f"The identifier half of {dataset} holds {', '.join(foreign)}, which is no identifier kind;"
            " the linkage zone takes identifiers only, so split it at source again.",
        )
    rows, keys = connection.execute(
        "select count(*), count(distinct row_key) from read_parquet($path)", {"path": str(path)}
    ).fetchall()[0]
    if rows == 0:
        raise BadInput(
            "linkage_empty", f"The identifier half of {dataset} is empty; ask its owner for a new delivery."
        )
    if rows != keys:
        raise BadInput(
            "linkage_row_key_repeated",
            f"The identifier half of {dataset} has row keys that are missing or repeated; split it at source again.",
        )


def _columns(connection: duckdb.DuckDBPyConnection, dataset: str, path: Path) -> set[str]:
    try:
        rows = connection.execute(
            "describe select * from read_parquet($path)", {"path": str(path)}
        ).fetchall()
    except duckdb.Error:
        # The engine's own words may quote bytes of the file, so they are not passed on.
        raise BadInput(
            "linkage_unreadable",
            f"The identifier half of {dataset} is not a Parquet file that can be read; send it again.",
        ) from None
    return {str(row[0]) for row in rows}


def _select(connection: duckdb.DuckDBPyConnection, dataset: str, path: Path) -> str:
    present = _columns(connection, dataset, path)
    fields = ", ".join(
        f"{SPELLING[field].format(column=field) if field in present else 'cast(null as varchar)'} as {field}"
        for field in FIELDS
    )
    return (
        f"select {literal(dataset)} as dataset, cast(row_key as varchar) as row_key, {fields}"  # noqa: S608
        f" from read_parquet({literal(str(path))})"
    )


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])
