"""Coefficients from noisy sums of products, with errors for noise and sampling together.

With A the noisy products of what explains, b those with what is explained, and E, e their noise, the coefficients
solve A x = b, and their error is A^-1 (e - E x) to first order: linear in independent noise of known spread, so that
its covariance follows without simulation. The residual variance over A is added for sampling.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from disclosure.dp.design import STEPS, Design, Variable, entry_of, half_range, midpoint
from disclosure.dp.dictionary import Dictionary

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

WEAKEST: Final = 0.25
"""Largest noise in the products, relative to the products themselves, at which coefficients are told. Source: ours;
there, intervals hold 97% instead of 95%, and beyond it the error to first order means nothing."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Coefficients of the variables as scaled to -1 to 1.

    Attributes:
        coefficients: one per variable; NaN where the noise drowns the data.
        noise: their covariance by noise.
        sampling: their covariance by sampling.
        rows: the noisy number of rows.
        explained: the share of variance explained, within 0 to 1; NaN where unknown.
    """

    coefficients: "Doubles"
    noise: "Doubles"
    sampling: "Doubles"
    rows: float
    explained: float


def solved(design: Design, moments: "NDArray[np.int64]", sigma: float) -> Solution:
    """Solve for the coefficients.

    Args:
        design: what the sums are.
        moments: the noisy sums, in steps squared.
        sigma: standard deviation of their noise, in steps squared.
    """
    size = len(design.variables)
    sums, sigma = moments / STEPS**2, sigma / STEPS**2
    explained = Variable("", frozenset(), design.response)
    places = _places(design, (*design.variables, explained))
    whole = np.where(places >= 0, sums[places], 0.0)
    products, response = whole[:size, :size], whole[:size, size]
    rows = float(products[0, 0])
    if rows <= size or _relative_noise(products, places[:size, :size], sigma) > WEAKEST:
        nothing = np.full((size, size), np.nan)
        return Solution(nothing[0], nothing, nothing, rows, math.nan)
    inverse = np.linalg.inv(products)
    coefficients = inverse @ response
    left = max(0.0, float(whole[size, size] - coefficients @ response))
    around = float(whole[size, size] - whole[0, size] ** 2 / rows)
    shares = _noise_of_residuals(places, coefficients, len(sums))
    return Solution(
        coefficients=coefficients,
        noise=sigma**2 * inverse @ shares @ shares.T @ inverse,
        sampling=inverse * left / (rows - size),
        rows=rows,
        explained=min(1.0, max(0.0, 1 - left / around)) if around > 0 else math.nan,
    )


def _places(design: Design, variables: tuple[Variable, ...]) -> "NDArray[np.intp]":
    """Position of the sum that holds each product; -1 for products that are nought by construction."""
    found = [[entry_of(one, other) for other in variables] for one in variables]
    return np.array([[-1 if each is None else design.entries[each] for each in row] for row in found])


def _relative_noise(products: "Doubles", places: "NDArray[np.intp]", sigma: float) -> float:
    """Expected size of the noise in the frame in which the products are the identity; infinite where they are not positive.

    The Frobenius norm bounds the spectral norm, which is by about the square root of the size less: what is compared is
    the former over the square root of the number of coefficients.
    """
    values, vectors = np.linalg.eigh(products)
    if values[0] <= 0:
        return math.inf
    whitened = vectors / np.sqrt(values) @ vectors.T
    total = 0.0
    for place in np.unique(places[places >= 0]):
        total += float(np.linalg.norm(whitened @ (places == place).astype(np.float64) @ whitened) ** 2)
    return sigma * math.sqrt(total / len(products))


def _noise_of_residuals(places: "NDArray[np.intp]", coefficients: "Doubles", entries: int) -> "Doubles":
    """How much of each sum's noise stands in each equation once the coefficients are put in."""
    size = len(coefficients)
    shares = np.zeros((size, entries))
    for row in range(size):
        shares[row, places[row, size]] += 1
        for column in range(size):
            if places[row, column] >= 0:
                shares[row, places[row, column]] -= coefficients[column]
    return shares


def table_of(
    design: Design, solution: Solution, dictionary: Dictionary, *, half_width: float
) -> "pd.DataFrame":
    """Coefficients in the columns' own units, then what is known of the fit; the model's name, free text, is left out.

    Args:
        design: what was asked.
        solution: the coefficients of the scaled variables.
        dictionary: the bounds that they were scaled by.
        half_width: half-width of the number of rows, in rows.
    """
    import pandas as pd  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    change, shift = _own_units(design, dictionary)
    estimate = change @ solution.coefficients + shift
    noise = np.sqrt(np.diag(change @ solution.noise @ change.T))
    error = np.sqrt(np.diag(change @ (solution.noise + solution.sampling) @ change.T))
    quantile = NormalDist().inv_cdf(0.5 + design.model.level / 2)
    ratio = estimate / np.where(error > 0, error, np.nan)
    coefficients = pd.DataFrame(
        {
            "part": pd.Series(["coefficient"] * len(estimate), dtype=object),
            "term": pd.Series([each.label for each in design.variables], dtype=object),
            "estimate": estimate,
            "std_error": error,
            "noise_error": noise,
            "statistic": ratio,
            "p_value": [math.erfc(abs(each) / math.sqrt(2)) for each in ratio],
            "low": estimate - quantile * error,
            "high": estimate + quantile * error,
        }
    )
    return _with_fit(coefficients, solution, half_width)


def _with_fit(coefficients: "pd.DataFrame", solution: Solution, half_width: float) -> "pd.DataFrame":
    """The coefficients with the number of rows and the share of variance explained below them."""
    import pandas as pd  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    unknown = dict.fromkeys(coefficients.columns[3:], math.nan)
    rows: dict[str, object] = {"part": "fit", "term": "n", "estimate": solution.rows} | unknown
    rows |= {"low": solution.rows - half_width, "high": solution.rows + half_width}
    share = {"part": "fit", "term": "r2", "estimate": solution.explained} | unknown
    records = [*coefficients.to_dict("records"), rows, share]
    return pd.DataFrame(records).astype(coefficients.dtypes.to_dict())


def _own_units(design: Design, dictionary: Dictionary) -> "tuple[Doubles, Doubles]":
    """How coefficients of scaled variables become those of the columns: a matrix, and what is added."""
    size = len(design.variables)
    change, shift = np.zeros((size, size)), np.zeros(size)
    unit = half_range(design.response, dictionary)
    shift[0] = midpoint(design.response, dictionary)
    for place, variable in enumerate(design.variables):
        if variable.number is None:
            change[place, place] = unit
        else:
            change[place, place] = unit / half_range(variable.number, dictionary)
            change[0, place] = -change[place, place] * midpoint(variable.number, dictionary)
    return change, shift
