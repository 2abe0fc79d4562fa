"""Published values: the levels of a category, the edges of bins, the bounds of a number.

Everything here is compared exactly, as text, flag or fraction, never as a rounded float.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, TypeAlias

from disclosure.dp.exact import exact
from disclosure.errors import DisclosureError

Level: TypeAlias = str | int | float | bool
"""One published value of a categorical column."""

Edge: TypeAlias = int | float | Decimal
"""A bound or a bin edge."""

LARGEST_NUMBER: Final = 2**53
"""Largest whole number that a double holds exactly (IEEE 754): numeric levels and edges stay within it."""

MOST_LEVELS: Final = 100_000
"""Most levels of one column: more is an identifier declared as a category. A guard of this house."""

LONGEST_LEVEL: Final = 16_384
"""Longest level in characters, a guard of this house for memory."""


class Kind(StrEnum):
    """How the values of a column are compared with its published values."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"


def kind_of(value: object) -> Kind | None:
    """Kind of a published value; None when it cannot be one."""
    if isinstance(value, str):
        return Kind.TEXT
    if isinstance(value, bool):
        return Kind.FLAG
    number = exact(value)
    return None if number is None or abs(number) > LARGEST_NUMBER else Kind.NUMBER


def identity_of(value: object) -> tuple[Kind | None, str | Fraction | None]:
    """What makes two published values the same: kind and exact value (1 and 1.0 are one, "1" is another)."""
    kind = kind_of(value)
    return kind, exact(value) if kind is Kind.NUMBER else str(value)


def checked_levels(column: str, levels: object) -> tuple[Level, ...]:
    """Levels of one column, in the order given.

    Raises:
        DisclosureError: `keys` when there are none, too many, of several kinds, equal, or of no storable form.
    """
    held = _listed(levels)
    if not 1 <= len(held) <= MOST_LEVELS:
        raise DisclosureError(
            "keys", f"Column {column!r} needs a list of 1 to {MOST_LEVELS} published levels."
        )
    if len({kind_of(level) for level in held}) != 1 or not all(_is_storable(level) for level in held):
        raise DisclosureError(
            "keys", f"Column {column!r}: levels must be all text, all numbers or all flags."
        )
    if len({identity_of(level) for level in held}) != len(held):
        raise DisclosureError("keys", f"Column {column!r} lists a level twice; list each level once.")
    return tuple(_plain(level) for level in held)


def checked_edges(column: str, edges: object) -> tuple[Decimal, ...]:
    """Bin edges of one column, strictly rising.

    Raises:
        DisclosureError: `bins` when they are no rising list of finite numbers.
    """
    held = _listed(edges)
    if not held or any(kind_of(edge) is not Kind.NUMBER for edge in held):
        raise DisclosureError("bins", f"Column {column!r} needs a list of finite numbers as its bin edges.")
    values = tuple(Decimal(str(edge)) for edge in held)
    if list(values) != sorted(set(values)):
        raise DisclosureError("bins", f"Column {column!r}: bin edges must rise; sort them and drop repeats.")
    return values


def checked_bounds(column: str, bounds: object) -> tuple[Decimal, Decimal]:
    """Low and high bound of one column.

    Raises:
        DisclosureError: `bounds` when they are not two finite numbers, the first below the second.
    """
    held = _listed(bounds)
    if len(held) != 2 or any(exact(bound) is None for bound in held):
        raise DisclosureError("bounds", f"Column {column!r} needs two finite bounds, written (low, high).")
    low, high = (Decimal(str(bound)) for bound in held)
    if not low < high:
        raise DisclosureError("bounds", f"Column {column!r}: the low bound must be below the high one.")
    return low, high


def _listed(values: object) -> tuple[Level, ...]:
    """The items of a list, nothing of anything else: what they are is checked by the caller."""
    return tuple(values) if isinstance(values, Sequence) and not isinstance(values, str | bytes) else ()


def _plain(level: Level) -> Level:
    """The level as JSON can hold it: a whole number as an int, whatever array it came from."""
    if kind_of(level) is not Kind.NUMBER:
        return level
    number = Fraction(str(level))
    return int(number) if number.denominator == 1 else float(number)


def _is_storable(level: Level) -> bool:
    """Can it be written as JSON and as SQL text, and is it short enough?"""
    if not isinstance(level, str):
        return kind_of(level) is not None
    clean = "\0" not in level and not any("\ud800" <= character <= "\udfff" for character in level)
    return clean and len(level) <= LONGEST_LEVEL
