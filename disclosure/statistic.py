"""What is asked: a frozen, JSON-able question whose text never reaches a database."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Self

from disclosure.errors import DisclosureError
from disclosure.expression import Expression, parse


class Kind(Enum):
    """The kinds of statistic that can be asked."""

    TABLE = "table"


FUNCTIONS: Final = ("count", "sum", "mean")
"""The aggregations a measure may use."""
RESERVED: Final = frozenset({"n", "units", "unsafe", "rules"})
"""Column names that a report adds itself."""
MAX_NAME: Final = 20_000
"""Longest name of a column, measure or source, in characters. Source: ours."""
MAX_DIMENSIONS: Final = 8
"""Most dimensions of a table. Source: ours; all margins of eight are 256 tables."""
MAX_MEASURES: Final = 50
"""Most measures of a table. Source: ours."""
MAX_JSON: Final = 1_000_000
"""Longest JSON text of a statistic, in characters. Source: ours."""
_KEYS: Final = ("by", "kind", "margins", "measures", "source", "title", "unit", "weight", "where")


@dataclass(frozen=True, slots=True)
class Measure:
    """One column of numbers in a table.

    Attributes:
        name: the author's name for it.
        function: one of `FUNCTIONS`.
        column: what is aggregated; None only for a count of rows.
    """

    name: str
    function: str
    column: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """A declarative statistic.

    Attributes:
        kind: what sort of statistic it is.
        source: the name of the data it is asked of.
        by: the dimensions, in order.
        measures: the measures, in order; empty means frequencies.
        unit: the column that names the privacy unit; None means that each row is a unit of its own.
        where: the filter as its author wrote it, or None.
        weight: the column of weights, or None.
        margins: whether totals over each dimension are asked too.
        title: the author's title; it changes nothing.
    """

    kind: Kind
    source: str
    by: tuple[str, ...]
    measures: tuple[Measure, ...]
    unit: str | None
    where: str | None
    weight: str | None
    margins: bool
    title: str = ""

    def __post_init__(self) -> None:
        _check_names(self)
        _check_measures(self)
        _check_clashes(self)
        if self.where is not None:
            _check_filter(self.where)

    @classmethod
    def table(  # noqa: PLR0913  the words of the contract, all but one by keyword
        cls,
        source: str,
        *,
        by: Iterable[str] = (),
        measures: Mapping[str, Sequence[str | None]] | None = None,
        unit: str | None = None,
        where: str | None = None,
        weight: str | None = None,
        margins: bool = True,
        title: str = "",
    ) -> Self:
        """Ask for a table of frequencies (`measures=None`) or of measures such as {"total": ("sum", "bill")}.

        Raises:
            DisclosureError: codes "name", "dimension", "unknown_measure", "measure", "name_clash", "weight",
                "expression": each names the piece that is wrong.
        """
        if isinstance(by, str):
            raise DisclosureError("dimension", f"`by` is a list of columns; write [{by[:60]!r}].")
        return cls(
            kind=Kind.TABLE,
            source=source,
            by=tuple(by),
            measures=tuple(_measure(name, asked) for name, asked in (measures or {}).items()),
            unit=unit,
            where=where,
            weight=weight,
            margins=margins,
            title=title,
        )

    @property
    def filter(self) -> Expression | None:
        """The filter as a frozen tree, or None."""
        return None if self.where is None else parse(self.where)

    def columns(self) -> tuple[str, ...]:
        """Return the names of all columns that the statistic reads, sorted, once each."""
        found = {*self.by, *(measure.column for measure in self.measures), self.unit, self.weight}
        condition = self.filter
        found.update(() if condition is None else condition.columns())
        return tuple(sorted(name for name in found if name is not None))

    def to_json(self) -> str:
        """Return the statistic as JSON: stable, so equal statistics have equal text."""
        return _stable(self._record())

    @classmethod
    def from_json(cls, text: str | dict[str, object]) -> Self:
        """Read what `to_json` wrote, strictly.

        Raises:
            DisclosureError: "json" for a text of another shape; else as for `table`.
        """
        return cls(**_arguments(text))  # __post_init__ checks the types

    @property
    def digest(self) -> str:
        """SHA-256 of the JSON text, in hexadecimal: names exactly this statistic."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the question alone: measure names and order, title and the filter's spelling do not matter."""
        condition = self.filter
        record = self._record() | {
            "title": "",
            "where": None if condition is None else condition.canonical(),
            "measures": sorted([measure.function, measure.column or ""] for measure in self.measures),
        }
        return hashlib.sha256(_stable(record).encode()).hexdigest()

    def _record(self) -> dict[str, object]:
        return {
            "kind": self.kind.value,
            "source": self.source,
            "by": list(self.by),
            "measures": [[m.name, m.function, m.column] for m in self.measures],
            "unit": self.unit,
            "where": self.where,
            "weight": self.weight,
            "margins": self.margins,
            "title": self.title,
        }


