"""Data to stdout, words to stderr."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_words = Console(stderr=True, highlight=False)
_data = Console(highlight=False)


def say(sentence: str) -> None:
    """Tell the person something that is not data."""
    _words.print(escape(sentence))


def warn(sentence: str) -> None:
    """Tell the person what went wrong and what to do next."""
    _words.print(f"[bold red]{escape(sentence)}[/]")


def show_json(value: object) -> None:
    """Print a value for programs."""
    print(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))  # noqa: T201 - this is the data


def show(rows: Sequence[Mapping[str, object]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows as a table for people, or whole as JSON for programs."""
    if as_json:
        show_json(list(rows))
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(escape(_text(row.get(column))) for column in columns))
    _data.print(table)


def show_one(record: Mapping[str, object], *, as_json: bool) -> None:
    """Print one record."""
    if as_json:
        show_json(record)
        return
    for name, value in record.items():
        _data.print(f"{name:<18} {escape(_text(value))}")


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return json.dumps(value, default=_plain) if isinstance(value, list | dict) else str(value)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
