"""Derived columns: arithmetic, conditions and choices over one unit's own row, read by the same whitelist as filters."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

from disclosure.errors import DisclosureError
from disclosure.expression.parse import condition_of, term_of
from disclosure.expression.pieces import called, literal_of, refusal
from disclosure.expression.syntax import syntax_of
from disclosure.expression.tree import (
    Aggregate,
    Arithmetic,
    Comparison,
    Condition,
    Elapsed,
    Junction,
    Literal,
    Membership,
    Missing,
    Term,
    aggregates_in,
    leaves,
    parts_of,
    term_columns,
    terms,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of two values by a condition, written `a if condition else b`; the second where the condition is missing.

    Attributes:
        condition: what decides.
        then: the value where it is true; None is missing.
        otherwise: the value elsewhere; None is missing.
    """

    condition: Condition
    then: "Value | None"
    otherwise: "Value | None"


Value: TypeAlias = Term | Condition | Choice
"""A derived value: a number, text or truth value per row, or missing."""
MOST_EDGES = 200
"""Most edges of a band. Source: ours."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A named value.

    Attributes:
        name: what the column is called.
        value: how it is computed.
    """

    name: str
    value: Value

    def columns(self) -> frozenset[str]:
        """Return the names of the columns used."""
        return frozenset[str]().union(*map(term_columns, _terms(self.value)))

    def aggregates(self) -> tuple[Aggregate, ...]:
        """Return the aggregates over the unit's rows that the value needs, once each."""
        return tuple(dict.fromkeys(found for term in _terms(self.value) for found in aggregates_in(term)))


def derived_of(derive: Mapping[str, object]) -> tuple[Derived, ...]:
    """Read derived columns, such as {"adult": "age >= 18", "band": "'old' if age >= 65 else 'young'"}.

    A later one may use those before it.

    Raises:
        DisclosureError: "expression", naming the column and the piece that is not allowed.
    """
    return tuple(_derived(name, text) for name, text in derive.items())


def divisors(value: Value | None) -> Iterator[Term]:
    """Return every term by which a value divides."""
    if isinstance(value, Choice):
        for part in (value.condition, value.then, value.otherwise):
            yield from divisors(part)
    elif isinstance(value, Aggregate):
        yield from divisors(value.value)
        yield from divisors(value.where)
    elif isinstance(value, Arithmetic | Elapsed):
        yield from ([value.right] if isinstance(value, Arithmetic) and value.operator == "/" else [])
        for side in parts_of(value):
            yield from divisors(side)
    elif isinstance(value, Comparison | Membership | Missing | Junction):
        for leaf in leaves(value):
            for term in terms(leaf):
                yield from divisors(term)


def _derived(name: str, text: object) -> Derived:
    said = f"The derived column {name!r:.60}"
    if not isinstance(text, str):
        raise DisclosureError("expression", f"{said} must be written as a text.")
    try:
        return Derived(name, _value(syntax_of(text)))
    except DisclosureError as refused:
        raise DisclosureError(refused.code, refused.sentence.replace("The filter", said, 1)) from None


def _value(node: ast.expr) -> Value:
    if isinstance(node, ast.Call) and called(node) == "band":
        return _band(node)
    if isinstance(node, ast.IfExp):
        return Choice(condition_of(node.test), _branch(node.body), _branch(node.orelse))
    negation = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    asks = isinstance(node, ast.Call) and called(node) == "is_missing"
    if isinstance(node, ast.BoolOp | ast.Compare) or negation or asks:
        return condition_of(node)
    return term_of(node)


def _branch(node: ast.expr) -> Value | None:
    return None if isinstance(node, ast.Constant) and node.value is None else _value(node)


def _band(node: ast.Call) -> Choice:
    """Read band(age, [18, 65]): a choice among "below 18", "18 to below 65" and "65 and above"."""
    wrong = refusal(node, f"write band(column, [18, 65]) with 1 to {MOST_EDGES} rising numbers")
    if len(node.args) != 2 or node.keywords or not isinstance(node.args[1], ast.List | ast.Tuple):
        raise wrong
    term, edges = term_of(node.args[0]), [literal_of(edge).value for edge in node.args[1].elts]
    numbers = [edge for edge in edges if type(edge) in {int, float} and not isinstance(edge, str)]
    rising = all(one < other for one, other in pairwise(numbers))
    if (
        len(numbers) < len(edges)
        or not 1 <= len(edges) <= MOST_EDGES
        or not rising
        or isinstance(term, Literal)
    ):
        raise wrong
    labels = [f"below {numbers[0]}", *(f"{one} to below {other}" for one, other in pairwise(numbers))]
    found: Value = Literal(f"{numbers[-1]} and above")
    for edge, label in zip(reversed(numbers), reversed(labels), strict=True):
        found = Choice(Comparison(term, "<", Literal(edge)), Literal(label), found)
    return Choice(Missing(term, negated=False), None, found)


def replaced(value: Value, change: Callable[[Aggregate], Term]) -> Value:
    """Return a value in which other terms stand for its aggregates."""
    if isinstance(value, Choice):
        then, otherwise = (
            None if part is None else replaced(part, change) for part in (value.then, value.otherwise)
        )
        return Choice(_changed(value.condition, change), then, otherwise)
    if isinstance(value, Comparison | Membership | Missing | Junction):
        return _changed(value, change)
    return replaced_term(value, change)


def _changed(condition: Condition, change: Callable[[Aggregate], Term]) -> Condition:
    if isinstance(condition, Junction):
        return replace(condition, parts=tuple(_changed(part, change) for part in condition.parts))
    if isinstance(condition, Comparison):
        return replace(
            condition,
            left=replaced_term(condition.left, change),
            right=replaced_term(condition.right, change),
        )
    return replace(condition, term=replaced_term(condition.term, change))


def replaced_term(term: Term, change: Callable[[Aggregate], Term]) -> Term:
    """Return a term in which other terms stand for its aggregates."""
    if isinstance(term, Aggregate):
        return change(term)
    if isinstance(term, Arithmetic):
        return replace(term, left=replaced_term(term.left, change), right=replaced_term(term.right, change))
    if isinstance(term, Elapsed):
        return replace(term, start=replaced_term(term.start, change), end=replaced_term(term.end, change))
    return term


def _terms(value: Value | None) -> Iterator[Term]:
    """Return every term of a value, whole."""
    if isinstance(value, Choice):
        for part in (value.condition, value.then, value.otherwise):
            yield from _terms(part)
    elif isinstance(value, Comparison | Membership | Missing | Junction):
        for leaf in leaves(value):
            yield from terms(leaf)
    elif value is not None:
        yield value
