"""A table as XLSX: the fields of its CSV in cells, texts as texts, so that nothing in it is ever computed."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from tre.services.outputs.lines import Field, Lines

MADE: Final = datetime(1980, 1, 1)  # noqa: DTZ001  the format has no time zones
"""The date that every file bears, so that the same table gives the same bytes. Source: the first that ZIP can hold."""
LARGEST: Final = 2**53
"""From this magnitude a cell cannot hold every whole number, so that it holds the digits as text. Source: IEEE 754."""
_TEXTS_STAY_TEXTS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 16_384
LONGEST_TEXT: Final = 32_767
"""What a sheet holds: rows, columns, and UTF-16 units in a cell. Source: ECMA-376 and "Excel specifications and limits"."""


def fits_a_sheet(lines: Lines, title: str, notes: Sequence[str]) -> bool:
    """Can a workbook hold the table whole? What cannot leaves in the other forms only."""
    texts = [title, *notes, *lines.head]
    texts += [field for row in lines.rows for field in row if isinstance(field, str)]
    longest = max(len(text.encode("utf-16-le")) // 2 for text in texts)
    return len(lines.rows) < MOST_ROWS and len(lines.head) <= MOST_COLUMNS and longest <= LONGEST_TEXT


def xlsx_bytes(lines: Lines, title: str, notes: Sequence[str]) -> bytes:
    """Write a table that fits as a workbook: one sheet of fields below their names, one of notes.

    Args:
        lines: the table.
        title: what it is called.
        notes: sentences about all of it.
    """
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _TEXTS_STAY_TEXTS) as book:
        book.set_properties({"title": title, "created": MADE})
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet("Table")
        plain = book.add_format()
        for place, name in enumerate(lines.head):
            _write_text(sheet, (0, place), name, bold)
        for row, fields in enumerate(lines.rows, start=1):
            for place, field in enumerate(fields):
                _write(sheet, (row, place), field, plain)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
        about = book.add_worksheet("Notes")
        for row, text in enumerate((title, *notes)):
            _write_text(about, (row, 0), text, bold if row == 0 else book.add_format())
    return buffer.getvalue()


def _write(sheet: Worksheet, cell: tuple[int, int], field: Field, plain: Format) -> None:
    if field is None:
        return
    if isinstance(field, str):
        _write_text(sheet, cell, field, plain)
    elif abs(field) < LARGEST:
        sheet.write_number(*cell, field)
    else:
        _write_text(sheet, cell, str(field), plain)


def _write_text(sheet: Worksheet, cell: tuple[int, int], text: str, form: Format) -> None:
    """Write a text as it is, also one that the library would take for markup of its own and not escape."""
    if text.startswith("<r>") and text.endswith("</r>"):
        sheet.write_rich_string(*cell, form, text[:1], form, text[1:])
    else:
        sheet.write_string(*cell, text, form)
