"""Where values lie in the order of their cell: ends, the commonest, quantiles, and how many units stand behind each.

Four steps: a row per cell, unit and value; which are a unit's least and greatest; a row per cell and value; and how
many rows and units stand at or below, and at or above, each.
"""

from collections.abc import Sequence
from fractions import Fraction

from sqlglot import exp

from disclosure.expression.sql import column_node
from disclosure.query.groups import group_columns, group_keys, grouped
from disclosure.query.nodes import count, count_if, is_null, named, select
from disclosure.query.rows import ROWS, Question, rows_tree

HELD = "disclosure_held"
MARKED = "disclosure_marked"
VALUED = "disclosure_valued"
RANKED = "disclosure_ranked"
# long names of our own, so that they hide no table that a relation handed to us reads


def order_tree(question: Question, index: int, points: Sequence[Fraction], *, by_unit: bool) -> exp.Select:
    """Order one quantity within each cell and margin.

    Columns: as `cells_tree` up to the levels; rows; least value, units that have it; greatest, units; commonest (the
    least of several), units; per point its lower and upper neighbour, the units at or below the lower, at or above
    the upper, and those that have the lower.

    Args:
        question: what is asked.
        index: which quantity.
        points: the quantiles, above 0 and below 1.
        by_unit: a unit may have several rows.
    """
    tree = select([*group_keys(question), *named(_answers(points), "c")], RANKED)
    keys = group_keys(question)
    tree = tree.group_by(*keys) if keys else tree
    tree = tree.with_(ROWS, as_=rows_tree(question), copy=False).with_(
        HELD, as_=_held(question, index, by_unit=by_unit), copy=False
    )
    if by_unit:
        tree = tree.with_(MARKED, as_=_marked(question), copy=False)
    return tree.with_(VALUED, as_=_valued(question, by_unit=by_unit), copy=False).with_(
        RANKED, as_=_ranked(question), copy=False
    )


def _held(question: Question, index: int, *, by_unit: bool) -> exp.Select:
    """Return a row per cell, unit and value, with its number of rows r; without units where none repeats."""
    name, units = f"q{index}", ["u"] if by_unit else []
    columns = [*map(column_node, units), column_node(name).as_("v"), count().as_("r")]
    tree = select([*group_columns(question), *columns], ROWS)
    return grouped(tree.where(exp.Not(this=is_null(name))), question, *units, name)


def _marked(question: Question) -> exp.Select:
    """Mark in f and l which value is the least and which the greatest of its unit."""
    cell = [*group_keys(question), column_node("u")]
    ends = [
        exp.EQ(this=column_node("v"), expression=_over(exp.func(name, column_node("v")), cell)).as_(letter)
        for name, letter in (("MIN", "f"), ("MAX", "l"))
    ]
    columns = [*cell, *map(column_node, "vr"), *ends]
    return select([node.copy() for node in columns], HELD)


def _valued(question: Question, *, by_unit: bool) -> exp.Select:
    """Return a row per cell and value: rows r, units k, and units whose least f or greatest l it is."""
    keys = [*group_keys(question), column_node("v")]
    if not by_unit:
        return select([*keys, *(column_node("r").as_(name) for name in "rkfl")], HELD)
    known = exp.Not(this=is_null("u"))
    ends = [count_if(exp.and_(column_node(name), known.copy())).as_(name) for name in "fl"]
    columns = [
        exp.func("SUM", column_node("r")).as_("r"),
        exp.func("COUNT", column_node("u")).as_("k"),
        *ends,
    ]
    return select([*keys, *columns], MARKED).group_by(*(key.copy() for key in keys))


def _ranked(question: Question) -> exp.Select:
    """Add rows at or below c, units at or below b, units at or above a, all rows n, and rows of the commonest m."""
    cell = group_keys(question)

    def total(name: str, *, down: bool = False) -> exp.Expr:
        order = exp.Ordered(this=column_node("v"), desc=down)
        return _over(exp.func("SUM", column_node(name)), cell, exp.Order(expressions=[order]))

    columns = [total("r").as_("c"), total("f").as_("b"), total("l", down=True).as_("a")]
    columns.append(_over(exp.func("SUM", column_node("r")), cell).as_("n"))
    columns.append(_over(exp.func("MAX", column_node("r")), cell).as_("m"))
    return select([*group_keys(question), *map(column_node, "vrk"), *columns], VALUED)


def _answers(points: Sequence[Fraction]) -> list[exp.Expr]:
    value, units = column_node("v"), column_node("k")
    commonest = exp.EQ(this=column_node("r"), expression=column_node("m"))
    columns: list[exp.Expr] = [
        exp.func("SUM", column_node("r")),
        exp.func("MIN", value.copy()),
        _at("arg_min", units),
        exp.func("MAX", value.copy()),
        _at("arg_max", units),
        _where(exp.func("MIN", value.copy()), commonest),
        _where(_at("arg_min", units), commonest),
    ]
    for point in points:
        lower, upper = _reached(point, up=False), _reached(point, up=True)
        columns += [_where(exp.func("MIN", value.copy()), rank) for rank in (lower, upper)]
        wanted = (("b", lower), ("a", upper), ("k", lower))
        columns += [_where(_at("arg_min", column_node(name)), rank) for name, rank in wanted]
    return columns


def _reached(point: Fraction, *, up: bool) -> exp.Expr:
    """Whether the row of rank (n - 1) times the point, counted from nought and rounded down or up, is reached."""
    steps: exp.Expr = exp.Mul(
        this=exp.Paren(this=exp.Sub(this=column_node("n"), expression=exp.Literal.number(1))),
        expression=exp.Literal.number(point.numerator),
    )
    if up:
        steps = exp.Paren(this=exp.Add(this=steps, expression=exp.Literal.number(point.denominator - 1)))
    rank = exp.IntDiv(this=steps, expression=exp.Literal.number(point.denominator))
    return exp.GT(this=column_node("c"), expression=rank)


def _over(function: exp.Expr, cell: Sequence[exp.Expr], order: exp.Order | None = None) -> exp.Expr:
    return exp.Window(this=function, partition_by=[node.copy() for node in cell], order=order)


def _at(function: str, node: exp.Expr) -> exp.Expr:
    """Return a column at the least or greatest value."""
    return exp.Anonymous(this=function, expressions=[node.copy(), column_node("v")])


def _where(function: exp.Expr, condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=function, expression=exp.Where(this=condition.copy()))
