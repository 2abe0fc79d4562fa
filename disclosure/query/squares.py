"""Sums of squares without rounding: each whole number is cut into two halves whose products fit in 128 bits."""

from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from disclosure.expression.sql import column_node
from disclosure.quantity import PRECISION, Scale, scaled_node
from disclosure.query.groups import group_columns, grouped
from disclosure.query.nodes import named, select
from disclosure.query.rows import ROWS, Question, rows_tree

HALF: Final[int] = 2 ** (PRECISION // 2)
"""Where a whole number of `PRECISION` bits is cut; 2**40 products of two halves stay below 2**126."""


def squares_tree(question: Question, wanted: Sequence[tuple[int, Scale]]) -> exp.Select:
    """Add up products of the halves of quantities in each cell and margin.

    Columns: as `cells_tree` up to the levels; per quantity the sums of high times high, high times low, low times low.

    Args:
        question: what is asked.
        wanted: which quantities, each with its scale.
    """
    columns: list[exp.Expr] = []
    for index, scale in wanted:
        whole = scaled_node(column_node(f"q{index}"), scale)
        half = exp.cast(exp.Literal.number(HALF), "INT128")
        high = exp.Paren(this=exp.IntDiv(this=whole, expression=half))
        low = exp.Paren(
            this=exp.Sub(this=whole.copy(), expression=exp.Mul(this=high.copy(), expression=half.copy()))
        )
        columns += [
            exp.func("SUM", exp.Mul(this=one.copy(), expression=other.copy()))
            for one, other in ((high, high), (high, low), (low, low))
        ]
    tree = select([*group_columns(question), *named(columns, "c")], ROWS)
    return grouped(tree, question).with_(ROWS, as_=rows_tree(question), copy=False)


def square_of(high: int, mixed: int, low: int) -> int:
    """Return a sum of squares from the sums of its halves' products."""
    return high * HALF * HALF + 2 * mixed * HALF + low
