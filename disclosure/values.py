"""What a measure is in each cell, and who is behind it."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from disclosure.evidence import Evidence, Sums
from disclosure.grid import Grid
from disclosure.holdings import shares
from disclosure.measure import ADDED, COUNTED, DIVIDED, SHARED, SPREAD, Measure
from disclosure.order import Order
from disclosure.quantity import Quantity, Role, evidence_columns
from disclosure.source import evidence_failed
from disclosure.statistic import Statistic


def presence(measure: Measure, evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and units behind a measure in each cell: those in which its column is not missing."""
    if measure.column is None:
        return evidence.rows, evidence.units
    role = Role.PRESENT if measure.function in COUNTED else Role.VALUE
    sums = evidence.sums[Quantity(evidence_columns(measure)[0], role)]
    return sums.rows, sums.units


def values_of(measure: Measure, stat: Statistic, evidence: Evidence) -> Iterable[object]:
    """Return a measure in each cell; what is computed from nothing is not a number."""
    if measure.function in COUNTED:
        counts = _counts(measure, stat, evidence)
        if measure.function == "count":
            return counts
        return _proportions(counts, evidence.grid, str(measure.argument))
    if measure.function in DIVIDED:
        return _ratios(measure, stat, evidence)
    column = str(measure.column)
    if measure.function in SPREAD:
        return _spreads(measure, column, evidence)
    if measure.function in ADDED:
        return _totals_or_means(measure, stat, evidence)
    is_shared = measure.function in SHARED
    return (
        shares(measure, evidence.holdings[column]) if is_shared else _placed(measure, evidence.orders[column])
    )


def _spreads(measure: Measure, column: str, evidence: Evidence) -> list[float]:
    """Return variances, standard deviations, or these as shares of the mean."""
    variances = _variances(evidence.sums[Quantity(column, Role.SPREAD)], evidence.squares[column])
    if measure.function == "var":
        return variances
    deviations = [math.sqrt(variance) for variance in variances]
    return deviations if measure.function == "std" else _relative(deviations, column, evidence)


def _relative(deviations: Sequence[float], column: str, evidence: Evidence) -> list[float]:
    """Divide standard deviations by their means; where the mean is nought there is no answer."""
    sums = evidence.sums[Quantity(column, Role.VALUE)]
    return [
        deviation * rows / total if total else math.nan
        for deviation, rows, total in zip(deviations, sums.rows.tolist(), _totals(sums), strict=True)
    ]


def _placed(measure: Measure, order: Order) -> np.ndarray:
    """Return a value that is read off the order."""
    point = measure.point
    if point is not None:
        return order.points[point].value
    return {"min": order.least, "max": order.greatest, "mode": order.commonest}[measure.function].value


def _counts(measure: Measure, stat: Statistic, evidence: Evidence) -> Sequence[float]:
    """Return the number of rows, or their weight, in each cell."""
    if stat.weight is None:
        counts: list[float] = presence(measure, evidence)[0].tolist()
        return counts
    return _totals(evidence.sums[Quantity(measure.column, Role.WEIGHT)])


def _proportions(counts: Sequence[float], grid: Grid, share: str) -> list[float]:
    """Divide each cell by the total of its row, of its column or of the whole table."""
    found = []
    for key, count in zip(grid.keys, counts, strict=True):
        last = key[-1:] if share == "columns" else (None,) * len(key[-1:])
        first = key[:-1] if share == "index" else (None,) * len(key[:-1])
        whole = counts[grid.positions[(*first, *last)]]
        found.append(count / whole if whole else math.nan)
    return found


def _variances(sums: Sums, squares: np.ndarray) -> list[float]:
    """Return sample variances, n - 1 below the line, each rounded once; one value alone has none."""
    found = []
    top, bottom = sums.scale.numerator**2, sums.scale.denominator**2
    for count, total, square in zip(sums.rows.tolist(), sums.total, squares, strict=True):
        if count < 2:
            found.append(math.nan)
            continue
        try:
            found.append((count * square - total * total) * top / (count * (count - 1) * bottom))
        except OverflowError:
            raise evidence_failed() from None
    return found


def _totals_or_means(measure: Measure, stat: Statistic, evidence: Evidence) -> list[float]:
    weighted = stat.weight is not None
    sums = evidence.sums[Quantity(measure.column, Role.WEIGHTED if weighted else Role.VALUE)]
    totals = [total if rows else math.nan for total, rows in zip(_totals(sums), sums.rows, strict=True)]
    if measure.function == "sum":
        return totals
    weights = (
        _totals(evidence.sums[Quantity(measure.column, Role.WEIGHT)]) if weighted else sums.rows.tolist()
    )
    return [total / weight if weight else math.nan for total, weight in zip(totals, weights, strict=True)]


def _ratios(measure: Measure, stat: Statistic, evidence: Evidence) -> list[float]:
    """Divide one total by the other; by a total of nought there is no answer."""
    role = Role.VALUE if stat.weight is None else Role.WEIGHTED
    above, below = (evidence.sums[Quantity(name, role)] for name in measure.halves[:2])
    pairs = zip(_totals(above), _totals(below), strict=True)
    return [top / bottom if bottom else math.nan for top, bottom in pairs]


def _totals(sums: Sums) -> list[float]:
    """Return sums as doubles."""
    return [sums.scale.value(total) for total in sums.total]
