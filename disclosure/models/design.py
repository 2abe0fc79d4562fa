"""The design of one model on one group of rows: what is explained, by which columns, in which rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from disclosure.errors import DisclosureError
from disclosure.models.coding import Part, parts_of
from disclosure.models.factors import Doubles, Levels, is_categorical, levels_of, numbers_of
from disclosure.models.formula import Call, Categories, Factor, Formula, Term, factor_text
from disclosure.models.model import Model
from disclosure.models.rank import check_size
from disclosure.models.response import positive, response_of, truth
from disclosure.sample import Positions, Sample

MAX_COLUMNS: Final = 500
"""Most columns of a design. Source: ours; more are a table, or effects to absorb."""
MAX_NUMBERS: Final = 200_000_000
"""Most numbers in a design, in doubles: 1.6 GB. Source: ours."""
MOST_TRIED: Final = 1000
"""Rows that are looked at before all are, to see that a design has more combinations than columns. Source: ours."""
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a design.

    Attributes:
        label: its name, such as region[T.Wales]:age.
        term: the term that it belongs to.
        is_dummy: whether it has no more than two values.
    """

    label: str
    term: Term
    is_dummy: bool


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A model's data, complete in every column that it reads.

    Attributes:
        rows: the sample's rows that are used.
        response: what is explained: numbers, or 0 and 1.
        matrix: one row per row used, one column per coefficient.
        columns: what each column of the matrix is.
        cells: per term of categories alone, per row which combination of levels it has.
        weight: the weight of each row, above nought, or None.
        effects: per absorbed column, per row the position of its group.
        cluster: per row the position of its cluster, or None.
        strata: per row the position of its stratum, or None.
        event: per row whether the time ended with an event, or None.
        exposure: per row the exposure, or None.
    """

    rows: Positions
    response: Doubles
    matrix: Doubles
    columns: tuple[Column, ...]
    cells: tuple[tuple[Term, Codes], ...]
    weight: Doubles | None
    effects: tuple[Codes, ...]
    cluster: Codes | None
    strata: Codes | None
    event: NDArray[np.bool_] | None
    exposure: Doubles | None

    @property
    def has_categories_only(self) -> bool:
        """Whether no column has more than two values: then the model tells of totals of categories."""
        return all(column.is_dummy for column in self.columns)

    @property
    def saturated(self) -> Codes | None:
        """Per row its combination of columns, where there are as many as coefficients; None where there are more.

        A model with a coefficient for each combination gives away the mean of each, whatever its columns look like.
        """
        if self.effects:
            return None
        most = self.matrix.shape[1]
        if len(np.unique(self.matrix[: most + MOST_TRIED], axis=0)) > most:
            return None
        codes = np.zeros(len(self.rows), dtype=np.intp)
        for column in self.matrix.T:
            values = np.unique(column, return_inverse=True)[1]
            codes = np.unique(codes * (values.max() + 1) + values, return_inverse=True)[1]
            if codes.max() >= most:
                return None
        return codes


def has_two_values(column: Doubles) -> bool:
    """Whether a column has no more than two values."""
    low, high = column.min(), column.max()
    return bool(((column == low) | (column == high)).all())


def design_of(model: Model, formula: Formula, sample: Sample, rows: Positions) -> Design:
    """Return the design of one model on some rows of a sample.

    Raises:
        DisclosureError: "no_rows", "level", "not_numeric", "transform", "response", "too_many_columns".
    """
    used = _complete(model, formula, sample, rows)
    if not len(used):
        raise DisclosureError(
            "no_rows", "No row has all that a model needs; look at its filter and at what is missing."
        )
    factors = dict.fromkeys(factor for term in formula.terms for factor in term)
    levels: dict[Factor, Levels] = {}
    for factor in factors:
        if not isinstance(factor, Call) and is_categorical(factor, sample):
            levels[factor] = levels_of(factor, sample, used)
            _check_levels(factor, levels[factor])
    numbers: dict[Factor, Doubles] = {
        factor: numbers_of(factor, sample, used)
        for factor in factors
        if factor not in levels and not isinstance(factor, Categories)
    }
    columns, matrix = _matrix(_parts(model, formula, frozenset(levels)), levels, numbers, len(used))
    response = response_of(model, formula.response, sample, used)
    check_size(np.column_stack([response, matrix]))
    groups = {name: _codes(sample, name, used) for name in (*model.absorb, *model.strata)}
    return Design(
        rows=used,
        response=response,
        matrix=matrix,
        columns=columns,
        cells=tuple(_cells(formula.terms, levels)),
        weight=None if sample.weight is None else sample.weight[used],
        effects=tuple(groups[name] for name in model.absorb),
        cluster=None if model.cluster is None else _codes(sample, model.cluster, used),
        strata=_joined([groups[name] for name in model.strata]) if model.strata else None,
        event=None if model.event is None else truth(model.event, sample, used) > 0,
        exposure=None if model.exposure is None else positive(model.exposure, sample, used),
    )


def _check_levels(factor: Factor, levels: Levels) -> None:
    """Refuse categories of one level: they are the constant once more."""
    if len(levels.labels) < 2:
        raise DisclosureError(
            "rank",
            f"{factor_text(factor)[:80]} has one level in the rows used, so it explains nothing; leave it out.",
        )


def _parts(model: Model, formula: Formula, categorical: frozenset[Factor]) -> list[Part]:
    """Return the parts of all terms; a Cox model's baseline, and absorbed effects, stand for the constant."""
    is_withheld = model.kind == "cox" or bool(model.absorb)
    constant: list[Term] = [()] if formula.intercept or is_withheld else []
    parts = parts_of([*constant, *formula.terms], categorical)
    return [part for part in parts if part.term or not is_withheld]


