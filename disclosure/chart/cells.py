"""From a table of one or two dimensions to marks."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from disclosure.bins import ABOVE, BELOW, bin_labels
from disclosure.chart.drawing import Mark
from disclosure.chart.label import distinct, plain
from disclosure.chart.shown import Shown, check_size, read
from disclosure.errors import DisclosureError

MAX_UNDRAWN: Final = 6
"""Most levels named in a note, such as those below the first bin."""


def cells_of(shown: Shown, measure: str | None) -> tuple[list[Mark], tuple[str, str, str]]:
    """Return the inner cells of a table as marks, and the names of labels, groups and numbers; totals are not drawn.

    Raises:
        DisclosureError: "chart": too many numbers, words, or counts that a noisy answer does not hold.
    """
    stat = shown.statistic
    name = measure or next((each.name for each in stat.measures), "n")
    if name not in shown.table.columns:
        raise DisclosureError("chart", f"The answer has no numbers called {plain(name)!r}; draw others.")
    told = zip(shown.rows(), shown.limits(name), strict=True)
    kept = [(row, ends) for row, ends in told if all(row[each] is not None for each in stat.by)]
    rows = [row for row, _ in kept]
    check_size(len(rows))
    labels = distinct(row[stat.by[0]] for row in rows)
    groups = distinct(row[stat.by[-1]] for row in rows)
    second = len(stat.by) == 2
    marks = [
        Mark(
            labels[row[stat.by[0]]],
            read(row, name),
            groups[row[stat.by[1]]] if second else "",
            _place(row[stat.by[0]]),
            ends,
        )
        for row, ends in kept
    ]
    return marks, (
        plain(stat.by[0]),
        plain(stat.by[1]) if second else "",
        "count" if name == "n" else plain(name),
    )


def bins_of(shown: Shown) -> tuple[list[Mark], tuple[str, str, str], tuple[str, ...]]:
    """Return the bins of a histogram as marks with their edges, the names, and notes on what lies outside the axis.

    Raises:
        DisclosureError: "chart".
    """
    bins = shown.statistic.bins or ()
    marks, names = cells_of(shown, None)
    if names[1]:
        marks = [Mark(mark.group, mark.number, mark.label) for mark in marks]
        names = (names[1], names[0], names[2])
    edges = dict(zip(bin_labels(bins), pairwise(bins), strict=True))
    drawn = [
        Mark(mark.label, mark.number, mark.group, sum(edges[mark.label]) / 2, edges[mark.label])
        for mark in marks
        if mark.label in edges
    ]
    check_size(len(drawn))
    return drawn, names, _outside([mark for mark in marks if mark.label not in edges])


def _outside(marks: Sequence[Mark]) -> tuple[str, ...]:
    """Say which counts have no place on the axis: values below or above all bins, and missing ones."""
    said = [
        f"{mark.group + ' ' if mark.group else ''}{mark.label.strip('()')} {mark.number.text}"
        for mark in marks
        if mark.number.value != 0 or mark.label not in {BELOW, ABOVE}
    ]
    if len(said) > MAX_UNDRAWN:
        return (f"Not drawn: {len(said)} counts outside the bins, in the table.",)
    return (f"Not drawn: {', '.join(said)}.",) if said else ()


def _place(level: object) -> float | None:
    return float(level) if isinstance(level, int | float) and not isinstance(level, bool) else None
