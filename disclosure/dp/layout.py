"""From a question to the integer vectors that are noised, and from these to the columns that are printed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from disclosure.dp.bands import Bands, bands_of, histogram_bands
from disclosure.dp.design import design_of
from disclosure.dp.dictionary import Dictionary
from disclosure.dp.levels import Kind, Level, kind_of
from disclosure.kind import Kind as Asked
from disclosure.measure import Measure
from disclosure.models import Model
from disclosure.statistic import Statistic


class Role(StrEnum):
    """What a vector holds per cell."""

    ROWS = "rows"
    VALUES = "values"
    SUM = "sum"
    BANDS = "bands"
    PRODUCTS = "products"


class Form(StrEnum):
    """How a printed column is made of noisy vectors."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    PROPORTION = "proportion"
    QUANTILE = "quantile"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Vector:
    """One integer per cell; of BANDS one per cell and band; of PRODUCTS all sums of products of a regression.

    Attributes:
        role: rows, rows with a value in `column`, the sum of `column`, its values counted by band, or sums of products.
        column: the column that is looked at; None for rows.
        centre: what is taken off each value before summing, in fixed-point steps; halves what a mean costs.
        sensitivity: largest change by one unit, in rows or steps. L1 and L2 agree, as all its rows may share a cell,
            but for PRODUCTS, whose L2 it is.
        bands: by which bands values are counted; None unless the role is BANDS.
        products: number of sums of products.
    """

    role: Role
    column: str | None
    centre: int
    sensitivity: int
    bands: Bands | None = None
    products: int = 1

    @property
    def is_count(self) -> bool:
        """Does it count rows, one number per cell?"""
        return self.role in {Role.ROWS, Role.VALUES}

    @property
    def width(self) -> int:
        """Numbers per cell."""
        return self.products if self.bands is None else len(self.bands)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension of the table: the published levels, or the bands of a histogram.

    Attributes:
        column: its column.
        levels: what is printed, in order.
        bands: how values are banded; None where the column itself holds the levels.
    """

    column: str
    levels: tuple[Level, ...]
    bands: Bands | None = None

    @property
    def kind(self) -> Kind:
        """How its values are compared."""
        return kind_of(self.levels[0]) or Kind.TEXT


@dataclass(frozen=True, slots=True)
class Printed:
    """One column of numbers in the answer.

    Attributes:
        name: its heading.
        form: how it is made.
        vectors: positions of the vectors that it is made of: one, or sum and count of a mean.
        measure: the measure that asks for it; None for the counts that stand beside others.
    """

    name: str
    form: Form
    vectors: tuple[int, ...]
    measure: Measure | None = None

    @property
    def is_mean(self) -> bool:
        """Is it a mean, made of a sum and a count?"""
        return self.form is Form.MEAN


@dataclass(frozen=True, slots=True)
class Layout:
    """Vectors to draw and columns to print.

    Attributes:
        dimensions: of the table, in order.
        vectors: each distinct vector once; the budget is split equally over them.
        printed: `n` first where there is one count behind a row, then the measures in order; a mean's own
            count follows it as `<name>_n` where counts differ.
    """

    dimensions: tuple[Dimension, ...]
    vectors: tuple[Vector, ...]
    printed: tuple[Printed, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of levels per dimension."""
        return tuple(len(dimension.levels) for dimension in self.dimensions)

    @property
    def cells(self) -> int:
        """Number of cells, margins not counted."""
        return math.prod(self.shape)

    @property
    def longest(self) -> int:
        """Numbers in the longest vector."""
        return self.cells * max(vector.width for vector in self.vectors)


_FORMS = {
    "count": Form.COUNT,
    "sum": Form.SUM,
    "mean": Form.MEAN,
    "proportion": Form.PROPORTION,
    "median": Form.QUANTILE,
    "quantile": Form.QUANTILE,
}


def interval_names(name: str) -> tuple[str, str]:
    """Headings of the two ends of a column's interval."""
    return f"{name}_low", f"{name}_high"


def layout_of(stat: Statistic, dictionary: Dictionary) -> Layout:
    """Lay out a question that `refuse_unanswerable` let pass."""
    if isinstance(stat.asks, Model):
        return _regression(stat.asks, dictionary)
    needed = [_needed(measure, dictionary) for measure in stat.measures] or [(_rows(dictionary),)]
    vectors = tuple(dict.fromkeys(vector for each in needed for vector in each))
    position = {vector: index for index, vector in enumerate(vectors)}
    standing = _standing(vectors, dictionary)
    counts = sum(vector.is_count for vector in vectors)
    printed = [Printed("n", Form.COUNT, (position[standing],))] if standing in position else []
    for measure, each in zip(stat.measures, needed, strict=False):
        places = tuple(position[vector] for vector in each)
        printed.append(Printed(measure.name, _FORMS[measure.function], places, measure))
        if measure.function == "mean" and counts > 1:
            printed.append(Printed(f"{measure.name}_n", Form.COUNT, places[1:]))
    return Layout(_dimensions(stat, dictionary), vectors, tuple(printed))


def _regression(model: Model, dictionary: Dictionary) -> Layout:
    """One vector of all sums of products; the table is made of it elsewhere."""
    design = design_of(model, dictionary)
    most = design.sensitivity(dictionary.rows_per_unit)
    vector = Vector(Role.PRODUCTS, None, 0, most, products=len(design.entries))
    return Layout((), (vector,), (Printed("product", Form.PRODUCT, (0,)),))


def _standing(vectors: Sequence[Vector], dictionary: Dictionary) -> Vector:
    """The vector behind `n`: the one count there is, else the rows; the bands' total where nothing else counts."""
    counts = [vector for vector in vectors if vector.is_count]
    if len(counts) == 1:
        return counts[0]
    if len(vectors) == 1 and vectors[0].role is Role.BANDS:
        return vectors[0]
    return _rows(dictionary)


def _dimensions(stat: Statistic, dictionary: Dictionary) -> tuple[Dimension, ...]:
    """Published levels of each dimension; of a histogram's last one, its bands."""
    banded = stat.by[-1:] if stat.kind is Asked.HISTOGRAM else ()
    by = stat.by[: len(stat.by) - len(banded)]
    dimensions = [Dimension(column, tuple(dictionary.keys[column])) for column in by]
    for column in banded:
        bands, labels = histogram_bands(column, stat.bins or (), dictionary)
        dimensions.append(Dimension(column, labels, bands))
    return tuple(dimensions)


def _needed(measure: Measure, dictionary: Dictionary) -> tuple[Vector, ...]:
    """Vectors that one measure is made of."""
    if measure.column is None:
        return (_rows(dictionary),)
    most = dictionary.rows_per_unit
    if _FORMS[measure.function] is Form.QUANTILE:
        return (Vector(Role.BANDS, measure.column, 0, most, bands_of(measure.column, dictionary)),)
    values = Vector(Role.VALUES, measure.column, 0, most)
    if measure.function in {"count", "proportion"}:
        return (values,)
    low, high = dictionary.fixed_bounds(measure.column)
    centre = (low + high) // 2 if measure.function == "mean" else 0
    reach = max(abs(low - centre), abs(high - centre))
    total = Vector(Role.SUM, measure.column, centre, most * reach)
    return (total, values) if measure.function == "mean" else (total,)


def _rows(dictionary: Dictionary) -> Vector:
    return Vector(Role.ROWS, None, 0, dictionary.rows_per_unit)
