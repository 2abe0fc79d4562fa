"""What an estimator found, before anything is judged."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from disclosure.errors import DisclosureError
from disclosure.models.design import Design
from disclosure.models.factors import Doubles


@dataclass(frozen=True, slots=True)
class Fact:
    """One number on the whole model.

    Attributes:
        term: what it is, such as r_squared.
        estimate: the number itself; not a number for a test.
        statistic: the test's statistic, or not a number.
        p_value: the test's p-value, or not a number.
    """

    term: str
    estimate: float = np.nan
    statistic: float = np.nan
    p_value: float = np.nan


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted model.

    Attributes:
        design: its design.
        estimate: per column of the design its coefficient.
        covariance: of the coefficients.
        degrees: degrees of freedom of the t distribution of their tests; None where they are normal.
        residual_degrees: rows (for a Cox model events) beyond the estimated parameters, absorbed effects included.
        facts: numbers on the whole model.
        working: the design as the last step of the estimator saw it: weighted, effects taken out, columns scaled.
        deviations: per row the standard deviation of its response, up to a factor that all rows share.
        is_perfect: whether the response is computed from the columns, without error.
    """

    design: Design
    estimate: Doubles
    covariance: Doubles
    degrees: float | None
    residual_degrees: int
    facts: tuple[Fact, ...]
    working: Doubles
    deviations: Doubles
    is_perfect: bool = False

    def tests(self, level: float) -> tuple[Doubles, ...]:
        """Return per coefficient its standard error, test statistic, p-value, and interval at a confidence level."""
        errors = np.sqrt(np.diag(self.covariance))
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = self.estimate / errors
        spread = stats.norm if self.degrees is None else stats.t(self.degrees)
        reach = float(spread.ppf((1 + level) / 2)) * errors
        p_value = 2 * spread.sf(np.abs(statistic))
        return errors, statistic, np.asarray(p_value), self.estimate - reach, self.estimate + reach


def search(model: Any, **how: Any) -> tuple[Any, Doubles, Doubles] | None:  # Any: statsmodels has no types
    """Let an estimator look for its maximum by Newton's method, without a word of its own.

    Args:
        model: a model of statsmodels.
        how: more words for its `fit`.

    Returns:
        Its result, the estimates, and the slope of the likelihood there; None where it had to give up.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = model.fit(method="newton", disp=0, **how)
            estimate = np.asarray(result.params, dtype=np.float64)
            slope = np.asarray(model.score(estimate), dtype=np.float64)
        except np.linalg.LinAlgError:
            return None
    return (result, estimate, slope) if np.isfinite([*estimate, *slope]).all() else None


def inverse(information: Doubles) -> Doubles:
    """Return the inverse of an information matrix.

    Raises:
        DisclosureError: "not_converged": it has none, or one that is no covariance.
    """
    try:
        found = np.asarray(np.linalg.inv(information), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise no_maximum() from None
    if not np.isfinite(found).all() or (np.diag(found) <= 0).any():
        raise no_maximum()
    return found


def no_maximum() -> DisclosureError:
    """Return the error for a likelihood whose maximum was not found."""
    return DisclosureError(
        "not_converged",
        "The likelihood has no maximum that could be found, so there are no estimates; use fewer or simpler columns.",
    )


def sandwich(bread: Doubles, scores: Doubles, cluster: NDArray[np.intp] | None) -> Doubles:
    """Return the robust covariance without any small-sample factor, of rows or of clusters of them.

    Args:
        bread: the inverse of the information.
        scores: per row its contribution to the estimating equations.
        cluster: per row the position of its cluster, or None.
    """
    if cluster is not None:
        scores = np.column_stack([np.bincount(cluster, score) for score in scores.T])
    meat: Doubles = scores.T @ scores
    return bread @ meat @ bread


def small_sample(errors: str, design: Design, parameters: int) -> float:
    """Return the factor by which a robust covariance is corrected for few rows or clusters, as Stata does.

    Args:
        errors: how errors are computed.
        design: the design.
        parameters: the number of estimated parameters, absorbed effects included.
    """
    size = len(design.response)
    if errors == "HC1":
        return size / (size - parameters)
    if errors == "cluster" and design.cluster is not None:
        clusters = int(design.cluster.max()) + 1
        return clusters / (clusters - 1) * (size - 1) / (size - parameters)
    return 1.0


def wald(estimate: Doubles, covariance: Doubles, picked: NDArray[np.bool_]) -> float:
    """Return the Wald statistic of the hypothesis that some coefficients are nought."""
    chosen = estimate[picked]
    return float(chosen @ np.linalg.pinv(covariance[np.ix_(picked, picked)], hermitian=True) @ chosen)
