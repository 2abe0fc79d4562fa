"""The table of a report: one row per cell, in memory and in JSON."""

import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from disclosure.columns import contents
from disclosure.content import Content
from disclosure.errors import DisclosureError
from disclosure.evidence import Evidence
from disclosure.statistic import Statistic
from disclosure.values import presence, values_of

_LEVELS = (str, int, float, bool, type(None))


def cells_frame(stat: Statistic, evidence: Evidence, rules: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    """Return the table of a statistic.

    Args:
        stat: what was asked.
        evidence: the aggregated data.
        rules: per cell the names of the rules that make it unsafe.
    """
    columns: dict[str, Iterable[object]] = {
        name: [key[index] for key in evidence.grid.keys] for index, name in enumerate(stat.by)
    }
    columns |= {"n": evidence.rows, "units": evidence.units}
    for measure in stat.measures:
        rows, units = presence(measure, evidence)
        columns[measure.name] = values_of(measure, stat, evidence)
        columns |= {f"{measure.name}_n": rows, f"{measure.name}_units": units}
    columns |= {"unsafe": [bool(names) for names in rules], "rules": list(rules)}
    return _frame(columns, stat)


def answered_frame(stat: Statistic, cells: pd.DataFrame, rules: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    """Return the table of a kind that answers with its own: its columns in order, typed, and the judgement.

    Args:
        stat: what was asked.
        cells: the table up to `units`.
        rules: per row the names of the rules that make it unsafe.
    """
    columns: dict[str, Iterable[object]] = {str(name): cells[name].tolist() for name in cells.columns}
    columns |= {"unsafe": [bool(names) for names in rules], "rules": list(rules)}
    return _frame(columns, stat)


def cells_record(frame: pd.DataFrame) -> list[list[object]]:
    """Return the rows of a table as JSON can hold them; what is not a number becomes null."""
    lists = [frame[name].tolist() for name in frame.columns]
    return [[_plain(value) for value in row] for row in zip(*lists, strict=True)]


def cells_from_record(record: object, stat: Statistic) -> pd.DataFrame:
    """Read what `cells_record` wrote, strictly.

    Raises:
        DisclosureError: "json".
    """
    columns = contents(stat)
    if not isinstance(record, list) or not all(_is_row(row, columns) for row in record):
        raise DisclosureError("json", "The cells are not those of this statistic; assess it again.")
    lists = [[row[index] for row in record] for index in range(len(columns))]
    return _frame(dict(zip(columns, lists, strict=True)), stat)


def _frame(columns: Mapping[str, Iterable[object]], stat: Statistic) -> pd.DataFrame:
    """Give each column the type of its content."""
    types = {Content.COUNT: "int64", Content.NUMBER: "float64", Content.FLAG: "bool"}
    series = {}
    for name, content in contents(stat).items():
        values = columns[name]
        if content is Content.RULES:
            values = [_tuple(names) for names in values]
        series[name] = pd.Series(values, dtype=types.get(content, "object"))
    return pd.DataFrame(series)


def _tuple(names: object) -> tuple[object, ...]:
    return tuple(names) if isinstance(names, list | tuple) else ()


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_row(row: object, columns: dict[str, Content]) -> bool:
    return (
        isinstance(row, list)
        and len(row) == len(columns)
        and all(_suits(value, content) for value, content in zip(row, columns.values(), strict=True))
    )


def _suits(value: object, content: Content) -> bool:
    """Whether a JSON value may stand in a column."""
    if content is Content.LEVEL:
        return isinstance(value, _LEVELS)
    if content is Content.COUNT:
        return type(value) is int and 0 <= value < 2**63
    if content is Content.NUMBER:
        return value is None or type(value) in {int, float}
    if content is Content.FLAG:
        return type(value) is bool
    return isinstance(value, list) and all(isinstance(name, str) for name in value)
