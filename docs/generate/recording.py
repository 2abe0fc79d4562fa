"""Which keys a declaration may have: told by the parsers themselves while they read examples."""  # noqa: INP001  # run as a script

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tre.domain.declared import Section

Taker = Callable[..., Any]  # each method of Section takes something else

VALUES: Final = {
    "text": "text",
    "texts": "list of different texts",
    "integer": "integer",
    "integers": "list of rising integers",
    "number": "number",
    "scalar": "text, number, true or false",
    "day": "date",
    "flag": "true or false",
    "choice": "one of a list",
    "section": "table",
    "sections": "list of tables",
    "named_sections": "tables by name",
}
TABLES: Final = frozenset({"section", "sections", "named_sections"})


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a declaration.

    Attributes:
        table: the table it stands in, as in TOML; empty for the top.
        name: its name there.
        value: what may stand there, in words.
        choices: the words of a closed list.
        default: what holds where it is absent; empty where nothing does.
        required: whether its absence is a fault.
        always: whether it is asked for in every table of this kind, and not only beside some other value.
    """

    table: str
    name: str
    value: str
    choices: tuple[str, ...]
    default: str
    required: bool
    always: bool = True


@dataclass(slots=True)
class _Recorder:
    placeholders: dict[str, str]
    keys: dict[str, Key] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    places: dict[tuple[str, str | None], set[str]] = field(default_factory=dict)

    def path(self, section: Section, name: str) -> tuple[str, str]:
        """Return table and name, with a placeholder where the author chooses the name."""
        parts: list[str] = []
        for part in re.sub(r"\[\d+\]", "[]", section.key(name)).split("."):
            parts.append(self.placeholders.get(".".join(parts), part))
        return ".".join(parts[:-1]), parts[-1]

    def take(self, section: Section, how: str, given: Sequence[object], options: dict[str, object]) -> None:
        place, name = self.path(section, str(given[0]))
        words = given[1] if how == "choice" else ()
        for one in (None, name):
            self.places.setdefault((place, one), set()).add(section.key(""))
        default = options.get("default", given[-1] if len(given) > 1 + (how == "choice") else None)
        full = f"{place}.{name}"
        self.keys.setdefault(
            full,
            Key(
                table=place,
                name=name,
                value=_bounded(how, options),
                choices=tuple(map(str, words)) if isinstance(words, type) else (),  # type: ignore[call-overload]  # an enum
                default="" if default is None else str(default).lower() if how == "flag" else str(default),
                required=default is None and options.get("required", True) is True and full not in self.asked,
            ),
        )

    def found(self) -> list[Key]:
        """Return the keys by table, in the order in which they were first asked for."""
        keys = (
            replace(key, always=self.places[key.table, key.name] == self.places[key.table, None])
            for key in self.keys.values()
        )
        return sorted(keys, key=lambda key: key.table)


def _bounded(how: str, options: dict[str, object]) -> str:
    least = options.get("least")
    return f"{VALUES[how]}, at least {least}" if how == "integer" and least in {1, 64} else VALUES[how]


def keys_read(read: Callable[[str], object], texts: Sequence[str], placeholders: dict[str, str]) -> list[Key]:
    """Return every key that `read` looks for in the texts, by table.

    Args:
        read: a parser of declarations.
        texts: examples that are right and between them use every key.
        placeholders: what stands for a name that the author chooses, by the table of such names.
    """
    recorder = _Recorder(placeholders)
    with _recording(recorder):
        for text in texts:
            read(text)
    return recorder.found()


@contextmanager
def _recording(recorder: _Recorder) -> Iterator[None]:
    """Have `Section` tell of each key that is asked for, for a while."""
    methods: dict[str, Taker] = {name: getattr(Section, name) for name in [*VALUES, "has"]}

    def telling(how: str, method: Taker) -> Taker:
        def take(section: Section, *given: object, **options: object) -> object:
            if how == "has":
                recorder.asked.add(".".join(recorder.path(section, str(given[0]))))
            else:
                recorder.take(section, how, given, options)
            return method(section, *given, **options)

        return take

    try:
        for name, method in methods.items():
            setattr(Section, name, telling(name, method))
        yield
    finally:
        for name, method in methods.items():
            setattr(Section, name, method)
