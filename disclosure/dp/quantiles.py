"""Quantiles read off noisy counts by band, with intervals that end at the bands' public edges."""

from typing import TYPE_CHECKING, TypeAlias

from disclosure.dp.bands import Bands

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]


def quantile_of(
    counts: "NDArray[np.int64]", bands: Bands, *, point: float, error: "Floats"
) -> "tuple[Floats, Floats, Floats]":
    """Where a share of the values lies below, and the ends of an interval for it.

    Args:
        counts: noisy counts, one row per cell, one column per band.
        bands: the bands, without open ends.
        point: the share, above 0 and below 1.
        error: per cell, the noise of one band that 95% of draws do not exceed.
    """
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    edges = np.array([float(edge) for edge in bands.edges])
    value = _interpolated(_nonnegative(counts.astype(np.float64)), edges, point)
    low, high = _ends(counts, edges, point=point, error=error)
    return value, np.minimum(low, value), np.maximum(high, value)


def _nonnegative(counts: "Floats") -> "Floats":
    """The nearest counts of the same total of which none is negative; even ones where the total is not positive.

    Source of the method: Duchi et al. 2008, "Efficient projections onto the l1-ball", algorithm 1.
    """
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    total = counts.sum(axis=1, keepdims=True)
    falling = -np.sort(-counts, axis=1)
    ranks = np.arange(1, counts.shape[1] + 1)
    excess = (np.cumsum(falling, axis=1) - total) / ranks
    kept = np.maximum((falling > excess).sum(axis=1, keepdims=True), 1)
    near = np.maximum(counts - np.take_along_axis(excess, kept - 1, axis=1), 0)
    return np.where(total > 0, near, 1.0)


def _interpolated(counts: "Floats", edges: "Floats", point: float) -> "Floats":
    """The value below which a share of the counts lies, as if they were spread evenly within each band."""
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    reached = np.cumsum(counts, axis=1)
    wanted = point * reached[:, -1:]
    band = np.minimum((reached < wanted).sum(axis=1, keepdims=True), counts.shape[1] - 1)
    inside = np.take_along_axis(counts, band, axis=1)
    before = np.take_along_axis(reached, band, axis=1) - inside
    share = np.clip((wanted - before) / np.where(inside > 0, inside, 1), 0, 1)
    low, high = edges[band], edges[band + 1]
    return np.asarray(low + share * (high - low))[:, 0]


def _ends(
    counts: "NDArray[np.int64]", edges: "Floats", *, point: float, error: "Floats"
) -> "tuple[Floats, Floats]":
    """Ends of all bands that the noise does not rule out, each by a test at its two edges.

    At an edge, the count below less its share of the total is at most zero if the quantile lies above, at least zero if
    it lies below; that difference weighs the bands below by 1 - point and those above by -point, which gives its noise.
    """
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    number = counts.shape[1]
    reached = np.cumsum(counts, axis=1)
    difference = reached[:, :-1] - point * reached[:, -1:]
    below = np.arange(1, number)
    noise = np.sqrt((1 - point) ** 2 * below + point**2 * (number - below))
    limit = error[:, np.newaxis] * noise
    certain = np.ones((counts.shape[0], 1), dtype=bool)
    may_start = np.concatenate([certain, difference <= limit], axis=1)
    may_end = np.concatenate([difference >= -limit, certain], axis=1)
    may_hold = may_start & may_end
    first = np.argmax(may_hold, axis=1)
    last = number - 1 - np.argmax(may_hold[:, ::-1], axis=1)
    none = ~may_hold.any(axis=1)
    return np.where(none, edges[0], edges[first]), np.where(none, edges[-1], edges[last + 1])
