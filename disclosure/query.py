"""The expression trees that gather evidence: quoted names and literal nodes only.

Every tree reads `ROWS`, a common table expression with short names of our own: d0, d1 … for dimensions, u for the
unit, q0, q1 … for quantities. So a hostile column name occurs once, quoted, and a hostile label never.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from disclosure.expression.sql import Kind, column_node
from disclosure.quantity import Quantity, Scale, is_floating, quantities_of, raw_node, scaled_node
from disclosure.source import VIEW, Source
from disclosure.statistic import Statistic

MISSING = "(missing)"
"""The level under which rows without a category are counted."""
ROWS = "disclosure_rows"
PER_UNIT = "disclosure_per_unit"
PER_KEY = "disclosure_per_key"
# long names of our own, so that they hide no table that a relation handed to us reads


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A statistic that is asked of opened data.

    Attributes:
        statistic: what is asked.
        source: the data.
        quantities: what is added up.
    """

    statistic: Statistic
    source: Source
    quantities: tuple[Quantity, ...]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The short names of the dimensions."""
        return tuple(f"d{index}" for index in range(len(self.statistic.by)))


def question_of(stat: Statistic, source: Source) -> Question:
    """Return a statistic with its data and what must be added up."""
    return Question(stat, source, quantities_of(stat))


def scan_tree(question: Question) -> exp.Select:
    """Ask what must be known before adding: levels, units that repeat or lack, largest values, infinities.

    Columns: rows; rows without unit; distinct units; rows with a bad weight; per dimension its distinct levels;
    per quantity its largest absolute value and whether one is infinite.
    """
    columns: list[exp.Expr] = [
        _count(),
        _count_if(_is_null("u")),
        _count_distinct("u"),
        _count_if(column_node("w")),
    ]
    columns += [exp.Add(this=_count_distinct(name), expression=_any(name)) for name in question.dimensions]
    for index, quantity in enumerate(question.quantities):
        floating = is_floating(quantity, question.source)
        name = f"q{index}"
        columns.append(
            exp.func("MAX", exp.func("ABS", column_node(name))) if floating else exp.Literal.number(0)
        )
        columns.append(_count_if(column_node(f"i{index}")))
    return _select(_named(columns, "c"), ROWS).with_(ROWS, as_=rows_tree(question, flags=True))


def rows_tree(question: Question, key: str | None = None, *, flags: bool = False) -> exp.Select:
    """Return the filtered rows under short names; what is not finite is missing; with `flags`, infinity is marked.

    Args:
        question: what is asked.
        key: a column whose keyed values are added as k.
        flags: add i0, i1 … (a quantity is infinite) and w (the weight is missing or negative).
    """
    stat, source = question.statistic, question.source
    columns = [_level(name, source).as_(f"d{index}") for index, name in enumerate(stat.by)]
    columns.append(_unit(stat.unit, source).as_("u"))
    if key is not None:
        columns.append(key_node(key, source).as_("k"))
    for index, quantity in enumerate(question.quantities):
        node = raw_node(quantity, stat, source)
        floating = is_floating(quantity, source)
        infinite = exp.func("ISINF", node.copy(), dialect="duckdb") if floating else exp.false()
        is_finite = exp.func("ISFINITE", node.copy(), dialect="duckdb")
        finite = exp.Case(ifs=[exp.If(this=is_finite, true=node)]) if floating else node
        columns.append(finite.as_(f"q{index}"))
        columns.extend([infinite.as_(f"i{index}")] if flags else [])
    if flags:
        columns.append(_bad_weight(stat).as_("w"))
    tree = exp.select(*columns).from_(exp.to_table(VIEW))
    condition = stat.filter
    return tree if condition is None else tree.where(condition.to_sql(source.kinds))


def cells_tree(question: Question, scales: Sequence[Scale], *, by_unit: bool) -> exp.Select:
    """Add up each cell and margin in one pass.

    Columns: per dimension whether it is totalled; per dimension its level; rows; units; per quantity its rows,
    units, sum, sum of absolute contributions, two largest absolute contributions, least and greatest value.

    Args:
        question: what is asked.
        scales: one per quantity.
        by_unit: add up each unit first, because a unit has several rows.
    """
    names = question.dimensions
    groups = [_grouping(name).as_(f"g{index}") for index, name in enumerate(names)]
    if not by_unit:
        columns: list[exp.Expr] = [_count(), _units(question)]
        for index, scale in enumerate(scales):
            columns += _row_columns(index, scale, question)
        tree = _select([*groups, *map(column_node, names), *_named(columns, "c")], ROWS)
        return _grouped(tree, question).with_(ROWS, as_=rows_tree(question))
    partial = [_count().as_("n")]
    for index, scale in enumerate(scales):
        partial += _unit_columns(index, scale)
    inner = _select([*groups, *map(column_node, names), column_node("u"), *partial], ROWS)
    columns = [exp.func("SUM", column_node("n")), exp.func("COUNT", column_node("u"))]
    for index in range(len(scales)):
        columns += _outer_columns(index)
    keys = [f"g{index}" for index in range(len(names))] + list(names)
    outer = _select([*map(column_node, keys), *_named(columns, "c")], PER_UNIT).group_by(
        *map(column_node, keys)
    )
    return outer.with_(ROWS, as_=rows_tree(question)).with_(PER_UNIT, as_=_grouped(inner, question, "u"))


def contributors_tree(question: Question, key: str) -> exp.Select:
    """List, per cell and margin, the keys that contribute and in how many rows, sorted by key.

    Columns: as `cells_tree` up to the levels; rows with a key; then keys and row counts for all rows, and again
    for the rows in which each quantity is present.
    """
    names = question.dimensions
    groups = [_grouping(name).as_(f"g{index}") for index, name in enumerate(names)]
    counts = [_count().as_("n0")]
    counts += [
        exp.func("COUNT", column_node(f"q{index}")).as_(f"n{index + 1}")
        for index in range(len(question.quantities))
    ]
    inner = _select([*groups, *map(column_node, names), column_node("k"), *counts], ROWS)
    inner = inner.where(exp.Not(this=_is_null("k")))
    columns: list[exp.Expr] = [exp.func("SUM", column_node("n0"))]
    for index in range(len(counts)):
        columns += [_listed("k", f"n{index}"), _listed(f"n{index}", f"n{index}")]
    keys = [f"g{index}" for index in range(len(names))] + list(names)
    outer = _select([*map(column_node, keys), *_named(columns, "c")], PER_KEY).group_by(
        *map(column_node, keys)
    )
    return outer.with_(ROWS, as_=rows_tree(question, key)).with_(PER_KEY, as_=_grouped(inner, question, "k"))


def key_node(name: str, source: Source) -> exp.Expr:
    """Return 64 bits of MD5 of a key's text: the same on every engine version, type width and row order."""
    node = _unit(name, source)
    if source.kinds[name] is Kind.NUMBER:
        whole = exp.TryCast(this=node, to=exp.DataType.build("INT128", dialect="duckdb"))
        is_whole = exp.EQ(this=whole, expression=node.copy())
        text: exp.Expr = exp.Case(
            ifs=[exp.If(this=is_whole, true=_text(whole.copy()))], default=_text(node.copy())
        )
    else:
        text = _text(node)
    return exp.Anonymous(this="md5_number_lower", expressions=[text])


