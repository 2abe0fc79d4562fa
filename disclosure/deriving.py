"""Where derived columns meet the data, and where an expression divides by nought."""

from collections.abc import Iterator, Sequence

from disclosure.errors import DisclosureError
from disclosure.expression.derived_sql import divides_by_nought, value_node
from disclosure.expression.tree import Term
from disclosure.expression.value import Derived, divisors
from disclosure.source import Source
from disclosure.statistic import Statistic


def with_derived(stat: Statistic, source: Source) -> Source:
    """Return the data with the derived columns of a question beside those that it reads.

    Raises:
        DisclosureError: "unknown_column" or "expression_type"; "evidence_failed"; "name_clash": the data have a
            column of that name, which might be the one that tells people apart.
    """
    for derived in stat.derived:
        if derived.name in source.types:
            raise DisclosureError(
                "name_clash",
                f"The data have a column {derived.name[:60]!r} already; call the derived column another.",
            )
        source = source.with_column(derived.name, value_node(derived.value, source.kinds))
    return source


def problems_of(stat: Statistic, source: Source) -> tuple[str, ...]:
    """Say where an expression of the question divides by nought; the result is missing there.

    Args:
        stat: the question.
        source: the data, with derived columns.
    """
    return tuple(
        f"{said} divides by nought in some rows, where it is missing; filter these rows out by their divisor."
        for said, terms in _dividing(stat, stat.derived)
        if source.has_row([divides_by_nought(term, source.kinds) for term in terms])
    )


def _dividing(stat: Statistic, derived: Sequence[Derived]) -> Iterator[tuple[str, list[Term]]]:
    condition = stat.filter
    named = [(f"The derived column {one.name[:60]!r}", one.value) for one in derived]
    for said, value in [*([] if condition is None else [("The filter", condition.root)]), *named]:
        terms = list(divisors(value))
        if terms:
            yield said, terms
