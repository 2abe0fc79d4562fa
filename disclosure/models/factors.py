"""What a factor of a formula is in each row: a number, or one of some levels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from disclosure.errors import DisclosureError
from disclosure.expression.sql import Kind
from disclosure.models.formula import (
    Call,
    Categories,
    Name,
    Number,
    Value,
    factor_text,
    name_text,
)
from disclosure.sample import Positions, Sample

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """A categorical factor in some rows.

    Attributes:
        codes: per row the position of its level.
        labels: the levels, sorted: numbers by size, truth values and texts as they sort.
        reference: the position of the reference level.
    """

    codes: NDArray[np.intp]
    labels: tuple[str, ...]
    reference: int


def is_categorical(factor: Categories | Name, sample: Sample) -> bool:
    """Whether a column is categories: so written, or of texts, dates or truth values."""
    return isinstance(factor, Categories) or sample.kinds[factor.name] not in {Kind.INTEGER, Kind.NUMBER}


def levels_of(factor: Categories | Name, sample: Sample, rows: Positions) -> Levels:
    """Return a categorical factor in some rows, in none of which it is missing.

    Raises:
        DisclosureError: "level": the reference is no level of these rows.
    """
    codes, found = pd.factorize(sample.values[factor.name][rows], sort=True)
    write = _labeller(sample.kinds[factor.name])
    labels = tuple(write(level) for level in found.tolist())
    wanted = factor.reference if isinstance(factor, Categories) else None
    if wanted is None:
        return Levels(codes, labels, 0)
    spelled = wanted if isinstance(wanted, str) else write(wanted) if wanted in found else ""
    if spelled not in labels:
        raise DisclosureError(
            "level",
            f"{factor_text(factor)[:80]} names a reference that no row has; name a level of the column.",
        )
    return Levels(codes, labels, labels.index(spelled))


def numbers_of(factor: Name | Call, sample: Sample, rows: Positions) -> Doubles:
    """Return a numeric factor in some rows, in none of which its columns are missing.

    Raises:
        DisclosureError: "not_numeric": texts or dates are computed with; "transform": a row has no such number.
    """
    with np.errstate(all="ignore"):
        found = _compute(factor, sample, rows)
    if not np.isfinite(found).all():
        raise DisclosureError(
            "transform",
            f"{factor_text(factor)[:80]} has no finite value in some rows, such as the logarithm of nought; "
            "filter these rows out.",
        )
    return found


def _compute(value: Value, sample: Sample, rows: Positions) -> Doubles:
    if isinstance(value, Number):
        return np.full(len(rows), float(value.value))
    if isinstance(value, Name):
        if not sample.is_numeric(value.name):
            raise DisclosureError(
                "not_numeric",
                f"The column {name_text(value.name)[:60]} holds no numbers, so nothing can be computed with it; "
                "write C() around it.",
            )
        found: Doubles = sample.values[value.name][rows]
        return found
    if isinstance(value, Call):
        return _FUNCTIONS[value.function](_compute(value.argument, sample, rows))
    return _OPERATIONS[value.operator](
        _compute(value.left, sample, rows), _compute(value.right, sample, rows)
    )


def _labeller(kind: Kind) -> Callable[[Any], str]:  # Any: a level is a double or a text
    """Return how a level of a kind of column is written."""
    if kind is Kind.BOOLEAN:
        return lambda level: str(bool(level))
    if kind is Kind.INTEGER:
        return lambda level: str(int(level))
    return lambda level: level if isinstance(level, str) else repr(float(level))


_FUNCTIONS: Final[dict[str, Callable[[Doubles], Doubles]]] = {
    "I": lambda values: values,
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
}
_OPERATIONS: Final[dict[str, Callable[[Doubles, Doubles], Doubles]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
}
