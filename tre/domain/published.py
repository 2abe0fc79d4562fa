"""Values that a column may take, known without looking at the data: what noise and pages may rely on."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from tre.domain.declared import Section

LEAST: Final = -(2**53)
"""Least bound of a column: the least integer that a floating-point number still holds exactly (IEEE 754)."""


@dataclass(frozen=True, slots=True)
class Levels:
    """A closed list of values.

    Attributes:
        values: in the order in which tables show them.
        source: where the list is published; never the data themselves.
    """

    values: tuple[str | bool, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range of numbers.

    Attributes:
        lower: smallest value, in the column's own unit.
        upper: largest value, in the column's own unit.
        scale: how many steps one unit has in fixed point (100: pence in a pound).
        source: where the range comes from; never the data themselves.
        structural: ends that a rule sets and nobody's own value does, such as nought or a top code: they may be shown.
    """

    lower: int
    upper: int
    scale: int
    source: str
    structural: tuple[int, ...] = ()


Published = Levels | Bounds


def read_published(section: Section, *, wants_levels: bool) -> Published:
    """Take either `levels`, or `lower`, `upper` and `scale`, together with their `source`."""
    source = section.text("source")
    if wants_levels:
        return Levels(section.texts("levels"), source)
    lower = section.integer("lower", 0, least=LEAST)
    upper = section.integer("upper", least=LEAST)
    if LEAST < upper <= lower:
        section.fault("upper", "must lie above `lower`")
    structural = section.integers("structural") if section.has("structural") else ()
    if not all(lower <= end <= upper for end in structural):
        section.fault("structural", "must lie from `lower` to `upper`")
    return Bounds(lower, upper, section.integer("scale", 1, least=1), source, structural)


def band_labels(edges: tuple[int, ...], *, whole: bool) -> tuple[str, ...]:
    """Name the bands between rising edges: one below the first edge, one from each edge up.

    Args:
        edges: lower edges of all bands but the lowest.
        whole: whether values are whole numbers, so that "16 to 24" says it exactly.
    """
    middle = tuple(
        f"{low} to {high - 1}" if whole else f"{low} to under {high}"
        for low, high in itertools.pairwise(edges)
    )
    return (f"under {edges[0]}", *middle, f"{edges[-1]} and over")


def months(section: Section) -> tuple[str, ...]:
    """Take `first` and `last`, two dates, and name every month from the one to the other, like 2016-05."""
    first, last = section.day("first"), section.day("last")
    if date.min < last < first:
        section.fault("last", "must not lie before `first`")
    start, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    return tuple(_month_names(start, min(end, start + 12 * 200)))


def _month_names(start: int, end: int) -> Iterator[str]:
    for month in range(start, end + 1):
        yield f"{month // 12:04}-{month % 12 + 1:02}"
