"""Columns of noughts and ones: their sums and means are counts of the units that have a one (numerator, complement)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from disclosure.grid import Grid
from disclosure.measure import ADDED, DIVIDED, SHARED, SPREAD
from disclosure.order import keyed, position_of
from disclosure.quantity import Quantity, Role, Scale
from disclosure.query import Question, flags_tree

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Flags:
    """A column of noughts and ones in each cell.

    Attributes:
        ones: distinct units with a one; rows where no unit is named.
        noughts: distinct units with a nought; rows where no unit is named.
    """

    ones: Counts
    noughts: Counts


def flags_of(
    question: Question,
    grid: Grid,
    sums: Mapping[Quantity, tuple[Counts, NDArray[Any]]],  # Any: whole numbers of any size
    scales: Sequence[Scale],
) -> dict[str, Flags]:
    """Count ones and noughts, for each column that holds nothing else and of which more than a count is asked.

    Args:
        question: what is asked.
        grid: the cells.
        sums: per quantity its rows and total in each cell; a total beyond the rows rules a column out unread.
        scales: one per quantity.

    Raises:
        DisclosureError: "evidence_failed"; also where the data have changed since the cells were laid out.
    """
    measures = question.statistic.measures
    shown = {m.column for m in measures if m.function in ADDED | SPREAD | SHARED}
    shown |= {half for m in measures if m.function in DIVIDED for half in m.halves}
    found = {}
    for index, (quantity, scale) in enumerate(zip(question.quantities, scales, strict=True)):
        if quantity.role is not Role.VALUE or quantity.column not in shown:
            continue
        rows, total = sums[quantity]
        most = rows.astype(object) * scale.denominator
        held = total * scale.numerator
        flags = _counted(question, grid, index) if bool(np.all((held >= 0) & (held <= most))) else None
        if flags is not None:
            found[str(quantity.column)] = flags
    return found


def _counted(question: Question, grid: Grid, index: int) -> Flags | None:
    """Count ones and noughts; None where there is another value."""
    counts = np.zeros((2, len(grid.keys)), dtype=np.int64)
    for key, row in keyed(question, flags_tree(question, index)):
        ones, noughts, others = (int(cast("int", value)) for value in row)
        if others:
            return None
        if ones or noughts:
            counts[:, position_of(grid, key)] = ones, noughts
    return Flags(counts[0], counts[1])
