"""Labels and numbers as a chart writes them: short, distinct, and text whatever they say."""

import math
import unicodedata
from collections.abc import Iterable
from typing import Final

MAX_LABEL: Final = 60
"""Longest label drawn, in characters. Source: ours; a longer one pushes the picture off the page."""
MAX_TITLE: Final = 100
"""Longest title drawn, in characters."""
_BIDIRECTIONAL: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that reorder the text beside them, and so could make a number read as another. Source: Unicode UAX 9."""
_UNSEEN: Final = "\ufffd"
_LARGE: Final = 1e15
"""From here a number is written with an exponent. Source: doubles hold whole numbers up to 9e15."""


def plain(text: object, longest: int = MAX_LABEL) -> str:
    """Return a label on one line that XML can hold: what controls, reorders or is no character is replaced, and it is cut."""
    cleaned = "".join(_sign(sign) for sign in str(text)[: longest + 1])
    return cleaned if len(cleaned) <= longest else cleaned[: longest - 1] + "…"


def distinct(levels: Iterable[object]) -> dict[object, str]:
    """Return a label per level in order of appearance; two levels never get one label, for their marks would merge."""
    named: dict[object, str] = {}
    used: set[str] = set()
    for level in dict.fromkeys(levels):
        label, copies = plain(level), 1
        while label in used:
            copies += 1
            label = f"{plain(level)} ({copies})"
        used.add(label)
        named[level] = label
    return named


def number(value: float) -> str:
    """Write a number as a person reads it: whole ones whole, others to four significant digits."""
    if not math.isfinite(value):
        return "none"
    if float(value).is_integer() and abs(value) < _LARGE:
        return f"{int(value):,}"
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}" if abs(value) < _LARGE else f"{value:.3e}"


def _sign(sign: str) -> str:
    if sign in "\n\r\t":
        return " "
    hidden = unicodedata.category(sign) in {"Cc", "Cs", "Cn", "Zl", "Zp"} or sign in _BIDIRECTIONAL
    return _UNSEEN if hidden else sign
