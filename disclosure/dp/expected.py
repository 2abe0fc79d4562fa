"""How sure an answer will be, from question and dictionary alone: what a person reads before anything is spent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from disclosure.dp.design import STEPS
from disclosure.dp.dictionary import Dictionary
from disclosure.dp.layout import Form, Layout, Printed, Vector
from disclosure.dp.mechanism import Noise
from disclosure.errors import DisclosureError

SIZES: Final = (10, 30, 100, 300, 1_000, 10_000)
"""Sizes of cells for which errors are shown, in rows. Source: ours; about three to each power of ten."""


@dataclass(frozen=True, slots=True)
class Expected:
    """How sure one column will be in a cell of one size.

    Attributes:
        name: the column.
        rows: size of the cell, in rows.
        half_width: covers at least 95% of the noise, in the column's unit.
        relative: the same as a share of the count, for counts; None for other columns, whose size is not public.
    """

    name: str
    rows: int
    half_width: float
    relative: float | None


@dataclass(frozen=True, slots=True)
class Expectation:
    """Expected errors of a plan's columns.

    Attributes:
        layout: what is drawn and printed.
        noises: the noise per vector.
        dictionary: the public facts.
    """

    layout: Layout
    noises: tuple[Noise, ...]
    dictionary: Dictionary

    def by_size(self, sizes: Sequence[int] = SIZES) -> tuple[Expected, ...]:
        """Expected half-widths in cells of several sizes, size by size: what a table's cells will be good for.

        Raises:
            DisclosureError: `sizes` when one is no whole number of at least one.
        """
        if not all(type(rows) is int and rows >= 1 for rows in sizes):
            raise DisclosureError("sizes", "Sizes of cells must be whole numbers of at least 1.")
        return tuple(self._expected(printed, rows) for rows in sizes for printed in self.layout.printed)

    def _expected(self, printed: Printed, rows: int) -> Expected:
        """One column in a cell of one size: a ratio's noise falls with the size, a count's does not."""
        half = self.half_width(printed)
        if printed.form in {Form.MEAN, Form.PROPORTION, Form.QUANTILE}:
            floor = self._floor(printed)
            noise = self.noises[printed.vectors[0]].quantile * self.sigma(printed)
            half = min(self._span(printed), floor + noise * self.average_cell / rows)
        relative = half / rows if printed.form is Form.COUNT else None
        return Expected(printed.name, rows, half, relative)

    def _floor(self, printed: Printed) -> float:
        """What an interval has beyond its noise: that of a quantile ends at edges."""
        bands = self.layout.vectors[printed.vectors[0]].bands
        return 0.0 if bands is None else bands.widest

    def _span(self, printed: Printed) -> float:
        """The widest that an interval can be: all that is possible."""
        if printed.form is Form.PROPORTION:
            return 1.0
        low, high = self.dictionary.bounds[str(self.layout.vectors[printed.vectors[0]].column)]
        return float(high) - float(low)

    @property
    def average_cell(self) -> int:
        """Units per cell if the published population were spread evenly, at least one."""
        return max(1, self.dictionary.population // self.layout.cells)

    def sigma(self, printed: Printed) -> float:
        """Standard deviation of the noise of one cell; of average size where size matters."""
        noise, vector = self.noises[printed.vectors[0]], self.layout.vectors[printed.vectors[0]]
        match printed.form:
            case Form.MEAN:
                return self.mean_sigma(printed.name, self.average_cell)
            case Form.PROPORTION:
                return self._proportion_sigma(printed, noise)
            case Form.QUANTILE:
                return self._quantile_sigma(printed, vector, noise)
            case Form.PRODUCT:
                return noise.sigma / STEPS**2
            case _:
                return noise.sigma * math.sqrt(vector.width)

    def half_width(self, printed: Printed) -> float:
        """Half-width that covers at least 95% of the noise of one cell; of average size where size matters."""
        noise, vector = self.noises[printed.vectors[0]], self.layout.vectors[printed.vectors[0]]
        normal = noise.quantile * self.sigma(printed)
        match printed.form:
            case Form.MEAN | Form.PROPORTION | Form.PRODUCT:
                return normal
            case Form.QUANTILE if vector.bands is not None:
                span = float(vector.bands.edges[-1] - vector.bands.edges[0])
                return min(span, normal + vector.bands.widest)  # an interval ends at edges
            case _:
                return noise.half_width if vector.width == 1 else math.ceil(normal)

    def mean_sigma(self, name: str, rows: int) -> float:
        """Standard deviation of a printed mean in a cell of so many rows, in the column's own unit.

        By the delta method, for a mean that lies at a bound: nearer the middle it is less.

        Raises:
            DisclosureError: `unknown_measure` when no mean of that name is printed.
        """
        found = [each for each in self.layout.printed if each.name == name and each.is_mean]
        if not found or rows < 1:
            raise DisclosureError(
                "unknown_measure", "Name a mean of this plan and a cell of at least one row."
            )
        total, count = found[0].vectors
        vector = self.layout.vectors[total]
        reach = vector.sensitivity // self.dictionary.rows_per_unit
        steps = math.hypot(self.noises[total].sigma, reach * self.noises[count].sigma) / rows
        return steps / self.dictionary.scale_of(str(vector.column))

    def _proportion_sigma(self, printed: Printed, noise: Noise) -> float:
        """Of one of so many equal shares of their total, by the delta method."""
        shape = self.layout.shape
        share = printed.measure.argument if printed.measure is not None else "all"
        parts = {"index": math.prod(shape[-1:]), "columns": math.prod(shape[:-1])}.get(
            str(share), self.layout.cells
        )
        return noise.sigma * math.sqrt(1 - 1 / parts) / (self.average_cell * parts) if parts > 1 else 0.0

    def _quantile_sigma(self, printed: Printed, vector: Vector, noise: Noise) -> float:
        """Of a cell whose values are spread evenly over the bounds: noise in rank over rows per unit of value."""
        point = float(_point(printed))
        edges = vector.bands.edges if vector.bands is not None else ()
        ranks = noise.sigma * math.sqrt(vector.width * point * (1 - point))
        span = float(edges[-1] - edges[0])
        return min(span, ranks * span / self.average_cell)


def _point(printed: Printed) -> float:
    """Which quantile a column prints, from 0 to 1."""
    point = None if printed.measure is None else printed.measure.point
    return 0.5 if point is None else float(point)
