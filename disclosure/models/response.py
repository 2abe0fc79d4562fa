"""What a model explains: numbers, counts, times, or one of two outcomes."""

import numpy as np

from disclosure.errors import DisclosureError
from disclosure.models.factors import Doubles, levels_of, numbers_of
from disclosure.models.formula import Categories, Factor, Name, factor_text
from disclosure.models.model import Model
from disclosure.sample import Positions, Sample


def response_of(model: Model, response: Factor, sample: Sample, rows: Positions) -> Doubles:
    """Return what is explained, of the sort that the estimator takes.

    Raises:
        DisclosureError: "response", "not_numeric", "transform", "level".
    """
    if isinstance(response, Categories):
        return _one_of_two(response, sample, rows)
    found = numbers_of(response, sample, rows)
    if model.kind in {"logit", "probit"}:
        return _zero_or_one(found, factor_text(response))
    if model.kind == "poisson" and ((found < 0) | (found != np.floor(found))).any():
        raise _wrong_response(factor_text(response), "counts: whole numbers of at least nought")
    if model.kind == "cox" and (found <= 0).any():
        raise _wrong_response(factor_text(response), "times above nought")
    return found


def _one_of_two(response: Categories, sample: Sample, rows: Positions) -> Doubles:
    """Return 0 for the reference and 1 for the other of two levels."""
    levels = levels_of(response, sample, rows)
    if len(levels.labels) > 2:
        raise _wrong_response(factor_text(response), "two levels")
    return np.asarray(levels.codes != levels.reference, dtype=np.float64)


def truth(name: str, sample: Sample, rows: Positions) -> Doubles:
    """Return a column that holds 0 and 1 only.

    Raises:
        DisclosureError: "response", "not_numeric".
    """
    return _zero_or_one(numbers_of(Name(name), sample, rows), name)


def _zero_or_one(values: Doubles, name: str) -> Doubles:
    if not np.isin(values, (0, 1)).all():
        raise _wrong_response(name, 'only 0 and 1 (or, for two texts, be written C(name, ref="level"))')
    return values


def positive(name: str, sample: Sample, rows: Positions) -> Doubles:
    """Return a column that holds numbers above nought only.

    Raises:
        DisclosureError: "response", "not_numeric".
    """
    found = numbers_of(Name(name), sample, rows)
    if (found <= 0).any():
        raise _wrong_response(name, "numbers above nought")
    return found


def _wrong_response(name: str, wanted: str) -> DisclosureError:
    return DisclosureError(
        "response", f"{name[:60]!r} must hold {wanted} in every row used; recode or filter it."
    )
