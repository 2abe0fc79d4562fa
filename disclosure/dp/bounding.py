"""The rows that count, as an expression tree: what one unit can add to any vector is bounded.

Order of work, each step a condition of soundness: rows without a unit go; of each unit at most `rows_per_unit`
rows stay, in the order of a keyed hash of the row, before any filter; the filter; levels outside the dictionary,
nulls and NaN contribute nothing; values are clamped, infinities too, and become whole fixed-point steps; only
integers are summed; sums saturate at 62 bits, which moves them no further apart. No step can fail for a value:
casts are tries, levels are literals of the tree, never text pasted into SQL.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from disclosure.dp.dictionary import Dictionary
from disclosure.expression.sql import column_node

SOURCE: Final = "source"
"""Name under which the tree finds the rows."""

FLOATING: Final = frozenset({"FLOAT", "DOUBLE"})
"""Types of a unit column in which a missing unit is NaN."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Columns of a table as the engine describes them.

    Attributes:
        types: the engine's type per column, in order.
    """

    types: dict[str, str]


def bounded_rows(
    dictionary: Dictionary, shape: Shape, *, bounded: bool, projection_key: bytes | None
) -> exp.Select:
    """Rows that count: those with a unit, at most `rows_per_unit` of each.

    The rows kept of a unit depend on its own rows and the key only (rows that agree in 64 bits of hash aside), so
    that one unit more or less changes nobody else's.

    Args:
        dictionary: names the unit and how many of its rows count.
        shape: the columns of the data.
        bounded: True when the data were bounded before, by `materialise`, so that nothing is dropped.
        projection_key: secret of an edition, so that the same rows are kept each time; None draws a fresh one.
    """
    unit = column_node(dictionary.unit)
    rows = (
        exp.select(exp.Star())
        .from_(exp.to_table(SOURCE))
        .where(_has_unit(unit, shape.types.get(dictionary.unit)))
    )
    if bounded:
        return rows
    key = (projection_key or secrets.token_bytes(32)).hex()
    order = exp.Anonymous(
        this="hash", expressions=[exp.Literal.string(key), *map(column_node, sorted(shape.types))]
    )
    number = exp.Window(
        this=exp.Anonymous(this="row_number", expressions=[]),
        partition_by=[unit],
        order=exp.Order(expressions=[exp.Ordered(this=order)]),
    )
    most = exp.Literal.number(dictionary.rows_per_unit)
    return rows.qualify(exp.LTE(this=number, expression=most))


def _has_unit(unit: exp.Column, held: str | None) -> exp.Expr:
    """Is there a unit? Nulls, NaN and blank text would make one unit of many people."""
    present: exp.Expr = exp.Not(this=exp.Is(this=unit.copy(), expression=exp.Null()))
    if held in FLOATING:
        return exp.and_(present, exp.Not(this=exp.Anonymous(this="isnan", expressions=[unit.copy()])))
    if held == "VARCHAR":
        blank = exp.EQ(this=exp.Trim(this=unit.copy()), expression=exp.Literal.string(""))
        return exp.and_(present, exp.Not(this=blank))
    return present
