"""The frozen tree of a filter, and the one text that all equal filters share."""

from dataclasses import dataclass
from typing import Literal as OneOf

Scalar = int | float | str | bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the unit's own row.

    Attributes:
        name: the column's name, exactly as in the data.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text or boolean written in the filter.

    Attributes:
        value: the value; numbers are finite.
    """

    value: Scalar


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two terms joined by an operator; a zero divisor makes the result missing, never an error.

    Attributes:
        operator: one of + - * /.
        left: the first term.
        right: the second term.
    """

    operator: str
    left: "Term"
    right: "Term"


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Complete days, months or years from one date or time to another; negative where the second is earlier.

    Attributes:
        part: one of "day", "month", "year".
        start: the first date: a column, an aggregate or a text such as '2024-01-31'.
        end: the second date.
    """

    part: str
    start: "Term"
    end: "Term"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One value over all rows of the row's own unit, before any filter; no other unit's rows can change it.

    Attributes:
        function: one of `AGGREGATES`.
        value: what is aggregated; None for a count of rows and for "exists".
        where: which of the unit's rows count; None for all.
        order: the column that orders the unit's rows, for "first", "last" and "lag".
        steps: how many places before the row "lag" looks.
    """

    function: str
    value: "Term | None"
    where: "Condition | None" = None
    order: Column | None = None
    steps: int = 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two terms compared; never true when one of them is missing.

    Attributes:
        left: the first term, a column or arithmetic.
        operator: one of == != < <= > >=.
        right: the second term.
    """

    left: "Term"
    operator: str
    right: "Term"


@dataclass(frozen=True, slots=True)
class Membership:
    """A term that is, or is not, one of some levels; never true when the term is missing.

    Attributes:
        term: what is looked up.
        levels: the levels, all numbers, all texts or all booleans.
        negated: true for `not in`.
    """

    term: "Term"
    levels: tuple[Literal, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """Whether a term is missing; this one is always true or false.

    Attributes:
        term: what is looked at.
        negated: true for "is not missing".
    """

    term: "Term"
    negated: bool


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by `and` or `or`.

    Attributes:
        operator: how they are joined.
        parts: two or more conditions.
    """

    operator: OneOf["and", "or"]
    parts: tuple["Condition", ...]


Term = Column | Literal | Arithmetic | Elapsed | Aggregate
Leaf = Comparison | Membership | Missing
Condition = Leaf | Junction

AGGREGATES = ("count", "exists", "sum", "min", "max", "first", "last", "lag")
"""Aggregates over a unit's own rows."""
ORDERED = ("first", "last", "lag")
"""Aggregates that need a column of order."""

MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def level_kind(value: Scalar) -> str:
    """Return "boolean", "number" or "text" for a literal's value."""
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def leaves(condition: Condition) -> tuple[Leaf, ...]:
    """Return every comparison, membership and missing test, from left to right."""
    if isinstance(condition, Junction):
        return tuple(leaf for part in condition.parts for leaf in leaves(part))
    return (condition,)


def terms(leaf: Leaf) -> tuple[Term, ...]:
    """Return the terms that a leaf looks at."""
    if isinstance(leaf, Comparison):
        return (leaf.left, leaf.right)
    return (leaf.term,)


def term_columns(term: Term) -> frozenset[str]:
    """Return the names of the columns in a term."""
    if isinstance(term, Column):
        return frozenset({term.name})
    if isinstance(term, Aggregate):
        found = () if term.where is None else (part for leaf in leaves(term.where) for part in terms(leaf))
        parts = [part for part in (term.value, term.order, *found) if part is not None]
        return frozenset[str]().union(*map(term_columns, parts))
    return frozenset[str]().union(*map(term_columns, parts_of(term)))


def parts_of(term: Term) -> tuple[Term, ...]:
    """Return the two sides of arithmetic, or the two ends of a difference of dates; nothing for other terms."""
    if isinstance(term, Arithmetic):
        return term.left, term.right
    return (term.start, term.end) if isinstance(term, Elapsed) else ()


def aggregates_in(term: Term) -> tuple[Aggregate, ...]:
    """Return the aggregates in a term, from left to right."""
    if isinstance(term, Aggregate):
        return (term,)
    return tuple(found for part in parts_of(term) for found in aggregates_in(part))
