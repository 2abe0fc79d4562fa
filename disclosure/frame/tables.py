"""Tables in pandas' words: crosstab and pivot_table."""

from collections.abc import Sequence
from typing import Unpack

from disclosure.frame.asking import JudgedTable, checked, source_of
from disclosure.frame.checked import Checked
from disclosure.policy import Policy
from disclosure.released import Earlier
from disclosure.source import Data
from disclosure.wording import Layout, OfTable, crosstab_layout, pivot_layout


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
    layout = crosstab_layout(by, values=values, aggfunc=aggfunc, normalize=normalize)
    return _table(data, layout, margins=margins, **words)


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
    return _table(data, pivot_layout(values, index, columns, aggfunc), margins=margins, **words)


def _table(  # noqa: PLR0913  by keyword
    data: Data,
    layout: Layout,
    *,
    margins: bool,
    policy: Policy | str = "standard",
    released: Sequence[Earlier] = (),
    key: str | None = None,
    source: str | None = None,
    **words: Unpack[OfTable],
) -> Checked:
    """Ask for a table whose dimensions head rows and columns, and check it."""
    stat = layout.statistic(source_of(data, source), margins=margins, **words)
    return checked(stat, data, across=layout.across, policy=policy, released=released, key=key)
