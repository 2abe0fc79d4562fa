"""A place in the words of a formula."""

from dataclasses import dataclass
from typing import Final

from disclosure.errors import DisclosureError
from disclosure.models.formula.words import Word, refusal

MAX_NESTING: Final = 30
"""Deepest brackets. Source: ours; it keeps the reader far from Python's own limit."""
MAX_OPERATIONS: Final = 200
"""Most operations and functions of a formula. Source: ours; as above."""


@dataclass(slots=True)
class Reader:
    """Reads words one by one.

    Attributes:
        words: the words, the last of which is "end".
        position: the index of the next word.
        depth: how many brackets are open.
        operations: how many operations and functions were read.
    """

    words: tuple[Word, ...]
    position: int = 0
    depth: int = 0
    operations: int = 0

    @property
    def word(self) -> Word:
        """The next word."""
        return self.words[self.position]

    @property
    def following(self) -> Word:
        """The word after the next one."""
        return self.words[min(self.position + 1, len(self.words) - 1)]

    def take(self) -> Word:
        """Read the next word."""
        word = self.word
        self.position = min(self.position + 1, len(self.words) - 1)
        return word

    def is_sign(self, *signs: str) -> bool:
        """Whether the next word is one of some signs."""
        return self.word.kind == "sign" and self.word.text in signs

    def take_one_of(self, *signs: str) -> str | None:
        """Read the next word if it is one of some signs."""
        return self.take().text if self.is_sign(*signs) else None

    def expect(self, sign: str) -> None:
        """Read a sign that must stand here.

        Raises:
            DisclosureError: "formula": another word stands here.
        """
        if self.take_one_of(sign) is None:
            raise self.surprise(f"{sign!r}")

    def enter(self) -> None:
        """Read an opening bracket.

        Raises:
            DisclosureError: "formula": none stands here, or too many are open.
        """
        self.expect("(")
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise refusal(f"nests brackets deeper than {MAX_NESTING}")

    def leave(self) -> None:
        """Read a closing bracket.

        Raises:
            DisclosureError: "formula": none stands here.
        """
        self.expect(")")
        self.depth -= 1

    def operate(self) -> None:
        """Count one operation.

        Raises:
            DisclosureError: "formula": there are too many.
        """
        self.operations += 1
        if self.operations > MAX_OPERATIONS:
            raise refusal(f"computes with more than {MAX_OPERATIONS} operations")

    def surprise(self, wanted: str) -> DisclosureError:
        """Return the error for a word that cannot stand here."""
        found = "ends" if self.word.kind == "end" else f"holds {self.word.text[:40]!r}"
        return refusal(f"{found} where {wanted} should stand")
