"""Values that are somebody's: the ends, and quantiles with few units on one side."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from disclosure.bins import bin_labels
from disclosure.evidence import Evidence
from disclosure.order import Place, Point
from disclosure.policy import Policy
from disclosure.result import Finding, count_of
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict

Mask = NDArray[np.bool_]


def endpoint(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find least and greatest values that fewer units share than the policy asks, and that no rule sets."""
    for measure in stat.measures:
        if measure.function in {"min", "max"}:
            column = str(measure.column)
            order = evidence.orders[column]
            place = order.least if measure.function == "min" else order.greatest
            cells = _cells(_is_personal(place, column, policy))
            if cells:
                said = "least" if measure.function == "min" else "greatest"
                sentence = f"The {said} value of {column[:60]!r} is that of fewer than {policy.min_units} units in {count_of(cells)}."
                yield Finding("endpoint", cells, sentence, Verdict.FAIL)


def edges(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find outer edges of a histogram that are the least or greatest value of a few units."""
    if stat.bins is None:
        return
    column, labels = stat.by[-1], bin_labels(stat.bins)
    order, bands = evidence.orders[column], [key[-1] for key in evidence.grid.keys]
    hit = np.zeros(len(bands), dtype=np.bool_)
    for place, edge, label in (
        (order.least, stat.bins[0], labels[0]),
        (order.greatest, stat.bins[-1], labels[-1]),
    ):
        outer = np.array([band == label for band in bands], dtype=np.bool_)
        hit |= outer & (place.value == edge) & _is_personal(place, column, policy)
    cells = _cells(hit)
    if cells:
        sentence = f"An outer edge is the end of the values of {column[:60]!r} in {count_of(cells)}; set it further out."
        yield Finding("endpoint", cells, sentence, Verdict.FAIL)


def quantile(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find quantiles with too few units on one side; ask a person where a quantile is one unit's own value.

    A unit whose own value the quantile is stands on neither side. The value of several units is on both.
    """
    lone_verdict = Verdict.FAIL if policy.lone_quantile_unsafe else Verdict.REVIEW
    for measure in stat.measures:
        point = measure.point
        if point is None:
            continue
        found = evidence.orders[str(measure.column)].points[point]
        lone = found.is_held & (found.owners <= 1)
        few = _few_beside(found, lone, policy.min_units)
        name = measure.name[:60]
        cells = _cells(few)
        if cells:
            sentence = (
                f"Fewer than {policy.min_units} units lie on one side of {name!r} in {count_of(cells)}."
            )
            yield Finding("quantile", cells, sentence, Verdict.FAIL)
        cells = _cells(lone & ~few)
        if cells:
            sentence = (
                f"In {count_of(cells)} {name!r} is the value of one unit; round it, or use coarser values."
            )
            yield Finding("quantile", cells, sentence, lone_verdict)


def _few_beside(found: Point, lone: Mask, least: int) -> Mask:
    """Return where fewer units than asked lie on one side; a cell without values has no quantile."""
    beside = np.minimum(found.below, found.above) - lone
    return (beside < least) & ~np.isnan(found.value)


def _is_personal(place: Place, column: str, policy: Policy) -> Mask:
    """Return where an end is shared by too few and set by no rule."""
    structural = np.zeros(len(place.value), dtype=np.bool_)
    for name, value in policy.structural_ends:
        structural |= (place.value == value) & (name == column)
    return (place.units < policy.min_units) & ~np.isnan(place.value) & ~structural


def _cells(hit: Mask) -> tuple[int, ...]:
    return tuple(np.flatnonzero(hit).tolist())
