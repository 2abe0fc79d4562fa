"""A ratio of two noisy totals, and all values that the noise does not rule out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Spread:
    """Noise of the two totals, cell by cell.

    Attributes:
        above: variance of the total above the line.
        below: variance of the total below the line.
        both: their covariance.
        quantile: standard deviations that cover 95% of the noise.
    """

    above: "NDArray[np.float64]"
    below: "NDArray[np.float64]"
    both: "NDArray[np.float64]"
    quantile: float


def ratio_of(
    above: "NDArray[np.int64]",
    below: "NDArray[np.int64]",
    spread: Spread,
    *,
    limits: tuple[float, float],
) -> "tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]":
    """Value and ends of the interval, within public limits; a total below one stands for one.

    A value t is not ruled out while |above - t below| is within `quantile` standard deviations of its own noise: a
    quadratic inequality in t, which holds for every t where `below` cannot be told from zero.
    """
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    least, most = limits
    top, bottom = above.astype(np.float64), below.astype(np.float64)
    value = np.clip(top / np.maximum(bottom, 1), least, most)
    square = spread.quantile**2
    leading = bottom**2 - square * spread.below
    middle = top * bottom - square * spread.both
    last = top**2 - square * spread.above
    root = np.sqrt(np.maximum(middle**2 - leading * last, 0))
    known = leading > 0
    divisor = np.where(known, leading, 1)
    low = np.where(known, np.clip((middle - root) / divisor, least, most), least)
    high = np.where(known, np.clip((middle + root) / divisor, least, most), most)
    return value, np.minimum(low, value), np.maximum(high, value)
