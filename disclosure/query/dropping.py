"""Leaving out the rows behind some cells."""

from collections.abc import Sequence

from sqlglot import exp

from disclosure.expression.sql import column_node
from disclosure.query.nodes import text_node

KEPT = "disclosure_kept"
DROPPED = "disclosure_dropped"
# long names of our own, so that they hide no table that a relation handed to us reads


def kept_tree(tree: exp.Select, cells: Sequence[Sequence[object]], missing: str) -> exp.Select:
    """Leave out of the filtered rows those of some cells.

    Args:
        tree: the filtered rows with their levels d0, d1 …
        cells: per cell its levels as a table shows them, none of them totalled.
        missing: the level of rows without a category.
    """
    kept = exp.select("*").from_(tree.subquery(KEPT))
    width = len(cells[0])
    if not width:
        return kept.where(exp.false())
    names = [f"x{index}" for index in range(width)]
    rows = [exp.Tuple(expressions=[_text(level) for level in cell]) for cell in cells]
    listed = exp.Values(
        expressions=rows,
        alias=exp.TableAlias(this=exp.to_identifier(DROPPED), columns=[*map(exp.to_identifier, names)]),
    )
    same = [
        exp.EQ(
            this=column_node(name),
            expression=exp.func("COALESCE", text_node(column_node(f"d{index}")), exp.Literal.string(missing)),
        )
        for index, name in enumerate(names)
    ]
    found = exp.select(exp.Literal.number(1)).from_(listed).where(*same)
    return kept.where(exp.Not(this=exp.Exists(this=found)))


def _text(level: object) -> exp.Expr:
    """Return a level as the engine writes it, so that a double is compared with a double's text."""
    if isinstance(level, float):
        return text_node(exp.cast(exp.Literal.string(repr(level)), "DOUBLE"))
    return exp.Literal.string(str(level).lower() if isinstance(level, bool) else str(level))
