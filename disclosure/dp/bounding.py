"""From rows to integer vectors over the public cells, in one SQL expression tree: what one unit adds is bounded.

Order of work, each step a condition of soundness: rows without a unit go; of each unit at most `rows_per_unit`
rows stay, in the order of a keyed hash of the row, before any filter; the filter; levels outside the dictionary,
nulls and NaN contribute nothing; values are clamped, infinities too, and become whole fixed-point steps; only
integers are summed; sums saturate at 62 bits, which moves them no further apart. No step can fail for a value:
casts are tries, levels are literals of the tree, never text pasted into SQL.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from disclosure.dp.declared import OVERFLOW_LIMIT
from disclosure.dp.dictionary import Dictionary
from disclosure.dp.layout import Vector
from disclosure.dp.levels import Kind, Level, kind_of
from disclosure.dp.planning import Plan
from disclosure.expression.sql import column_node

SOURCE: Final = "source"
"""Name under which the tree finds the rows."""

FLOATING: Final = frozenset({"FLOAT", "DOUBLE"})
"""Types of a unit column in which a missing unit is NaN."""

_TYPES: Final = {Kind.TEXT: "VARCHAR", Kind.NUMBER: "DOUBLE", Kind.FLAG: "BOOLEAN"}


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


def cells_query(plan: Plan, rows: exp.Select) -> exp.Select:
    """One row per public cell in the dictionary's order, one whole number per vector of the plan."""
    by, vectors = plan.statistic.by, plan.layout.vectors
    kept = exp.select(exp.Star()).from_("bounded")
    if plan.statistic.filter is not None:
        kept = kept.where(plan.statistic.filter.to_sql())
    columns = _measured(vectors)
    read = exp.select(
        *(_as(_typed(column, plan.dictionary.kind(column)), f"key{i}") for i, column in enumerate(by)),
        *(_as(_value(column, plan.dictionary), f"value{i}") for i, column in enumerate(columns)),
        _as(exp.true(), "row"),
    ).from_("kept")
    grouped = exp.select(
        *(_name(f"key{i}") for i in range(len(by))),
        _as(exp.Count(this=_name("row")), "rows"),
        *(_as(exp.Count(this=_name(f"value{i}")), f"known{i}") for i in range(len(columns))),
        *(
            _as(exp.Sum(this=_name(f"value{columns.index(name)}")), f"sum{columns.index(name)}")
            for name in _summed(vectors)
        ),
    ).from_("read")
    if by:
        grouped = grouped.group_by(*(_name(f"key{i}") for i in range(len(by))))
    answers = [_as(_held(_total(vector, columns)), f"answer{i}") for i, vector in enumerate(vectors)]
    answer = _over_domain([plan.dictionary.keys[column] for column in by], answers)
    for name, part in (("bounded", rows), ("kept", kept), ("read", read), ("grouped", grouped)):
        answer = answer.with_(name, as_=part)
    return answer


def _over_domain(levels: list[Sequence[Level]], answers: list[exp.Expr]) -> exp.Select:
    """Every combination of levels in order, joined with what was found there; zero where nothing was."""
    answer = exp.select(*answers)
    if not levels:
        return answer.from_("grouped")
    answer = answer.from_(_domain(0, levels[0]))
    for index, held in enumerate(levels[1:], start=1):
        answer = answer.join(_domain(index, held), join_type="cross")
    matched = [exp.EQ(this=_name(f"key{i}"), expression=_name(f"level{i}")) for i in range(len(levels))]
    answer = answer.join(exp.to_table("grouped"), on=exp.and_(*matched), join_type="left")
    return answer.order_by(*(_name(f"position{i}") for i in range(len(levels))))


def _domain(index: int, levels: Sequence[Level]) -> exp.Subquery:
    """The published levels of one dimension as rows of position and level.

    The levels are one JSON literal, not ten thousand nodes: it is read a hundred times faster.
    """
    kind = kind_of(levels[0]) or Kind.TEXT
    held = [float(level) for level in levels] if kind is Kind.NUMBER else list(levels)
    shape = exp.Literal.string(json.dumps([_TYPES[kind]]))
    document = exp.Anonymous(this="from_json", expressions=[exp.Literal.string(json.dumps(held)), shape])
    positions = exp.Anonymous(this="range", expressions=[_whole(len(levels))])
    return exp.select(
        _as(exp.Anonymous(this="unnest", expressions=[positions]), f"position{index}"),
        _as(exp.Anonymous(this="unnest", expressions=[document]), f"level{index}"),
    ).subquery(f"domain{index}")


