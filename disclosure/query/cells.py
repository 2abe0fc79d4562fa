"""Cells and margins added up in one pass, and who is behind each."""

from collections.abc import Sequence

from sqlglot import exp

from disclosure.expression.sql import column_node
from disclosure.quantity import Role, Scale, scaled_node
from disclosure.query.groups import group_columns, group_keys, grouped
from disclosure.query.nodes import count, count_distinct_if, count_if, is_null, named, select
from disclosure.query.rows import ROWS, Question, rows_tree

PER_UNIT = "disclosure_per_unit"
PER_KEY = "disclosure_per_key"
# long names of our own, so that they hide no table that a relation handed to us reads


def cells_tree(question: Question, scales: Sequence[Scale], *, by_unit: bool) -> exp.Select:
    """Add up each cell and margin in one pass.

    Columns: per dimension whether it is totalled; per dimension its level; rows; units; per quantity its rows,
    units, sum, sum of absolute contributions, two largest absolute contributions, least and greatest value.

    Args:
        question: what is asked.
        scales: one per quantity.
        by_unit: add up each unit first, because a unit has several rows.
    """
    if not by_unit:
        columns: list[exp.Expr] = [count(), _units(question)]
        for index, scale in enumerate(scales):
            columns += _row_columns(index, scale, question)
        tree = select([*group_columns(question), *named(columns, "c")], ROWS)
        return grouped(tree, question).with_(ROWS, as_=rows_tree(question, summed=True), copy=False)
    partial = [count().as_("n")]
    for index, scale in enumerate(scales):
        partial += _unit_columns(index, scale)
    inner = select([*group_columns(question), column_node("u"), *partial], ROWS)
    columns = [exp.func("SUM", column_node("n")), exp.func("COUNT", column_node("u"))]
    for index, scale in enumerate(scales):
        columns += _outer_columns(index, scale)
    keys = group_keys(question)
    outer = select([*keys, *named(columns, "c")], PER_UNIT).group_by(*group_keys(question))
    return outer.with_(ROWS, as_=rows_tree(question, summed=True), copy=False).with_(
        PER_UNIT, as_=grouped(inner, question, "u")
    )


def holdings_tree(question: Question, wanted: tuple[int, Scale], *, by_unit: bool) -> exp.Select:
    """List, per cell and margin, what each unit holds of a quantity, from least to most, in units of the last place.

    Columns: as `cells_tree` up to the levels; then the list.

    Args:
        question: what is asked.
        wanted: which quantity, and its scale.
        by_unit: add up each unit first, because a unit has several rows.
    """
    index, scale = wanted
    scaled = scaled_node(column_node(f"q{index}"), scale)
    units = ["u"] if by_unit else []
    total = exp.func("SUM", scaled) if by_unit else scaled
    present = exp.Not(this=is_null(f"q{index}"))
    if by_unit:
        inner = select([*group_columns(question), column_node("u"), total.as_("t")], ROWS).where(present)
        keys = group_keys(question)
        outer = select([*keys, _sorted("t").as_("c0")], PER_UNIT)
        outer = outer.group_by(*group_keys(question)) if keys else outer
        inner = grouped(inner, question, *units)
        return outer.with_(ROWS, as_=rows_tree(question)).with_(PER_UNIT, as_=inner)
    flat = select([*map(column_node, question.dimensions), total.as_("t")], ROWS).where(present)
    tree = grouped(select([*group_columns(question), _sorted("t").as_("c0")], PER_UNIT), question)
    return tree.with_(ROWS, as_=rows_tree(question)).with_(PER_UNIT, as_=flat)


def _sorted(name: str) -> exp.Expr:
    """List a column in its order."""
    ordered = exp.Order(this=column_node(name), expressions=[exp.Ordered(this=column_node(name))])
    return exp.ArrayAgg(this=ordered)


def flags_tree(question: Question, index: int) -> exp.Select:
    """Count, per cell and margin, the units with a one and those with a nought, and the rows with anything else.

    Columns: as `cells_tree` up to the levels; units with a one; units with a nought; rows with another value.

    Args:
        question: what is asked.
        index: which quantity.
    """

    def units(digit: int) -> exp.Expr:
        has = exp.EQ(this=column_node(f"q{index}"), expression=exp.Literal.number(digit))
        return count_if(has) if question.statistic.unit is None else count_distinct_if("u", has)

    levels = [exp.Literal.number(digit) for digit in (0, 1)]
    other = exp.Not(this=exp.In(this=column_node(f"q{index}"), expressions=levels))
    tree = select([*group_columns(question), *named([units(1), units(0), count_if(other)], "c")], ROWS)
    return grouped(tree, question).with_(ROWS, as_=rows_tree(question), copy=False)


