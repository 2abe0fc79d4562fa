"""Effects of many groups taken out of a design instead of being estimated (within transformation)."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from disclosure.errors import DisclosureError
from disclosure.models.design import Codes
from disclosure.models.factors import Doubles

MAX_SWEEPS: Final = 10_000
"""Most sweeps over the effects. Source: ours; designs whose groups hang together loosely need thousands."""
STILL: Final = 1e-13
"""A sweep that moves no number by more than this share of its column's length has arrived: some hundred times a
double's precision, so that estimates agree with those by dummies to nine digits or more."""


def without_effects(columns: Doubles, effects: Sequence[Codes], weight: Doubles | None) -> Doubles:
    """Return columns from which the effects of groups are taken out, by projecting on one after the other.

    Args:
        columns: the columns, one row per row of the design.
        effects: per absorbed column, per row the position of its group.
        weight: the weight of each row, or None.

    Raises:
        DisclosureError: "not_converged": the effects cannot be told apart in reasonable time.
    """
    if not effects or not columns.shape[1]:
        return columns
    weights = np.ones(len(columns)) if weight is None else weight
    totals = [np.bincount(codes, weights) for codes in effects]
    lengths = np.maximum(np.linalg.norm(columns, axis=0), np.finfo(np.float64).tiny)
    found = columns.copy()
    for sweep in range(MAX_SWEEPS):
        before = found.copy() if len(effects) > 1 else found
        for codes, total in zip(effects, totals, strict=True):
            for index in range(found.shape[1]):
                found[:, index] -= (np.bincount(codes, weights * found[:, index]) / total)[codes]
        moved = np.linalg.norm(found - before, axis=0) / lengths
        if (sweep or len(effects) == 1) and moved.max() <= STILL:
            return found
    raise DisclosureError(
        "not_converged",
        f"The absorbed effects could not be told apart in {MAX_SWEEPS} rounds; absorb fewer, or use C() for one.",
    )


def effects_count(effects: Sequence[Codes]) -> int:
    """Return how many parameters the absorbed effects take.

    Of two sets of groups, one effect is redundant per part of the data that hangs together; of further sets at
    least one is, so that their degrees of freedom are counted rather too low than too high.
    """
    counts = [int(codes.max()) + 1 for codes in effects]
    if len(effects) < 2:
        return sum(counts)
    pairs = (np.ones(len(effects[0])), (effects[0], effects[1] + counts[0]))
    size = counts[0] + counts[1]
    parts = csgraph.connected_components(
        sparse.coo_array(pairs, shape=(size, size)), directed=False, return_labels=False
    )
    return sum(counts) - int(parts) - (len(counts) - 2)
