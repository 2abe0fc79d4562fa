"""Derived columns: arithmetic, conditions and choices over one unit's own row, read by the same whitelist as filters."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from disclosure.errors import DisclosureError
from disclosure.expression.parse import condition_of, syntax_of, term_of
from disclosure.expression.tree import (
    Arithmetic,
    Column,
    Comparison,
    Condition,
    Junction,
    Literal,
    Membership,
    Missing,
    Term,
    leaves,
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
_CONDITIONS = (Comparison, Membership, Missing, Junction)


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
        return _columns(self.value)


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
    elif isinstance(value, Arithmetic):
        yield from ([value.right] if value.operator == "/" else [])
        yield from divisors(value.left)
        yield from divisors(value.right)
    elif isinstance(value, _CONDITIONS):
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
    if isinstance(node, ast.IfExp):
        return Choice(condition_of(node.test), _branch(node.body), _branch(node.orelse))
    negation = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "is_missing"
    if isinstance(node, ast.BoolOp | ast.Compare) or negation or called:
        return condition_of(node)
    return term_of(node)


def _branch(node: ast.expr) -> Value | None:
    return None if isinstance(node, ast.Constant) and node.value is None else _value(node)


def _columns(value: Value | None) -> frozenset[str]:
    if isinstance(value, Choice):
        return _columns(value.condition) | _columns(value.then) | _columns(value.otherwise)
    if isinstance(value, Column | Literal | Arithmetic):
        return term_columns(value)
    found = () if value is None else (term_columns(term) for leaf in leaves(value) for term in terms(leaf))
    return frozenset[str]().union(*found)
