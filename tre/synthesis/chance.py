"""Chance that repeats itself: the same seed gives the same draws, each part of the work has draws of its own."""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Chance:
    """A seed, from which each named part of the work gets its own generator. Not for secrets."""

    seed: int

    def generator(self, part: str) -> np.random.Generator:
        """Return the generator of one part; adding a part leaves the draws of the others alone."""
        return np.random.default_rng([self.seed, zlib.crc32(part.encode())])


def pick_zipf(size: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw `count` places of a list of `size`, the earlier the more often (Zipf-Mandelbrot, shift 12)."""
    weight = np.cumsum(1 / (np.arange(size) + 12))
    return np.searchsorted(weight / weight[-1], rng.random(count), side="right").astype(np.int64)


def numbers_once(count: int, limit: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw `count` different numbers below `limit`, in an order that tells nothing."""
    # An affine map modulo `limit` repeats nothing while its step and the limit share no factor.
    step = int(rng.integers(limit // 3, limit // 2))
    while np.gcd(step, limit) != 1:
        step += 1
    start = int(rng.integers(0, limit))
    return (start + rng.permutation(count).astype(np.int64) * step) % limit