def contributors_tree(question: Question, key: str) -> exp.Select:
    """List, per cell and margin, the keys that contribute and in how many rows, sorted by key.

    Columns: as `cells_tree` up to the levels; rows with a key; then keys and row counts for all rows, and again
    for the rows in which each quantity is present.
    """
    counts = [count().as_("n0")]
    counts += [
        exp.func("COUNT", column_node(f"q{index}")).as_(f"n{index + 1}")
        for index in range(len(question.quantities))
    ]
    inner = select([*group_columns(question), column_node("k"), *counts], ROWS)
    inner = inner.where(exp.Not(this=is_null("k")))
    columns: list[exp.Expr] = [exp.func("SUM", column_node("n0"))]
    for index in range(len(counts)):
        columns += [_listed("k", f"n{index}"), _listed(f"n{index}", f"n{index}")]
    keys = group_keys(question)
    outer = select([*keys, *named(columns, "c")], PER_KEY).group_by(*group_keys(question))
    return outer.with_(ROWS, as_=rows_tree(question, key), copy=False).with_(
        PER_KEY, as_=grouped(inner, question, "k"), copy=False
    )


def _row_columns(index: int, scale: Scale, question: Question) -> list[exp.Expr]:
    """Add up a quantity straight from the rows: each row is one contribution.

    What is nowhere read is not asked for: neither contributions of what is only counted, or squared, nor the
    same sum twice where no value is below nought.
    """
    value, role = column_node(f"q{index}"), question.quantities[index].role
    none: exp.Expr = exp.Null()
    rows, units = exp.func("COUNT", value), none
    if question.statistic.unit is not None:
        units = count_if(exp.and_(exp.Not(this=is_null(f"q{index}")), exp.Not(this=is_null("u"))))
    if role is Role.PRESENT:
        return [rows, units, *(none.copy() for _ in range(5))]
    scaled = scaled_node(value.copy(), scale)
    total = exp.func("SUM", scaled)
    if role is Role.SPREAD:
        return [rows, units, total, *(none.copy() for _ in range(4))]
    absolute = exp.func("SUM", _absolute(scaled, scale)) if scale.is_signed else none.copy()
    two = _two_largest(scaled, scale)
    if scale.factor is not None:
        # doubles are compared twice as fast as 128 bits, and only the two that are left need be cast
        two = exp.cast(_two_largest(scaled.this, scale), "INT128[]")
    return [rows, units, total, absolute, two, *_ends(value)]


def _unit_columns(index: int, scale: Scale) -> list[exp.Expr]:
    """Add up a quantity within one unit of one cell."""
    value = column_node(f"q{index}")
    columns = [exp.func("COUNT", value), exp.func("SUM", scaled_node(value.copy(), scale)), *_ends(value)]
    return [node.as_(f"{letter}{index}") for letter, node in zip("rtlh", columns, strict=True)]


def _outer_columns(index: int, scale: Scale) -> list[exp.Expr]:
    """Add up a quantity over the units of one cell: each unit's own total is one contribution."""
    rows, total = column_node(f"r{index}"), column_node(f"t{index}")
    known = exp.and_(exp.GT(this=rows, expression=exp.Literal.number(0)), exp.Not(this=is_null("u")))
    ends = [exp.func("MIN", column_node(f"l{index}")), exp.func("MAX", column_node(f"h{index}"))]
    return [exp.func("SUM", rows.copy()), count_if(known), *_totals(total, scale), *ends]


def _totals(contribution: exp.Expr, scale: Scale) -> list[exp.Expr]:
    """Return the sum, the sum of absolutes and the two largest absolutes of contributions."""
    total, absolute = exp.func("SUM", contribution), exp.func("SUM", _absolute(contribution, scale))
    return [total, absolute, _two_largest(contribution, scale)]


def _two_largest(contribution: exp.Expr, scale: Scale) -> exp.Expr:
    return exp.Anonymous(this="max", expressions=[_absolute(contribution, scale), exp.Literal.number(2)])


def _absolute(contribution: exp.Expr, scale: Scale) -> exp.Expr:
    """Return the absolute value; where none is below nought, the engine adds up the same column once only."""
    return exp.func("ABS", contribution.copy()) if scale.is_signed else contribution.copy()


def _ends(value: exp.Expr) -> list[exp.Expr]:
    return [exp.func("MIN", value.copy()), exp.func("MAX", value.copy())]


def _units(question: Question) -> exp.Expr:
    """Count units where each stands in one row."""
    return count() if question.statistic.unit is None else exp.func("COUNT", column_node("u"))


def _listed(name: str, count: str) -> exp.Expr:
    """List a column by key, for the keys with at least one row."""
    ordered = exp.Order(this=column_node(name), expressions=[exp.Ordered(this=column_node("k"))])
    some = exp.GT(this=column_node(count), expression=exp.Literal.number(0))
    return exp.Filter(this=exp.ArrayAgg(this=ordered), expression=exp.Where(this=some))
