"""Bands of a numeric column, made from published edges and bounds only; quantiles and histograms count by them."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from disclosure.bins import ABOVE, BELOW, bin_labels
from disclosure.dp.dictionary import Dictionary

ENOUGH_BANDS: Final = 10
"""Published edges that cut the bounds into at least so many bands are used for quantiles as they are; fewer tell too
little of a quantile, so that bands of equal width are used instead. Source: ours; deciles need ten."""

EQUAL_BANDS: Final = 32
"""Bands of equal width between the bounds. Source: ours; the noise of a median grows with the square root of their
number, and a band of one thirty-second of the range is about the width of an interval at standard precision."""


@dataclass(frozen=True, slots=True)
class Bands:
    """A line cut at edges.

    Attributes:
        edges: rising, in the column's unit; each band is closed below, the last also above.
        below: is there a band of its own for what lies below the first edge? Else the first band takes it.
        above: the same above the last edge.
    """

    edges: tuple[Fraction, ...]
    below: bool = False
    above: bool = False

    def __len__(self) -> int:
        return len(self.edges) - 1 + self.below + self.above

    @property
    def widest(self) -> float:
        """Width of the widest closed band, in the column's unit."""
        return float(max(other - one for one, other in pairwise(self.edges)))


def bands_of(column: str, dictionary: Dictionary) -> Bands:
    """Bands over the bounds of a column, for its quantiles."""
    low, high = (Fraction(bound) for bound in dictionary.bounds[column])
    published = (Fraction(edge) for edge in dictionary.bins.get(column, ()))
    inner = [edge for edge in published if low < edge < high]
    if len(inner) + 1 >= ENOUGH_BANDS:
        return Bands((low, *inner, high))
    first, last = dictionary.fixed_bounds(column)
    number = min(EQUAL_BANDS, last - first)
    steps = [first + (last - first) * index // number for index in range(number + 1)]
    return Bands(tuple(Fraction(step, dictionary.scale_of(column)) for step in steps))


def histogram_bands(
    column: str, bins: Sequence[float], dictionary: Dictionary
) -> tuple[Bands, tuple[str, ...]]:
    """Bands of a histogram and their labels; none for values that the bounds rule out."""
    edges = tuple(Fraction(repr(float(edge))) for edge in bins)
    low, high = dictionary.bounds.get(column, (None, None))
    below = low is None or Fraction(low) < edges[0]
    above = high is None or Fraction(high) > edges[-1]
    labels = (*(BELOW,) * below, *bin_labels(bins), *(ABOVE,) * above)
    return Bands(edges, below=below, above=above), labels
