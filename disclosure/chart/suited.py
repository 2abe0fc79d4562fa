"""Which chart suits which statistic: told from the question alone, before there is an answer."""

from collections.abc import Callable, Mapping
from typing import Final

from disclosure.chart.label import plain
from disclosure.errors import DisclosureError
from disclosure.kind import TABULAR, Kind
from disclosure.statistic import Statistic

USUAL: Final[Mapping[Kind, str]] = {
    Kind.TABLE: "bar",
    Kind.QUANTILES: "bar",
    Kind.HISTOGRAM: "histogram",
    Kind.SURVIVAL: "survival",
    Kind.ASSOCIATION: "forest",
    Kind.MODEL: "forest",
    Kind.CLAIMS: "forest",
}
"""The kind of chart of each kind of statistic where none is named."""


def check_suits(stat: Statistic, kind: str, measure: str | None = None) -> None:
    """Refuse a kind of chart that cannot show a statistic, whatever its numbers will be.

    Args:
        stat: the statistic.
        kind: the kind of chart.
        measure: which measure of a table is to be drawn; None for the first.

    Raises:
        DisclosureError: "chart".
    """
    if kind not in _SUITS:
        raise DisclosureError("chart", f"There is no chart {plain(kind)!r}; choose {', '.join(_SUITS)}.")
    _SUITS[kind](stat)
    known = {*(each.name for each in stat.measures), "n"}
    if measure is not None and (stat.kind not in TABULAR or measure not in known):
        raise DisclosureError(
            "chart", f"The statistic has no measure {plain(measure)!r}; draw one that it has."
        )


def _table(stat: Statistic) -> None:
    if stat.kind not in TABULAR:
        raise DisclosureError(
            "chart", f"A {stat.kind.value} is no table of cells; draw it as a forest or survival chart."
        )
    if not 1 <= len(stat.by) <= 2:
        raise DisclosureError("chart", "This chart shows one or two dimensions; ask for such a table.")


def _grid(stat: Statistic) -> None:
    _table(stat)
    if len(stat.by) != 2:
        raise DisclosureError("chart", "A heat map shows two dimensions; draw one as bars.")


def _bins(stat: Statistic) -> None:
    if stat.bins is None:
        raise DisclosureError("chart", "Only a histogram has bins; draw this as bars.")
    _table(stat)


def _estimates(stat: Statistic) -> None:
    if stat.kind not in {Kind.MODEL, Kind.CLAIMS, Kind.ASSOCIATION}:
        raise DisclosureError("chart", f"A {stat.kind.value} has no estimates; draw a model or association.")


def _curves(stat: Statistic) -> None:
    if stat.kind is not Kind.SURVIVAL:
        raise DisclosureError("chart", "Only a survival statistic has curves; draw this as bars or lines.")


_SUITS: Final[Mapping[str, Callable[[Statistic], None]]] = {
    "bar": _table,
    "line": _table,
    "histogram": _bins,
    "heatmap": _grid,
    "forest": _estimates,
    "survival": _curves,
}
"""What each kind of chart asks of a statistic."""
