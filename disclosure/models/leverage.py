"""How much of a fit hangs on few units: the hat matrix, unit by unit."""

from typing import Final

import numpy as np

from disclosure.models.design import Codes
from disclosure.models.factors import Doubles

ALONE: Final = 1 - 1e-6
"""Leverage at which units are fitted exactly but for rounding: a residual is at most a thousandth of its spread."""
MOST_SEEDS: Final = 200
"""Most units from which a search for a group that is fitted on its own starts; those with most leverage first."""


def basis_of(working: Doubles) -> Doubles:
    """Return an orthonormal basis of a design's columns; the hat matrix is its product with itself."""
    return np.asarray(np.linalg.qr(working)[0], dtype=np.float64)


def unit_leverage(basis: Doubles, codes: Codes, least: float) -> Doubles:
    """Return the leverage of each unit: the largest eigenvalue of its block of the hat matrix.

    Args:
        basis: an orthonormal basis of the design's columns.
        codes: per row the position of its unit.
        least: where the sum of a unit's leverages is below this, the sum stands for the eigenvalue, which is no larger.
    """
    found = np.bincount(codes, (basis**2).sum(axis=1)).astype(np.float64)
    for unit in np.flatnonzero(found >= least).tolist():
        block = basis[codes == unit]
        found[unit] = np.linalg.norm(block, 2) ** 2
    return found


def smallest_alone(basis: Doubles, codes: Codes, limit: int) -> int:
    """Return the size of a group of fewer than `limit` units that is fitted on its own, or 0 when none is found.

    A group is fitted on its own when some mixture of columns is nought outside it: the coefficients then give away
    what the responses of the group add up to. In such a group one unit has a leverage of at least one by its size (but
    for rounding), so that without such a unit there is no such group; with one, those that hang together with it are
    tried.

    Args:
        basis: an orthonormal basis of the design's columns.
        codes: per row the position of its unit.
        limit: groups of this many units are large enough.
    """
    sums = np.bincount(codes, (basis**2).sum(axis=1))
    seeds = np.flatnonzero(sums >= ALONE / max(limit - 1, 1))
    seeds = seeds[np.argsort(-sums[seeds], kind="stable")][:MOST_SEEDS]
    return min(
        (size for seed in seeds.tolist() if (size := _alone_with(seed, basis, codes, limit))), default=0
    )


def _alone_with(seed: int, basis: Doubles, codes: Codes, limit: int) -> int:
    """Return how many units, that unit first and then those that hang together with it most, are fitted alone."""
    shared = np.bincount(codes, ((basis @ basis[codes == seed].T) ** 2).sum(axis=1))
    shared[seed] = np.inf
    order = np.argsort(-shared, kind="stable")[: limit - 1]
    place = np.full(len(shared), limit)
    place[order] = np.arange(len(order))
    places = place[codes]
    near = np.flatnonzero(places < limit)
    for size in range(1, len(order) + 1):
        block = basis[near[places[near] < size]]
        if np.linalg.norm(block, 2) ** 2 >= ALONE:
            return size
    return 0
