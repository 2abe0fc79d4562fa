"""Associations of two columns of levels, from the counts of their table."""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, fisher_exact, norm

from disclosure.association.outcome import Outcome

Counts = NDArray[np.int64]
"""Rows of the outcome's levels, columns of the other's; the reference first."""


def chi_squared(table: Counts) -> Outcome:
    """Return Pearson's test of independence, without a correction for continuity, and Cramér's V.

    Source: Agresti, Categorical data analysis, 3rd ed., section 3.2.
    """
    total = table.sum()
    if min(table.shape) < 2 or not total:
        return Outcome()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    statistic = float(((table - expected) ** 2 / expected).sum())
    degrees = (table.shape[0] - 1) * (table.shape[1] - 1)
    strength = math.sqrt(statistic / (total * (min(table.shape) - 1)))
    return Outcome(
        estimate=strength, statistic=statistic, degrees=degrees, p_value=float(chi2.sf(statistic, degrees))
    )


def fisher(table: Counts) -> Outcome:
    """Return Fisher's exact test with the sample's odds ratio."""
    if table.shape != (2, 2) or (table.sum(axis=0) == 0).any() or (table.sum(axis=1) == 0).any():
        return Outcome()
    (a, b), (c, d) = table[::-1, ::-1].tolist()
    p_value = float(fisher_exact(table).pvalue)
    return Outcome(estimate=a * d / (b * c) if b * c else float("nan"), p_value=p_value)


def odds_ratio(table: Counts, level: float) -> Outcome:
    """Return the odds ratio of the event, with Woolf's limits and Wald's test of its logarithm."""
    if table.shape != (2, 2) or not table.all():
        return Outcome()
    (a, b), (c, d) = table[::-1, ::-1].tolist()
    return _ratio(a * d / (b * c), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d), level)


def risk_ratio(table: Counts, level: float) -> Outcome:
    """Return the ratio of the risks of the event, with Katz's limits and Wald's test of its logarithm."""
    if table.shape != (2, 2) or not table.all():
        return Outcome()
    (a, b), (c, d) = table[::-1, ::-1].tolist()
    error = math.sqrt(1 / a - 1 / (a + c) + 1 / b - 1 / (b + d))
    return _ratio((a / (a + c)) / (b / (b + d)), error, level)


def risk_difference(table: Counts, level: float) -> Outcome:
    """Return the difference of the risks of the event, with Wald's limits and test."""
    if table.shape != (2, 2) or not table.all():
        return Outcome()
    (a, b), (c, d) = table[::-1, ::-1].tolist()
    one, other = a / (a + c), b / (b + d)
    error = math.sqrt(one * (1 - one) / (a + c) + other * (1 - other) / (b + d))
    width = NormalDist().inv_cdf(0.5 + level / 2) * error
    difference = one - other
    p_value = float(2 * norm.sf(abs(difference / error)))
    return Outcome(
        estimate=difference,
        low=difference - width,
        high=difference + width,
        statistic=difference / error,
        p_value=p_value,
    )


def _ratio(estimate: float, error: float, level: float) -> Outcome:
    """Return a ratio whose logarithm is taken as normal."""
    width = NormalDist().inv_cdf(0.5 + level / 2) * error
    statistic = math.log(estimate) / error
    return Outcome(
        estimate=estimate,
        low=estimate * math.exp(-width),
        high=estimate * math.exp(width),
        statistic=statistic,
        p_value=float(2 * norm.sf(abs(statistic))),
    )
