"""Small pieces of the expression trees that read rows: names, literals and casts that cannot fail."""

from typing import Final

from sqlglot import exp

from disclosure.dp.dictionary import Dictionary
from disclosure.dp.levels import Kind
from disclosure.expression.sql import column_node

TYPES: Final = {Kind.TEXT: "VARCHAR", Kind.NUMBER: "DOUBLE", Kind.FLAG: "BOOLEAN"}
"""The engine's type per kind of published value."""


def typed_node(column: str, kind: Kind) -> exp.Expr:
    """A column as values of one kind; what cannot be read so is null."""
    node = tried(column_node(column), TYPES[kind])
    if kind is Kind.NUMBER:
        return exp.Nullif(this=node, expression=exp.cast(exp.Literal.string("NaN"), "DOUBLE"))
    return node


def value_node(column: str, dictionary: Dictionary) -> exp.Expr:
    """What one row gives before it is counted or summed; null for nothing."""
    typed = typed_node(column, dictionary.kind(column))
    return _clamped(typed, column, dictionary) if column in dictionary.bounds else typed


def _clamped(typed: exp.Expr, column: str, dictionary: Dictionary) -> exp.Expr:
    """A value clamped to its bounds, in whole fixed-point steps.

    Fixed-point bounds are doubles without rounding (the dictionary sees to it) and both products and rounding keep
    order, so a value inside its bounds stays inside.
    """
    low, high = (float(bound) for bound in dictionary.bounds[column])
    fixed_low, fixed_high = dictionary.fixed_bounds(column)
    steps = exp.Round(this=exp.Mul(this=typed.copy(), expression=whole_node(dictionary.scale_of(column))))
    return (
        exp.Case()
        .when(exp.Is(this=typed.copy(), expression=exp.Null()), exp.Null())
        .when(exp.LTE(this=typed.copy(), expression=double_node(low)), whole_node(fixed_low))
        .when(exp.GTE(this=typed.copy(), expression=double_node(high)), whole_node(fixed_high))
        .else_(tried(steps, "BIGINT"))
    )


def name_node(name: str) -> exp.Column:
    """A column that the tree itself made."""
    return exp.column(exp.to_identifier(name, quoted=True))


def named(node: exp.Expr, name: str) -> exp.Expr:
    """A node under a name."""
    return exp.alias_(node, name, quoted=True, copy=False)  # callers hand over nodes of their own


def tried(node: exp.Expr, to: str) -> exp.Expr:
    """A cast that gives null where it cannot be done."""
    return exp.TryCast(this=node, to=exp.DataType.build(to, dialect="duckdb"))


def whole_node(number: int) -> exp.Expr:
    """A whole number."""
    return (
        exp.Paren(this=exp.Neg(this=exp.Literal.number(-number)))
        if number < 0
        else exp.Literal.number(number)
    )


def double_node(number: float) -> exp.Expr:
    """A double, exactly."""
    return exp.cast(exp.Literal.string(repr(number)), "DOUBLE")
