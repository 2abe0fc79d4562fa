"""The filtered rows under short names, and what must be known of them before anything is added."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from disclosure.bins import ABOVE, BELOW, bin_labels
from disclosure.expression.sql import Kind, column_node
from disclosure.quantity import Quantity, is_floating, quantities_of, raw_node
from disclosure.query.dropping import kept_tree
from disclosure.query.nodes import count, count_distinct, count_if, is_null, named, select, text_node
from disclosure.source import VIEW, Source
from disclosure.statistic import Statistic

MISSING = "(missing)"
"""The level under which rows without a category are counted."""
ROWS = "disclosure_rows"
# a long name of our own, so that it hides no table that a relation handed to us reads


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A statistic that is asked of opened data.

    Attributes:
        statistic: what is asked.
        source: the data.
        quantities: what is added up.
        dropped: cells, by their levels, whose rows are left out.
        is_clean: whether no quantity needs to be freed of infinity and of what is no number.
    """

    statistic: Statistic
    source: Source
    quantities: tuple[Quantity, ...]
    dropped: tuple[tuple[object, ...], ...] = ()
    is_clean: bool = False

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The short names of the dimensions."""
        return tuple(f"d{index}" for index in range(len(self.statistic.by)))


def question_of(stat: Statistic, source: Source) -> Question:
    """Return a statistic with its data and what must be added up."""
    return Question(stat, source, quantities_of(stat))


def scan_tree(question: Question) -> exp.Select:
    """Ask what must be known before adding: levels, units that repeat or lack, ends, infinities.

    Columns: rows; rows without unit; distinct units, where a unit is named; rows with a bad weight; per dimension how
    many levels it has, roughly or at most; per quantity its greatest and least value and whether one is infinite.
    Where the question is clean, an end is infinite or no number as soon as one value is.
    """
    stat, nought = question.statistic, exp.Literal.number(0)
    columns: list[exp.Expr] = [count(), nought, nought.copy(), nought.copy()]
    if stat.unit is not None:
        columns[1:3] = [count_if(is_null("u")), count_distinct("u")]
    if stat.weight is not None:
        columns[3] = count_if(column_node("w"))
    columns += [_about(index, question) for index in range(len(stat.by))]
    for index, quantity in enumerate(question.quantities):
        value = column_node(f"q{index}")
        ends: list[exp.Expr] = [nought.copy(), exp.Literal.number(-1)]
        if is_floating(quantity, question.source):
            ends = [exp.func("MAX", value), exp.func("MIN", value.copy())]
        columns += [*ends, nought.copy() if question.is_clean else count_if(column_node(f"i{index}"))]
    return select(named(columns, "c"), ROWS).with_(ROWS, as_=rows_tree(question, flags=True), copy=False)


def levels_tree(question: Question) -> exp.Select:
    """Count the distinct levels of each dimension."""
    columns = [exp.Add(this=count_distinct(name), expression=_any(name)) for name in question.dimensions]
    bare = replace(question, quantities=())
    return select(named(columns, "c"), ROWS).with_(ROWS, as_=rows_tree(bare), copy=False)


def _about(index: int, question: Question) -> exp.Expr:
    """Return cheaply about how many levels a dimension has: of whole numbers, how many lie between the ends."""
    stat, name = question.statistic, f"d{index}"
    kind = question.source.kinds[stat.by[index]]
    if kind is Kind.BOOLEAN or (stat.bins is not None and index == len(stat.by) - 1):
        return exp.Literal.number(3 if stat.bins is None else len(stat.bins) + 2)
    if kind is not Kind.INTEGER:
        return exp.func("APPROX_COUNT_DISTINCT", column_node(name))
    ends = [exp.cast(exp.func(end, column_node(name)), "DOUBLE") for end in ("MAX", "MIN")]
    return exp.Add(this=exp.Sub(this=ends[0], expression=ends[1]), expression=exp.Literal.number(2))


def rows_tree(
    question: Question, key: str | None = None, *, flags: bool = False, summed: bool = False
) -> exp.Select:
    """Return the filtered rows under short names; what is not finite is missing; with `flags`, infinity is marked.

    Args:
        question: what is asked.
        key: a column whose keyed values are added as k.
        summed: values are only added or compared, so that the two noughts of floating point need not be made one.
        flags: add i0, i1 … (a quantity is infinite) and w (the weight is missing or negative).
    """
    stat, source = question.statistic, question.source
    levels = [_level(name, source) for name in stat.by]
    if stat.bins is not None:
        levels[-1] = _bin(stat.by[-1], stat.bins)
    columns = [level.as_(f"d{index}") for index, level in enumerate(levels)]
    columns.append(unit_node(stat.unit, source).as_("u"))
    if key is not None:
        columns.append(key_node(key, source).as_("k"))
    for index, quantity in enumerate(question.quantities):
        node = raw_node(quantity, stat, source, is_clean=question.is_clean)
        floating = is_floating(quantity, source)
        if question.is_clean:
            columns.append(
                (_one_nought(node) if floating and not (flags or summed) else node).as_(f"q{index}")
            )
            continue
        infinite = exp.func("ISINF", node.copy(), dialect="duckdb") if floating else exp.false()
        is_finite = exp.func("ISFINITE", node.copy(), dialect="duckdb")
        finite = exp.Case(ifs=[exp.If(this=is_finite, true=_one_nought(node))]) if floating else node
        columns.append(finite.as_(f"q{index}"))
        columns.extend([infinite.as_(f"i{index}")] if flags else [])
    if flags:
        columns.append(_bad_weight(stat).as_("w"))
    tree = exp.select(*columns, copy=False).from_(exp.to_table(VIEW), copy=False)
    condition = stat.filter
    tree = tree if condition is None else tree.where(condition.to_sql(source.kinds))
    return kept_tree(tree, question.dropped, MISSING) if question.dropped else tree


def key_node(name: str, source: Source) -> exp.Expr:
    """Return 64 bits of MD5 of a key's text: the same on every engine version, type width and row order."""
    node = unit_node(name, source)
    if source.kinds[name] is Kind.NUMBER:
        whole = exp.TryCast(this=node, to=exp.DataType.build("INT128", dialect="duckdb"))
        is_whole = exp.EQ(this=whole, expression=node.copy())
        text: exp.Expr = exp.Case(
            ifs=[exp.If(this=is_whole, true=text_node(whole.copy()))], default=text_node(node.copy())
        )
    else:
        text = text_node(node)
    return exp.Anonymous(this="md5_number_lower", expressions=[text])


