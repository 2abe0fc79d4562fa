"""Names that a question may use: text that a database and UTF-8 can hold."""

from collections.abc import Iterable
from typing import Final

from disclosure.errors import DisclosureError

MAX_NAME: Final = 20_000
"""Longest name of a column, measure or source, in characters. Source: ours."""


def check_names(names: Iterable[tuple[object, str]]) -> None:
    """Check several names, each with its role, as `check_name` does."""
    for name, role in names:
        check_name(name, role)


def check_name(name: object, role: str) -> None:
    """Refuse a name that is no text, empty, too long or not storable.

    Raises:
        DisclosureError: "name".
    """
    if not is_text(name) or not name:
        raise DisclosureError(
            "name", f"The name of the {role} must be a text of 1 to {MAX_NAME} characters without NUL."
        )


def is_text(value: object) -> bool:
    """Whether a value is a text, perhaps empty, that can stand in UTF-8 and in a database."""
    if not isinstance(value, str) or "\0" in value or len(value) > MAX_NAME:
        return False
    return not any("\ud800" <= sign <= "\udfff" for sign in value)
