"""Associations of a column of numbers with one of levels: the numbers of each group, the reference first."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, f, norm, rankdata, t

from disclosure.association.outcome import Outcome

Reals = NDArray[np.float64]


def t_test(groups: Sequence[Reals], level: float, *, pooled: bool) -> Outcome:
    """Return the difference of two means, the second less the reference, with Student's or Welch's test.

    Source: Welch, The generalization of Student's problem when several different population variances are involved,
    1947.
    """
    if len(groups) != 2 or min(map(len, groups)) < 2:
        return Outcome()
    one, other = groups
    sizes = len(one), len(other)
    squares = [float(np.var(group, ddof=1)) for group in groups]
    if pooled:
        degrees = float(sum(sizes) - 2)
        spread = sum((size - 1) * square for size, square in zip(sizes, squares, strict=True)) / degrees
        error = math.sqrt(spread * (1 / sizes[0] + 1 / sizes[1]))
    else:
        parts = [square / size for square, size in zip(squares, sizes, strict=True)]
        error = math.sqrt(sum(parts))
        below = sum(part**2 / (size - 1) for part, size in zip(parts, sizes, strict=True))
        degrees = sum(parts) ** 2 / below if below else float("nan")
    return difference(float(other.mean() - one.mean()), error, degrees, level)


def difference(estimate: float, error: float, degrees: float, level: float) -> Outcome:
    """Return a difference with the limits and test of Student's t; none where nothing varies."""
    if not error or not math.isfinite(error) or not math.isfinite(degrees):
        return Outcome()
    width, statistic = float(t.ppf(0.5 + level / 2, degrees)) * error, estimate / error
    return Outcome(
        estimate=estimate,
        low=estimate - width,
        high=estimate + width,
        statistic=statistic,
        degrees=degrees,
        p_value=float(2 * t.sf(abs(statistic), degrees)),
    )


def anova(groups: Sequence[Reals]) -> Outcome:
    """Return the one-way analysis of variance, and the share of the variance that lies between the groups."""
    total, count = sum(map(len, groups)), len(groups)
    if count < 2 or total <= count or min(map(len, groups)) < 1:
        return Outcome()
    centre = float(np.concatenate(groups).mean())
    between = float(sum(len(group) * (group.mean() - centre) ** 2 for group in groups))
    within = float(sum(((group - group.mean()) ** 2).sum() for group in groups))
    if not within or not math.isfinite(between + within):
        return Outcome()
    degrees, left = count - 1, total - count
    statistic = (between / degrees) / (within / left)
    return Outcome(
        estimate=between / (between + within),
        statistic=statistic,
        degrees=degrees,
        degrees_within=left,
        p_value=float(f.sf(statistic, degrees, left)),
    )


def mann_whitney(groups: Sequence[Reals]) -> Outcome:
    """Return U of the second group, in the normal approximation with ties and continuity, and U as a share of pairs.

    The share is the probability that one of the second group has the greater value, ties counted half.
    Source: Hollander, Wolfe and Chicken, Nonparametric statistical methods, 3rd ed., section 4.1.
    """
    if len(groups) != 2 or min(map(len, groups)) < 1:
        return Outcome()
    first, second = map(len, groups)
    ranks = rankdata(np.concatenate(groups))
    statistic = float(ranks[first:].sum()) - second * (second + 1) / 2
    total = first + second
    variance = first * second / 12 * (total + 1 - _ties(ranks) / (total * (total - 1)))
    if variance <= 0:
        return Outcome()
    distance = max(abs(statistic - first * second / 2) - 0.5, 0.0)
    p_value = min(float(2 * norm.sf(distance / math.sqrt(variance))), 1.0)
    return Outcome(estimate=statistic / (first * second), statistic=statistic, p_value=p_value)


def kruskal(groups: Sequence[Reals]) -> Outcome:
    """Return Kruskal's and Wallis' test on ranks, corrected for ties, and H as a share of its largest value.

    Source: Hollander, Wolfe and Chicken, section 6.1; epsilon squared is H / (N - 1).
    """
    total, count = sum(map(len, groups)), len(groups)
    if count < 2 or total <= count or min(map(len, groups)) < 1:
        return Outcome()
    ranks = rankdata(np.concatenate(groups))
    parts = np.split(ranks, np.cumsum([len(group) for group in groups])[:-1])
    squares = sum(float(part.sum()) ** 2 / len(part) for part in parts)
    free = 1 - _ties(ranks) / (total**3 - total)
    if free <= 0:
        return Outcome()
    statistic = (12 / (total * (total + 1)) * squares - 3 * (total + 1)) / free
    degrees = count - 1
    return Outcome(
        estimate=statistic / (total - 1),
        statistic=statistic,
        degrees=degrees,
        p_value=float(chi2.sf(statistic, degrees)),
    )


def are_apart(groups: Sequence[Reals]) -> bool:
    """Whether the values of the groups nowhere overlap, so that a value tells the group, and a group the order."""
    ends = sorted((float(group.min()), float(group.max())) for group in groups if len(group))
    return len(ends) > 1 and all(one[1] < other[0] for one, other in pairwise(ends))


def _ties(ranks: Reals) -> float:
    """Return the sum of t cubed less t over all ties."""
    counts = np.unique(ranks, return_counts=True)[1].astype(np.float64)
    return float((counts**3 - counts).sum())
