"""From the frozen tree to an expression tree of SQL: quoted identifiers and literal nodes, never pasted text."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Final

from sqlglot import exp

from disclosure.errors import DisclosureError
from disclosure.expression.tree import (
    Aggregate,
    Arithmetic,
    Column,
    Comparison,
    Condition,
    Elapsed,
    Literal,
    Membership,
    Missing,
    Scalar,
    Term,
    level_kind,
)


class Kind(Enum):
    """What a column holds, as far as a filter cares."""

    INTEGER = "whole number"
    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date or time"
    OTHER = "other"


Kinds = Mapping[str, Kind]

_COMPARISONS: Final[dict[str, type[exp.Binary]]] = {
    "==": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
_ARITHMETIC: Final[dict[str, type[exp.Binary]]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div}
_NUMERIC: Final = frozenset({Kind.INTEGER, Kind.NUMBER})
_SUITED: Final = {
    "number": _NUMERIC,
    "text": frozenset({Kind.TEXT, Kind.DATE}),
    "boolean": frozenset({Kind.BOOLEAN}),
}


def column_node(name: str) -> exp.Column:
    """Return a quoted column: the name is data, whatever it holds."""
    return exp.column(exp.to_identifier(name, quoted=True))


def condition_node(condition: Condition, kinds: Kinds | None) -> exp.Expr:
    """Return the condition as SQL.

    Missing values follow SQL (Kleene's logic). No data can make it raise: casts are tried, a zero divisor and
    a result that is not a number are missing. With `kinds`, columns are compared as what they are; without,
    as what the literal beside them is.

    Raises:
        DisclosureError: "unknown_column" or "expression_type", from the filter and the kinds alone.
    """
    if isinstance(condition, Comparison):
        sides, kind = (condition.left, condition.right), _compared_kind(condition, kinds)
        return _COMPARISONS[condition.operator](**_sides(*(_typed(side, kind, kinds) for side in sides)))
    if isinstance(condition, Membership):
        return _membership_node(condition, kinds)
    if isinstance(condition, Missing):
        node = _missing_node(condition.term, kinds)
        return exp.Not(this=node) if condition.negated else node
    parts = [condition_node(part, kinds) for part in condition.parts]
    joined = exp.and_(*parts) if condition.operator == "and" else exp.or_(*parts)
    return exp.Paren(this=joined)


def term_node(term: Term, kind: Kind, kinds: Kinds | None) -> exp.Expr:
    """Return a term as a value of one kind; what cannot be read as that kind is missing.

    Raises:
        DisclosureError: "unknown_column" or "expression_type".
    """
    if not isinstance(term, Column | Literal):
        _checked_kind(term, "number", kinds)
    return _typed(term, kind, kinds)


def kind_of(column: Column, kinds: Kinds) -> Kind | None:
    """Return what a column holds.

    Raises:
        DisclosureError: "unknown_column".
    """
    return _kind_of(column, kinds)


def _sides(left: exp.Expr, right: exp.Expr) -> dict[str, exp.Expr]:
    return {"this": left, "expression": right}


def _membership_node(member: Membership, kinds: Kinds | None) -> exp.Expr:
    """Return `term IN (levels)`; a missing term stays missing under NOT."""
    kind = _checked_kind(member.term, level_kind(member.levels[0].value), kinds)
    whole = all(isinstance(level.value, int) for level in member.levels)
    if kind is Kind.INTEGER and not whole:
        kind = Kind.NUMBER
    levels = [_typed(level, kind, kinds) for level in member.levels]
    node = exp.In(this=_typed(member.term, kind, kinds), expressions=levels)
    return exp.Not(this=node) if member.negated else node


def _missing_node(term: Term, kinds: Kinds | None) -> exp.Expr:
    """Return a test for NULL in which NaN is missing too."""
    if isinstance(term, Column):
        kind = _kind_of(term, kinds)
        if kind is not None and kind is not Kind.NUMBER:
            return exp.Is(this=column_node(term.name), expression=exp.Null())
        bare = exp.Is(this=column_node(term.name), expression=exp.Null())
        nan = exp.EQ(**_sides(_cast(column_node(term.name), "DOUBLE"), _not_a_number()))
        return exp.Paren(this=exp.or_(bare, exp.func("COALESCE", nan, exp.false())))
    return exp.Is(this=exp.Paren(this=_typed(term, Kind.NUMBER, kinds)), expression=exp.Null())


def _compared_kind(comparison: Comparison, kinds: Kinds | None) -> Kind:
    """Decide as what two terms are compared."""
    left, right = comparison.left, comparison.right
    if isinstance(right, Literal):
        kind = _checked_kind(left, level_kind(right.value), kinds)
        return Kind.NUMBER if kind is Kind.INTEGER and not isinstance(right.value, int) else kind
    if isinstance(left, Column) and isinstance(right, Column):
        return _shared_kind(left, right, kinds)
    for term in (left, right):
        _checked_kind(term, "number", kinds)
    return Kind.NUMBER


def _shared_kind(left: Column, right: Column, kinds: Kinds | None) -> Kind:
    """Decide as what two columns are compared: they must hold the same kind."""
    found = {_kind_of(left, kinds), _kind_of(right, kinds)}
    if found <= _NUMERIC:
        return Kind.INTEGER if found == {Kind.INTEGER} else Kind.NUMBER
    kind = found.pop()
    if found or kind is None or kind is Kind.OTHER:
        raise DisclosureError(
            "expression_type",
            f"The filter compares the columns {left.name!r} and {right.name!r}, which do not hold the same kind "
            "of value; compare each with a level instead.",
        )
    return kind


def _checked_kind(term: Term, wanted: str, kinds: Kinds | None) -> Kind:
    """Return as what a term is compared with a literal of the wanted kind."""
    if isinstance(term, Arithmetic):
        for side in (term.left, term.right):
            _checked_kind(side, "number", kinds)
        return Kind.NUMBER
    if isinstance(term, Elapsed):
        _check_dates(term, kinds)
        return Kind.INTEGER
    kind = _kind_of(term, kinds) if isinstance(term, Column) else None
    if kind is None:
        return {"number": Kind.NUMBER, "text": Kind.TEXT, "boolean": Kind.BOOLEAN}[wanted]
    if kind not in _SUITED[wanted]:
        name = term.name if isinstance(term, Column) else ""
        raise DisclosureError(
            "expression_type",
            f"The filter compares the column {name!r}, which holds {kind.value}, with a {wanted}.",
        )
    return kind


def _kind_of(column: Column, kinds: Kinds | None) -> Kind | None:
    """Return a column's kind, or None when nothing is known about any column."""
    if kinds is None:
        return None
    if column.name not in kinds:
        raise DisclosureError(
            "unknown_column", f"The filter names the column {column.name!r}, which the data do not have."
        )
    return kinds[column.name]


def _typed(term: Term, kind: Kind, kinds: Kinds | None) -> exp.Expr:
    """Return a term as a value of one kind; what cannot be read as that kind is missing."""
    if isinstance(term, Literal):
        return _literal_node(term.value, kind)
    if isinstance(term, Arithmetic):
        return _arithmetic_node(term, kinds)
    if isinstance(term, Elapsed):
        node = _elapsed_node(term, kinds)
        return _cast(node, "DOUBLE") if kind is Kind.NUMBER else node
    if isinstance(term, Aggregate):
        raise DisclosureError("expression", "An aggregate over a unit's rows stands in derived columns only.")
    node = column_node(term.name)
    if kind is Kind.NUMBER:
        return exp.func("NULLIF", _cast(node, "DOUBLE"), _not_a_number())
    if kind is Kind.INTEGER:
        return node
    return _cast(node, {Kind.TEXT: "VARCHAR", Kind.BOOLEAN: "BOOLEAN"}.get(kind, "TIMESTAMP"))


def _arithmetic_node(term: Arithmetic, kinds: Kinds | None) -> exp.Expr:
    """Return arithmetic in double precision; overflow is infinite, and what is no number is missing."""
    left, right = (exp.Paren(this=_typed(side, Kind.NUMBER, kinds)) for side in (term.left, term.right))
    divisor = exp.func("NULLIF", right, exp.Literal.number(0)) if term.operator == "/" else right
    node = _ARITHMETIC[term.operator](**_sides(left, divisor))
    return exp.func("NULLIF", node, _not_a_number())


def _elapsed_node(term: Elapsed, kinds: Kinds | None) -> exp.Expr:
    """Return complete parts between two dates; what lies outside the calendar is missing."""
    ends = [_typed(end, Kind.DATE, kinds) for end in (term.start, term.end)]
    return exp.Anonymous(this="date_sub", expressions=[exp.Literal.string(term.part), *ends])


def _check_dates(term: Elapsed, kinds: Kinds | None) -> None:
    """Refuse a difference of what holds no dates."""
    for end in (term.start, term.end):
        kind = _kind_of(end, kinds) if isinstance(end, Column) else Kind.DATE
        if kind not in {None, Kind.DATE}:
            name = end.name if isinstance(end, Column) else ""
            raise DisclosureError(
                "expression_type",
                f"The column {name[:60]!r} holds {kind.value}, so no days lie between; give dates.",
            )


def _literal_node(value: Scalar, kind: Kind) -> exp.Expr:
    """Return a literal of one kind."""
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, str):
        return _moment(value) if kind is Kind.DATE else exp.Literal.string(value)
    if kind is Kind.INTEGER:
        return exp.cast(exp.Literal.string(str(value)), "BIGINT")
    return exp.cast(exp.Literal.string(repr(float(value))), "DOUBLE")


def _moment(text: str) -> exp.Expr:
    """Return an ISO date or time as a timestamp."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise DisclosureError(
            "expression_type", f"The filter compares a date with {text[:40]!r}; write dates as '2024-01-31'."
        )
    return exp.cast(exp.Literal.string(moment.isoformat(sep=" ")), "TIMESTAMP")


def _cast(node: exp.Expr, to: str) -> exp.Expr:
    return exp.TryCast(this=node, to=exp.DataType.build(to, dialect="duckdb"))


def _not_a_number() -> exp.Expr:
    return exp.cast(exp.Literal.string("NaN"), "DOUBLE")
