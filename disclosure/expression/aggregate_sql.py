"""From an aggregate over a unit's own rows to windows of SQL: one partition per unit, so no other unit is seen."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlglot import exp

from disclosure.errors import DisclosureError
from disclosure.expression.derived_sql import value_kind, value_node
from disclosure.expression.sql import Kind, Kinds, condition_node
from disclosure.expression.tree import ORDERED, Aggregate, Column, Term

_FLOATING: Final = frozenset({"FLOAT", "DOUBLE"})
_NUMBERS: Final = frozenset({Kind.INTEGER, Kind.NUMBER})
_ORDERS: Final = _NUMBERS | {Kind.DATE, Kind.TEXT}
"""Kinds of value that have an order."""


def aggregate_nodes(
    found: Aggregate, unit: exp.Expr, kinds: Kinds, types: Mapping[str, str]
) -> tuple[exp.Expr, ...]:
    """Return the value of an aggregate, missing where the row names no unit.

    Of what an order decides there are two, the least and the greatest of the values that the same place holds: where
    they differ, the order does not decide.

    Args:
        found: the aggregate.
        unit: the row's unit, in which a unit that is missing is null.
        kinds: what each column holds.
        types: each column's type in the engine's words.

    Raises:
        DisclosureError: "unknown_column" or "expression_type", from the expression and the kinds alone.
    """
    kept = exp.true() if found.where is None else condition_node(found.where, kinds)
    value = None if found.value is None else _value(found.value, kinds, types)
    _check_kind(found, kinds)
    if found.order is not None and value is not None:
        order = _order(found.order, kinds, types)
        place = exp.Case(ifs=[exp.If(this=kept, true=order)])
        held = exp.Case(ifs=[exp.If(this=exp.and_(kept.copy(), _present(order)), true=value)])
        nodes = (
            _lag(place, held, unit, found.steps)
            if found.function == "lag"
            else _end(found, place, held, unit)
        )
    else:
        nodes = (_plain(found, kept, value, unit),)
    return tuple(exp.Case(ifs=[exp.If(this=_present(unit), true=node)]) for node in nodes)


def _plain(found: Aggregate, kept: exp.Expr, value: exp.Expr | None, unit: exp.Expr) -> exp.Expr:
    """Return an aggregate that needs no order; a total of nothing is nought."""
    if found.function == "exists" or value is None:
        counted = _over(exp.Count(this=exp.Star()), unit, kept=kept)
        return (
            exp.GT(this=counted, expression=exp.Literal.number(0)) if found.function == "exists" else counted
        )
    if found.function == "count":
        return _over(exp.Count(this=value), unit, kept=kept)
    if found.function in {"min", "max"}:
        return _over(exp.func(found.function, value), unit, kept=kept)
    ordered = exp.Order(expressions=[exp.Ordered(this=value.copy())])
    added = _over(exp.Sum(this=value), unit, kept=kept, order=ordered, spec=_rows())
    return exp.func("COALESCE", added, exp.Literal.number(0))


def _end(found: Aggregate, place: exp.Expr, held: exp.Expr, unit: exp.Expr) -> tuple[exp.Expr, ...]:
    """Return the least and the greatest value in the first or last place of a unit's rows."""
    nodes = []
    for is_least in (True, False):
        order = exp.Order(expressions=[
            exp.Ordered(this=_absent(place)),
            exp.Ordered(this=place.copy(), desc=found.function == "last"),
            exp.Ordered(this=_absent(held), desc=is_least),
            exp.Ordered(this=held.copy(), desc=not is_least),
        ])  # fmt: skip
        nodes.append(_over(exp.FirstValue(this=held.copy()), unit, order=order))
    return tuple(nodes)


def _lag(place: exp.Expr, held: exp.Expr, unit: exp.Expr, steps: int) -> tuple[exp.Expr, ...]:
    """Return the least and the greatest value some places earlier; least is missing where one of them is."""
    order = exp.Order(expressions=[exp.Ordered(this=_present(place)), exp.Ordered(this=place.copy())])
    side = {"start": str(steps), "start_side": "PRECEDING", "end": str(steps), "end_side": "PRECEDING"}

    def over(node: exp.Expr) -> exp.Expr:
        return _over(node, unit, order=order.copy(), spec=exp.WindowSpec(kind="GROUPS", **side))

    counts = [over(exp.Count(this=this)) for this in (held.copy(), exp.Star())]
    all_there = exp.EQ(this=counts[0], expression=counts[1])
    least = exp.Case(ifs=[exp.If(this=all_there, true=over(exp.Min(this=held.copy())))])
    earlier = (least, over(exp.Max(this=held.copy())))
    return tuple(exp.Case(ifs=[exp.If(this=_present(place), true=node)]) for node in earlier)


def _over(
    node: exp.Expr,
    unit: exp.Expr,
    *,
    kept: exp.Expr | None = None,
    order: exp.Order | None = None,
    spec: exp.WindowSpec | None = None,
) -> exp.Expr:
    """Return an aggregate over the rows of the row's own unit."""
    if kept is not None and not isinstance(kept, exp.Boolean):
        node = exp.Filter(this=node, expression=exp.Where(this=kept.copy()))
    return exp.Window(this=node, partition_by=[unit.copy()], order=order, spec=spec)


def _rows() -> exp.WindowSpec:
    """Return a frame of all rows: in the order of their values, so that doubles add up the same in any order of rows."""
    return exp.WindowSpec(
        kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="UNBOUNDED", end_side="FOLLOWING"
    )


def _value(term: Term, kinds: Kinds, types: Mapping[str, str]) -> exp.Expr:
    """Return a term as it stands, in which NaN is missing."""
    node = value_node(term, kinds)
    if isinstance(term, Column) and types[term.name] in _FLOATING:
        nothing = exp.cast(exp.Literal.string("NaN"), "DOUBLE")
        return exp.func("NULLIF", exp.cast(node, "DOUBLE"), nothing)
    return node


def _order(column: Column, kinds: Kinds, types: Mapping[str, str]) -> exp.Expr:
    if value_kind(column, kinds) not in _ORDERS:
        raise DisclosureError(
            "expression_type",
            f"The column {column.name[:60]!r} cannot order a unit's rows; give one of numbers, dates or texts.",
        )
    return _value(column, kinds, types)


def _check_kind(found: Aggregate, kinds: Kinds) -> None:
    """Refuse to add, or to find the least of, what is no number and no date."""
    suited: Sequence[Kind] = ()
    if found.function == "sum":
        suited = tuple(_NUMBERS)
    if found.function in {"min", "max"}:
        suited = (*_NUMBERS, Kind.DATE)
    if suited and value_kind(found.value, kinds) not in suited:
        raise DisclosureError(
            "expression_type",
            f"The {found.function} over a unit's rows needs a column of {suited[0].value}s; count or compare instead.",
        )
    if found.function in ORDERED and value_kind(found.value, kinds) is Kind.OTHER:
        raise DisclosureError(
            "expression_type", f"The {found.function} over a unit's rows needs numbers, texts or dates."
        )


def _present(node: exp.Expr) -> exp.Expr:
    return exp.Not(this=_absent(node))


def _absent(node: exp.Expr) -> exp.Expr:
    return exp.Paren(this=exp.Is(this=exp.Paren(this=node.copy()), expression=exp.Null()))
