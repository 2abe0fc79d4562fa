"""A written table read back, so that its other forms are made of its fields and say nothing else."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from disclosure.printed import FORMULA, guarded

Field: TypeAlias = str | int | float | None
"""What stands in a written table: a text, a number, or nothing."""
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")


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
    names = {guarded(label) for label in labels}
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
