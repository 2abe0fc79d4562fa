"""Associations of two columns of numbers of the same rows."""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, norm, rankdata, t

from disclosure.association.groups import difference
from disclosure.association.outcome import Outcome

Reals = NDArray[np.float64]
PERFECT = 1e-12
"""How close to 1 a correlation counts as perfect: 2**13 times the rounding of one operation on doubles."""


def pearson(one: Reals, other: Reals, level: float) -> Outcome:
    """Return the product-moment correlation, with limits by Fisher's z and the test of Student's t."""
    left, right = one - one.mean(), other - other.mean()
    scale = math.sqrt(float((left**2).sum())) * math.sqrt(float((right**2).sum()))
    if len(one) < 4 or not scale or not math.isfinite(scale):
        return Outcome()
    estimate = min(max(float((left * right).sum()) / scale, -1.0), 1.0)
    degrees = len(one) - 2
    if abs(estimate) > 1 - PERFECT:
        return Outcome(estimate=estimate, degrees=degrees, p_value=0.0)
    statistic = estimate * math.sqrt(degrees / (1 - estimate**2))
    width = NormalDist().inv_cdf(0.5 + level / 2) / math.sqrt(len(one) - 3)
    low, high = (math.tanh(math.atanh(estimate) + sign * width) for sign in (-1, 1))
    p_value = float(2 * t.sf(abs(statistic), degrees))
    return Outcome(
        estimate=estimate, low=low, high=high, statistic=statistic, degrees=degrees, p_value=p_value
    )


def spearman(one: Reals, other: Reals, level: float) -> Outcome:
    """Return the correlation of the ranks, ties given their mean; limits are approximate."""
    return pearson(rankdata(one), rankdata(other), level)


def kendall(one: Reals, other: Reals) -> Outcome:
    """Return Kendall's tau-b with its test."""
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return Outcome()
    found = kendalltau(one, other)
    return Outcome(estimate=float(found.statistic), p_value=float(found.pvalue))


def paired_t(one: Reals, other: Reals, level: float) -> Outcome:
    """Return the mean of the differences, the first column less the second, with Student's test."""
    size = len(one)
    if size < 2:
        return Outcome()
    gaps = one - other
    error = math.sqrt(float(np.var(gaps, ddof=1)) / size)
    return difference(float(gaps.mean()), error, float(size - 1), level)


def wilcoxon(one: Reals, other: Reals) -> Outcome:
    """Return the signed-rank test in the normal approximation with ties, pairs without a difference left out.

    The estimate is the rank sum for the first column less that for the second, as a share of all ranks.
    Source: Hollander, Wolfe and Chicken, section 3.1.
    """
    gaps = one - other
    gaps = gaps[gaps != 0]
    size = len(gaps)
    if not size:
        return Outcome()
    ranks = rankdata(np.abs(gaps))
    above = float(ranks[gaps > 0].sum())
    whole = size * (size + 1) / 2
    counts = np.unique(ranks, return_counts=True)[1].astype(np.float64)
    variance = size * (size + 1) * (2 * size + 1) / 24 - float((counts**3 - counts).sum()) / 48
    p_value = float(2 * norm.sf(abs(above - whole / 2) / math.sqrt(variance)))
    statistic = min(above, whole - above)
    return Outcome(estimate=(2 * above - whole) / whole, statistic=statistic, p_value=p_value)