def _row_columns(index: int, scale: Scale, question: Question) -> list[exp.Expr]:
    """Add up a quantity straight from the rows: each row is one contribution."""
    value = column_node(f"q{index}")
    scaled = scaled_node(value.copy(), scale)
    present = exp.Not(this=_is_null(f"q{index}"))
    with_unit = present if question.statistic.unit is None else exp.and_(present, exp.Not(this=_is_null("u")))
    return [exp.func("COUNT", value), _count_if(with_unit), *_totals(scaled), *_ends(value)]


def _unit_columns(index: int, scale: Scale) -> list[exp.Expr]:
    """Add up a quantity within one unit of one cell."""
    value = column_node(f"q{index}")
    columns = [exp.func("COUNT", value), exp.func("SUM", scaled_node(value.copy(), scale)), *_ends(value)]
    return [node.as_(f"{letter}{index}") for letter, node in zip("rtlh", columns, strict=True)]


def _outer_columns(index: int) -> list[exp.Expr]:
    """Add up a quantity over the units of one cell: each unit's own total is one contribution."""
    rows, total = column_node(f"r{index}"), column_node(f"t{index}")
    known = exp.and_(exp.GT(this=rows, expression=exp.Literal.number(0)), exp.Not(this=_is_null("u")))
    ends = [exp.func("MIN", column_node(f"l{index}")), exp.func("MAX", column_node(f"h{index}"))]
    return [exp.func("SUM", rows.copy()), _count_if(known), *_totals(total), *ends]


