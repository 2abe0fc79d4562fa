"""Consistent whole tables without negative numbers: from the top down, each as near as its margins let it be.

The total is moved to nought at least, one-way tables to the nearest point whose parts are none below nought and add up
to the total, and two-way tables by least absolute change within their margins: a flow, so that whole margins have whole
solutions and always one. Numbers near nought are then too large on average. Reads noisy numbers only.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from disclosure.dp.sets.marginals import Marginal
from disclosure.dp.sets.rounding import corrected
from disclosure.errors import DisclosureError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def moved(
    estimates: "Mapping[Marginal, NDArray[np.float64]]", order: Sequence[Marginal]
) -> "dict[Marginal, NDArray[np.int64]]":
    """Whole tables of at most two dimensions that agree exactly and have no number below zero.

    Args:
        estimates: consistent tables, closed under taking margins.
        order: the same marginals, smaller ones first.

    Raises:
        DisclosureError: `margins`, as `within_margins`.
    """
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    whole: dict[Marginal, NDArray[np.int64]] = {}
    for marginal in order:
        values = corrected(marginal, estimates, whole)
        if not marginal:
            whole[marginal] = np.maximum(np.rint(values), 0).astype(np.int64)
        elif len(marginal) == 1:
            whole[marginal] = adding_up(values, int(whole[()]))
        else:
            first, second = marginal
            whole[marginal] = within_margins(values, whole[(first,)], whole[(second,)])
    return whole


def adding_up(values: "NDArray[np.float64]", total: int) -> "NDArray[np.int64]":
    """Nearest parts, none below nought, that add up to a total; then whole ones, the largest remainders rounded up."""
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    falling = np.sort(values)[::-1]
    excess = (falling.cumsum() - total) / np.arange(1, len(values) + 1)
    kept = int(np.flatnonzero(falling >= excess)[-1])
    parts = np.maximum(values - excess[kept], 0)
    whole = np.floor(parts).astype(np.int64)
    # rounding of doubles may leave a part just below a whole number, or the sum a little off: both end here
    each, left = np.divmod(total - whole.sum(), len(whole))
    rank = np.argsort(np.argsort(whole - parts, kind="stable"), kind="stable")
    return np.asarray(whole + each + (rank < left), dtype=np.int64)


def within_margins(
    values: "NDArray[np.float64]", rows: "NDArray[np.int64]", columns: "NDArray[np.int64]"
) -> "NDArray[np.int64]":
    """Whole cells, none below nought, with these margins and the least sum of absolute changes.

    Raises:
        DisclosureError: `margins` when the margins are below nought or do not agree.
    """
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast
    from scipy import optimize, sparse  # noqa: PLC0415  as above

    height, width = values.shape
    floor = np.maximum(np.floor(values), 0).reshape(-1)
    part = np.clip(values.reshape(-1) - floor, 0, 1)
    sums = sparse.vstack(
        [
            sparse.kron(sparse.eye_array(height), np.ones((1, width))),
            sparse.kron(np.ones((1, height)), sparse.eye_array(width)),
        ]
    )
    # each cell is its floor, less what is taken off, plus at most one step to its ceiling, plus whatever more
    ones, none = np.ones_like(floor), np.zeros_like(floor)
    found = optimize.linprog(
        np.concatenate([ones, 1 - 2 * part, ones]),
        A_eq=sparse.hstack([-sums, sums, sums]).tocsr(),
        b_eq=np.concatenate([rows, columns]) - sums @ floor,
        bounds=np.column_stack(
            [np.concatenate([none] * 3), np.concatenate([floor, ones, np.full_like(floor, np.inf)])]
        ),
        method="highs-ds",
    )
    moves = np.zeros((3, len(floor))) if found.x is None else np.rint(found.x).reshape(3, -1)
    cells: NDArray[np.int64] = (floor - moves[0] + moves[1] + moves[2]).astype(np.int64).reshape(values.shape)
    agree = np.array_equal(cells.sum(axis=1), rows) and np.array_equal(cells.sum(axis=0), columns)
    if not agree or cells.min() < 0:
        raise DisclosureError(
            "margins", "No table without negative numbers has these margins; nothing was released."
        )
    return cells
