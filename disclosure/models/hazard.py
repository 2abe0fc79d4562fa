"""Cox's proportional hazards by partial likelihood."""

from typing import Any, Final

import numpy as np
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg

from disclosure.errors import DisclosureError
from disclosure.models.design import Design
from disclosure.models.factors import Doubles
from disclosure.models.fit import Fact, Fit, inverse, no_maximum, search, wald
from disclosure.models.rank import scales_of
from disclosure.models.within import without_effects

FAR: Final = 15.0
"""Linear predictors further apart than this are taken for an estimate that runs away: hazards differ three million
times."""
MOST_STEPS: Final = 200
"""Most Newton steps. Source: ours; sound data need fewer than twenty."""
SLOPE_LEFT: Final = 1e-6
"""A maximum is reached when the slope along each column of about unit size is below this share of the events."""


def hazard(design: Design, ties: str, errors: str) -> Fit:
    """Fit a Cox model.

    Args:
        design: the design; its columns do not repeat each other.
        ties: how events at one time are treated, "efron" or "breslow".
        errors: "nonrobust" or "cluster".

    Raises:
        DisclosureError: "separation": a mixture of columns orders the events without error; "not_converged".
    """
    event = np.asarray(design.event, dtype=np.float64)
    scales = scales_of(design.matrix)
    centred = design.matrix / scales
    centred = centred - centred.mean(axis=0)
    model = PHReg(design.response, centred, status=event, strata=design.strata, ties=ties)
    cluster = design.cluster if errors == "cluster" else None
    found = search(model, maxiter=MOST_STEPS, tol=1e-12, groups=cluster)
    if found is None:
        raise no_maximum()
    result, estimate, slope = found
    linear = centred @ estimate
    if float(np.ptp(linear)) > FAR:
        raise DisclosureError(
            "separation",
            "A mixture of the columns orders the events without error, so the model has no estimates; leave the "
            "column out, or use coarser categories.",
        )
    if np.abs(slope).max() > SLOPE_LEFT * event.sum():
        raise no_maximum()
    inverse(-np.asarray(model.hessian(estimate), dtype=np.float64))
    covariance = np.asarray(result.cov_params(), dtype=np.float64)
    facts = _facts(model, estimate, (covariance, cluster is not None), int(event.sum()))
    covariance = covariance / np.outer(scales, scales)
    working = _working(design, centred, event - np.asarray(result.martingale_residuals))
    return Fit(
        design=design,
        estimate=estimate / scales,
        covariance=covariance,
        degrees=None,
        residual_degrees=int(event.sum()) - len(estimate),
        facts=facts,
        working=working,
        deviations=np.ones(len(working)),
    )


def _working(design: Design, centred: Doubles, expected: Doubles) -> Doubles:
    """Return the design as a Poisson model of the same data sees it: rows weigh by the events expected of them."""
    weight = np.where(np.isfinite(expected), np.maximum(expected, 0.0), 0.0) + np.finfo(np.float64).tiny
    strata = np.zeros(len(weight), dtype=np.intp) if design.strata is None else design.strata
    return without_effects(centred, (strata,), weight) * np.sqrt(weight)[:, None]


def _facts(
    model: Any, estimate: Doubles, found: tuple[Doubles, bool], events: int
) -> tuple[Fact, ...]:  # Any: statsmodels has no types
    """Return the numbers on the whole model."""
    covariance, is_robust = found
    likelihood, plain = float(model.loglike(estimate)), float(model.loglike(np.zeros(len(estimate))))
    everything = np.ones(len(estimate), dtype=np.bool_)
    statistic = wald(estimate, covariance, everything) if is_robust else 2 * (likelihood - plain)
    p_value = float(stats.chi2.sf(statistic, len(estimate)))
    return (
        Fact("events", events),
        Fact("residual_degrees", events - len(estimate)),
        Fact("log_likelihood", likelihood),
        Fact("wald_test" if is_robust else "lr_test", statistic=statistic, p_value=p_value),
    )
