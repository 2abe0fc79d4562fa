"""Units and their levels: a person within a household, a firm within a holding."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from disclosure.errors import DisclosureError
from disclosure.naming import check_name

Unit: TypeAlias = str | Sequence[str] | None
"""The column of the privacy unit; or those of its levels, the finest first; or None: each row is a unit."""
MAX_LEVELS: Final = 4
"""Most levels of unit. Source: ours; person, household, address, area. Each is one more pass over the data."""


def split_unit(unit: Unit) -> tuple[str | None, tuple[str, ...]]:
    """Return the finest level of a unit, and the coarser ones around it.

    Raises:
        DisclosureError: "unit": no level, too many, or one twice; "name".
    """
    if unit is None or isinstance(unit, str):
        return unit, ()
    levels = tuple(unit) if isinstance(unit, list | tuple) else ()
    if not levels:
        raise DisclosureError("unit", "Give the unit as a column, or as a list of columns, the finest first.")
    check_levels(levels[0], levels[1:])
    return levels[0], levels[1:]


def check_levels(unit: object, within: object) -> None:
    """Refuse coarser levels without a finest one, one level twice, too many, and what are no names.

    Raises:
        DisclosureError: "unit", "name".
    """
    if not isinstance(within, tuple):
        raise DisclosureError("unit", "The coarser levels of the unit must be columns.")
    if not within:
        return
    levels = (unit, *within)
    for level in levels:
        check_name(level, "unit")
    if len(set(levels)) < len(levels) or len(levels) > MAX_LEVELS:
        raise DisclosureError(
            "unit", f"A unit has at most {MAX_LEVELS} levels, each another column; name the finest first."
        )
