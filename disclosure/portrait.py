"""A report's table as HTML for a notebook: readable in black and white and by a screen reader."""

import html
import math
from collections.abc import Sequence
from typing import Final

import pandas as pd

MAX_ROWS: Final = 200
"""Most rows shown, in cells. Source: ours; the whole table is in `report.cells`."""
MAX_LABEL: Final = 200
"""Longest label shown, in characters. Source: ours."""
_SHADE: Final = "background:#f3d9d7;color:#0b0c0c"
"""Dark text on a pale ground: a contrast of about 14 to 1 (WCAG 2.2 asks 4.5 to 1)."""


def portrait(cells: pd.DataFrame, by: Sequence[str], caption: str, sentences: Sequence[str]) -> str:
    """Return the table with a caption, header scopes, and words beside each shade; every label is escaped."""
    columns = [str(name) for name in cells.columns if name != "unsafe"]
    head = "".join(f'<th scope="col">{_text("status" if name == "rules" else name)}</th>' for name in columns)
    shown = cells.head(MAX_ROWS).to_dict("records")
    body = "".join(_row({str(name): value for name, value in row.items()}, columns, by) for row in shown)
    rest = len(cells) - len(shown)
    more = f"<p>{rest} more cells are in <code>report.cells</code>.</p>" if rest else ""
    items = "".join(f"<li>{_text(sentence, longest=len(sentence))}</li>" for sentence in sentences)
    notes = f"<ul>{items}</ul>" if items else ""
    return (
        f"<table><caption>{_text(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{more}{notes}"
    )


def _row(row: dict[str, object], columns: Sequence[str], by: Sequence[str]) -> str:
    style = f' style="{_SHADE}"' if row["unsafe"] else ""
    fields = []
    for name in columns:
        value = row[name]
        if name in by:
            fields.append(f'<th scope="row">{_text("total" if value is None else value)}</th>')
        elif name == "rules":
            fields.append(f"<td>{_status(value)}</td>")
        else:
            fields.append(f"<td>{_number(value)}</td>")
    return f"<tr{style}>{''.join(fields)}</tr>"


def _status(rules: object) -> str:
    names = ", ".join(str(name) for name in rules) if isinstance(rules, tuple) else ""
    return _text(f"unsafe: {names}" if names else "safe")


def _number(value: object) -> str:
    if isinstance(value, float):
        return "none" if math.isnan(value) else f"{value:,.6g}"
    return f"{value:,}"


def _text(value: object, longest: int = MAX_LABEL) -> str:
    """Escape a label and cut it where it would hide the table."""
    text = str(value)
    return html.escape(text if len(text) <= longest else text[:longest] + "…")
