"""The units behind the rows of a design, level by level: rules hold at each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from disclosure.models.design import Codes
from disclosure.models.factors import Doubles
from disclosure.sample import Positions, Sample


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Who stands behind some rows.

    Attributes:
        levels: per level of unit, per row the position of its unit; rows themselves where no unit is named.
    """

    levels: tuple[Codes, ...]

    @classmethod
    def of(cls, sample: Sample, rows: Positions) -> Self:
        """Return the units of some rows of a sample."""
        if not sample.units:
            return cls((np.arange(len(rows)),))
        return cls(tuple(np.unique(found[rows], return_inverse=True)[1] for found in sample.units))

    @property
    def count(self) -> int:
        """Distinct units; of several levels the fewest."""
        return min((int(codes.max()) + 1 if len(codes) else 0) for codes in self.levels)

    def within(self, picked: NDArray[np.bool_]) -> int:
        """Return the distinct units of some rows; of several levels the fewest."""
        return min(int(np.count_nonzero(np.bincount(codes[picked]))) for codes in self.levels)

    def per_group(self, groups: Codes) -> NDArray[np.intp]:
        """Return the distinct units in each group of rows; of several levels the fewest."""
        size = int(groups.max()) + 1
        found = []
        for codes in self.levels:
            pairs = np.unique(groups.astype(np.int64) * (codes.max() + 1) + codes)
            found.append(np.bincount(pairs // (codes.max() + 1), minlength=size))
        return np.asarray(np.min(found, axis=0), dtype=np.intp)

    def totals(self, values: Doubles) -> Iterator[Doubles]:
        """Return per level of unit the sum of some values of each unit."""
        for codes in self.levels:
            yield np.bincount(codes, values).astype(np.float64)
