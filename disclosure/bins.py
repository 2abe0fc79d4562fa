"""The bins of a histogram: declared edges, never found in the data."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from disclosure.errors import DisclosureError

BELOW: Final = "(below)"
"""The level of values below the first edge."""
ABOVE: Final = "(above)"
"""The level of values above the last edge."""
MAX_BINS: Final = 1_000
"""Most bins of a histogram. Source: ours."""
LARGEST: Final = 1e300
"""Largest absolute edge. Source: ours; doubles end at 1.8e308."""


def check_bins(bins: object) -> None:
    """Refuse edges that are not finite numbers in rising order.

    Raises:
        DisclosureError: "bins".
    """
    edges = tuple(bins) if isinstance(bins, list | tuple) else ()
    numbers = [edge for edge in edges if isinstance(edge, int | float) and _is_edge(edge)]
    rising = all(one < other for one, other in pairwise(numbers))
    if len(numbers) != len(edges) or not 2 <= len(edges) <= MAX_BINS + 1 or not rising:
        raise DisclosureError(
            "bins",
            f"Give the bins as 2 to {MAX_BINS + 1} edges in rising order, such as [0, 10, 20]; "
            "take them from a classification, not from the data.",
        )


def bin_labels(bins: Sequence[float]) -> tuple[str, ...]:
    """Name each bin by its edges: closed below and open above, the last closed on both sides, as in numpy."""
    labels = [f"[{_text(one)}, {_text(other)})" for one, other in pairwise(bins)]
    return (*labels[:-1], labels[-1][:-1] + "]")


def _is_edge(edge: float) -> bool:
    """Whether an edge is a number that a double holds; a truth value is none."""
    return type(edge) in {int, float} and abs(edge) <= LARGEST


def _text(edge: float) -> str:
    return f"{float(edge):.15g}" if float(f"{float(edge):.15g}") == edge else repr(float(edge))
