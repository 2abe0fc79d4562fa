"""What people declare in TOML: read strictly, and every fault told at once under the name of its key."""

import itertools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeVar

from tre.domain.errors import BadInput

Choice = TypeVar("Choice", bound=StrEnum)
Instead = TypeVar("Instead")

LARGEST_INTEGER: Final = 2**62
"""Largest integer that a declaration may hold; the platform's sums stay within 64-bit integers."""

FAULTS_SHOWN: Final = 12
"""How many faults the sentence for people lists; the rest are counted, and all stand in `faults`."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a declaration.

    Attributes:
        key: where, as a dotted path, for example `columns.dob.kind`.
        sentence: what is wrong and what is allowed.
    """

    key: str
    sentence: str


class Faulty(BadInput):
    """A declaration cannot be used as it is.

    Attributes:
        faults: every fault found, in the order of reading.
    """

    def __init__(self, code: str, document: str, faults: tuple[Fault, ...]) -> None:
        self.faults: Final = faults
        shown = "; ".join(f"{fault.key}: {fault.sentence}" for fault in faults[:FAULTS_SHOWN])
        more = f"; and {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(code, f"{document} has {count}. Correct and try again: {shown}{more}.")


class Section:
    """One table of a declaration. Each key is taken once; faults are collected, so that reading goes on.

    A missing or faulty required key yields an empty value; `document` refuses at the end, so nobody sees it.
    """

    def __init__(self, table: Mapping[str, object], path: str, faults: list[Fault]) -> None:
        self._left = dict(table)
        self._path = path
        self._faults = faults

    def key(self, name: str) -> str:
        """Return the full path of the key `name`."""
        return f"{self._path}.{name}" if self._path else name

    def fault(self, name: str, sentence: str) -> None:
        """Remember that something is wrong with the key `name`, or with the table itself if it is empty."""
        self._faults.append(Fault(self.key(name) if name else self._path, sentence))

    def names(self) -> tuple[str, ...]:
        """Return the keys that nobody has taken yet."""
        return tuple(self._left)

    def has(self, name: str) -> bool:
        """Is the key there and not taken yet?"""
        return name in self._left

    def text(self, name: str, default: str | None = None) -> str:
        """Take a text that is not blank."""
        value = self._take(name, default)
        if isinstance(value, str) and value.strip():
            return value.strip()
        return self._wrong(name, value, "a text", default or "")

    def texts(self, name: str) -> tuple[str, ...]:
        """Take a list of different texts, at least one."""
        value = self._take(name, None)
        items = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
        if isinstance(value, list) and items and len(items) == len(value) == len(set(items)):
            return tuple(items)
        return self._wrong(name, value, "a list of different texts, at least one", ())

    def integer(self, name: str, default: int | None = None, *, least: int = 0) -> int:
        """Take an integer from `least` to `LARGEST_INTEGER`."""
        value = self._take(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= LARGEST_INTEGER:
            return value
        return self._wrong(name, value, f"an integer of at least {least}", least)

    def number(self, name: str, default: float | None = None, *, least: float, most: float) -> float:
        """Take a number from `least` to `most`."""
        value = self._take(name, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            return value
        return self._wrong(name, value, f"a number from {least:g} to {most:g}", least)

    def scalar(self, name: str) -> str | int | float | bool:
        """Take a text, number or truth value."""
        value = self._take(name, None)
        if isinstance(value, str | int | float | bool):
            return value
        return self._wrong(name, value, "a text, a number, true or false", "")

    def day(self, name: str) -> date:
        """Take a date, written without quotes: 2016-05-31."""
        value = self._take(name, None)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        return self._wrong(name, value, "a date without quotes, like 2016-05-31", date.min)

    def flag(self, name: str, *, default: bool) -> bool:
        """Take true or false."""
        value = self._take(name, default)
        return value if isinstance(value, bool) else self._wrong(name, value, "true or false", default)

    def choice(self, name: str, kind: type[Choice], default: Choice | None = None) -> Choice:
        """Take one word of a closed list."""
        value = self._take(name, default)
        allowed = {str(member): member for member in kind}
        if isinstance(value, str) and value in allowed:
            return allowed[value]
        return self._wrong(name, value, f"one of: {', '.join(allowed)}", next(iter(kind)))

    def section(self, name: str, *, required: bool = True) -> "Section":
        """Take a table; an absent one reads as empty."""
        value = self._take(name, None if required else {})
        if not isinstance(value, Mapping):
            self._wrong(name, value, f"a table [{self.key(name)}]", None)
            return Section({}, self.key(name), [])
        return Section(value, self.key(name), self._faults)

    def sections(self, name: str, *, required: bool = True) -> tuple["Section", ...]:
        """Take a list of tables."""
        value = self._take(name, None if required else [])
        if isinstance(value, list) and (value or not required):
            tables = [item if isinstance(item, Mapping) else {} for item in value]
            return tuple(
                Section(table, f"{self.key(name)}[{place}]", self._faults)
                for place, table in enumerate(tables, start=1)
            )
        return self._wrong(name, value, f"at least one table [[{self.key(name)}]]", ())

    def named_sections(self, name: str, *, required: bool = True) -> dict[str, "Section"]:
        """Take a table of tables, by their names."""
        parent = self.section(name, required=required)
        return {each: parent.section(each) for each in parent.names()}

    def integers(self, name: str) -> tuple[int, ...]:
        """Take a list of integers in strictly rising order, at least one."""
        value = self._take(name, None)
        items = [item for item in value if type(item) is int] if isinstance(value, list) else []
        rising = all(low < high for low, high in itertools.pairwise(items))
        if isinstance(value, list) and items and len(items) == len(value) and rising:
            return tuple(items)
        return self._wrong(name, value, "a list of rising integers, at least one", (0,))

    def close(self) -> None:
        """Remember each key that nobody took: it is unknown here."""
        for name in self._left:
            self.fault(name, "this key is not known here; remove it or correct its spelling")
        self._left.clear()

    def _take(self, name: str, default: object) -> object:
        return self._left.pop(name, default)

    def _wrong(self, name: str, value: object, wanted: str, instead: Instead) -> Instead:
        self.fault(name, f"is missing; give {wanted}" if value is None else f"must be {wanted}")
        return instead


def document(text: str, code: str, name: str) -> tuple[Section, list[Fault]]:
    """Open a TOML text for reading.

    Args:
        text: the document.
        code: the error's code, for programs.
        name: what people call the document, for example `project.toml`.

    Returns:
        Its root and the list that collects faults; give both to `finish`.

    Raises:
        Faulty: the text is not TOML at all.
    """
    faults: list[Fault] = []
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Faulty(code, name, (Fault("TOML", str(error)),)) from None
    return Section(table, "", faults), faults


def finish(faults: list[Fault], code: str, name: str) -> None:
    """Refuse the document if anything is wrong in it.

    Raises:
        Faulty: with every fault found.
    """
    if faults:
        raise Faulty(code, name, tuple(faults))
