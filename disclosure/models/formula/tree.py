"""The frozen tree of a model formula, and the text that all equal formulas share."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from disclosure.models.formula.words import is_plain_name


@dataclass(frozen=True, slots=True)
class Name:
    """A column: numbers as they are, texts and booleans as categories.

    Attributes:
        name: the column's name, exactly as in the data.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number written in the formula.

    Attributes:
        value: the number, finite.
    """

    value: float


@dataclass(frozen=True, slots=True)
class Operation:
    """Two values joined by an operator.

    Attributes:
        operator: one of + - * / **; the right side of ** is a small whole number.
        left: the first value.
        right: the second value.
    """

    operator: str
    left: "Value"
    right: "Value"


@dataclass(frozen=True, slots=True)
class Call:
    """A function of one value.

    Attributes:
        function: I (the value itself), log, log1p, sqrt or exp.
        argument: the value.
    """

    function: str
    argument: "Value"


@dataclass(frozen=True, slots=True)
class Categories:
    """A column read as categories, written C(name) or C(name, ref="level").

    Attributes:
        name: the column's name.
        reference: the level that has no column of its own, as written; None for the first one.
    """

    name: str
    reference: str | float | None = None


Value: TypeAlias = Name | Number | Operation | Call
Factor: TypeAlias = Name | Call | Categories
Term: TypeAlias = tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """A model formula.

    Attributes:
        response: what is explained.
        terms: what explains it: products of factors, each once, in the author's order.
        intercept: whether a constant stands among them.
    """

    response: Factor
    terms: tuple[Term, ...]
    intercept: bool

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns used, sorted, once each."""
        factors = (self.response, *(factor for term in self.terms for factor in term))
        return tuple(sorted({name for factor in factors for name in names_in(factor)}))

    def numeric(self) -> frozenset[str]:
        """Return the names of the columns that are computed with, wherever they stand."""
        factors = (self.response, *(factor for term in self.terms for factor in term))
        return frozenset(name for factor in factors if isinstance(factor, Call) for name in names_in(factor))

    def canonical(self) -> str:
        """Return one text for all formulas that ask the same.

        Terms are sorted where their order changes no coding: beside a constant, when every product comes with all
        products that it holds.
        """
        terms = [sorted(map(factor_text, term)) for term in self.terms]
        if self.intercept and self._is_hierarchical():
            terms.sort()
        return f"{factor_text(self.response)} ~ " + " + ".join(
            [str(int(self.intercept)), *(":".join(term) for term in terms)]
        )

    def _is_hierarchical(self) -> bool:
        present = {frozenset(term) for term in self.terms}
        return all(
            frozenset(part) in present
            for term in present
            for part in combinations(term, len(term) - 1)
            if part
        )


def names_in(node: Value | Factor) -> Iterator[str]:
    """Return the names of the columns in a value or factor, from left to right."""
    if isinstance(node, Name | Categories):
        yield node.name
    elif isinstance(node, Call):
        yield from names_in(node.argument)
    elif isinstance(node, Operation):
        yield from names_in(node.left)
        yield from names_in(node.right)


def factor_text(factor: Factor) -> str:
    """Return a factor as it is written."""
    if isinstance(factor, Categories):
        if factor.reference is None:
            return f"C({name_text(factor.name)})"
        return f"C({name_text(factor.name)}, ref={factor.reference!r})"
    return value_text(factor)


def term_text(term: Term) -> str:
    """Return a product of factors as it is written; the constant is the empty product."""
    return ":".join(map(factor_text, term)) or "Intercept"


def value_text(value: Value) -> str:
    """Return a value as it is written, with brackets around every operation within another."""
    if isinstance(value, Name):
        return name_text(value.name)
    if isinstance(value, Number):
        return repr(value.value)
    if isinstance(value, Call):
        return f"{value.function}({value_text(value.argument)})"
    sides = [
        f"({value_text(side)})" if isinstance(side, Operation) else value_text(side)
        for side in (value.left, value.right)
    ]
    return f" {value.operator} ".join(sides)


def name_text(name: str) -> str:
    """Return a column's name as it is written: in backticks where it is no plain word."""
    return name if is_plain_name(name) else "`" + name.replace("`", "``") + "`"
