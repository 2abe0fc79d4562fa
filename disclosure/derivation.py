"""Derived columns of a question: their names, and where they meet the data."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from disclosure.errors import DisclosureError
from disclosure.expression.tree import Term
from disclosure.expression.value import Derived, derived_of, divisors
from disclosure.naming import check_name

if TYPE_CHECKING:
    from disclosure.source import Source
    from disclosure.statistic.form import Form

MAX_DERIVED: Final = 50
"""Most derived columns of a statistic. Source: ours."""


def derived_pairs(derive: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    """Return an author's derived columns in order."""
    if derive is not None and not isinstance(derive, Mapping):
        raise DisclosureError("expression", "Write derived columns as {'adult': 'age >= 18'}.")
    return tuple((derive or {}).items())


def check_derived(derive: object, bare: Sequence[str | None]) -> None:
    """Refuse derived columns that are no pairs of texts, stand twice, use themselves or name a unit or weight.

    Raises:
        DisclosureError: "expression", "name", "name_clash".
    """
    is_pairs = isinstance(derive, tuple) and all(
        isinstance(pair, tuple) and len(pair) == 2 for pair in derive
    )
    if not isinstance(derive, tuple) or not is_pairs or len(derive) > MAX_DERIVED:
        raise DisclosureError(
            "expression", f"Give at most {MAX_DERIVED} derived columns, each a name and a text."
        )
    for name, _ in derive:
        check_name(name, "derived column")
    names = [name for name, _ in derive]
    found = derived_of(dict(derive))
    read: set[str] = set()
    for derived in found:
        read |= derived.columns() - set(names[: names.index(derived.name)])
    clashes = [name for name in names if names.count(name) > 1 or name in read or name in bare]
    if clashes:
        raise DisclosureError(
            "name_clash",
            f"The derived column {clashes[0][:60]!r} stands twice, is read before it is there, or names a unit or "
            "weight; give it a name of its own.",
        )


def with_derived(stat: "Form", source: "Source") -> "Source":
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
        source = source.with_column(derived.name, derived.to_sql(source.kinds))
    return source


def problems_of(stat: "Form", source: "Source") -> tuple[str, ...]:
    """Say where an expression of the question divides by nought; the result is missing there.

    Args:
        stat: the question.
        source: the data, with derived columns.
    """
    from disclosure.expression.derived_sql import divides_by_nought  # noqa: PLC0415  sqlglot is slow to import

    return tuple(
        f"{said} divides by nought in some rows, where it is missing; filter these rows out by their divisor."
        for said, terms in _dividing(stat, stat.derived)
        if source.has_row([divides_by_nought(term, source.kinds) for term in terms])
    )


def _dividing(stat: "Form", derived: Sequence[Derived]) -> Iterator[tuple[str, list[Term]]]:
    condition = stat.filter
    named = [(f"The derived column {one.name[:60]!r}", one.value) for one in derived]
    for said, value in [*([] if condition is None else [("The filter", condition.root)]), *named]:
        terms = list(divisors(value))
        if terms:
            yield said, terms