def _level(name: str, source: Source) -> exp.Expr:
    """Return a dimension: whole numbers, doubles and booleans as they are, all else as text."""
    node = column_node(name)
    kind = source.kinds[name]
    if kind in {Kind.INTEGER, Kind.BOOLEAN}:
        return node
    if kind is Kind.NUMBER:
        return _one_nought(unit_node(name, source))
    return exp.func("COALESCE", text_node(node), exp.Literal.string(MISSING))


def _one_nought(node: exp.Expr) -> exp.Expr:
    """Make the two noughts of floating point one: which of them is met first depends on the order of rows."""
    return exp.Add(this=exp.Paren(this=node), expression=exp.cast(exp.Literal.string("0"), "DOUBLE"))


def _bin(name: str, bins: Sequence[float]) -> exp.Expr:
    """Return the label of the bin in which a value lies; NaN is missing, infinity beyond the edges."""
    value = exp.cast(column_node(name), "DOUBLE")
    is_missing = exp.or_(
        exp.Is(this=value.copy(), expression=exp.Null()), exp.func("ISNAN", value.copy(), dialect="duckdb")
    )
    labels = bin_labels(bins)
    below = [(exp.LT, edge, label) for edge, label in zip(bins[:-1], (BELOW, *labels[:-1]), strict=True)]
    steps = [
        exp.If(this=compare(this=value.copy(), expression=_edge(edge)), true=exp.Literal.string(label))
        for compare, edge, label in [*below, (exp.LTE, bins[-1], labels[-1])]
    ]
    missing = exp.If(this=is_missing, true=exp.Literal.string(MISSING))
    return exp.Case(ifs=[missing, *steps], default=exp.Literal.string(ABOVE))


def _edge(edge: float) -> exp.Expr:
    return exp.cast(exp.Literal.string(repr(float(edge))), "DOUBLE")


def unit_node(name: str | None, source: Source) -> exp.Expr:
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


def _any(name: str) -> exp.Expr:
    """Return 1 where some row lacks the dimension: "(missing)" is one more level."""
    return exp.func("COALESCE", exp.func("MAX", exp.cast(is_null(name), "INT")), exp.Literal.number(0))
