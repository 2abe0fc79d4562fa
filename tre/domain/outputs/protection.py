"""How an exact table is protected before it leaves, as its author asks for and two people vote on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from tre.domain.errors import BadInput

LEAST_BASE: Final = 2
"""Smallest base of rounding, in rows. Source: a base of 1 changes nothing."""
MOST_BASE: Final = 1000
"""Largest base of rounding, in rows. Source: ours, as in the disclosure library."""
USUAL_BASE: Final = 5
"""The base where none is chosen, in rows. Source: the base to which UK official statistics round most often."""


class Method(StrEnum):
    """The ways to protect a table, as the disclosure library calls them."""

    SUPPRESS = "suppress"
    DROP_RECORDS = "drop_records"
    ROUND = "round"
    RANDOM_ROUND = "random_round"
    MIDPOINT_ROUND = "midpoint_round"
    CONTROLLED_ROUND = "controlled_round"
    CELL_KEY = "cell_key"


@dataclass(frozen=True, slots=True)
class Protection:
    """A way to protect a table.

    Attributes:
        method: which way.
        base: to what counts are rounded, or by how much a cell key may change them, in rows; others ignore it.
    """

    method: Method
    base: int = USUAL_BASE

    def __post_init__(self) -> None:
        if type(self.base) is not int or not LEAST_BASE <= self.base <= MOST_BASE:
            raise BadInput("bad_base", f"The base is a whole number from {LEAST_BASE} to {MOST_BASE}.")

    def to_text(self) -> str:
        """Return it as it is stored and voted on, such as `controlled_round 5`."""
        return f"{self.method} {self.base}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote.

        Raises:
            BadInput: it is no such text.
        """
        method, _, base = text.partition(" ")
        return cls.asked(method, int(base) if base.isdecimal() and len(base) < 5 else 0)

    @classmethod
    def asked(cls, method: str, base: int | None = None) -> Self:
        """Read what somebody asks for.

        Raises:
            BadInput: there is no such method, or the base is out of range.
        """
        if method not in set(Method):
            raise BadInput("unknown_method", f"A table is protected by one of: {', '.join(Method)}.")
        return cls(Method(method), USUAL_BASE if base is None else base)
