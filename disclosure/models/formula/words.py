"""The words of a formula: names, numbers, texts and signs; anything else is refused here."""

import re
from dataclasses import dataclass
from typing import Final

from disclosure.errors import DisclosureError
from disclosure.naming import is_text

MAX_FORMULA: Final = 100_000
"""Longest formula, in characters. Source: ours; five names of the greatest length."""
MAX_NUMBER: Final = 40
"""Longest number, in characters. Source: ours; a double has 17 digits."""
_PLAIN: Final = re.compile(r"[^\W\d]\w*")
_WORD: Final = re.compile(
    r"\s*(?:"
    r"(?P<name>[^\W\d]\w*)"
    r"|`(?P<quoted>(?:[^`]|``)+)`"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'"
    r"|(?P<sign>\*\*|[~+\-*/:(),=])"
    r")"
)
_RESERVED: Final = frozenset({"C", "I", "Q", "exp", "log", "log1p", "sqrt"})


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a formula.

    Attributes:
        kind: "name" (plain or quoted), "number", "text", "sign" or "end".
        text: the name, the text without its quotes, the number or sign as written.
        is_quoted: whether a name stood in backticks, so that it can be no function.
    """

    kind: str
    text: str
    is_quoted: bool = False


def is_plain_name(name: str) -> bool:
    """Whether a name can stand in a formula without backticks."""
    return _PLAIN.fullmatch(name) is not None and name not in _RESERVED


def words_of(formula: str) -> tuple[Word, ...]:
    """Split a formula into its words, with "end" as the last.

    Raises:
        DisclosureError: "formula": a sign that no formula uses, or a text too long.
    """
    if len(formula) > MAX_FORMULA:
        raise refusal(f"is longer than {MAX_FORMULA} characters")
    found, position, end = [], 0, len(formula.rstrip())
    while position < end:
        match = _WORD.match(formula, position)
        if match is None:
            piece = formula[position:].lstrip()[:1]
            raise refusal(f"holds {piece!r}, which is no part of one")
        found.append(_word(match))
        position = match.end()
    return (*found, Word("end", ""))


def refusal(fault: str) -> DisclosureError:
    """Return the error for a formula that cannot be read."""
    return DisclosureError(
        "formula",
        f"The formula {fault}; write it with names (other than plain words in `backticks`), +, -, :, *, 1 or 0, "
        f'C(x), C(x, ref="level"), log(x), log1p(x), sqrt(x), exp(x) and I(x**2).',
    )


def _word(match: re.Match[str]) -> Word:
    kind, text = str(match.lastgroup), match[str(match.lastgroup)]
    if kind in {"name", "quoted"}:
        name = text.replace("``", "`") if kind == "quoted" else text
        if not is_text(name):
            raise refusal("holds a name that no database can hold")
        return Word("name", name, is_quoted=kind == "quoted")
    if kind in {"double", "single"}:
        return Word("text", text)
    if kind == "number" and len(text) > MAX_NUMBER:
        raise refusal(f"holds a number of more than {MAX_NUMBER} characters")
    return Word(kind, text)