def _typed(column: str, kind: Kind) -> exp.Expr:
    """A column as values of one kind; what cannot be read so is null."""
    node = _try(column_node(column), _TYPES[kind])
    if kind is Kind.NUMBER:
        return exp.Nullif(this=node, expression=exp.cast(exp.Literal.string("NaN"), "DOUBLE"))
    return node


def _measured(vectors: Sequence[Vector]) -> list[str]:
    """Columns that are counted or summed, once each: each is read once, whatever it is used for."""
    return list(dict.fromkeys(vector.column for vector in vectors if vector.column is not None))


def _summed(vectors: Sequence[Vector]) -> list[str]:
    """Columns that are summed, once each."""
    return _measured([vector for vector in vectors if not vector.is_count])


def _value(column: str, dictionary: Dictionary) -> exp.Expr:
    """What one row gives before it is counted or summed; null for nothing."""
    typed = _typed(column, dictionary.kind(column))
    return _clamped(typed, column, dictionary) if column in dictionary.bounds else typed


def _clamped(typed: exp.Expr, column: str, dictionary: Dictionary) -> exp.Expr:
    """A value clamped to its bounds, in whole fixed-point steps.

    Fixed-point bounds are doubles without rounding (the dictionary sees to it) and both products and rounding keep
    order, so a value inside its bounds stays inside.
    """
    low, high = (float(bound) for bound in dictionary.bounds[column])
    fixed_low, fixed_high = dictionary.fixed_bounds(column)
    steps = exp.Round(this=exp.Mul(this=typed.copy(), expression=_whole(dictionary.scale_of(column))))
    return (
        exp.Case()
        .when(exp.Is(this=typed.copy(), expression=exp.Null()), exp.Null())
        .when(exp.LTE(this=typed.copy(), expression=_double(low)), _whole(fixed_low))
        .when(exp.GTE(this=typed.copy(), expression=_double(high)), _whole(fixed_high))
        .else_(_try(steps, "BIGINT"))
    )


def _total(vector: Vector, columns: list[str]) -> exp.Expr:
    """Count or centred sum of a cell; whole numbers of 128 bits, so taking the centre off afterwards is exact."""
    if vector.column is None:
        return _name("rows")
    index = columns.index(vector.column)
    known = _name(f"known{index}")
    if vector.is_count:
        return known
    off = exp.Mul(this=_try(known, "HUGEINT"), expression=_whole(vector.centre))
    return exp.Paren(this=exp.Sub(this=_name(f"sum{index}"), expression=exp.Paren(this=off)))


def _held(total: exp.Expr) -> exp.Expr:
    """A total held within 62 bits, which only data beyond the declared population reach; zero where none was."""
    return (
        exp.Case()
        .when(exp.Is(this=total.copy(), expression=exp.Null()), _whole(0))
        .when(exp.GTE(this=total.copy(), expression=_whole(OVERFLOW_LIMIT)), _whole(OVERFLOW_LIMIT))
        .when(exp.LTE(this=total.copy(), expression=_whole(-OVERFLOW_LIMIT)), _whole(-OVERFLOW_LIMIT))
        .else_(_try(total, "BIGINT"))
    )


def _has_unit(unit: exp.Column, held: str | None) -> exp.Expr:
    """Is there a unit? Nulls, NaN and blank text would make one unit of many people."""
    present: exp.Expr = exp.Not(this=exp.Is(this=unit.copy(), expression=exp.Null()))
    if held in FLOATING:
        return exp.and_(present, exp.Not(this=exp.Anonymous(this="isnan", expressions=[unit.copy()])))
    if held == "VARCHAR":
        blank = exp.EQ(this=exp.Trim(this=unit.copy()), expression=exp.Literal.string(""))
        return exp.and_(present, exp.Not(this=blank))
    return present


def _name(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True))


def _as(node: exp.Expr, name: str) -> exp.Expr:
    return exp.alias_(node, name, quoted=True)


def _try(node: exp.Expr, to: str) -> exp.Expr:
    return exp.TryCast(this=node, to=exp.DataType.build(to, dialect="duckdb"))


def _whole(number: int) -> exp.Expr:
    return (
        exp.Paren(this=exp.Neg(this=exp.Literal.number(-number)))
        if number < 0
        else exp.Literal.number(number)
    )


def _double(number: float) -> exp.Expr:
    return exp.cast(exp.Literal.string(repr(number)), "DOUBLE")
