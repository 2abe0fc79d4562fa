"""What a test implies of its rows: the groups or cells that it compares, and the people behind each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from disclosure.association.asked import Association, Takes
from disclosure.errors import DisclosureError
from disclosure.grid import Level
from disclosure.sample import Positions, Sample

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """How absolute contributions of units lie at one level of unit.

    Attributes:
        total: their sum.
        largest: the largest.
        second: the second largest.
    """

    total: float
    largest: float
    second: float


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A group or cell that a test compares.

    Attributes:
        rows: positions in the sample.
        units: distinct units.
        values: the numbers of its rows; none for a test of levels.
    """

    rows: Positions
    units: int
    values: Reals = field(default_factory=lambda: np.zeros(0))

    @property
    def is_same(self) -> bool:
        """Whether all numbers are one, and there are at least two."""
        return len(self.values) > 1 and float(np.ptp(self.values)) == 0

    def held(self, sample: Sample) -> list[Held]:
        """Return how the units' totals lie at each level of unit; rows where each row is a unit."""
        if not len(self.values):
            return []
        levels = sample.units or (np.arange(1, sample.size + 1, dtype=np.uint64),)
        return [_held(self.values, codes[self.rows]) for codes in levels]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The parts of two columns of levels.

    Attributes:
        counts: rows per cell: the outcome's levels by the other's, the references first.
        parts: the cells, outcome by outcome.
        margins: the units of each level of both columns.
    """

    counts: NDArray[np.int64]
    parts: tuple[Part, ...]
    margins: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A compared column as numbers.

    Attributes:
        levels: its levels in the whole sample, the reference first.
        codes: per row of the sample the place of its level; nought where it is missing, and not to be used.
    """

    levels: tuple[Level, ...]
    codes: NDArray[np.intp]


def used_rows(asked: Association, sample: Sample) -> NDArray[np.bool_]:
    """Return where both columns are present."""
    one, other = asked.pair
    return sample.is_present(one) & sample.is_present(other)


def check_columns(asked: Association, sample: Sample) -> None:
    """Refuse a test of numbers where there are none.

    Raises:
        DisclosureError: "not_numeric".
    """
    numeric = {Takes.TWO: asked.pair[:1], Takes.GROUPS: asked.pair[:1], Takes.PAIRS: asked.pair}
    for column in numeric.get(asked.takes, ()):
        if not sample.is_numeric(column):
            raise DisclosureError(
                "not_numeric", f"The column {column[:60]!r} holds no numbers, which {asked.test!r} needs."
            )


def coded(asked: Association, sample: Sample, rows: NDArray[np.bool_]) -> list[Coded]:
    """Return each compared column by its levels in the whole sample.

    Raises:
        DisclosureError: "association": not two levels where two are compared, or a reference that is none of them.
    """
    which = {Takes.FOUR: (0, 1), Takes.TABLE: (0, 1), Takes.TWO: (1,), Takes.GROUPS: (1,)}
    found = []
    for place in which.get(asked.takes, ()):
        column = asked.pair[place]
        labels = sample.labels(column).tolist()
        seen: set[Level] = {label for label, is_used in zip(labels, rows.tolist(), strict=True) if is_used}
        levels = sorted(seen, key=lambda level: (isinstance(level, str), level))
        reference = None if asked.reference is None else asked.reference[place]
        if asked.takes in {Takes.FOUR, Takes.TWO} and levels:
            levels = _two_levels(levels, reference, column)
        places = {level: number for number, level in enumerate(levels)}
        codes = np.fromiter((places.get(label, 0) for label in labels), dtype=np.intp, count=len(labels))
        found.append(Coded(tuple(levels), codes))
    return found


def table_of(sample: Sample, rows: Positions, columns: Sequence[Coded]) -> Table:
    """Return the cells of two columns of levels among some rows."""
    shape = len(columns[0].levels), len(columns[1].levels)
    codes = [column.codes[rows] for column in columns]
    cell = codes[0] * shape[1] + codes[1]
    order = np.argsort(cell, kind="stable")
    counts = np.bincount(cell, minlength=shape[0] * shape[1])
    parts = np.split(rows[order], np.cumsum(counts)[:-1])
    margins = [
        sample.units_in(rows[code == place])
        for code, size in zip(codes, shape, strict=True)
        for place in range(size)
    ]
    cells = tuple(Part(part, sample.units_in(part)) for part in parts)
    return Table(counts.reshape(shape).astype(np.int64), cells, tuple(margins))


def groups_of(outcome: str, sample: Sample, rows: Positions, column: Coded) -> tuple[Part, ...]:
    """Return the groups of a column of numbers among some rows; a level that is not there is an empty group."""
    codes = column.codes[rows]
    found = [rows[codes == place] for place in range(len(column.levels))]
    return tuple(Part(part, sample.units_in(part), sample.values[outcome][part]) for part in found)


def pair_of(asked: Association, sample: Sample, rows: Positions) -> tuple[Part, ...]:
    """Return both columns of numbers; for a test of differences the differences."""
    units = sample.units_in(rows)
    one, other = (sample.values[column][rows] for column in asked.pair)
    if asked.test in {"paired_t", "wilcoxon"}:
        return (Part(rows, units, one - other),)
    return Part(rows, units, one), Part(rows, units, other)


def leverage(part: Part, sample: Sample) -> float:
    """Return the greatest share that one unit has of a column's spread, with its share of the rows: its leverage."""
    gaps = (part.values - part.values.mean()) ** 2
    whole = float(gaps.sum())
    if not whole or not math.isfinite(whole):
        return 0.0
    single = gaps / whole + 1 / len(gaps)
    levels = sample.units or (np.arange(1, sample.size + 1, dtype=np.uint64),)
    return max(float(_totals(single, codes[part.rows]).max()) for codes in levels)


def _two_levels(levels: list[Level], reference: object, column: str) -> list[Level]:
    if len(levels) != 2:
        raise DisclosureError(
            "association",
            f"The test compares two levels of {column[:60]!r}, which has another number; filter or recode it.",
        )
    if reference is None or reference == levels[0]:
        return levels
    if reference != levels[1]:
        raise DisclosureError(
            "association", f"The reference of {column[:60]!r} is none of its levels; correct it."
        )
    return levels[::-1]


def _totals(values: Reals, codes: NDArray[np.uint64]) -> Reals:
    """Add up the values of each unit; rows that name none are one unit."""
    inverse = np.unique(codes, return_inverse=True)[1]
    return np.asarray(np.bincount(inverse, weights=values), dtype=np.float64)


def _held(values: Reals, codes: NDArray[np.uint64]) -> Held:
    totals = np.sort(np.abs(_totals(values, codes)))[::-1]
    return Held(float(totals.sum()), float(totals[0]), float(totals[1]) if len(totals) > 1 else 0.0)
