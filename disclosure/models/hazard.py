"""Cox's proportional hazards by partial likelihood."""

from typing import Final

import numpy as np
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg

from disclosure.errors import DisclosureError
from disclosure.models.design import Design
from disclosure.models.factors import Doubles
from disclosure.models.fit import Fact, Fit, inverse, no_maximum, wald
from disclosure.models.partial import Risk
from disclosure.models.rank import scales_of
from disclosure.models.within import without_effects

STEP_LEFT: Final = 1e-6
"""A maximum is reached when a step takes no two linear predictors apart by more than this; what is left after that step
is about its square."""
STEP_AWAY: Final = 0.1
"""An estimate runs away when without any slope a step still takes two linear predictors apart by this; it does by one."""
MOST_STEPS: Final = 100
"""Most Newton steps. Source: ours; sound data need fewer than ten."""
SLOPE_LEFT: Final = 1e-10
"""The slope has vanished when along each column of about unit size it is below this share of the events."""

FLAT: Final = 1e-13
"""The likelihood is flat in some direction when the least information on one is below this share of the events: what
rounding leaves of nought."""


def hazard(design: Design, ties: str, errors: str) -> Fit:
    """Fit a Cox model.

    Args:
        design: the design; its columns do not repeat each other.
        ties: how events at one time are treated, "efron" or "breslow".
        errors: "nonrobust" or "cluster".

    Raises:
        DisclosureError: "separation": a mixture of columns orders the events without error; "not_converged".
    """
    scales = scales_of(design.matrix)
    centred = design.matrix / scales
    centred = centred - centred.mean(axis=0)
    risk = Risk.of(design, centred, ties)
    estimate, covariance = _maximum(risk)
    is_robust = errors == "cluster"
    if is_robust:
        covariance = _robust(design, centred, estimate, ties)
    facts = _facts(risk, estimate, covariance, is_robust=is_robust)
    return Fit(
        design=design,
        estimate=estimate / scales,
        covariance=covariance / np.outer(scales, scales),
        degrees=None,
        residual_degrees=len(risk.events) - len(estimate),
        facts=facts,
        working=_working(design, centred, risk.expected(estimate)),
        deviations=np.ones(len(centred)),
    )


def _maximum(risk: Risk) -> tuple[Doubles, Doubles]:
    """Climb by Newton's method, with shorter steps where a step would go down; return the estimates and covariance.

    Where an estimate runs away the slope vanishes but steps do not: each takes the hazards further apart.
    """
    estimate = np.zeros(risk.matrix.shape[1])
    height = risk.likelihood(estimate)
    for _ in range(MOST_STEPS):
        slope, information = risk.slopes(estimate)
        is_flat = np.linalg.eigvalsh(information)[0] <= FLAT * len(risk.events)
        if is_flat and not estimate.any():
            raise no_maximum()
        step = np.zeros(len(slope)) if is_flat else inverse(information) @ slope
        reach = float(np.ptp(risk.matrix @ step))
        if not is_flat and reach <= STEP_LEFT:
            return estimate + step, inverse(risk.slopes(estimate + step)[1])
        has_slope = np.abs(slope).max() > SLOPE_LEFT * len(risk.events)
        if is_flat or (reach > STEP_AWAY and not has_slope):
            raise DisclosureError(
                "separation",
                "A mixture of the columns orders the events without error, so the model has no estimates; leave "
                "the column out, or use coarser categories.",
            )
        while (reached := risk.likelihood(estimate + step)) < height and reach > STEP_LEFT:
            step, reach = step / 2, reach / 2
        estimate, height = estimate + step, reached
    raise no_maximum()


def _robust(design: Design, centred: Doubles, estimate: Doubles, ties: str) -> Doubles:
    """Return the covariance between clusters (Lin and Wei, JASA 84, 1989)."""
    model = PHReg(
        design.response,
        centred,
        status=np.asarray(design.event, dtype=np.float64),
        strata=design.strata,
        ties=ties,
    )
    model.groups = np.asarray(design.cluster)
    return np.asarray(model.robust_covariance(estimate), dtype=np.float64)


def _working(design: Design, centred: Doubles, expected: Doubles) -> Doubles:
    """Return the design as a Poisson model of the same data sees it: rows weigh by the events expected of them."""
    weight = expected + np.finfo(np.float64).tiny
    strata = np.zeros(len(weight), dtype=np.intp) if design.strata is None else design.strata
    return without_effects(centred, (strata,), weight) * np.sqrt(weight)[:, None]


def _facts(risk: Risk, estimate: Doubles, covariance: Doubles, *, is_robust: bool) -> tuple[Fact, ...]:
    """Return the numbers on the whole model."""
    likelihood, plain = risk.likelihood(estimate), risk.likelihood(np.zeros(len(estimate)))
    everything = np.ones(len(estimate), dtype=np.bool_)
    statistic = wald(estimate, covariance, everything) if is_robust else 2 * (likelihood - plain)
    p_value = float(stats.chi2.sf(statistic, len(estimate)))
    return (
        Fact("events", len(risk.events)),
        Fact("residual_degrees", len(risk.events) - len(estimate)),
        Fact("log_likelihood", likelihood),
        Fact("wald_test" if is_robust else "lr_test", statistic=statistic, p_value=p_value),
    )
