"""A table in LaTeX: the fields of its CSV, in which no text can become a command. It needs no package."""

from collections.abc import Sequence
from typing import Final

from tre.services.outputs.lines import Field, Lines, unguarded

_SIGNS: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",
}
"""Signs that LaTeX takes for more than themselves, or prints as others. Source: LaTeX's ten special characters; in the
usual fonts the next three print as others, and the quote begins a shorthand in some languages."""


def latex_bytes(lines: Lines, title: str, notes: Sequence[str]) -> bytes:
    """Write a table as a `table` with its caption and notes, to be included in a document.

    Every field stands in braces, so that none is taken for an option of the line end before it.

    Args:
        lines: the table.
        title: its caption.
        notes: sentences below it.
    """
    numeric = [_is_numeric(lines, place) for place in range(len(lines.head))]
    columns = "".join("r" if each else "l" for each in numeric)
    rows = [_row(row) for row in lines.rows]
    said = [rf"\par\footnotesize {escaped(note)}" for note in notes]
    parts = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped(title)}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\hline",
        _row(lines.head),
        r"\hline",
        *rows,
        r"\hline",
        r"\end{tabular}",
        *said,
        r"\end{table}",
    ]
    return ("\n".join(parts) + "\n").encode()


def escaped(text: str) -> str:
    """Return a text that LaTeX prints and never obeys; what cannot be printed becomes a space."""
    return "".join(_SIGNS.get(sign, sign if sign.isprintable() else " ") for sign in text)


def _row(fields: Sequence[Field]) -> str:
    return " & ".join(f"{{{_printed(field)}}}" for field in fields) + r" \\"


def _printed(field: Field) -> str:
    if isinstance(field, str):
        return escaped(unguarded(field))
    if field is None:
        return ""
    text = f"{field:.10g}" if isinstance(field, float) else str(field)
    return f"${text}$" if text.startswith("-") else text


def _is_numeric(lines: Lines, place: int) -> bool:
    """Whether any field of a column is a number, so that it stands to the right."""
    return any(isinstance(row[place], int | float) for row in lines.rows)
