"""Noise for several vectors at once, on all cores: OpenDP's samplers take about ten microseconds a cell.

Noise is drawn for each cell by itself, so that vectors drawn in pieces have exactly the distribution, and the price, of
vectors drawn whole. While it samples, OpenDP lets other threads of Python run.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from disclosure.dp.mechanism import Noise, draw_noise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIECE: Final = 1_000
"""Cells that one thread samples at a time: ten milliseconds of work, beside which handing it over is nothing.
Source: ours."""


def draw_all(
    noises: Sequence[Noise], vectors: "Sequence[NDArray[np.int64]]"
) -> "tuple[NDArray[np.int64], ...]":
    """Add fresh noise to each vector; results saturate at the ends of 64 bits.

    Raises:
        DisclosureError: as `draw_noise`.
    """
    import numpy as np  # noqa: PLC0415  the library must not load numpy when it is imported

    pieces = [
        (noise, vector[first : first + PIECE])
        for noise, vector in zip(noises, vectors, strict=True)
        for first in range(0, max(1, len(vector)), PIECE)
    ]
    if len(pieces) == len(vectors):  # nothing is long enough to be shared out
        return tuple(draw_noise(*piece) for piece in pieces)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        drawn = np.concatenate(list(pool.map(draw_noise, *zip(*pieces, strict=True))))
    ends = np.cumsum([len(vector) for vector in vectors])
    return tuple(np.split(drawn, ends[:-1]))
