"""A table as it leaves: numbers without the evidence behind them, and CSV in which no text is taken for a formula."""

import csv
import io
import math
from collections.abc import Sequence
from typing import Final

import pandas as pd

from disclosure.result import Report
from disclosure.safe import Safe

TOTAL: Final = "Total"
"""What stands in a dimension that a margin sums over."""
DIGITS: Final = 10
"""Significant digits of a number that is not whole: more than any statistic here carries, fewer than a message needs."""
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters at which spreadsheets take a text for a formula, the wide forms of Asian keyboards among them.

Source: OWASP, CSV injection; ASVS 5.0, 1.2.10."""
_JUDGEMENT: Final = frozenset({"units", "unsafe", "rules"})


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
    writer.writerow([guarded(name) for name in table.columns])
    for row in table.itertuples(index=False, name=None):
        writer.writerow([guarded(value) if isinstance(value, str) else _number(value) for value in row])
    return buffer.getvalue().encode()


def guarded(value: object) -> str:
    """Return a text behind an apostrophe where a spreadsheet would take it for a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _number(value: object) -> str:
    plain = value.item() if hasattr(value, "item") else value
    if plain is None or (isinstance(plain, float) and math.isnan(plain)):
        return ""
    return f"{plain:.{DIGITS}g}" if isinstance(plain, float) else str(plain)
