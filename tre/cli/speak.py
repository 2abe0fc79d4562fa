"""Data to stdout, words to stderr."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape

_words = Console(stderr=True, highlight=False, soft_wrap=True)


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
    """Print rows as aligned columns for people, nothing cut off, or whole as JSON for programs."""
    if as_json:
        show_json(list(rows))
        return
    lines = [list(columns), *([_text(row.get(column)) for column in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(map(str.ljust, line, widths)).rstrip())  # noqa: T201 - this is the data


def show_one(record: Mapping[str, object], *, as_json: bool) -> None:
    """Print one record."""
    if as_json:
        show_json(record)
        return
    for name, value in record.items():
        print(f"{name:<18} {_text(value)}")  # noqa: T201 - this is the data


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return json.dumps(value, default=_plain) if isinstance(value, list | dict) else str(value)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
