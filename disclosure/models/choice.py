"""Logit, probit and Poisson by maximum likelihood, weighted or not."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from scipy import special, stats
from statsmodels.discrete.discrete_model import Logit, Poisson, Probit
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM

from disclosure.errors import DisclosureError
from disclosure.models.design import Design
from disclosure.models.factors import Doubles
from disclosure.models.fit import Fact, Fit, inverse, no_maximum, sandwich, search, small_sample, wald
from disclosure.models.rank import scales_of
from disclosure.models.separation import is_separated

MOST_STEPS: Final = 200
"""Most Newton steps. Source: ours; sound data need fewer than twenty."""
SLOPE_LEFT: Final = 1e-6
"""A maximum is reached when the likelihood's slope along each column of about unit size is below this share of the
number of rows, or of the sum of counts."""
FAR: Final[Mapping[str, float]] = {"logit": 15.0, "probit": 5.0, "poisson": 15.0}
"""A linear predictor beyond this makes one suspect that the data are separated: odds of three million to one."""


def choice(kind: str, design: Design, errors: str) -> Fit:
    """Fit a logit, probit or Poisson model.

    Args:
        kind: "logit", "probit" or "poisson".
        design: the design; its columns do not repeat each other.
        errors: how errors are computed.

    Raises:
        DisclosureError: "separation": the response is told without error by a mixture of columns, so that no
            estimate exists; "not_converged".
    """
    scales = scales_of(design.matrix)
    scaled = design.matrix / scales
    model = _model(kind, design, scaled)
    estimate = _maximum(model, _start(kind, design, scaled))
    likely = estimate is not None and bool(np.abs(scaled @ estimate).max(initial=0.0) < FAR[kind])
    if not likely and is_separated(kind, design, scaled):
        raise DisclosureError(
            "separation",
            "A mixture of the columns tells the response without error, so the model has no estimates (and would "
            "disclose the response); leave the column out, or use coarser categories.",
        )
    if estimate is None:
        raise no_maximum()
    return _fitted(kind, design, (model, scaled, estimate, scales), errors)


def _fitted(
    kind: str, design: Design, found: tuple[Any, Doubles, Doubles, Doubles], errors: str
) -> Fit:  # Any: statsmodels has no types
    """Return the fit at the maximum."""
    model, scaled, estimate, scales = found
    bread = inverse(-model.hessian(estimate))
    covariance = bread
    if errors != "nonrobust":
        cluster = design.cluster if errors == "cluster" else None
        covariance = sandwich(bread, np.asarray(model.score_obs(estimate), dtype=np.float64), cluster)
        covariance = covariance * small_sample(errors, design, len(estimate))
    exposure = np.zeros(len(scaled)) if design.exposure is None else np.log(design.exposure)
    mean = _MEANS[kind](scaled @ estimate + exposure)
    weight = np.ones(len(scaled)) if design.weight is None else design.weight
    information = np.maximum(_information(kind, scaled @ estimate, mean), np.finfo(np.float64).tiny)
    working = scaled * np.sqrt(weight * information)[:, None]
    covariance = covariance / np.outer(scales, scales)
    facts = _facts(kind, design, mean, (estimate / scales, covariance, errors))
    return Fit(
        design=design,
        estimate=estimate / scales,
        covariance=covariance,
        degrees=None,
        residual_degrees=len(scaled) - len(estimate),
        facts=facts,
        working=working,
        deviations=np.sqrt(information),
    )


def _model(kind: str, design: Design, scaled: Doubles) -> Any:  # Any: statsmodels has no types
    """Return the estimator's own model: the discrete one, or where rows are weighted a generalised linear one."""
    more = {} if design.exposure is None else {"exposure": design.exposure}
    if design.weight is None:
        discrete = {"logit": Logit, "probit": Probit, "poisson": Poisson}[kind]
        return discrete(design.response, scaled, check_rank=False, **more)
    family = {
        "logit": families.Binomial,
        "probit": lambda: families.Binomial(link=families.links.Probit()),
        "poisson": families.Poisson,
    }[kind]()
    return GLM(design.response, scaled, family=family, var_weights=design.weight, **more)


def _start(kind: str, design: Design, scaled: Doubles) -> dict[str, Doubles]:
    """Return where a Poisson model starts, for from nought large counts are out of reach: at the mean rate."""
    if kind != "poisson":
        return {}
    exposure = len(scaled) if design.exposure is None else design.exposure.sum()
    height = np.full(len(scaled), np.log(max(design.response.sum(), 0.5) / exposure))
    return {"start_params": np.asarray(np.linalg.lstsq(scaled, height)[0], dtype=np.float64)}


def _maximum(model: Any, start: Mapping[str, Doubles]) -> Doubles | None:  # Any: statsmodels has no types
    """Return the estimates, or None where the likelihood has no maximum that can be found."""
    exact = 1e-12 if isinstance(model, GLM) else 1e-10
    found = search(model, maxiter=MOST_STEPS, tol=exact, **start)
    size = max(len(model.endog), float(model.endog.sum()))
    return found[1] if found is not None and np.abs(found[2]).max() <= SLOPE_LEFT * size else None


def _information(kind: str, linear: Doubles, mean: Doubles) -> Doubles:
    """Return the expected information of each row on its linear predictor."""
    if kind == "poisson":
        return mean
    if kind == "logit":
        return mean * (1 - mean)
    norm = stats.norm
    # by logarithms, for far out both the density and what it is divided by are nought
    return np.asarray(
        np.exp(2 * norm.logpdf(linear) - norm.logcdf(linear) - norm.logsf(linear)), dtype=np.float64
    )


def _likelihood(kind: str, design: Design, mean: Doubles) -> float:
    """Return the log-likelihood of the response with these expected values."""
    response = design.response
    if kind == "poisson":
        each = special.xlogy(response, mean) - mean - special.gammaln(response + 1)
    else:
        each = special.xlogy(response, mean) + special.xlog1py(1 - response, -mean)
    return float(each.sum() if design.weight is None else design.weight @ each)


def _plain_mean(design: Design) -> Doubles:
    """Return the expected values of a model with a constant alone."""
    exposure = np.ones(len(design.response)) if design.exposure is None else design.exposure
    weight = np.ones(len(design.response)) if design.weight is None else design.weight
    return np.asarray(exposure * ((weight @ design.response) / (weight @ exposure)), dtype=np.float64)


def _facts(kind: str, design: Design, mean: Doubles, found: tuple[Doubles, Doubles, str]) -> tuple[Fact, ...]:
    """Return the numbers on the whole model, beside a model with a constant alone."""
    estimate, covariance, errors = found
    likelihood, plain = _likelihood(kind, design, mean), _likelihood(kind, design, _plain_mean(design))
    facts = [
        Fact("residual_degrees", len(mean) - len(estimate)),
        Fact("pseudo_r_squared", 1 - likelihood / plain if plain else np.nan),
        Fact("log_likelihood", likelihood),
    ]
    picked = np.array([bool(column.term) for column in design.columns], dtype=np.bool_)
    count, is_explicit = int(picked.sum()), not picked.all()
    if count and is_explicit:
        is_plain = errors == "nonrobust"
        statistic = 2 * (likelihood - plain) if is_plain else wald(estimate, covariance, picked)
        p_value = float(stats.chi2.sf(statistic, count))
        facts.append(Fact("lr_test" if is_plain else "wald_test", statistic=statistic, p_value=p_value))
    return tuple(facts)


_MEANS: Final[Mapping[str, Callable[[Doubles], Doubles]]] = {
    "logit": special.expit,
    "probit": stats.norm.cdf,
    "poisson": np.exp,
}
