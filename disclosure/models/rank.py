"""Whether the columns of a design can be told apart, and computed with at all."""

from typing import Final

import numpy as np
from scipy import linalg

from disclosure.errors import DisclosureError
from disclosure.models.factors import Doubles

RANK_TOLERANCE: Final = 1e-10
"""A column of unit length is a mixture of others when no more than this of it is left beside them: about the
square root of a double's precision times a hundred, so that a year and its square still count as two."""
EXTREME: Final = 1e100
"""Numbers beyond this, or all within its inverse, are refused: their squares, and products of four, would leave what
doubles hold."""


def scales_of(matrix: Doubles) -> Doubles:
    """Return per column the power of two that brings its largest value near one; dividing by it loses no bit."""
    exponents = np.frexp(np.abs(matrix).max(axis=0))[1]
    return np.asarray(np.ldexp(1.0, exponents), dtype=np.float64)


def repeated(before: Doubles, after: Doubles) -> tuple[int, ...]:
    """Return the columns that are mixtures of others, or of effects.

    Args:
        before: a design's matrix.
        after: the same with effects taken out, where they are absorbed.
    """
    scales = scales_of(before)
    scaled = after / scales
    lengths, whole = np.linalg.norm(scaled, axis=0), np.linalg.norm(before / scales, axis=0)
    gone = lengths <= RANK_TOLERANCE * np.maximum(whole, np.finfo(np.float64).tiny)
    scaled /= np.where(gone, 1.0, lengths)
    triangle, order = linalg.qr(scaled, mode="r", pivoting=True, check_finite=False)
    left = np.zeros(after.shape[1])
    left[: min(after.shape)] = np.abs(np.diag(triangle))
    return tuple(sorted({*order[left < RANK_TOLERANCE].tolist(), *np.flatnonzero(gone).tolist()}))


def check_size(columns: Doubles) -> None:
    """Refuse numbers whose squares are no doubles."""
    largest = np.abs(columns).max(axis=0)
    if ((largest > EXTREME) | ((largest < 1 / EXTREME) & (largest > 0))).any():
        raise DisclosureError(
            "transform", "A column of the model is too large or too small to compute with; change its unit."
        )
