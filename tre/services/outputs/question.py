"""Which questions may be asked of a project's table at all: ones that count people, and whose words a reviewer can read."""

import json
from collections.abc import Iterator
from typing import Final

import duckdb

from disclosure import Statistic
from tre.domain.errors import BadInput
from tre.services.dictionary import STUDY_ID

AUDIT_KEY: Final = "audit_key"
"""The column that tells a population's people apart in every project. It is joined on the trusted side only."""

LONGEST_NAME: Final = 200
"""Longest name or level that may leave, in characters. Source: ours; a line that a reviewer reads at a glance."""
LONGEST_FILTER: Final = 2_000
"""Longest filter, in characters. Source: ours; half a page, so that no message hides in a condition that is always true."""

_NUMBERS: Final = frozenset(
    [
        "tinyint",
        "smallint",
        "integer",
        "bigint",
        "hugeint",
        "utinyint",
        "usmallint",
        "uinteger",
        "ubigint",
        "uhugeint",
        "float",
        "double",
        "decimal",
        "boolean",
        "date",
        "time",
        "timestamp",
        "timestamp_s",
        "timestamp_ms",
        "timestamp_ns",
    ]
)
"""The engine's types whose values are short and printable by themselves."""


def must_be_readable(statistic: Statistic) -> None:
    """Refuse a question whose own words could carry a message: they leave with the answer.

    Raises:
        BadInput: a name, title or filter is too long or cannot be printed.
    """
    record = json.loads(statistic.to_json())
    models = record.get("asks", {}).pop("formula", [])
    derived = record.pop("derive", [])
    conditions = [record.pop("where") or "", *(text for _, text in (*models, *derived))]
    names = [*_texts(record), *(name for name, _ in (*models, *derived))]
    fits = all(len(text) <= LONGEST_FILTER for text in conditions)
    fits = fits and all(len(name) <= LONGEST_NAME for name in names)
    printable = (*names, *(" ".join(text.splitlines()) for text in conditions))
    if not fits or not all(text.isprintable() for text in printable):
        raise BadInput(
            "unreadable",
            f"The names and the title of a statistic are printable and have at most {LONGEST_NAME} characters, a "
            f"filter or formula at most {LONGEST_FILTER:,}; shorten them.",
        )


def must_name_people(statistic: Statistic, *, is_derived: bool) -> None:
    """Refuse a question that would count something else than people, or read how they are known in other projects.

    A table of the extract may leave the unit out: whether it has one row a person is seen when it is opened.

    Raises:
        BadInput: the unit is another column, or the audit key is read.
    """
    allowed = {STUDY_ID} if is_derived else {STUDY_ID, None}
    if statistic.unit not in allowed:
        raise BadInput("unit", f"The unit is the person: ask with {STUDY_ID} as the unit.")
    if any(column.casefold() == AUDIT_KEY for column in statistic.columns()):
        raise BadInput(
            "audit_key", f"Nobody may ask about {AUDIT_KEY}; it is the platform's own. Leave it out."
        )


def must_count_people(statistic: Statistic, rows: duckdb.DuckDBPyRelation) -> None:
    """Refuse a question without a unit of rows of which one person has several.

    Raises:
        BadInput: rows would be counted for people.
    """
    if statistic.unit is not None:
        return
    found = rows.aggregate(f"count(*), count(DISTINCT {STUDY_ID})").fetchall()[0]
    if found[0] != found[1]:
        raise BadInput("unit", f"A person has several rows here: ask with {STUDY_ID} as the unit.")


def must_leave_our_names(rows: duckdb.DuckDBPyRelation) -> None:
    """Refuse a table with a column under the name of the audit key, or two that could be taken for the person's.

    Raises:
        BadInput: a column must be renamed.
    """
    names = [name.casefold() for name in rows.columns]
    if AUDIT_KEY in names or names.count(STUDY_ID) > 1:
        raise BadInput(
            "column_taken",
            f"A table has one column {STUDY_ID} and none called {AUDIT_KEY}, in any spelling; rename the column.",
        )


def must_be_tellable(rows: duckdb.DuckDBPyRelation) -> None:
    """Refuse a table that a run has made whose columns hide ours, or whose texts are no short, printable labels.

    Raises:
        BadInput: a column must be renamed, or its values shortened.
        duckdb.Error: the rows cannot be read.
    """
    must_leave_our_names(rows)
    for name, kind in zip(rows.columns, rows.types, strict=True):
        if kind.id not in _NUMBERS and _has_long(rows, name):
            raise BadInput(
                "label_unreadable",
                f"A text column of the derived table holds values that are no labels: they are printable and have at most "
                f"{LONGEST_NAME} characters. Shorten them or leave the column out.",
            )


def _has_long(rows: duckdb.DuckDBPyRelation, name: str) -> bool:
    text = 'CAST("' + name.replace('"', '""') + '" AS VARCHAR)'
    hidden = rf"regexp_matches({text}, '[\p{{C}}\p{{Zl}}\p{{Zp}}]')"
    query = f"coalesce(bool_or(length({text}) > {LONGEST_NAME} OR {hidden}), false)"
    return bool(rows.aggregate(query).fetchall()[0][0])


def _texts(record: object) -> Iterator[str]:
    """Every text in a JSON value, names of keys left out."""
    if isinstance(record, str):
        yield record
    elif isinstance(record, dict):
        for value in record.values():
            yield from _texts(value)
    elif isinstance(record, list):
        for value in record:
            yield from _texts(value)
