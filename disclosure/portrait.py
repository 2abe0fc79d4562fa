"""A report's table as HTML for a notebook: readable in black and white, without a mouse, and by a screen reader."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

MAX_ROWS: Final = 200
"""Most rows shown, in cells. Source: ours; the whole table is in `report.cells`."""
MAX_LABEL: Final = 200
"""Longest label shown, in characters. Source: ours."""
_SHADE: Final = "background:#f3d9d7;color:#0b0c0c;font-weight:bold;outline:1px dashed #0b0c0c"
"""Dark text on a pale ground: a contrast of about 14 to 1 (WCAG 2.2 asks 4.5 to 1). Bold and outlined too, for browsers
leave grounds out of what they print."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something found of some rows.

    Attributes:
        word: the verdict's name.
        rule: the rule's name.
        sentence: what was found.
        rows: positions of the rows; none where the whole table is meant.
        is_unsafe: whether it makes the rows unsafe; otherwise a person looks.
    """

    word: str
    rule: str
    sentence: str
    rows: tuple[int, ...]
    is_unsafe: bool


def portrait(cells: pd.DataFrame, caption: str, remarks: Sequence[Remark], heads: Sequence[str]) -> str:
    """Return the table with a caption, header scopes, shades with their reason on hover, and the same in words.

    Args:
        cells: the table; every label is escaped.
        caption: what it is.
        remarks: what was found.
        heads: the columns of labels, which head the rows; None there is a total.
    """
    columns = [str(name) for name in cells.columns if name != "unsafe"]
    head = "".join(f'<th scope="col">{_text("status" if name == "rules" else name)}</th>' for name in columns)
    shown = cells.head(MAX_ROWS).to_dict("records")
    about = _by_row(remarks, len(shown))
    body = "".join(
        _row({str(name): value for name, value in row.items()}, columns, heads, found)
        for row, found in zip(shown, about, strict=True)
    )
    rest = len(cells) - len(shown)
    more = f"<p>{rest} more cells are in <code>report.cells</code>.</p>" if rest else ""
    items = "".join(f"<li>{_whole(f'{remark.word}: {remark.sentence}')}</li>" for remark in remarks)
    notes = f"<ul>{items}</ul>" if items else ""
    return (
        f"<table><caption>{_text(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{more}{notes}"
    )


def _by_row(remarks: Sequence[Remark], size: int) -> list[list[Remark]]:
    """Return what was found of each row that is shown."""
    found: list[list[Remark]] = [[] for _ in range(size)]
    for remark in remarks:
        for row in remark.rows:
            if row < size:
                found[row].append(remark)
    return found


def _row(
    row: dict[str, object], columns: Sequence[str], heads: Sequence[str], about: Sequence[Remark]
) -> str:
    """Return one row; where it is unsafe its reasons stand on hover, and its rules in the last column."""
    reasons = " ".join(dict.fromkeys(remark.sentence for remark in about if remark.is_unsafe))
    title = f' title="{_whole(reasons)}"' if row["unsafe"] and reasons else ""
    style = f' style="{_SHADE}"' if row["unsafe"] else ""
    fields = []
    for name in columns:
        value = row[name]
        if name in heads:
            fields.append(f'<th scope="row">{_text("total" if value is None else value)}</th>')
        elif name == "rules":
            fields.append(f"<td>{_status(value, about)}</td>")
        else:
            fields.append(f"<td>{_number(value)}</td>")
    return f"<tr{style}{title}>{''.join(fields)}</tr>"


def _status(rules: object, about: Sequence[Remark]) -> str:
    """Say in words what is shaded, and where a person must look."""
    names = [str(name) for name in rules] if isinstance(rules, tuple) else []
    looks = dict.fromkeys(
        remark.rule for remark in about if not remark.is_unsafe and remark.rule not in names
    )
    said = f"unsafe: {', '.join(names)}" if names else "safe"
    return _text(f"{said}; to look at: {', '.join(looks)}" if looks else said)


def _number(value: object) -> str:
    if isinstance(value, float):
        return "none" if math.isnan(value) else f"{value:,.6g}"
    return f"{value:,}" if isinstance(value, int) else _text(value)


def _text(value: object) -> str:
    """Escape a label and cut it where it would hide the table."""
    text = str(value)
    return html.escape(text if len(text) <= MAX_LABEL else text[:MAX_LABEL] + "…")


def _whole(sentence: str) -> str:
    return html.escape(sentence)
