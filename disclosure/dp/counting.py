"""Integer vectors over the public cells, as one expression tree per question to the bounded rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from disclosure.dp.bands import Bands
from disclosure.dp.declared import OVERFLOW_LIMIT
from disclosure.dp.dictionary import Dictionary
from disclosure.dp.layout import Dimension, Role, Vector
from disclosure.dp.levels import Kind
from disclosure.dp.nodes import (
    TYPES,
    double_node,
    name_node,
    named,
    tried,
    typed_node,
    value_node,
    whole_node,
)
from disclosure.dp.planning import Plan


@dataclass(frozen=True, slots=True)
class Query:
    """One question to the rows: vectors over the same cells.

    Attributes:
        dimensions: of the cells, in order.
        vectors: what is counted or summed per cell.
        places: position of each vector in the plan.
    """

    dimensions: tuple[Dimension, ...]
    vectors: tuple[Vector, ...]
    places: tuple[int, ...]


def queries_of(plan: Plan) -> tuple[Query, ...]:
    """The questions that a plan asks: one for all numbers per cell, one more per column that is banded."""
    layout = plan.layout
    plain = [index for index, each in enumerate(layout.vectors) if each.bands is None]
    queries = [Query(layout.dimensions, tuple(layout.vectors[index] for index in plain), tuple(plain))]
    for index, vector in enumerate(layout.vectors):
        if vector.bands is not None:
            banded = Dimension(str(vector.column), tuple(range(vector.width)), vector.bands)
            counted = Vector(Role.ROWS, None, 0, vector.sensitivity)
            queries.append(Query((*layout.dimensions, banded), (counted,), (index,)))
    return tuple(query for query in queries if query.vectors)


def cells_query(plan: Plan, query: Query, rows: exp.Select) -> exp.Select:
    """One row per public cell in the dictionary's order, one whole number per vector of the query."""
    dimensions, vectors = query.dimensions, query.vectors
    kept = exp.select(exp.Star()).from_("bounded")
    if plan.statistic.filter is not None:
        kept = kept.where(plan.statistic.filter.to_sql())
    columns = _measured(vectors)
    read = exp.select(
        *(named(_key(dimension, plan.dictionary), f"key{i}") for i, dimension in enumerate(dimensions)),
        *(named(value_node(column, plan.dictionary), f"value{i}") for i, column in enumerate(columns)),
        named(exp.true(), "row"),
    ).from_("kept", copy=False)
    grouped = exp.select(
        *(name_node(f"key{i}") for i in range(len(dimensions))),
        named(exp.Count(this=name_node("row")), "rows"),
        *(named(exp.Count(this=name_node(f"value{i}")), f"known{i}") for i in range(len(columns))),
        *(
            named(exp.Sum(this=name_node(f"value{columns.index(name)}")), f"sum{columns.index(name)}")
            for name in _summed(vectors)
        ),
    ).from_("read", copy=False)
    if dimensions:
        grouped = grouped.group_by(*(name_node(f"key{i}") for i in range(len(dimensions))), copy=False)
    answers = [named(held_node(_total(vector, columns)), f"answer{i}") for i, vector in enumerate(vectors)]
    answer = _over_domain(dimensions, answers)
    for name, part in (("bounded", rows), ("kept", kept), ("read", read), ("grouped", grouped)):
        answer = answer.with_(name, as_=part, copy=False)
    return answer


def _over_domain(dimensions: Sequence[Dimension], answers: list[exp.Expr]) -> exp.Select:
    """Every combination of levels in order, joined with what was found there; zero where nothing was."""
    answer = exp.select(*answers)
    if not dimensions:
        return answer.from_("grouped", copy=False)
    answer = answer.from_(domain_node(0, dimensions[0]), copy=False)
    for index, held in enumerate(dimensions[1:], start=1):
        answer = answer.join(domain_node(index, held), join_type="cross", copy=False)
    matched = [
        exp.EQ(this=name_node(f"key{i}"), expression=name_node(f"level{i}")) for i in range(len(dimensions))
    ]
    answer = answer.join(
        exp.to_table("grouped"), on=exp.and_(*matched, copy=False), join_type="left", copy=False
    )
    return answer.order_by(*(name_node(f"position{i}") for i in range(len(dimensions))), copy=False)


