"""The log-rank test of whether several groups have one curve."""

from collections.abc import Sequence

import numpy as np

from disclosure.survival.curve import Lives


def logrank(groups: Sequence[Lives]) -> tuple[float, float, float]:
    """Return the statistic, its degrees of freedom and its p-value; not a number where there is no answer.

    Source: Mantel, Evaluation of survival data and two new rank order statistics, 1966; variance with ties as in
    Kalbfleisch and Prentice, section 1.4.
    """
    from scipy.stats import chi2  # noqa: PLC0415  heavy, and only a test needs it

    nothing = (float("nan"),) * 3
    if len(groups) < 2:
        return nothing
    times = np.unique(np.concatenate([lives.event_times for lives in groups]))
    risk = np.stack([len(lives.time) - np.searchsorted(lives.time, times, side="left") for lives in groups])
    events = np.stack(
        [
            np.bincount(np.searchsorted(times, lives.time[lives.event]), minlength=len(times))
            for lives in groups
        ]
    )
    at_risk, happened = risk.sum(axis=0).astype(np.float64), events.sum(axis=0).astype(np.float64)
    share = risk / at_risk
    observed = (events - happened * share).sum(axis=1)[:-1]
    factor = np.where(at_risk > 1, happened * (at_risk - happened) / np.maximum(at_risk - 1, 1), 0.0)
    variance = np.diag((factor * share).sum(axis=1)) - (factor * share) @ share.T
    try:
        statistic = float(observed @ np.linalg.solve(variance[:-1, :-1], observed))
    except np.linalg.LinAlgError:
        return nothing
    degrees = float(len(groups) - 1)
    return statistic, degrees, float(chi2.sf(statistic, degrees))
