"""Exact sums of products, from the rows that count: grouped in the engine, put together as integers."""

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

from sqlglot import exp

from disclosure.dp.counting import domain_node, held_node
from disclosure.dp.declared import OVERFLOW_LIMIT
from disclosure.dp.design import STEPS, Design
from disclosure.dp.dictionary import Dictionary
from disclosure.dp.layout import Dimension
from disclosure.dp.nodes import name_node, named, tried, typed_node, value_node, whole_node
from disclosure.dp.planning import Plan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def products_query(plan: Plan, design: Design, rows: exp.Select) -> exp.Select:
    """One row per combination of levels found, with the position of each level and the sums over its rows.

    A row counts when every number is known and every level is published.
    """
    kept = exp.select(exp.Star()).from_("bounded")
    if plan.statistic.filter is not None:
        kept = kept.where(plan.statistic.filter.to_sql())
    numbers, columns = design.numbers, list(design.levels)
    read = exp.select(
        *(
            named(typed_node(column, plan.dictionary.kind(column)), f"key{i}")
            for i, column in enumerate(columns)
        ),
        *(named(_steps(column, plan.dictionary), f"value{i}") for i, column in enumerate(numbers)),
    ).from_("kept")
    known = exp.select(exp.Star()).from_("read").where(*(_is_known(f"value{i}") for i in range(len(numbers))))
    for index, (column, levels) in enumerate(design.levels.items()):
        matched = exp.EQ(this=name_node(f"key{index}"), expression=name_node(f"level{index}"))
        known = known.join(domain_node(index, Dimension(column, levels)), on=matched)
    places = [name_node(f"position{i}") for i in range(len(columns))]
    answer = exp.select(*places, *_sums(numbers)).from_("known")
    answer = answer.group_by(*(place.copy() for place in places)) if places else answer
    for name, part in (("bounded", rows), ("kept", kept), ("read", read), ("known", known)):
        answer = answer.with_(name, as_=part)
    return answer


def product_names(numbers: Sequence[str]) -> dict[tuple[str, ...], str]:
    """Under which name the query gives each sum: of ones, of each number, of each product of two."""
    singles = {(): "rows"} | {(number,): f"sum{index}" for index, number in enumerate(numbers)}
    pairs = combinations_with_replacement(range(len(numbers)), 2)
    return singles | {
        tuple(sorted((numbers[one], numbers[other]))): f"product{one}_{other}" for one, other in pairs
    }


def moments_of(columns: "dict[str, NDArray[np.int64]]", design: Design) -> "NDArray[np.int64]":
    """The vector of all sums, in steps squared, saturated at 62 bits, which moves two of them no further apart."""
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    names = product_names(design.numbers)
    places = {column: columns[f"position{index}"] for index, column in enumerate(design.levels)}
    totals = []
    for picked, numbers in design.entries:
        matching = np.ones(len(columns["rows"]), dtype=np.bool_)
        for column, level in picked:
            matching &= places[column] == level
        found = columns[names[numbers]][matching].tolist()
        total = sum(found) * STEPS ** (2 - len(numbers))  # whole numbers of Python, which do not wrap
        totals.append(max(-OVERFLOW_LIMIT, min(OVERFLOW_LIMIT, total)))
    return np.array(totals, dtype=np.int64)


def _sums(numbers: Sequence[str]) -> list[exp.Expr]:
    """The sums over one group of rows."""
    found = [named(exp.Count(this=exp.Star()), "rows")]
    values = [name_node(f"value{index}") for index in range(len(numbers))]
    for index, value in enumerate(values):
        found.append(named(held_node(exp.Sum(this=value.copy())), f"sum{index}"))
    for one, other in combinations_with_replacement(range(len(numbers)), 2):
        product = exp.Mul(this=values[one].copy(), expression=values[other].copy())
        found.append(named(held_node(exp.Sum(this=product)), f"product{one}_{other}"))
    return found


def _steps(column: str, dictionary: Dictionary) -> exp.Expr:
    """A clamped number as whole steps from the middle of its bounds, at most `STEPS` either way; null for nothing.

    Twice the value less both bounds is a whole number; its share of the range is rounded once.
    """
    low, high = dictionary.fixed_bounds(column)
    twice = exp.Mul(
        this=whole_node(2), expression=tried(exp.Paren(this=value_node(column, dictionary)), "DOUBLE")
    )
    off = exp.Paren(this=exp.Sub(this=twice, expression=whole_node(low + high)))
    share = exp.Div(this=exp.Mul(this=off, expression=whole_node(STEPS)), expression=whole_node(high - low))
    steps = tried(exp.Round(this=share), "BIGINT")
    return (
        exp.Case()
        .when(exp.GTE(this=steps.copy(), expression=whole_node(STEPS)), whole_node(STEPS))
        .when(exp.LTE(this=steps.copy(), expression=whole_node(-STEPS)), whole_node(-STEPS))
        .else_(steps)
    )


def _is_known(name: str) -> exp.Expr:
    return exp.Not(this=exp.Is(this=name_node(name), expression=exp.Null()))
