"""Pandas' words for what is asked, as a statistic: of the library by itself and of a project in a workspace alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypedDict, Unpack

from disclosure.errors import DisclosureError
from disclosure.statistic import Statistic
from disclosure.unit import Unit

Names: TypeAlias = str | Sequence[str] | None
"""One column, several, or none."""
Measures: TypeAlias = Mapping[str, Sequence[str | None]] | None


class Asked(TypedDict, total=False):
    """Of whom a statistic is asked.

    Attributes:
        unit: the column of the privacy unit, or those of its levels; left out, each row is a unit of its own, and in a
            project the person.
        where: a filter such as "age >= 18", or None.
        derive: derived columns, each a name and an expression, such as {"visits": "count()", "old": "age >= 65"}.
        title: the author's title.
    """

    unit: Unit
    where: str | None
    derive: Mapping[str, str] | None
    title: str


class OfTable(Asked, total=False):
    """The same of a table.

    Attributes:
        weight: the column of weights.
    """

    weight: str | None


class OfModel(Asked, total=False):
    """The same of a model, in the words that `Statistic.model` explains."""

    by: Iterable[str] | None
    weights: str | None
    errors: str | None
    cluster: str | None
    absorb: Sequence[str] | None
    strata: Sequence[str] | None
    event: str | None
    ties: str | None
    exposure: str | None
    level: float


class OfCurve(Asked, total=False):
    """The same of a survival curve, in the words that `Statistic.survival` explains."""

    at: Sequence[float] | None
    coarsen: bool
    test: str | None
    level: float
    weight: str | None


@dataclass(frozen=True, slots=True)
class Layout:
    """A table as pandas lays it out.

    Attributes:
        down: the dimensions that head its rows.
        across: those that head its columns.
        measures: what stands in its cells; None for counts of rows.
    """

    down: tuple[str, ...]
    across: tuple[str, ...]
    measures: Measures

    def statistic(self, source: str, *, margins: bool, **words: Unpack[OfTable]) -> Statistic:
        """Return the question.

        Raises:
            DisclosureError: as `Statistic.table`.
        """
        by = (*self.down, *self.across)
        return Statistic.table(source, by=by, measures=self.measures, margins=margins, **words)

    def title(self) -> str:
        """Return a plain title, such as "Mean of bill by region and tenure"."""
        asked = [_said(*measure) for measure in (self.measures or {}).values()] or ["numbers"]
        by = " and ".join((*self.down, *self.across))
        text = f"{', '.join(asked)}{f' by {by}' if by else ''}"
        return text[:1].upper() + text[1:]


def crosstab_layout(
    by: Sequence[str | Sequence[str]],
    *,
    values: str | None = None,
    aggfunc: str | Sequence[str] = "count",
    normalize: bool | str = False,
) -> Layout:
    """Read the words of pandas' crosstab.

    Args:
        by: columns, or lists of them; the last heads the columns of the table, the others its rows. One heads rows.
        values: the column that is aggregated; None counts rows.
        aggfunc: one aggregation or several: "count", "sum", "mean", "median", "std" ...
        normalize: "index", "columns", or "all" (True) for shares in place of counts.

    Raises:
        DisclosureError: "measure": an aggregation without `values`, or shares of one.
    """
    groups = [names_of(each) for each in by]
    share = "all" if normalize is True else normalize or None
    across = groups[-1] if len(groups) > 1 else ()
    down = tuple(name for group in groups[: len(groups) - bool(across)] for name in group)
    return Layout(down, across, _measures(names_of(values), names_of(aggfunc), share))


def pivot_layout(values: Names, index: Names, columns: Names, aggfunc: str | Sequence[str]) -> Layout:
    """Read the words of pandas' pivot_table: each of `aggfunc` is taken of each of `values`.

    Raises:
        DisclosureError: "measure": an aggregation without `values`.
    """
    measures = _measures(names_of(values), names_of(aggfunc), None)
    return Layout(names_of(index), names_of(columns), measures)


def names_of(columns: Names) -> tuple[str, ...]:
    """Return one name, several or none as a tuple."""
    return (columns,) if isinstance(columns, str) else tuple(columns or ())


def _measures(values: Sequence[str], functions: Sequence[str], share: str | None) -> Measures:
    """Return what is asked in each cell; None for plain counts.

    Raises:
        DisclosureError: "measure".
    """
    if share is not None:
        if values:
            raise DisclosureError("measure", "Only counts become shares; leave out `values` or `normalize`.")
        return {"share": ("proportion", None, share)}
    if not values:
        if tuple(functions) != ("count",):
            raise DisclosureError("measure", "Say of which column the aggregation is wanted: values='...'.")
        return None
    return {f"{value}_{function}": (function, value) for value in values for function in functions}


def _said(function: str | None, column: str | None, *rest: str | None) -> str:
    if function == "ratio":
        return f"ratio of {column} to {rest[0]}"
    return f"{function} of {column or rest[0]}"
