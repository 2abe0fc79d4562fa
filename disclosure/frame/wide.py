"""A table of one row per cell, laid out as pandas' crosstab lays it out."""

from collections.abc import Sequence
from typing import Final, TypeAlias

import pandas as pd

from disclosure.statistic import Statistic

TOTAL: Final = "All"
"""What heads a total. Source: pandas, crosstab, margins_name."""
_Key: TypeAlias = tuple[object, ...]


def wide_table(cells: pd.DataFrame, stat: Statistic, across: Sequence[str]) -> pd.DataFrame:
    """Return the numbers of a table with some of its dimensions as columns, and totals last.

    Args:
        cells: one row per cell: the dimensions, and n or the measures; the values are taken as they are.
        stat: what was asked.
        across: the dimensions that become columns, after the measure where there are several.
    """
    measures = [measure.name for measure in stat.measures] or ["n"]
    if cells.empty:
        return cells.set_index(list(stat.by))[measures]
    down = [name for name in stat.by if name not in across]
    rows, order = _heads(cells, down)
    columns, wide = _heads(cells, across)
    places = {key: place for place, key in enumerate(zip(rows, columns, strict=True))}
    found = {
        (name, *column): cells[name].iloc[[places[row, column] for row in order]].reset_index(drop=True)
        for name in measures
        for column in wide
    }
    frame = pd.concat(list(found.values()), axis="columns")
    frame.index = _index(order, down)
    keys = list(found) if len(measures) > 1 or not across else [key[1:] for key in found]
    frame.columns = _index(keys, across if len(keys[0]) == len(across) else (None, *across))
    return frame


def long_table(cells: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Return a table of estimates headed by its labels, without the columns of the judgement."""
    return cells.drop(columns=["unsafe", "rules"]).set_index(list(labels))


def _heads(cells: pd.DataFrame, names: Sequence[str]) -> tuple[list[_Key], list[_Key]]:
    """Return what heads each cell, and each head once, in order of appearance with totals behind what they sum."""
    levels = [_labels(cells[name].tolist()) for name in names]
    ranks = [{label: rank for rank, label in enumerate(named.values())} for named in levels]
    columns = [[named[level] for level in cells[name]] for name, named in zip(names, levels, strict=True)]
    heads: list[_Key] = list(zip(*columns, strict=True)) if columns else [()] * len(cells)

    def rank(head: _Key) -> tuple[int, ...]:
        return tuple(found[label] for found, label in zip(ranks, head, strict=True))

    return heads, sorted(dict.fromkeys(heads), key=rank)


def _labels(levels: Sequence[object]) -> dict[object, object]:
    """Return what heads each level, the total last under a name that no level has."""
    named: dict[object, object] = {level: level for level in dict.fromkeys(levels) if level is not None}
    total = TOTAL
    while total in named:
        total = f"({total})"
    return named | {None: total}


def _index(keys: Sequence[_Key], names: Sequence[str | None]) -> pd.Index:
    """Return an index of one or several levels; a table without dimensions has one row."""
    if not names:
        return pd.RangeIndex(len(keys))
    if len(names) == 1:
        return pd.Index([key[0] for key in keys], name=names[0], dtype="object")
    return pd.MultiIndex.from_tuples(keys, names=list(names))
