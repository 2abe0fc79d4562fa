"""Numbers of one block of cells, each with an interval that holds the bounded truth in at least 95% of releases.

Everything here is computed from noisy vectors and public facts. A ratio's interval holds every value that the noise
does not rule out (Fieller 1954, "Some problems in interval estimation"), so that it stays honest where the count below
the line is small: it then spans all that is possible.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from disclosure.dp.bands import Bands
from disclosure.dp.layout import Form, Printed, Vector
from disclosure.dp.mechanism import Noise
from disclosure.dp.planning import Plan
from disclosure.dp.quantiles import quantile_of
from disclosure.dp.ratios import Spread, ratio_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Axes: TypeAlias = tuple[int, ...]
"""Dimensions that a block sums over."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One printed column of a block, cells in order.

    Attributes:
        value: the number per cell; NaN for a ratio in an impossible cell.
        low: lower end of its interval.
        high: upper end of its interval.
    """

    value: "NDArray[np.int64] | NDArray[np.float64]"
    low: "NDArray[np.int64] | NDArray[np.float64]"
    high: "NDArray[np.int64] | NDArray[np.float64]"


@dataclass(frozen=True)
class Cells:
    """The noisy cells of a plan.

    Attributes:
        plan: what was drawn.
        vectors: the noisy vectors in the shape of the table, bands last; zero in impossible cells.
        possible: one for each cell that is noisy, zero for those that the dictionary declares empty.
    """

    plan: Plan
    vectors: "tuple[NDArray[np.int64], ...]"
    possible: "NDArray[np.int64]"

    @cached_property
    def noises(self) -> tuple[Noise, ...]:
        """The noise per vector."""
        return self.plan.noises

    @cached_property
    def contents(self) -> tuple[Vector, ...]:
        """What each vector holds."""
        return self.plan.layout.vectors

    def estimate(self, printed: Printed, summed: Axes) -> Estimate:
        """One column of the block that sums over some dimensions."""
        match printed.form:
            case Form.MEAN:
                return self._mean(printed.vectors, summed)
            case Form.PROPORTION:
                return self._proportion(printed, summed)
            case Form.QUANTILE:
                return self._quantile(printed, summed)
            case _:
                return self._total(printed.vectors[0], summed)

    def _total(self, place: int, summed: Axes) -> Estimate:
        """A count or sum; a sum over cells or bands has the noise of all its parts."""
        import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

        noise, value = self.noises[place], self._summed(place, summed)
        parts = self._parts(summed) * self.contents[place].width
        added = np.ceil(noise.quantile * noise.sigma * np.sqrt(parts)).astype(np.int64)
        half = np.where(parts == 1, noise.half_width, added)
        return _flat(value, value - half, value + half)

    def _mean(self, places: tuple[int, ...], summed: Axes) -> Estimate:
        """A centred sum over a count: both noisy, both for themselves."""
        total, count = places
        vector, parts = self.contents[total], self._parts(summed)
        column = str(vector.column)
        scale = self.plan.dictionary.scale_of(column)
        low, high = (bound - vector.centre for bound in self.plan.dictionary.fixed_bounds(column))
        spread = Spread(
            above=self._variance(total, parts),
            below=self._variance(count, parts),
            both=self._variance(count, 0 * parts),
            quantile=self.noises[count].quantile,
        )
        found = ratio_of(self._summed(total, summed), self._summed(count, summed), spread, limits=(low, high))
        return self._where_possible(*((each + vector.centre) / scale for each in found), parts=parts)

    def _proportion(self, printed: Printed, summed: Axes) -> Estimate:
        """A count over the total of its row, its column or the table, which holds the count's own noise too."""
        (place,) = printed.vectors
        axes = range(len(self.plan.layout.dimensions))
        argument = None if printed.measure is None else printed.measure.argument
        shared = {"index": axes[-1:], "columns": axes[:-1]}.get(str(argument), axes)
        whole = tuple(sorted({*summed, *shared}))
        parts = self._parts(summed)
        spread = Spread(
            above=self._variance(place, parts),
            below=self._variance(place, self._parts(whole)),
            both=self._variance(place, parts),
            quantile=self.noises[place].quantile,
        )
        found = ratio_of(self._summed(place, summed), self._summed(place, whole), spread, limits=(0, 1))
        return self._where_possible(*found, parts=parts)

    def _quantile(self, printed: Printed, summed: Axes) -> Estimate:
        """Where a share of the noisy counts by band is reached."""
        (place,) = printed.vectors
        bands, parts = self.contents[place].bands or Bands(()), self._parts(summed)
        point = None if printed.measure is None else printed.measure.point
        counts = self.vectors[place].sum(axis=summed, keepdims=True)
        noise = self.noises[place]
        found = quantile_of(
            counts.reshape(-1, len(bands)),
            bands,
            point=float(point or 0),
            error=noise.quantile * self._variance(place, parts.reshape(-1)) ** 0.5,
        )
        return self._where_possible(*found, parts=parts)

    def _summed(self, place: int, summed: Axes) -> "NDArray[np.int64]":
        """A vector summed over dimensions and bands, each dimension kept at length one."""
        values = self.vectors[place]
        if self.contents[place].bands is not None:
            values = values.sum(axis=-1)
        total: NDArray[np.int64] = values.sum(axis=summed, keepdims=True)
        return total

    def _parts(self, summed: Axes) -> "NDArray[np.int64]":
        """How many noisy cells each cell of a block is the sum of."""
        parts: NDArray[np.int64] = self.possible.sum(axis=summed, keepdims=True)
        return parts

    def _variance(self, place: int, parts: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Variance of the noise of so many cells together, in steps squared."""
        import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

        return np.asarray(parts * self.noises[place].sigma ** 2, dtype=np.float64)

    def _where_possible(
        self,
        value: "NDArray[np.float64]",
        low: "NDArray[np.float64]",
        high: "NDArray[np.float64]",
        *,
        parts: "NDArray[np.int64]",
    ) -> Estimate:
        """A ratio of impossible cells is not a number."""
        import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

        known = parts.reshape(-1) > 0
        return _flat(*(np.where(known, each.reshape(-1), np.nan) for each in (value, low, high)))


def _flat(
    value: "NDArray[np.int64] | NDArray[np.float64]",
    low: "NDArray[np.int64] | NDArray[np.float64]",
    high: "NDArray[np.int64] | NDArray[np.float64]",
) -> Estimate:
    return Estimate(value.reshape(-1), low.reshape(-1), high.reshape(-1))