def _totals(contribution: exp.Expr) -> list[exp.Expr]:
    """Return the sum, the sum of absolutes and the two largest absolutes of contributions."""
    absolute = exp.func("ABS", contribution.copy())
    two = exp.Anonymous(this="max", expressions=[absolute.copy(), exp.Literal.number(2)])
    return [exp.func("SUM", contribution), exp.func("SUM", absolute), two]


def _ends(value: exp.Expr) -> list[exp.Expr]:
    return [exp.func("MIN", value.copy()), exp.func("MAX", value.copy())]


def _level(name: str, source: Source) -> exp.Expr:
    """Return a dimension: whole numbers, doubles and booleans as they are, all else as text."""
    node = column_node(name)
    kind = source.kinds[name]
    if kind in {Kind.INTEGER, Kind.BOOLEAN}:
        return node
    if kind is Kind.NUMBER:
        # adding nought makes the two noughts of floating point one level
        return exp.Add(this=_unit(name, source), expression=exp.cast(exp.Literal.string("0"), "DOUBLE"))
    return exp.func("COALESCE", _text(node), exp.Literal.string(MISSING))


def _unit(name: str | None, source: Source) -> exp.Expr:
    """Return the unit, in which NaN is missing; without a unit column, a constant."""
    if name is None:
        return exp.Literal.number(1)
    node = column_node(name)
    if source.kinds[name] is Kind.NUMBER:
        return exp.func("NULLIF", exp.cast(node, "DOUBLE"), exp.cast(exp.Literal.string("NaN"), "DOUBLE"))
    return node


def _bad_weight(stat: Statistic) -> exp.Expr:
    """Whether a row's weight is missing or negative."""
    if stat.weight is None:
        return exp.false()
    weight = exp.cast(column_node(stat.weight), "DOUBLE")
    sound = exp.GTE(this=weight, expression=exp.Literal.number(0))
    number = exp.Not(this=exp.func("ISNAN", weight.copy(), dialect="duckdb"))
    return exp.Not(this=exp.func("COALESCE", exp.and_(sound, number), exp.false()))


def _units(question: Question) -> exp.Expr:
    """Count units where each stands in one row."""
    return _count() if question.statistic.unit is None else exp.func("COUNT", column_node("u"))


def _grouped(tree: exp.Select, question: Question, *more: str) -> exp.Select:
    """Group by the dimensions and, where margins are asked, by each subset of them."""
    plain: list[exp.Expr] = [column_node(name) for name in more]
    dimensions: list[exp.Expr] = [column_node(name) for name in question.dimensions]
    if question.statistic.margins and dimensions:
        plain.insert(0, exp.Cube(expressions=dimensions))
    else:
        plain = dimensions + plain
    return tree.group_by(*plain) if plain else tree


def _select(columns: Sequence[exp.Expr], table: str) -> exp.Select:
    return exp.select(*columns).from_(exp.to_table(table))


def _named(columns: Sequence[exp.Expr], letter: str) -> list[exp.Expr]:
    return [node.as_(f"{letter}{index}") for index, node in enumerate(columns)]


def _count() -> exp.Expr:
    return exp.Count(this=exp.Star())


def _count_if(condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=_count(), expression=exp.Where(this=condition))


def _count_distinct(name: str) -> exp.Expr:
    return exp.Count(this=exp.Distinct(expressions=[column_node(name)]))


def _any(name: str) -> exp.Expr:
    """Return 1 where some row lacks the dimension: "(missing)" is one more level."""
    return exp.func("COALESCE", exp.func("MAX", exp.cast(_is_null(name), "INT")), exp.Literal.number(0))


def _is_null(name: str) -> exp.Expr:
    return exp.Is(this=column_node(name), expression=exp.Null())


def _grouping(name: str) -> exp.Expr:
    return exp.Grouping(expressions=[column_node(name)])


def _listed(name: str, count: str) -> exp.Expr:
    """List a column by key, for the keys with at least one row."""
    ordered = exp.Order(this=column_node(name), expressions=[exp.Ordered(this=column_node("k"))])
    some = exp.GT(this=column_node(count), expression=exp.Literal.number(0))
    return exp.Filter(this=exp.ArrayAgg(this=ordered), expression=exp.Where(this=some))


def _text(node: exp.Expr) -> exp.Expr:
    return exp.cast(node, "VARCHAR")