def _stable(record: dict[str, object]) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def _measure(name: object, asked: object) -> Measure:
    """Read ("sum", "bill")."""
    if isinstance(asked, list | tuple) and len(asked) == 2:
        function, column = asked
        return Measure(name, function, column)  # type: ignore[arg-type]  # __post_init__ checks the types
    raise DisclosureError("measure", f"Write the measure {name!r:.60} as a pair such as ('sum', 'bill').")


def _check_names(stat: Statistic) -> None:
    """Refuse names that are no text, empty, too long or not storable."""
    _check_name(stat.source, "source")
    for dimension in stat.by:
        _check_name(dimension, "dimension")
    for name, role in ((stat.unit, "unit"), (stat.weight, "weight")):
        if name is not None:
            _check_name(name, role)
    if not _is_text(stat.title) or len(stat.title) > MAX_NAME:
        raise DisclosureError("name", f"The title must be a text of at most {MAX_NAME} characters.")
    if type(stat.margins) is not bool:
        raise DisclosureError("name", "`margins` must be true or false.")
    if len(stat.by) > MAX_DIMENSIONS:
        raise DisclosureError(
            "dimension", f"A table may have at most {MAX_DIMENSIONS} dimensions; ask for fewer."
        )


def _check_name(name: object, role: str) -> None:
    if not isinstance(name, str) or not _is_storable(name) or not 1 <= len(name) <= MAX_NAME:
        raise DisclosureError(
            "name", f"The name of the {role} must be a text of 1 to {MAX_NAME} characters without NUL."
        )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and _is_storable(value)


def _is_storable(name: str) -> bool:
    """Whether a name can stand in UTF-8 and in a database."""
    return "\0" not in name and not any("\ud800" <= sign <= "\udfff" for sign in name)


def _check_measures(stat: Statistic) -> None:
    """Refuse unknown aggregations, and columns where they do not belong."""
    if len(stat.measures) > MAX_MEASURES:
        raise DisclosureError("measure", f"A table may have at most {MAX_MEASURES} measures; ask for fewer.")
    for measure in stat.measures:
        _check_name(measure.name, "measure")
        if measure.function not in FUNCTIONS:
            raise DisclosureError(
                "unknown_measure",
                f"The measure {measure.name[:60]!r} asks for {measure.function!r:.60}; "
                f"choose one of {', '.join(FUNCTIONS)}.",
            )
        if measure.column is not None:
            _check_name(measure.column, "column")
        elif measure.function != "count":
            raise DisclosureError("measure", f"The measure {measure.name[:60]!r} needs a column.")
    if stat.weight is not None and not stat.measures:
        raise DisclosureError(
            "weight", "A weighted table needs a measure, such as {'people': ('count', None)}."
        )


def _check_clashes(stat: Statistic) -> None:
    """Refuse names that would stand twice in a report."""
    taken = set(RESERVED)
    names = [*stat.by]
    for measure in stat.measures:
        names += [measure.name, f"{measure.name}_n", f"{measure.name}_units"]
    for name in names:
        if name in taken:
            raise DisclosureError(
                "name_clash",
                f"The name {name[:60]!r} stands twice in the table or is one of its own; rename it.",
            )
        taken.add(name)


def _check_filter(where: object) -> None:
    if not isinstance(where, str):
        raise DisclosureError("expression", "The filter must be a text.")
    parse(where)


def _arguments(text: object) -> dict[str, Any]:  # Any: __post_init__ checks each type
    """Read the JSON form into constructor arguments."""
    record = _parsed(text) if isinstance(text, str) else text
    if not isinstance(record, dict) or set(record) != set(_KEYS):
        raise _not_a_statistic()
    if not isinstance(record["by"], list) or not isinstance(record["measures"], list):
        raise _not_a_statistic()
    if record["kind"] not in [kind.value for kind in Kind]:
        raise DisclosureError("kind", "This kind of statistic is not known here; ask for a table.")
    if not all(isinstance(entry, list) and len(entry) == 3 for entry in record["measures"]):
        raise _not_a_statistic()
    measures = tuple(Measure(*entry) for entry in record["measures"])
    return record | {"kind": Kind(record["kind"]), "by": tuple(record["by"]), "measures": measures}


def _parsed(text: str) -> object:
    """Parse JSON; a key that stands twice, or a text too long or deep, is refused."""
    if len(text) > MAX_JSON:
        raise _not_a_statistic()
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise _not_a_statistic() from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _not_a_statistic()
    return found


def _not_a_statistic() -> DisclosureError:
    return DisclosureError(
        "json", "This is not a statistic as Statistic.to_json() writes it; write it again."
    )