def _complete(model: Model, formula: Formula, sample: Sample, rows: Positions) -> Positions:
    """Return the rows in which nothing is missing and that have a weight above nought."""
    whole = np.ones(len(rows), dtype=np.bool_)
    for name in {*formula.columns(), *model.other_columns()}:
        whole &= sample.is_present(name)[rows]
    if sample.weight is not None:
        weight = sample.weight[rows]
        whole &= np.isfinite(weight) & (weight > 0)
    return rows[whole]


def _matrix(
    parts: Sequence[Part], levels: dict[Factor, Levels], numbers: dict[Factor, Doubles], size: int
) -> tuple[tuple[Column, ...], Doubles]:
    """Multiply out each part's columns."""
    counts = {factor: len(found.labels) for factor, found in levels.items()}
    reference = {factor: found.reference for factor, found in levels.items()}
    picked = []
    for part in parts:
        for levels_picked in part.picks(counts, reference):
            picked.append((part, levels_picked))
            if len(picked) > MAX_COLUMNS or len(picked) * size > MAX_NUMBERS:
                raise DisclosureError(
                    "too_many_columns",
                    f"A model would have more than {MAX_COLUMNS} coefficients or need too much memory; "
                    "use coarser categories, or absorb their effects.",
                )
    matrix = np.ones((size, len(picked)), order="F")
    columns = []
    for index, (part, levels_picked) in enumerate(picked):
        labels = []
        for factor, level in zip(part.factors, levels_picked, strict=True):
            if factor in levels:
                matrix[:, index] *= levels[factor].codes == level
                mark = "" if factor in part.full else "T."
                labels.append(f"{factor_text(factor)}[{mark}{levels[factor].labels[level]}]")
            else:
                matrix[:, index] *= numbers[factor]
                labels.append(factor_text(factor))
        is_dummy = has_two_values(matrix[:, index])
        columns.append(Column(":".join(labels) or "Intercept", part.term, is_dummy))
    return tuple(columns), matrix


def _cells(terms: Sequence[Term], levels: dict[Factor, Levels]) -> Iterator[tuple[Term, Codes]]:
    """Return per term of categories alone the combination of levels of each row."""
    for term in terms:
        if all(factor in levels for factor in term):
            yield term, _joined([levels[factor].codes for factor in term])


def _joined(groups: Sequence[Codes]) -> Codes:
    """Return one code per combination of several."""
    joined = groups[0]
    for codes in groups[1:]:
        joined = np.unique(joined * (codes.max() + 1) + codes, return_inverse=True)[1]
    return joined


def _codes(sample: Sample, name: str, rows: Positions) -> Codes:
    return levels_of(Categories(name), sample, rows).codes