def domain_node(index: int, dimension: Dimension) -> exp.Subquery:
    """The published levels of one dimension as rows of position and level; a band's level is its position.

    The levels are one JSON literal, not ten thousand nodes: it is read a hundred times faster.
    """
    kind, levels = dimension.kind, dimension.levels
    positions = exp.Anonymous(this="range", expressions=[whole_node(len(levels))])
    if dimension.bands is not None:
        found: exp.Expr = positions.copy()
    else:
        held = [float(level) for level in levels] if kind is Kind.NUMBER else list(levels)
        shape = exp.Literal.string(json.dumps([TYPES[kind]]))
        found = exp.Anonymous(this="from_json", expressions=[exp.Literal.string(json.dumps(held)), shape])
    return exp.select(
        named(exp.Anonymous(this="unnest", expressions=[positions]), f"position{index}"),
        named(exp.Anonymous(this="unnest", expressions=[found]), f"level{index}"),
    ).subquery(f"domain{index}", copy=False)


def _key(dimension: Dimension, dictionary: Dictionary) -> exp.Expr:
    """What one row is grouped by: the column's value, or the band that its value lies in; null for neither."""
    typed = typed_node(dimension.column, dictionary.kind(dimension.column))
    if dimension.bands is None:
        return typed
    return (
        exp.Case()
        .when(exp.Is(this=typed.copy(), expression=exp.Null()), exp.Null())
        .else_(_band(typed, _thresholds(dimension.bands), 0))
    )


def _thresholds(bands: Bands) -> list[exp.Expr]:
    """Comparisons, each true from one band upwards, to be completed with the value on the left."""
    inner = bands.edges[0 if bands.below else 1 : -1]
    steps: list[exp.Expr] = [exp.GTE(expression=double_node(float(edge))) for edge in inner]
    return [*steps, exp.GT(expression=double_node(float(bands.edges[-1])))] if bands.above else steps


def _band(value: exp.Expr, thresholds: list[exp.Expr], first: int) -> exp.Expr:
    """Position of the band that a value lies in, by halving: ten comparisons for a thousand bands."""
    if not thresholds:
        return whole_node(first)
    middle = len(thresholds) // 2
    reached = thresholds[middle].copy()
    reached.set("this", value.copy())
    return (
        exp.Case()
        .when(reached, _band(value, thresholds[middle + 1 :], first + middle + 1))
        .else_(_band(value, thresholds[:middle], first))
    )


def _measured(vectors: Sequence[Vector]) -> list[str]:
    """Columns that are counted or summed, once each: each is read once, whatever it is used for."""
    return list(dict.fromkeys(vector.column for vector in vectors if vector.column is not None))


def _summed(vectors: Sequence[Vector]) -> list[str]:
    """Columns that are summed, once each."""
    return _measured([vector for vector in vectors if not vector.is_count])


def _total(vector: Vector, columns: list[str]) -> exp.Expr:
    """Count or centred sum of a cell; whole numbers of 128 bits, so taking the centre off afterwards is exact."""
    if vector.column is None:
        return name_node("rows")
    index = columns.index(vector.column)
    known = name_node(f"known{index}")
    if vector.is_count:
        return known
    off = exp.Mul(this=tried(known, "HUGEINT"), expression=whole_node(vector.centre))
    return exp.Paren(this=exp.Sub(this=name_node(f"sum{index}"), expression=exp.Paren(this=off)))


def held_node(total: exp.Expr) -> exp.Expr:
    """A total held within 62 bits, which only data beyond the declared population reach; zero where none was."""
    return (
        exp.Case()
        .when(exp.Is(this=total.copy(), expression=exp.Null()), whole_node(0))
        .when(exp.GTE(this=total.copy(), expression=whole_node(OVERFLOW_LIMIT)), whole_node(OVERFLOW_LIMIT))
        .when(exp.LTE(this=total.copy(), expression=whole_node(-OVERFLOW_LIMIT)), whole_node(-OVERFLOW_LIMIT))
        .else_(tried(total, "BIGINT"))
    )
