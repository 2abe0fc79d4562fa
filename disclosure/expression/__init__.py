"""Filters and derivations over one unit's own row, read from text by a whitelist."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from disclosure.expression.canonical import condition_text
from disclosure.expression.parse import parse_condition
from disclosure.expression.tree import (
    Arithmetic,
    Column,
    Comparison,
    Condition,
    Junction,
    Leaf,
    Literal,
    Membership,
    Missing,
    Term,
    leaves,
    term_columns,
    terms,
)

if TYPE_CHECKING:
    from sqlglot import exp

    from disclosure.expression.sql import Kinds

__all__ = [
    "Arithmetic",
    "Column",
    "Comparison",
    "Condition",
    "Expression",
    "Junction",
    "Leaf",
    "Literal",
    "Membership",
    "Missing",
    "Term",
    "parse",
    "term_columns",
    "terms",
]


@dataclass(frozen=True, slots=True)
class Expression:
    """A filter: true, false or missing for each row; a row is kept where it is true.

    A comparison with a missing value is missing, and so is its negation (as in SQL and in pandas' nullable types).

    Attributes:
        root: the frozen tree; negations stand in its leaves.
    """

    root: Condition

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns used, sorted, once each."""
        found = (term_columns(term) for leaf in self.leaves() for term in terms(leaf))
        return tuple(sorted(frozenset[str]().union(*found)))

    def leaves(self) -> tuple[Leaf, ...]:
        """Return every comparison, membership and missing test, from left to right."""
        return leaves(self.root)

    def canonical(self) -> str:
        """Return one text for all filters that differ only in order, spelling or repetition."""
        return condition_text(self.root)

    def to_sql(self, kinds: "Kinds | None" = None) -> "exp.Expr":
        """Return an SQL expression tree (DuckDB's functions) with quoted identifiers and literal nodes.

        Args:
            kinds: what each column holds; without it a column is read as the literal beside it is.

        Raises:
            DisclosureError: "unknown_column" or "expression_type", from the filter and the kinds alone.
        """
        from disclosure.expression.sql import condition_node  # noqa: PLC0415  sqlglot is slow to import

        return condition_node(self.root, kinds)


def parse(text: str) -> Expression:
    """Read a filter such as "age >= 18 and region in ('London', 'Wales')".

    Raises:
        DisclosureError: code "expression", naming the piece that is not allowed.
    """
    return Expression(parse_condition(text))
