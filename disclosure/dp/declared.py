"""Checks of what a dictionary declares: each takes a value as written and returns it in its one frozen form."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Final, TypeVar

from disclosure.dp.exact import exact
from disclosure.dp.levels import Level, identity_of
from disclosure.errors import DisclosureError

T = TypeVar("T")

OVERFLOW_LIMIT: Final = 2**62
"""Largest absolute sum that the declared population may reach, in fixed-point steps: half of a signed 64-bit
integer, so that noise cannot saturate it. Source: ours."""


def checked_name(name: object, code: str) -> str:
    """A column name: text that is not empty.

    Raises:
        DisclosureError: under `code`.
    """
    if not isinstance(name, str) or not name or "\0" in name:
        raise DisclosureError(code, "A column name must be text that is not empty; correct the dictionary.")
    return name


def checked_whole(number: object, code: str) -> int:
    """A whole number of at least one.

    Raises:
        DisclosureError: under `code`.
    """
    whole = exact(number)
    if whole is None or whole.denominator != 1 or whole < 1:
        raise DisclosureError(code, f"{code} must be a whole number of at least 1; correct the dictionary.")
    return int(whole)


def checked_delta(delta: object, population: int) -> float | None:
    """A declared delta, as a probability: above zero and below one over the population, or None for the default.

    Source of the limit: Dwork and Roth 2014, "The Algorithmic Foundations of Differential Privacy", section 2.3:
    at 1 / population, publishing one person at random would pass as private.

    Raises:
        DisclosureError: `delta`.
    """
    if delta is None:
        return None
    value = exact(delta)
    if value is None or not 0 < value < Fraction(1, population):
        raise DisclosureError(
            "delta", "delta must lie between 0 and 1 / population; leave it out for the default."
        )
    return float(value)


def checked_columns(values: object, code: str, check: Callable[[str, object], T]) -> Mapping[str, T]:
    """Check one declaration per column and freeze them all.

    Raises:
        DisclosureError: under `code` when it is no mapping of column names; else as `check`.
    """
    if not isinstance(values, Mapping):
        raise DisclosureError(code, f"{code} must map column names to values; correct the dictionary.")
    return MappingProxyType({checked_name(name, code): check(name, value) for name, value in values.items()})


def checked_scale(column: str, steps: object) -> int:
    """Fixed-point steps per unit of one column.

    Raises:
        DisclosureError: `scale`.
    """
    try:
        return checked_whole(steps, "scale")
    except DisclosureError:
        raise DisclosureError(
            "scale", f"Column {column!r}: scale must be a whole number of at least 1."
        ) from None


def checked_source(column: str, source: object) -> str:
    """The publication that a column's description comes from.

    Raises:
        DisclosureError: `sources`.
    """
    if not isinstance(source, str) or not source.strip():
        raise DisclosureError("sources", f"Column {column!r}: its source must be the title of a publication.")
    return source


def checked_names(columns: object, code: str) -> tuple[str, ...]:
    """A list of column names, sorted, each once.

    Raises:
        DisclosureError: under `code`.
    """
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise DisclosureError(code, f"{code} must be a list of column names; correct the dictionary.")
    return tuple(sorted({checked_name(column, code) for column in columns}))


def checked_shared(columns: object) -> Mapping[str, str]:
    """Columns that depend on other units' rows, with the unit that contains the dependence ("" for none).

    Raises:
        DisclosureError: `shared`.
    """
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise DisclosureError(
            "shared", "shared must name columns, or map them to units; correct the dictionary."
        )
    units = columns if isinstance(columns, Mapping) else dict.fromkeys(columns, "")
    return checked_columns(units, "shared", _containing_unit)


def checked_zeros(cells: object, keys: Mapping[str, tuple[Level, ...]]) -> tuple[Mapping[str, Level], ...]:
    """Cells that cannot exist, each a mapping of published columns to published levels.

    Raises:
        DisclosureError: `structural_zeros` when one names anything unpublished.
    """
    if not isinstance(cells, Sequence) or not all(_is_published(cell, keys) for cell in cells):
        raise DisclosureError(
            "structural_zeros", "Each structural zero must map published columns to published levels."
        )
    return tuple(MappingProxyType(dict(sorted(cell.items()))) for cell in cells)


def _containing_unit(column: str, unit: object) -> str:
    if not isinstance(unit, str):
        raise DisclosureError(
            "shared", f"Column {column!r}: shared must name the unit column that contains it."
        )
    return unit


def _is_published(cell: object, keys: Mapping[str, tuple[Level, ...]]) -> bool:
    if not isinstance(cell, Mapping) or not cell:
        return False
    known = {column: {identity_of(level) for level in levels} for column, levels in keys.items()}
    return all(identity_of(level) in known.get(column, ()) for column, level in cell.items())
