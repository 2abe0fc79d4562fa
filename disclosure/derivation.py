"""Derived columns of a question: how they are written, and their names."""

from collections.abc import Mapping, Sequence
from typing import Final

from disclosure.errors import DisclosureError
from disclosure.expression.value import derived_of
from disclosure.naming import check_name

MAX_DERIVED: Final = 50
"""Most derived columns of a statistic. Source: ours."""


def derived_pairs(derive: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    """Return an author's derived columns in order."""
    if derive is not None and not isinstance(derive, Mapping):
        raise DisclosureError("expression", "Write derived columns as {'adult': 'age >= 18'}.")
    return tuple((derive or {}).items())


def check_derived(derive: object, bare: Sequence[str | None], *, has_unit: bool) -> None:
    """Refuse derived columns that are no pairs of texts, stand twice, use themselves or name a unit or weight.

    One that looks at other rows of its unit needs a unit.

    Raises:
        DisclosureError: "expression", "name", "name_clash".
    """
    is_pairs = isinstance(derive, tuple) and all(
        isinstance(pair, tuple) and len(pair) == 2 for pair in derive
    )
    if not isinstance(derive, tuple) or not is_pairs or len(derive) > MAX_DERIVED:
        raise DisclosureError(
            "expression", f"Give at most {MAX_DERIVED} derived columns, each a name and a text."
        )
    for name, _ in derive:
        check_name(name, "derived column")
    names = [name for name, _ in derive]
    found = derived_of(dict(derive))
    if not has_unit and any(derived.aggregates() for derived in found):
        raise DisclosureError(
            "expression",
            "Count, sum, first and their like look at all rows of one unit, and none is named; give unit='person_id'.",
        )
    read: set[str] = set()
    for derived in found:
        read |= derived.columns() - set(names[: names.index(derived.name)])
    clashes = [name for name in names if names.count(name) > 1 or name in read or name in bare]
    if clashes:
        raise DisclosureError(
            "name_clash",
            f"The derived column {clashes[0][:60]!r} stands twice, is read before it is there, or names a unit or "
            "weight; give it a name of its own.",
        )
