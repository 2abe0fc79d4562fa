"""Ordinary and weighted least squares, with effects taken out and robust errors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats
from statsmodels.regression.linear_model import WLS

from disclosure.models.design import Codes, Design
from disclosure.models.factors import Doubles
from disclosure.models.fit import Fact, Fit, sandwich, small_sample, wald
from disclosure.models.rank import scales_of
from disclosure.models.within import effects_count, without_effects

PERFECT: Final = 1e-12
"""A fit is perfect when no more than this share of the variation is left: a millionth of a standard deviation."""
CONSTANT: Final = 1e-10
"""A constant lies among the columns when no more than this share of it is left beside them."""


@dataclass(frozen=True, slots=True, eq=False)
class _Solution:
    """What least squares found, in the design's own units.

    Attributes:
        response: the response with effects taken out.
        working: the weighted columns, scaled, with effects taken out.
        estimate: the coefficients.
        covariance: their covariance.
        rest: the weighted sum of squared residuals.
        left: rows less parameters.
        degrees: degrees of freedom of the tests.
        likelihood: the logarithm of the likelihood.
    """

    response: Doubles
    working: Doubles
    estimate: Doubles
    covariance: Doubles
    rest: float
    left: int
    degrees: int
    likelihood: float


def least_squares(design: Design, matrix: Doubles, errors: str) -> Fit:
    """Fit by least squares.

    Args:
        design: the design.
        matrix: its matrix with effects taken out; its columns do not repeat each other.
        errors: how errors are computed.
    """
    weight = np.ones(len(design.response)) if design.weight is None else design.weight
    solved = _solve(design, matrix, weight, errors)
    has_constant = _has_constant(design, weight, matrix)
    variation = _variation(design, weight, has_constant=has_constant)
    facts = list(_facts(solved, variation, total=len(weight) - has_constant))
    if design.effects:
        within = float(weight @ solved.response**2)
        facts.append(Fact("r_squared_within", _share(solved.rest, within)))
    is_explicit = has_constant == bool(design.effects or any(not column.term for column in design.columns))
    facts.extend(_test(design, solved) if is_explicit else ())
    return Fit(
        design=design,
        estimate=solved.estimate,
        covariance=solved.covariance,
        degrees=solved.degrees,
        residual_degrees=solved.left,
        facts=tuple(facts),
        working=solved.working,
        deviations=np.ones(len(weight)),
        is_perfect=bool(solved.rest <= PERFECT * variation),
    )


def _solve(design: Design, matrix: Doubles, weight: Doubles, errors: str) -> _Solution:
    """Solve the normal equations and return the errors asked for."""
    response = without_effects(design.response[:, None], design.effects, design.weight)[:, 0]
    scales = scales_of(matrix)
    result = WLS(response, matrix / scales, weights=weight).fit(method="qr")
    residuals = np.asarray(result.resid, dtype=np.float64)
    parameters = matrix.shape[1] + effects_count(design.effects)
    left, rest = len(response) - parameters, float(weight @ residuals**2)
    working = matrix / scales * np.sqrt(weight)[:, None]
    bread = np.asarray(np.linalg.inv(working.T @ working), dtype=np.float64)
    covariance = _covariance(design, working, (bread, residuals * np.sqrt(weight)), errors)
    covariance *= rest / left if errors == "nonrobust" else small_sample(errors, design, parameters)
    return _Solution(
        response=response,
        working=working,
        estimate=np.asarray(result.params, dtype=np.float64) / scales,
        covariance=covariance / np.outer(scales, scales),
        rest=rest,
        left=left,
        degrees=left if design.cluster is None or errors != "cluster" else int(design.cluster.max()),
        likelihood=float(result.llf),
    )


def _covariance(design: Design, working: Doubles, found: tuple[Doubles, Doubles], errors: str) -> Doubles:
    """Return the covariance without factors; `found` is the inverse information and the weighted residuals."""
    bread, residuals = found
    if errors == "nonrobust":
        return bread
    if errors in {"HC2", "HC3"}:
        leverage = np.einsum("ij,jk,ik->i", working, bread, working) + _effects_leverage(design)
        power = 0.5 if errors == "HC2" else 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            residuals = residuals / (1 - leverage) ** power
        # a row that is fitted exactly has no residual to correct
        residuals = np.where(np.isfinite(residuals), residuals, 0.0)
    cluster = design.cluster if errors == "cluster" else None
    return sandwich(bread, working * residuals[:, None], cluster)


def _effects_leverage(design: Design) -> Doubles:
    """Return the leverage that each row has by the effect of its group."""
    if not design.effects:
        return np.zeros(len(design.response))
    codes: Codes = design.effects[0]
    weight = np.ones(len(codes)) if design.weight is None else design.weight
    return np.asarray(weight / np.bincount(codes, weight)[codes])


def _has_constant(design: Design, weight: Doubles, matrix: Doubles) -> bool:
    """Whether a constant is a mixture of the columns."""
    if design.effects or any(not column.term for column in design.columns):
        return True
    root = np.sqrt(weight)
    basis, _ = np.linalg.qr(matrix / scales_of(matrix) * root[:, None])
    left = root - basis @ (basis.T @ root)
    return bool(left @ left <= CONSTANT * (root @ root))


def _variation(design: Design, weight: Doubles, *, has_constant: bool) -> float:
    """Return the response's squares around its mean, or around nought where no constant is fitted."""
    middle = float(np.average(design.response, weights=weight)) if has_constant else 0.0
    return float(weight @ (design.response - middle) ** 2)


def _test(design: Design, solved: _Solution) -> Iterator[Fact]:
    """Return the test that all coefficients but the constant are nought, where each is one of the columns."""
    picked = np.array([bool(column.term) for column in design.columns], dtype=np.bool_)
    count = int(picked.sum())
    if count:
        statistic = wald(solved.estimate, solved.covariance, picked) / count
        yield Fact("f_test", statistic=statistic, p_value=float(stats.f.sf(statistic, count, solved.degrees)))


def _share(rest: float, variation: float) -> float:
    return 1 - rest / variation if variation else np.nan


def _facts(solved: _Solution, variation: float, *, total: int) -> Iterator[Fact]:
    """Return the numbers on the whole model; `total` is the degrees of freedom of the response."""
    share = _share(solved.rest, variation)
    yield Fact("residual_degrees", solved.left)
    yield Fact("r_squared", share)
    yield Fact("adjusted_r_squared", 1 - (1 - share) * total / solved.left)
    yield Fact("residual_std_error", float(np.sqrt(solved.rest / solved.left)))
    yield Fact("log_likelihood", solved.likelihood)
