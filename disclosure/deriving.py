"""Where derived columns meet the data, and where an expression divides by nought or an order does not decide."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlglot import exp

from disclosure.errors import DisclosureError
from disclosure.expression.aggregate_sql import aggregate_nodes
from disclosure.expression.canonical import term_text
from disclosure.expression.derived_sql import divides_by_nought, value_node
from disclosure.expression.sql import Kind, column_node
from disclosure.expression.tree import ORDERED, Aggregate, Column, Term
from disclosure.expression.value import Derived, divisors, replaced, replaced_term
from disclosure.measure import DIVIDED, Measure
from disclosure.quantity import check_addable
from disclosure.query.rows import unit_node
from disclosure.source import Source
from disclosure.statistic import Statistic

_ENDS = (" (least)", " (greatest)")
"""What is added to the text of an aggregate to name the two values between which an order may not decide."""


def with_derived(stat: Statistic, source: Source) -> Source:
    """Return the data with the derived columns of a question beside those that it reads.

    An aggregate over a unit's rows is first a column of its own, called by its text.

    Raises:
        DisclosureError: "unknown_column" or "expression_type"; "evidence_failed"; "name_clash": the data have a
            column of that name, which might be the one that tells people apart.
    """
    made: set[Aggregate] = set()
    for derived in stat.derived:
        for found in derived.aggregates():
            source = source if found in made else _with_aggregate(found, stat, source)
            made.add(found)
        _check_new(derived.name, source)
        source = source.with_column(derived.name, value_node(_settled(derived).value, source.kinds))
    for measure in dict.fromkeys(replace(one, name="") for one in stat.measures if one.function in DIVIDED):
        source = _with_halves(measure, source)
    return source


def _with_halves(measure: Measure, source: Source) -> Source:
    """Add both totals of a ratio, where both columns are present, and their difference."""
    columns = [_present(name, source) for name in measure.columns()]
    both = exp.and_(*(exp.Not(this=exp.Is(this=each, expression=exp.Null())) for each in columns))
    above, below = (exp.Case(ifs=[exp.If(this=both, true=each)]) for each in columns)
    rest = exp.Sub(this=exp.cast(below.copy(), "DOUBLE"), expression=exp.cast(above.copy(), "DOUBLE"))
    for name, node in zip(measure.halves, (above, below, rest), strict=True):
        _check_new(name, source)
        source = source.with_column(name, node)
    return source


def _present(name: str, source: Source) -> exp.Expr:
    """Return a number as it stands, in which NaN is missing; a truth value as nought or one.

    Raises:
        DisclosureError: "not_numeric".
    """
    check_addable(name, source)
    node = unit_node(name, source) if source.types[name] in {"FLOAT", "DOUBLE"} else column_node(name)
    return exp.cast(node, "INT") if source.kinds[name] is Kind.BOOLEAN else node


def problems_of(stat: Statistic, source: Source) -> tuple[str, ...]:
    """Say where an expression of the question divides by nought, or an order does not decide: the result is missing.

    Args:
        stat: the question.
        source: the data, with derived columns.
    """
    divided = tuple(
        f"{said} divides by nought in some rows, where it is missing; filter these rows out by their divisor."
        for said, terms in _dividing(stat, stat.derived)
        if source.has_row([divides_by_nought(term, source.kinds) for term in terms])
    )
    undecided = tuple(
        f"The derived column {derived.name[:60]!r} depends on the order of rows that stand in the same place, where "
        "it is missing; order by a column that tells a unit's rows apart."
        for derived in stat.derived
        if (ordered := [found for found in derived.aggregates() if found.function in ORDERED])
        and source.has_row(list(map(_is_undecided, ordered)))
    )
    return (*divided, *undecided)


def _with_aggregate(found: Aggregate, stat: Statistic, source: Source) -> Source:
    """Add the column of an aggregate; where an order does not decide, it is missing."""
    name, kinds = term_text(found), source.kinds
    nodes = aggregate_nodes(found, unit_node(stat.unit, source), kinds, source.types)
    if len(nodes) == 1:
        _check_new(name, source)
        return source.with_column(name, nodes[0])
    for end, node in zip(_ENDS, nodes, strict=True):
        _check_new(name + end, source)
        source = source.with_column(name + end, node)
    _check_new(name, source)
    decided = exp.If(this=exp.Not(this=_is_undecided(found)), true=column_node(name + _ENDS[0]))
    return source.with_column(name, exp.Case(ifs=[decided]))


def _is_undecided(found: Aggregate) -> exp.Expr:
    """Return whether the rows in one place of the order hold several values."""
    least, greatest = (column_node(term_text(found) + end) for end in _ENDS)
    return exp.NullSafeNEQ(this=least, expression=greatest)


def _column_of(found: Aggregate) -> Column:
    return Column(term_text(found))


def _settled(derived: Derived) -> Derived:
    """Return a derived column that reads each aggregate off its column."""
    return replace(derived, value=replaced(derived.value, _column_of))


def _check_new(name: str, source: Source) -> None:
    if name in source.types:
        raise DisclosureError(
            "name_clash",
            f"The data have a column {name[:60]!r} already; call the derived column another.",
        )


def _dividing(stat: Statistic, derived: Sequence[Derived]) -> Iterator[tuple[str, list[Term]]]:
    condition = stat.filter
    named = [(f"The derived column {one.name[:60]!r}", one.value) for one in derived]
    for said, value in [*([] if condition is None else [("The filter", condition.root)]), *named]:
        terms = [replaced_term(term, _column_of) for term in divisors(value)]
        if terms:
            yield said, terms
