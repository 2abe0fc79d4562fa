"""Marginals of a set of attributes, and how the noise of each independent part reaches each of them.

A table of counts is the sum of its residuals: the grand total, what each attribute adds to it, what each pair adds
to those, and so on. Residuals of different marginals are orthogonal, so that noise may be shared out over them freely.
Source: Xiao, He, Zhang and Kifer 2023, "An Optimal and Scalable Matrix Mechanism for Noisy Marginals under Convex Loss
Functions", which proves that no other linear mechanism with Gaussian noise is better for marginals.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

Marginal: TypeAlias = tuple[int, ...]
"""Rising positions of attributes; the empty one is the grand total."""


def closure(marginals: Iterable[Marginal]) -> tuple[Marginal, ...]:
    """All marginals of the marginals, smaller ones first."""
    found = {part for each in marginals for part in parts_of(each)}
    return tuple(sorted(found, key=lambda each: (len(each), each)))


def parts_of(marginal: Marginal) -> tuple[Marginal, ...]:
    """Every subset of a marginal, itself included, smaller ones first."""
    sizes = range(len(marginal) + 1)
    return tuple(each for size in sizes for each in itertools.combinations(marginal, size))


def largest(marginals: Iterable[Marginal]) -> tuple[Marginal, ...]:
    """Those that are no part of another."""
    held = sorted(set(marginals), key=lambda each: (len(each), each))
    return tuple(each for each in held if not any(set(each) < set(other) for other in held))


def cells_in(marginal: Marginal, levels: Sequence[int]) -> int:
    """Number of cells, for so many levels per attribute."""
    return math.prod(levels[axis] for axis in marginal)


def dimension(residual: Marginal, levels: Sequence[int]) -> float:
    """Share of a marginal's cells that its residual is free in, from 0 to 1; also what its noise costs."""
    return math.prod((levels[axis] - 1) / levels[axis] for axis in residual)


def passed_on(marginal: Marginal, residual: Marginal, levels: Sequence[int]) -> float:
    """Variance that one cell of a marginal has of a residual whose noise has variance one."""
    spread = math.prod(levels[axis] for axis in marginal if axis not in residual)
    return dimension(residual, levels) / spread**2


def spread_over(
    part: Marginal, marginal: Marginal, levels: Mapping[int, int] | Sequence[int]
) -> tuple[tuple[int, ...], int]:
    """Shape that lays a part along a marginal, and over how many cells each of its cells is spread."""
    shape = tuple(levels[axis] if axis in part else 1 for axis in marginal)
    return shape, math.prod(levels[axis] for axis in marginal if axis not in part)
