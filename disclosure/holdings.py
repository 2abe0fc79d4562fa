"""How a total is shared out among the units of each cell: Gini, Herfindahl and the Lorenz curve."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from disclosure.grid import Grid, key_of
from disclosure.measure import SHARED, Measure
from disclosure.order import position_of
from disclosure.quantity import Quantity, Role, Scale
from disclosure.query import Question, holdings_tree

Holdings: TypeAlias = tuple[NDArray[np.float64], ...]
"""Per cell what each unit holds, from least to most."""


def holdings_of(
    question: Question, grid: Grid, scales: Sequence[Scale], *, by_unit: bool
) -> dict[str, Holdings]:
    """Return what each unit holds, per column of whose total the shares are asked.

    Raises:
        DisclosureError: "evidence_failed"; also where the data have changed since the cells were laid out.
    """
    columns = [str(m.column) for m in question.statistic.measures if m.function in SHARED]
    found = {}
    for column in dict.fromkeys(columns):
        index = question.quantities.index(Quantity(column, Role.VALUE))
        held = [np.zeros(0, dtype=np.float64)] * len(grid.keys)
        width = len(question.dimensions)
        for row in question.source.rows(holdings_tree(question, (index, scales[index]), by_unit=by_unit)):
            if row[-1]:
                key = key_of(row[:width], row[width : 2 * width])
                held[position_of(grid, key)] = _values(cast("list[int]", row[-1]), scales[index])
        found[column] = tuple(held)
    return found


def shares(measure: Measure, holdings: Holdings) -> list[float]:
    """Return a measure of how each cell's total is shared out; not a number where some hold less than nought."""
    step = measure.step
    if step is not None:
        return [lorenz(held, step) for held in holdings]
    return [_gini(held) if measure.function == "gini" else _herfindahl(held) for held in holdings]


def lorenz(held: NDArray[np.float64], step: Fraction) -> float:
    """Return the share of the total that the first `step` of the units hold; a unit may be cut in proportion."""
    if not is_shared(held):
        return math.nan
    reached = len(held) * step
    whole = int(reached)
    part = float(reached - whole) * float(held[whole]) if reached > whole else 0.0
    return (math.fsum(held[:whole].tolist()) + part) / math.fsum(held.tolist())


def is_shared(held: NDArray[np.float64]) -> bool:
    """Whether there is a total to share out, and nobody holds less than nought."""
    return bool(len(held) and held[0] >= 0 and held[-1] > 0)


def _gini(held: NDArray[np.float64]) -> float:
    """Return Gini's coefficient of a whole population, from nought to 1 - 1/n."""
    if not is_shared(held):
        return math.nan
    ranks = 2 * np.arange(1, len(held) + 1) - len(held) - 1
    return math.fsum((ranks * held).tolist()) / (len(held) * math.fsum(held.tolist()))


def _herfindahl(held: NDArray[np.float64]) -> float:
    """Return the sum of squared shares, from 1/n to 1."""
    if not is_shared(held):
        return math.nan
    return math.fsum(((held / math.fsum(held.tolist())) ** 2).tolist())


def _values(found: list[int], scale: Scale) -> NDArray[np.float64]:
    return np.array([scale.value(scale.whole(held)) for held in found], dtype=np.float64)
