"""A table as it leaves: CSV that we write ourselves, in which no text is taken for a formula."""

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import pandas as pd

from disclosure import Report, Safe

TOTAL = "Total"
"""What stands in a dimension that a margin sums over."""
DIGITS = 10
"""Significant digits of a number that is not whole: more than any statistic here carries, fewer than a message needs."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters at which spreadsheets take a text for a formula, the wide forms of Asian keyboards among them.

Source: OWASP, CSV injection; ASVS 5.0, 1.2.10."""
Field: TypeAlias = str | int | float | None
"""What stands in a written table: a text, a number, or nothing."""
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
_JUDGEMENT = frozenset({"units", "unsafe", "rules"})


def printed(report: Report) -> pd.DataFrame:
    """Return what leaves of an unprotected exact table: its numbers, none of the evidence behind them."""
    evidence = {f"{m.name}_{end}" for m in report.statistic.measures for end in ("n", "units")} | _JUDGEMENT
    leaves = report.cells[[name for name in report.cells.columns if name not in evidence]]
    return labelled(leaves, report.statistic.by)


def printed_safe(safe: Safe) -> pd.DataFrame:
    """Return what leaves of a protected table, withheld cells marked as such."""
    return labelled(safe.table, safe.report.statistic.by)


def labelled(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Give margins a label that is no level."""
    found = table.copy()
    for column in by:
        levels, total = set(found[column].dropna().map(str)), TOTAL
        while total in levels:
            total = f"({total})"
        found[column] = [total if value is None else str(value) for value in found[column]]
    return found


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Write a table as CSV: UTF-8, line feeds, quotes where needed, texts that no spreadsheet takes for a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([_text(name) for name in table.columns])
    for row in table.itertuples(index=False, name=None):
        writer.writerow([_text(value) if isinstance(value, str) else _number(value) for value in row])
    return buffer.getvalue().encode()


def _text(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _number(value: object) -> str:
    plain = value.item() if hasattr(value, "item") else value
    if plain is None or (isinstance(plain, float) and math.isnan(plain)):
        return ""
    return f"{plain:.{DIGITS}g}" if isinstance(plain, float) else str(plain)


@dataclass(frozen=True, slots=True)
class Lines:
    """A written table, read back: other forms of it are made of these fields and so say nothing else.

    Attributes:
        head: the names of the columns.
        rows: the fields, in the order of the head.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Field, ...], ...]


def lines_of(content: bytes, labels: Sequence[str]) -> Lines:
    """Read back what `csv_bytes` wrote.

    Args:
        content: the CSV.
        labels: the columns that hold labels; there a text of digits is a text.
    """
    head, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    names = {_text(label) for label in labels}
    is_label = [name in names for name in head]
    kept = [tuple(_field(*pair) for pair in zip(row, is_label, strict=True)) for row in rows]
    return Lines(tuple(head), tuple(kept))


def unguarded(text: str) -> str:
    """Return a text without the apostrophe that keeps spreadsheets from taking it for a formula."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def _field(text: str, is_label: bool) -> Field:  # noqa: FBT001  of each column in turn
    if is_label or not _NUMBER.fullmatch(text):
        return text or None
    return int(text) if text.lstrip("-").isdecimal() else float(text)
