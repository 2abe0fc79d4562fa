"""From a question to the integer vectors that are noised, and from these to the columns that are printed."""

from dataclasses import dataclass
from enum import StrEnum

from disclosure.dp.dictionary import Dictionary
from disclosure.measure import Measure
from disclosure.statistic import Statistic


class Role(StrEnum):
    """What a vector holds per cell."""

    ROWS = "rows"
    VALUES = "values"
    SUM = "sum"


@dataclass(frozen=True, slots=True)
class Vector:
    """One integer per cell.

    Attributes:
        role: rows, rows with a value in `column`, or the sum of `column`.
        column: the column that is looked at; None for rows.
        centre: what is taken off each value before summing, in fixed-point steps; halves what a mean costs.
        sensitivity: largest change by one unit, in rows or steps. L1 and L2 agree: all its rows may share a cell.
    """

    role: Role
    column: str | None
    centre: int
    sensitivity: int

    @property
    def is_count(self) -> bool:
        """Does it count rows?"""
        return self.role is not Role.SUM


@dataclass(frozen=True, slots=True)
class Printed:
    """One column of numbers in the answer.

    Attributes:
        name: its heading.
        vectors: positions of the vectors that it is made of: one, or sum and count of a mean.
    """

    name: str
    vectors: tuple[int, ...]

    @property
    def is_mean(self) -> bool:
        """Is it a mean, made of a sum and a count?"""
        return len(self.vectors) == 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Vectors to draw and columns to print.

    Attributes:
        vectors: each distinct vector once; the budget is split equally over them.
        printed: `n` first where there is one count behind a row, then the measures in order; a mean's own
            count follows it as `<name>_n` where counts differ.
    """

    vectors: tuple[Vector, ...]
    printed: tuple[Printed, ...]


def layout_of(stat: Statistic, dictionary: Dictionary) -> Layout:
    """Lay out a question that `refuse_unanswerable` let pass."""
    needed = [_needed(measure, dictionary) for measure in stat.measures] or [(_rows(dictionary),)]
    vectors = tuple(dict.fromkeys(vector for each in needed for vector in each))
    position = {vector: index for index, vector in enumerate(vectors)}
    counts = [vector for vector in vectors if vector.is_count]
    standing = counts[0] if len(counts) == 1 else _rows(dictionary)
    printed = [Printed("n", (position[standing],))] if standing in position else []
    for measure, each in zip(stat.measures, needed, strict=False):
        printed.append(Printed(measure.name, tuple(position[vector] for vector in each)))
        if measure.function == "mean" and len(counts) > 1:
            printed.append(Printed(f"{measure.name}_n", (position[each[1]],)))
    return Layout(vectors, tuple(printed))


def _needed(measure: Measure, dictionary: Dictionary) -> tuple[Vector, ...]:
    """Vectors that one measure is made of."""
    if measure.column is None:
        return (_rows(dictionary),)
    values = Vector(Role.VALUES, measure.column, 0, dictionary.rows_per_unit)
    if measure.function == "count":
        return (values,)
    low, high = dictionary.fixed_bounds(measure.column)
    centre = (low + high) // 2 if measure.function == "mean" else 0
    reach = max(abs(low - centre), abs(high - centre))
    total = Vector(Role.SUM, measure.column, centre, dictionary.rows_per_unit * reach)
    return (total, values) if measure.function == "mean" else (total,)


def _rows(dictionary: Dictionary) -> Vector:
    return Vector(Role.ROWS, None, 0, dictionary.rows_per_unit)
