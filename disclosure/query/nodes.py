"""Small nodes of which the trees are made: names of our own, counts, groups."""

from collections.abc import Sequence

from sqlglot import exp

from disclosure.expression.sql import column_node


def select(columns: Sequence[exp.Expr], table: str) -> exp.Select:
    """Select columns from one of our own tables."""
    return exp.select(*columns, copy=False).from_(exp.to_table(table), copy=False)


def named(columns: Sequence[exp.Expr], letter: str) -> list[exp.Expr]:
    """Name columns by a letter and their position."""
    return [node.as_(f"{letter}{index}") for index, node in enumerate(columns)]


def count() -> exp.Expr:
    """Count rows."""
    return exp.Count(this=exp.Star())


def count_if(condition: exp.Expr) -> exp.Expr:
    """Count the rows that meet a condition."""
    return exp.Filter(this=count(), expression=exp.Where(this=condition))


def count_distinct(name: str) -> exp.Expr:
    """Count the distinct values of a column, nulls left out."""
    return exp.Count(this=exp.Distinct(expressions=[column_node(name)]))


def count_distinct_if(name: str, condition: exp.Expr) -> exp.Expr:
    """Count the distinct values of a column, nulls left out, in the rows that meet a condition."""
    return exp.Filter(this=count_distinct(name), expression=exp.Where(this=condition))


def is_null(name: str) -> exp.Expr:
    """Whether a column is null."""
    return exp.Is(this=column_node(name), expression=exp.Null())


def text_node(node: exp.Expr) -> exp.Expr:
    """Return a node as text."""
    return exp.cast(node, "VARCHAR")
