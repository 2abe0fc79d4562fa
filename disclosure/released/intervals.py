"""What noisy releases say of exact cells: each count lies within three standard deviations of what was said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from disclosure.grid import Key, Level
from disclosure.released.noisy import NoisyReleased
from disclosure.statistic import Statistic

WIDTH: Final = 3.0
"""Half the width of an interval, in standard deviations of its noise. Source: the design of differencing; Gaussian noise
stays within it 99.7 times in 100."""
Place: TypeAlias = frozenset[tuple[str, Level]]


@dataclass(frozen=True, slots=True)
class Interval:
    """What is known of a count.

    Attributes:
        low: the least it is taken to be, in rows.
        high: the most.
    """

    low: float
    high: float


def noisy_of(released: Sequence[object], stat: Statistic) -> list[NoisyReleased]:
    """Return the noisy releases of the same rows that show cells of a statistic, or totals or parts of them."""
    own = set(stat.by)
    return [
        one
        for one in released
        if isinstance(one, NoisyReleased)
        and _rows(one.statistic) == _rows(stat)
        and (own <= set(one.statistic.by) or set(one.statistic.by) <= own)
    ]


def intervals(stat: Statistic, keys: Sequence[Key], released: Sequence[object]) -> dict[int, Interval]:
    """Return what noisy releases together say of the rows in each cell that they show.

    Answers on one cell are averaged with the inverse of their variances as weights, as an attacker would.

    Args:
        stat: the exact statistic.
        keys: its cells.
        released: what was released before.
    """
    weights: dict[Place, float] = {}
    sums: dict[Place, float] = {}
    for one in noisy_of(released, stat):
        for place, value, sigma in _counts(one):
            weight = 1.0 / max(sigma, np.finfo(np.float64).tiny ** 0.25) ** 2
            weights[place] = weights.get(place, 0.0) + weight
            sums[place] = sums.get(place, 0.0) + weight * value
    found = {}
    for position, key in enumerate(keys):
        place = place_of(stat.by, key)
        if place in weights:
            middle, half = sums[place] / weights[place], WIDTH / float(np.sqrt(weights[place]))
            found[position] = Interval(middle - half, middle + half)
    return found


def place_of(by: Sequence[str], key: Key) -> Place:
    """Return a cell by the levels that are not totalled."""
    return frozenset((name, level) for name, level in zip(by, key, strict=True) if level is not None)


def _rows(stat: Statistic) -> tuple[str, object]:
    """Return what says which rows a statistic is of."""
    condition = stat.filter
    return stat.source, None if condition is None else condition.canonical()


def _counts(one: NoisyReleased) -> list[tuple[Place, float, float]]:
    """Return each noisy count of rows with its standard deviation; a total has the noise of all its parts."""
    names = [measure.name for measure in one.statistic.measures if measure.question() == ["count", ""]]
    names = [name for name in ("n", *names) if name in one.cells.columns and name in one.sigma]
    shown = one.cells.astype(object).where(
        one.cells.notna(), None
    )  # pandas may say NaN where a text is totalled
    columns = [shown[name].tolist() for name in one.statistic.by]
    keys: list[Key] = list(zip(*columns, strict=True)) if columns else [()] * len(one.cells)
    inner = [key for key in keys if None not in key]
    parts = [max(1, sum(_is_part(cell, key) for cell in inner)) for key in keys]
    return [
        (place_of(one.statistic.by, key), float(value), one.sigma[name] * float(np.sqrt(count)))
        for name in names[:1]
        for key, value, count in zip(keys, one.cells[name].tolist(), parts, strict=True)
    ]


def _is_part(cell: Key, total: Key) -> bool:
    return all(level is None or level == own for own, level in zip(cell, total, strict=True))
