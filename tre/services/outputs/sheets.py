"""A table as XLSX: the fields of its CSV in cells, texts as texts, so that nothing in it is ever computed."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import xlsxwriter

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


def xlsx_bytes(lines: Lines, title: str, notes: Sequence[str]) -> bytes:
    """Write a table as a workbook: one sheet of fields below their names, one of notes.

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
        for place, name in enumerate(lines.head):
            sheet.write_string(0, place, name, bold)
        for row, fields in enumerate(lines.rows, start=1):
            for place, field in enumerate(fields):
                _write(sheet, row, place, field)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
        about = book.add_worksheet("Notes")
        for row, text in enumerate((title, *notes)):
            about.write_string(row, 0, text, bold if row == 0 else None)
    return buffer.getvalue()


def _write(sheet: xlsxwriter.worksheet.Worksheet, row: int, place: int, field: Field) -> None:
    if field is None:
        return
    if isinstance(field, str):
        sheet.write_string(row, place, field)
    elif abs(field) < LARGEST:
        sheet.write_number(row, place, field)
    else:
        sheet.write_string(row, place, str(field))
