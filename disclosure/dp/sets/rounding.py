"""Whole numbers near consistent tables that are consistent themselves: margins first, each table within its margins.

Controlled rounding by sums along a line: what is rounded is the running total over all but the first attribute, whose
totals at the ends are whole already, and the steps between running totals are the cells. Every table of any number of
attributes can be rounded so, and no cell moves by 2 to the power of its attributes or more. Reads noisy numbers only.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from disclosure.dp.sets.marginals import Marginal, parts_of, spread_over

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def rounding_variance(attributes: int) -> float:
    """About the variance that rounding adds to a cell: of a uniform error, doubled by each further attribute."""
    return 2.0 ** max(0, attributes - 1) / 12


def rounded(
    estimates: "Mapping[Marginal, NDArray[np.float64]]", order: Sequence[Marginal]
) -> "dict[Marginal, NDArray[np.int64]]":
    """Whole tables that agree exactly.

    Args:
        estimates: consistent tables, closed under taking margins.
        order: the same marginals, smaller ones first.
    """
    whole: dict[Marginal, NDArray[np.int64]] = {}
    for marginal in order:
        values = corrected(marginal, estimates, whole)
        whole[marginal] = _within(values, _margins(marginal, whole))
    return whole


def corrected(
    marginal: Marginal,
    estimates: "Mapping[Marginal, NDArray[np.float64]]",
    whole: "Mapping[Marginal, NDArray[np.int64]]",
) -> "NDArray[np.float64]":
    """The nearest table to an estimate whose margins are the whole ones."""
    values = estimates[marginal].astype(float)
    levels = dict(zip(marginal, values.shape, strict=True))
    for part in parts_of(marginal)[:-1]:
        shape, cells = spread_over(part, marginal, levels)
        sign = (-1) ** (len(marginal) - len(part) - 1)
        values = values + sign * (whole[part] - estimates[part]).reshape(shape) / cells
    return values


def _margins(marginal: Marginal, whole: "Mapping[Marginal, NDArray[np.int64]]") -> "list[NDArray[np.int64]]":
    """The margin that sums over each attribute in turn."""
    return [whole[tuple(other for other in marginal if other != axis)] for axis in marginal]


def _within(values: "NDArray[np.float64]", margins: "Sequence[NDArray[np.int64]]") -> "NDArray[np.int64]":
    """Whole cells near `values` that add up to each margin."""
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    if not margins:
        return np.rint(values).astype(np.int64)
    running = values
    for axis in range(1, values.ndim):
        running = running.cumsum(axis=axis)
    whole = np.rint(running).astype(np.int64)
    for axis in range(1, values.ndim):
        ends = margins[axis]
        for other in range(1, values.ndim - 1):
            ends = ends.cumsum(axis=other)
        whole[(slice(None),) * axis + (-1,)] = ends
    totals = margins[0]
    for axis in range(values.ndim - 1):
        totals = totals.cumsum(axis=axis)
    whole = _adding_up(running, whole, totals)
    for axis in range(1, values.ndim):
        whole = np.diff(whole, axis=axis, prepend=0)
    return whole


def _adding_up(
    values: "NDArray[np.float64]", whole: "NDArray[np.int64]", totals: "NDArray[np.int64]"
) -> "NDArray[np.int64]":
    """Move the cells that rounding moved most, one step each, until each line along the first axis has its total."""
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    each, left = np.divmod(totals - whole.sum(axis=0), len(whole))
    order = np.argsort(whole - values, axis=0, kind="stable")
    rank = np.argsort(order, axis=0, kind="stable")
    return np.asarray(whole + each + (rank < left), dtype=np.int64)
