"""All marginals of a set in one pass over the bounded rows: one expression tree with grouping sets.

Each row is placed at the positions of its published levels first; a row without one in some attribute is in no table.
"""

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from disclosure.dp.counting import domain_node, held_node
from disclosure.dp.declared import OVERFLOW_LIMIT
from disclosure.dp.layout import Dimension, Role, Vector
from disclosure.dp.nodes import name_node, named, typed_node, value_node
from disclosure.dp.sets.marginals import Marginal, cells_in
from disclosure.dp.sets.planning import SetPlan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def marginals_query(plan: SetPlan, rows: exp.Select) -> exp.Select:
    """One row per marginal and cell that rows lie in, with positions and one whole number per quantity."""
    condition = plan.statistics[0].filter
    kept = exp.select(exp.Star()).from_("bounded")
    if condition is not None:
        kept = kept.where(condition.to_sql())
    columns = _columns(plan)
    read = exp.select(
        *(
            named(typed_node(column, plan.dictionary.kind(column)), f"key{i}")
            for i, column in enumerate(plan.attributes)
        ),
        *(named(value_node(column, plan.dictionary), f"value{i}") for i, column in enumerate(columns)),
        named(exp.true(), "row"),
    ).from_("kept")
    grouped = exp.select(
        *(name_node(f"position{i}") for i in range(len(plan.attributes))),
        *(
            named(held_node(_total(each.vector, columns)), f"answer{i}")
            for i, each in enumerate(plan.quantities)
        ),
    ).from_("placed")
    grouped.set("group", exp.Group(grouping_sets=[exp.GroupingSets(expressions=_sets(plan))]))
    for name, part in (("bounded", rows), ("kept", kept), ("read", read), ("placed", _placed(plan))):
        grouped = grouped.with_(name, as_=part, copy=False)
    return grouped


def _placed(plan: SetPlan) -> exp.Select:
    """Rows at the positions of their levels."""
    placed = exp.select(exp.Star()).from_("read")
    for index, column in enumerate(plan.attributes):
        domain = domain_node(index, Dimension(column, tuple(plan.dictionary.keys[column])))
        matched = exp.EQ(this=name_node(f"key{index}"), expression=name_node(f"level{index}"))
        placed = placed.join(domain, on=matched, copy=False)
    return placed


def _sets(plan: SetPlan) -> list[exp.Expr]:
    return [
        exp.Tuple(expressions=[name_node(f"position{axis}") for axis in marginal])
        for marginal in plan.counted
    ]


def _columns(plan: SetPlan) -> list[str]:
    """Columns that are looked at, once each."""
    return list(dict.fromkeys(str(each.vector.column) for each in plan.quantities if each.vector.column))


def _total(vector: Vector, columns: list[str]) -> exp.Expr:
    """What one quantity is in a cell; sets have no centred sums."""
    if vector.column is None:
        return exp.Count(this=name_node("row"))
    value = name_node(f"value{columns.index(vector.column)}")
    return exp.Sum(this=value) if vector.role is Role.SUM else exp.Count(this=value)


def marginals_of(plan: SetPlan, found: dict[str, Any]) -> "list[dict[Marginal, NDArray[np.int64]]]":
    """Exact marginals per quantity, from the columns that the query gave (DuckDB has no types for arrays)."""
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    places = [found[f"position{axis}"] for axis in range(len(plan.attributes))]
    known = [~np.ma.getmaskarray(np.ma.asarray(place)) for place in places]
    tables: list[dict[Marginal, NDArray[np.int64]]] = [{} for _ in plan.quantities]
    for marginal in plan.counted:
        rows = np.ones(len(found["answer0"]), dtype=np.bool_)
        for axis, present in enumerate(known):
            rows &= present if axis in marginal else ~present
        cell = tuple(np.ma.getdata(places[axis])[rows].astype(np.int64) for axis in marginal)
        for index, held in enumerate(tables):
            table = np.zeros([plan.levels[axis] for axis in marginal], dtype=np.int64)
            table[cell] = np.ma.getdata(found[f"answer{index}"])[rows]
            held[marginal] = _held(table, cells_in(marginal, plan.levels))
    return tables


def _held(table: "NDArray[np.int64]", cells: int) -> "NDArray[np.int64]":
    """Cells held so that their sum stays within 62 bits, which only data beyond the declared population reach."""
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    most = OVERFLOW_LIMIT // cells
    return np.clip(table, -most, most)


def margin(tables: "dict[Marginal, NDArray[np.int64]]", wanted: Marginal) -> "NDArray[np.int64]":
    """A marginal as the sum of the first counted one that holds it."""
    whole = next(each for each in tables if set(wanted) <= set(each))
    over = tuple(place for place, axis in enumerate(whole) if axis not in wanted)
    total: NDArray[np.int64] = tables[whole].sum(axis=over)
    return total
