"""Groups: each cell of a table and, where margins are asked, each total over its dimensions."""

from sqlglot import exp

from disclosure.expression.sql import column_node
from disclosure.query.rows import Question


def group_columns(question: Question) -> list[exp.Expr]:
    """Return per dimension whether it is totalled, as g0, g1 …, then per dimension its level."""
    names = question.dimensions
    totalled: list[exp.Expr] = [exp.Literal.number(0).as_(f"g{index}") for index in range(len(names))]
    if question.statistic.margins:
        totalled = [
            exp.Grouping(expressions=[column_node(name)]).as_(f"g{index}") for index, name in enumerate(names)
        ]
    return [*totalled, *map(column_node, names)]


def group_keys(question: Question) -> list[exp.Expr]:
    """Return the names of `group_columns`, by which an outer query groups again."""
    names = question.dimensions
    return [*(column_node(f"g{index}") for index in range(len(names))), *map(column_node, names)]


def grouped(tree: exp.Select, question: Question, *more: str) -> exp.Select:
    """Group by the dimensions and, where margins are asked, by each subset of them."""
    plain: list[exp.Expr] = [column_node(name) for name in more]
    dimensions: list[exp.Expr] = [column_node(name) for name in question.dimensions]
    if question.statistic.margins and dimensions:
        plain.insert(0, exp.Cube(expressions=dimensions))
    else:
        plain = dimensions + plain
    return tree.group_by(*plain, copy=False) if plain else tree
