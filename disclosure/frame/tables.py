"""Tables in pandas' words: crosstab and pivot_table."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, Unpack

from disclosure.errors import DisclosureError
from disclosure.frame.asking import JudgedTable, OfTable, checked, names_of, source_of
from disclosure.frame.checked import Checked
from disclosure.policy import Policy
from disclosure.released import Earlier
from disclosure.source import Data
from disclosure.statistic import Statistic

_Measures: TypeAlias = Mapping[str, Sequence[str | None]] | None


def crosstab(
    data: Data,
    *by: str | Sequence[str],
    values: str | None = None,
    aggfunc: str | Sequence[str] = "count",
    normalize: bool | str = False,
    margins: bool = True,
    **words: Unpack[JudgedTable],
) -> Checked:
    """Count rows by columns of the data, or aggregate `values` within them, and check the table.

    Args:
        data: a path, a pandas or Arrow table, or a DuckDB relation.
        by: columns, or lists of them; the last heads the columns of the table, the others its rows. One heads rows.
        values: the column that is aggregated; None counts rows.
        aggfunc: one aggregation or several: "count", "sum", "mean", "median", "std" ...
        normalize: "index", "columns", or "all" (True) for shares in place of counts.
        margins: whether totals are asked too; shares need them.
        words: unit, where, title, derive, weight of the statistic; policy, released, key, source of the check.

    Raises:
        DisclosureError: "measure": an aggregation without `values`, or shares of one; else as `Statistic.table`, `assess`.
    """
    groups = [names_of(each) for each in by]
    share = "all" if normalize is True else normalize or None
    measures = _measures(names_of(values), names_of(aggfunc), share)
    across = groups[-1] if len(groups) > 1 else ()
    down = [name for group in groups[: len(groups) - bool(across)] for name in group]
    return _table(data, (down, across), measures, margins=margins, **words)


def pivot_table(  # noqa: PLR0913  pandas' own words, by keyword
    data: Data,
    values: str | Sequence[str] | None = None,
    index: str | Sequence[str] | None = None,
    columns: str | Sequence[str] | None = None,
    *,
    aggfunc: str | Sequence[str] = "mean",
    margins: bool = True,
    **words: Unpack[JudgedTable],
) -> Checked:
    """Aggregate one or several columns by those that head rows (`index`) and columns, and check the table.

    Args:
        data: a path, a pandas or Arrow table, or a DuckDB relation.
        values: the columns that are aggregated; with aggfunc="count" there need be none.
        index: the dimensions that head rows.
        columns: the dimensions that head columns.
        aggfunc: one aggregation or several; each is taken of each of `values`.
        margins: whether totals are asked too.
        words: as `crosstab` takes them.

    Raises:
        DisclosureError: as `crosstab`.
    """
    measures = _measures(names_of(values), names_of(aggfunc), None)
    return _table(data, (names_of(index), names_of(columns)), measures, margins=margins, **words)


def _table(  # noqa: PLR0913  by keyword
    data: Data,
    heads: tuple[Sequence[str], Sequence[str]],
    measures: _Measures,
    *,
    margins: bool,
    policy: Policy | str = "standard",
    released: Sequence[Earlier] = (),
    key: str | None = None,
    source: str | None = None,
    **words: Unpack[OfTable],
) -> Checked:
    """Ask for a table whose dimensions head rows and columns, and check it."""
    down, across = heads
    by = (*down, *across)
    stat = Statistic.table(source_of(data, source), by=by, measures=measures, margins=margins, **words)
    return checked(stat, data, across=across, policy=policy, released=released, key=key)


def _measures(values: Sequence[str], functions: Sequence[str], share: str | None) -> _Measures:
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
