"""The largest cells of a noisy answer: chosen from noisy numbers alone, so that choosing costs nothing."""

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

from disclosure.dp.answer import Answer
from disclosure.dp.mechanism import CONFIDENCE, Mechanism
from disclosure.errors import DisclosureError

if TYPE_CHECKING:
    import pandas as pd


def top(answer: Answer, k: int, measure: str = "n") -> "pd.DataFrame":
    """The k cells with the largest noisy numbers, largest first.

    The largest of many noisy numbers is likelier too large than too small, so that the interval of one cell would not
    hold. These hold for all cells of the table at once, in at least 95% of releases, whichever were chosen.

    Args:
        answer: a noisy table.
        k: how many cells.
        measure: a count or a sum of the table.

    Returns:
        The dimensions, the measure, `low` and `high`, and `certain`: whether the cell is one of the k largest for
        certain, at the same confidence.

    Raises:
        DisclosureError: `measure` when it is no count or sum of this answer; `top` when there are not so many cells.
    """
    by = list(answer.statistic.by)
    whole = measure in answer.table.columns and str(answer.table[measure].dtype) == "int64"
    if measure in by or not whole:
        raise DisclosureError("measure", "Name a count or a sum of this answer to rank its cells by.")
    inner = answer.table[by].notna().all(axis=1)
    cells = answer.table.loc[inner, [*by, measure]]
    if type(k) is not int or not 1 <= k <= len(cells):
        raise DisclosureError("top", "Ask for at least one cell, and for no more than the table has.")
    half = _half_width(answer.mechanism, answer.sigma[measure], len(cells))
    ranked = cells.sort_values(measure, ascending=False, kind="stable")
    chosen = ranked.head(k).reset_index(drop=True)
    rest = ranked[measure].iloc[k:]
    lowest = chosen[measure] - half
    beaten = rest.max() + half if len(rest) else -math.inf
    return chosen.assign(low=lowest, high=chosen[measure] + half, certain=lowest > beaten)


def _half_width(mechanism: Mechanism, sigma: float, cells: int) -> int:
    """Steps that the noise of none of so many cells exceeds in at least 95% of releases, by the union bound."""
    risk = (1 - CONFIDENCE) / cells
    if mechanism is Mechanism.GAUSSIAN:
        # a discrete Gaussian exceeds m no more often than a normal exceeds m - 1 (Canonne, Kamath and Steinke 2020)
        return math.ceil(1 + NormalDist(0, sigma).inv_cdf(1 - risk / 2))
    scale = 1 / (2 * math.asinh(1 / (math.sqrt(2) * sigma)))
    return math.ceil(scale * math.log(1 / risk))
