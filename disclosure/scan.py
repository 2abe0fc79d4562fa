"""What must be known of the data before anything is added: the scales of sums, units that repeat, faults."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from disclosure.grid import check_size
from disclosure.quantity import Quantity, Scale, scale_of
from disclosure.query import Question, levels_tree, scan_tree

ROUGHLY: Final = 0.9
"""Share of a rough count of levels that is surely there. Ours: DuckDB's rough counts are off by a few hundredths; what
passes by mistake is counted again once the cells are there."""
_PER_QUANTITY: Final = 3
"""Columns that the scan returns per quantity."""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A question of which is known how it can be added up.

    Attributes:
        question: what is asked; clean where no number is infinite or none.
        scales: one per quantity.
        by_unit: whether units must be added up first, because one has several rows or a row has none.
        problems: sentences on what the data did not let us check.
    """

    question: Question
    scales: tuple[Scale, ...]
    by_unit: bool
    problems: tuple[str, ...]


def scanned(question: Question, *, most: int) -> Scan:
    """Look at the data once, twice where some number is infinite or none.

    Raises:
        DisclosureError: "evidence_failed"; "too_many_cells": a dimension has more levels than `most` allows.
    """
    question = replace(question, is_clean=True)
    found = _numbers(question)
    after = 4 + len(question.statistic.by)
    if not all(map(math.isfinite, found[after:])):
        question = replace(question, is_clean=False)
        found = _numbers(question)
    _check_levels(question, found[4:after], most)
    rows, without_unit, units, bad_weights = (int(value) for value in found[:4])
    scales = tuple(
        _scale(quantity, question, found[start : start + 2])
        for start, quantity in zip(range(after, len(found), _PER_QUANTITY), question.quantities, strict=True)
    )
    repeats = question.statistic.unit is not None and units < rows - without_unit
    infinite = [bool(value) for value in found[after + 2 :: _PER_QUANTITY]]
    problems = (*_unit_problems(without_unit), *_weight_problems(bad_weights))
    problems += _infinity_problems(question, infinite)
    return Scan(question, scales, repeats or without_unit > 0, problems)


def _scale(quantity: Quantity, question: Question, ends: Sequence[float]) -> Scale:
    """Choose the scale of a quantity that lies between two ends."""
    scale = scale_of(quantity, question.source, max(map(abs, ends)))
    return replace(scale, is_signed=min(ends) < 0)


def _check_levels(question: Question, about: Sequence[float], most: int) -> None:
    """Refuse dimensions with too many levels before all rows are grouped by them; count exactly if in doubt."""
    if math.prod(max(count, 1) * ROUGHLY for count in about) > most:
        row = question.source.rows(levels_tree(question))[0]
        levels = [int(cast("int", count)) for count in row]
        levels[-1:] = levels[-1:] if question.statistic.bins is None else [len(question.statistic.bins) + 2]
        check_size(levels, margins=question.statistic.margins, most=most)


def _numbers(question: Question) -> list[float]:
    """Run the scan; what is not there is nought."""
    return [float(cast("float", value or 0)) for value in question.source.rows(scan_tree(question))[0]]


def _unit_problems(without: int) -> tuple[str, ...]:
    if not without:
        return ()
    return (
        "Some rows name no unit, so units cannot be counted surely; give each row a unit or filter these out.",
    )


def _weight_problems(bad: int) -> tuple[str, ...]:
    if not bad:
        return ()
    return ("Some weights are missing or negative; filter these rows out or correct the weights.",)


def _infinity_problems(question: Question, infinite: Sequence[bool]) -> tuple[str, ...]:
    """Name each column that holds infinity."""
    names = sorted({str(q.column) for q, is_so in zip(question.quantities, infinite, strict=True) if is_so})
    return tuple(
        f"The column {name[:60]!r} or its weight holds infinity, which was left out; correct the data."
        for name in names
    )
