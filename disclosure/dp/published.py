"""What a noisy question may name: published columns, published levels, published bounds. Decided without the data."""

from collections.abc import Iterable, Sequence
from typing import Final

from disclosure.dp.dictionary import Dictionary
from disclosure.dp.levels import Kind as Level
from disclosure.dp.levels import identity_of
from disclosure.errors import DisclosureError
from disclosure.expression import Column, Comparison, Leaf, Literal, Membership, Missing
from disclosure.kind import Kind
from disclosure.measure import COUNTED, Measure
from disclosure.statistic import Statistic

ANSWERED: Final = frozenset({Kind.TABLE, Kind.QUANTILES, Kind.HISTOGRAM, Kind.MODEL})
"""Kinds of statistic that noise can answer; any other is refused."""

MEASURED: Final = ("count", "proportion", "sum", "mean", "median", "quantile")
"""Aggregations that noise can answer; any other is refused: a least value is one person's, and squares cost too much."""

MOST_LISTED: Final = 50
"""Most published values that a refusal lists."""


def refuse_unanswerable(stat: Statistic, dictionary: Dictionary) -> None:
    """Refuse a question that noise cannot answer soundly, by question and dictionary alone.

    Raises:
        DisclosureError: `kind`, `unit`, `weights`, `model`, `unknown_measure`, `no_keys`, `no_bounds`, `unknown_column`, `derived`, `shared`,
            `where_unpublished`, `bins_unpublished`.
    """
    refuse_foreign(stat, dictionary)
    if stat.kind not in ANSWERED:
        raise DisclosureError("kind", "This kind of statistic has no noisy form; ask for a table.")
    refuse_derived(stat)
    if stat.levels != (dictionary.unit,):
        raise DisclosureError(
            "unit", f"The statistic must name the unit {dictionary.unit!r} alone; set unit= to it."
        )
    if stat.asks is not None and stat.by:
        raise DisclosureError(
            "model", "A noisy regression has no groups; filter, or put them in the formula."
        )
    if stat.weight is not None:
        raise DisclosureError("weights", "Weighted statistics have no noisy form; ask without a weight.")
    for column in stat.by[:-1] if stat.bins else stat.by:
        _refuse_without_keys(column, dictionary)
    if stat.bins:
        _refuse_unpublished_bins(stat.by[-1], stat.bins, dictionary)
    for measure in stat.measures:
        _refuse_measure(measure, dictionary)
    refuse_unpublished_filter(stat, dictionary)


def refuse_foreign(stat: object, dictionary: object) -> None:
    """Refuse plans, pickles, SQL and any other object in place of a question or of public facts.

    Raises:
        DisclosureError: `kind`.
    """
    if not isinstance(stat, Statistic) or not isinstance(dictionary, Dictionary):
        raise DisclosureError("kind", "A noisy release needs a Statistic and a Dictionary; make them first.")


def refuse_derived(stat: Statistic) -> None:
    """Refuse columns that a question works out itself: their bounds and levels are not published.

    Raises:
        DisclosureError: `unsupported`.
    """
    if stat.derive:
        raise DisclosureError(
            "unsupported",
            "A noisy statistic takes published columns as they are; leave the derived columns out.",
        )


def refuse_unpublished_filter(stat: Statistic, dictionary: Dictionary) -> None:
    """Refuse a filter that looks at anything unpublished.

    Raises:
        DisclosureError: `where_unpublished`, `derived` or `shared`.
    """
    if stat.filter is not None:
        for leaf in stat.filter.leaves():
            _refuse_unpublished(leaf, dictionary)


def _refuse_without_keys(column: str, dictionary: Dictionary) -> None:
    if column not in dictionary.keys:
        raise DisclosureError(
            "no_keys",
            f"Column {column!r:.80} has no published levels; group by one of {_listed(dictionary.keys)}.",
        )
    dictionary.refuse_unusable(column)


def _refuse_unpublished_bins(column: str, bins: Sequence[float], dictionary: Dictionary) -> None:
    """Refuse a histogram by edges that could have been found in the data."""
    if column not in dictionary.columns or dictionary.kind(column) is not Level.NUMBER:
        raise DisclosureError(
            "no_bounds",
            f"Column {column!r:.80} has no published numbers; band one of {_listed(dictionary.bounds)}.",
        )
    dictionary.refuse_unusable(column)
    allowed = _published(column, dictionary)
    if not {identity_of(edge) for edge in bins} <= {identity_of(value) for value in allowed}:
        raise DisclosureError(
            "bins_unpublished",
            f"A noisy histogram may band {column!r:.80} only by its published values: {_listed(allowed)}.",
        )


def _refuse_measure(measure: Measure, dictionary: Dictionary) -> None:
    if measure.function not in MEASURED:
        raise DisclosureError(
            "unknown_measure",
            f"A {measure.function} has no noisy form; ask for one of {', '.join(MEASURED)}.",
        )
    if measure.column is None:
        return
    if measure.function in COUNTED and measure.column not in dictionary.columns:
        raise DisclosureError(
            "unknown_column",
            f"Column {measure.column!r:.80} is not published; use one of {_listed(dictionary.columns)}.",
        )
    if measure.function not in COUNTED and measure.column not in dictionary.bounds:
        raise DisclosureError(
            "no_bounds",
            f"Column {measure.column!r:.80} has no published bounds; use one of {_listed(dictionary.bounds)}.",
        )
    dictionary.refuse_unusable(measure.column)


def _refuse_unpublished(leaf: Leaf, dictionary: Dictionary) -> None:
    """Refuse a comparison with anything but the published values of one published column."""
    column = leaf.left if isinstance(leaf, Comparison) else leaf.term
    if not isinstance(column, Column) or column.name not in dictionary.columns:
        raise DisclosureError(
            "where_unpublished",
            f"A noisy filter may look at one published column at a time: {_listed(dictionary.columns)}.",
        )
    dictionary.refuse_unusable(column.name)
    allowed = _published(column.name, dictionary)
    if not _compared(leaf) <= {identity_of(value) for value in allowed}:
        raise DisclosureError(
            "where_unpublished",
            f"A noisy filter may compare {column.name!r:.80} only with its published values: {_listed(allowed)}.",
        )


def _published(column: str, dictionary: Dictionary) -> tuple[object, ...]:
    """Levels, bin edges and bounds of a column."""
    return (
        *dictionary.keys.get(column, ()),
        *dictionary.bins.get(column, ()),
        *dictionary.bounds.get(column, ()),
    )


def _compared(leaf: Leaf) -> set[object]:
    """What a leaf compares its column with; a second column or arithmetic equals no published value."""
    if isinstance(leaf, Missing):
        return set()
    others = leaf.levels if isinstance(leaf, Membership) else (leaf.right,)
    return {identity_of(other.value) if isinstance(other, Literal) else other for other in others}


def _listed(values: Iterable[object]) -> str:
    """Values for a sentence, shortened."""
    texts = [f"{value!s:.60}" for value in values]
    rest = f" and {len(texts) - MOST_LISTED} more" if len(texts) > MOST_LISTED else ""
    return ", ".join(texts[:MOST_LISTED]) + rest if texts else "none"
