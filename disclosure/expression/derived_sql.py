"""From a derived value to an expression tree of SQL."""

from sqlglot import exp

from disclosure.errors import DisclosureError
from disclosure.expression.sql import Kind, Kinds, column_node, condition_node, kind_of, term_node
from disclosure.expression.tree import Aggregate, Arithmetic, Column, Elapsed, Literal, Term, level_kind
from disclosure.expression.value import Choice, Value

_LITERALS = {"number": Kind.NUMBER, "text": Kind.TEXT, "boolean": Kind.BOOLEAN}
_NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER})


def value_node(value: Value, kinds: Kinds) -> exp.Expr:
    """Return a derived value; what cannot be computed is missing.

    Raises:
        DisclosureError: "unknown_column" or "expression_type", from the expression and the kinds alone.
    """
    if isinstance(value, Choice):
        kind = value_kind(value, kinds)
        branches = [
            exp.Null() if part is None else _as(part, kind, kinds) for part in (value.then, value.otherwise)
        ]
        chosen = exp.If(this=condition_node(value.condition, kinds), true=branches[0])
        return exp.Case(ifs=[chosen], default=branches[1])
    if isinstance(value, Column):
        kind_of(value, kinds)
        return column_node(value.name)
    if isinstance(value, Literal | Arithmetic | Elapsed | Aggregate):
        return term_node(value, value_kind(value, kinds) or Kind.NUMBER, kinds)
    return condition_node(value, kinds)


def divides_by_nought(term: Term, kinds: Kinds) -> exp.Expr:
    """Return whether a divisor is nought."""
    return exp.EQ(this=exp.Paren(this=term_node(term, Kind.NUMBER, kinds)), expression=exp.Literal.number(0))


def _as(value: Value, kind: Kind | None, kinds: Kinds) -> exp.Expr:
    """Return a branch; where whole numbers and others meet, all are others."""
    node = value_node(value, kinds)
    return exp.cast(node, "DOUBLE") if kind is Kind.NUMBER else node


def value_kind(value: Value | None, kinds: Kinds) -> Kind | None:
    """Return what a value is; None where it is always missing."""
    if isinstance(value, Choice):
        found = {value_kind(value.then, kinds), value_kind(value.otherwise, kinds)} - {None}
        if len(found) > 1 and found <= _NUMBERS:
            return Kind.NUMBER
        if len(found) > 1:
            raise DisclosureError(
                "expression_type",
                "Both values of a choice must be of one kind, such as two numbers or two texts.",
            )
        return found.pop() if found else None
    if isinstance(value, Column):
        return kind_of(value, kinds)
    if isinstance(value, Literal):
        return Kind.INTEGER if type(value.value) is int else _LITERALS[level_kind(value.value)]
    if isinstance(value, Elapsed | Arithmetic):
        return Kind.INTEGER if isinstance(value, Elapsed) else Kind.NUMBER
    return None if value is None else Kind.BOOLEAN
