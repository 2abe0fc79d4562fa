"""What is asked: a frozen, JSON-able question whose text never reaches a database."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Self

from disclosure.asks import Asks, asks_of, check_asks
from disclosure.bins import check_bins
from disclosure.derivation import check_derived
from disclosure.errors import DisclosureError
from disclosure.expression import Expression, parse
from disclosure.expression.value import Derived, derived_of
from disclosure.kind import TABULAR, Kind, check_kind
from disclosure.measure import Measure, check_clashes, check_measure, check_weighted
from disclosure.naming import MAX_NAME, check_names, is_text
from disclosure.strict_json import read_once
from disclosure.unit import check_levels, split_unit

MAX_DIMENSIONS: Final = 8
"""Most dimensions of a table. Source: ours; all margins of eight are 256 tables."""
MAX_MEASURES: Final = 50
"""Most measures of a table. Source: ours."""
MAX_JSON: Final = 1_000_000
"""Longest JSON text of a statistic, in characters. Source: ours."""
_KEYS: Final = frozenset({"by", "kind", "margins", "measures", "source", "title", "unit", "weight", "where"})
_MORE_KEYS: Final = frozenset({"asks", "bins", "derive"})
"""Keys that only stand where they are used, so that the text of a table never changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The parts of a declarative statistic, their text and their digests; `Statistic` has the ways to ask.

    Attributes:
        kind: what sort of statistic it is.
        source: the name of the data it is asked of.
        by: the dimensions, in order.
        measures: the measures, in order; empty means frequencies.
        unit: the column that names the privacy unit; None means that each row is a unit of its own.
        derive: derived columns, each a name and an expression over the unit's own row; a later one may use earlier.
        within: the columns of coarser levels around the unit, such as its household; rules hold at each level.
        where: the filter as its author wrote it, or None.
        weight: the column of weights, or None.
        margins: whether totals over each dimension are asked too.
        title: the author's title; it changes nothing.
        bins: the edges by which a histogram bands its last dimension; None for other kinds.
        asks: what survival, an association or a model asks; None for tables, quantiles and histograms.
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
    bins: tuple[float, ...] | None = None
    asks: Asks | None = None
    within: tuple[str, ...] = ()
    derive: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        check_names([(self.source, "source"), *((name, "dimension") for name in self.by)])
        check_names([(name, role) for name, role in self._roles() if name is not None])
        check_levels(self.unit, self.within)
        check_derived(self.derive, (*self.levels, self.weight), has_unit=self.unit is not None)
        _check_form(self)
        _check_measures(self)
        check_kind(self.kind, self.by, self.measures, self.bins)
        check_asks(self.kind, self.asks, self.by, self.weight)
        check_clashes(self.by, self.measures, () if self.asks is None else self.asks.contents())
        if self.where is not None:
            _check_filter(self.where)

    @property
    def levels(self) -> tuple[str, ...]:
        """The columns of all levels of unit, the finest first; none where each row is a unit of its own."""
        return () if self.unit is None else (self.unit, *self.within)

    @property
    def filter(self) -> Expression | None:
        """The filter as a frozen tree, or None."""
        return None if self.where is None else parse(self.where)

    @property
    def derived(self) -> tuple[Derived, ...]:
        """The derived columns as frozen trees, in order."""
        return derived_of(dict(self.derive))

    def columns(self) -> tuple[str, ...]:
        """Return the names of all columns that the statistic reads, sorted, once each."""
        found = {
            *self.by,
            *(name for measure in self.measures for name in measure.columns()),
            *self.levels,
            self.weight,
        }
        condition = self.filter
        found.update(() if condition is None else condition.columns())
        found.update(() if self.asks is None else self.asks.columns())
        for derived in reversed(self.derived):
            found.discard(derived.name)
            found.update(derived.columns())
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
            "measures": sorted(measure.question() for measure in self.measures),
        }
        if self.asks is not None:
            record["asks"] = self.asks.question()
        return hashlib.sha256(_stable(record).encode()).hexdigest()

    def _roles(self) -> tuple[tuple[str | None, str], ...]:
        return (self.unit, "unit"), (self.weight, "weight")

    def _record(self) -> dict[str, object]:
        record: dict[str, object] = {
            "kind": self.kind.value,
            "source": self.source,
            "by": list(self.by),
            "measures": [measure.record() for measure in self.measures],
            "unit": list(self.levels) if self.within else self.unit,
            "where": self.where,
            "weight": self.weight,
            "margins": self.margins,
            "title": self.title,
        }
        if self.bins is not None:
            record["bins"] = list(self.bins)
        if self.asks is not None:
            record["asks"] = self.asks.record()
        if self.derive:
            record["derive"] = [list(pair) for pair in self.derive]
        return record


def _stable(record: dict[str, object]) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def dimensions(by: Iterable[str]) -> tuple[str, ...]:
    """Read the dimensions; one text is not a list of its letters.

    Raises:
        DisclosureError: "dimension".
    """
    if isinstance(by, str):
        raise DisclosureError("dimension", f"`by` is a list of columns; write [{by[:60]!r}].")
    return tuple(by)


def _check_form(stat: Form) -> None:
    """Refuse a title that is no text, margins that are neither true nor false, and too many dimensions."""
    if not is_text(stat.title):
        raise DisclosureError("name", f"The title must be a text of at most {MAX_NAME} characters.")
    if type(stat.margins) is not bool:
        raise DisclosureError("name", "`margins` must be true or false.")
    if stat.margins and stat.kind not in TABULAR:
        raise DisclosureError(
            "dimension", "Only a table has margins; ask for the whole by a statistic without groups."
        )
    if len(stat.by) > MAX_DIMENSIONS:
        raise DisclosureError(
            "dimension", f"A table may have at most {MAX_DIMENSIONS} dimensions; ask for fewer."
        )


def _check_measures(stat: Form) -> None:
    """Refuse too many measures, wrong ones, and those that their table cannot show."""
    if len(stat.measures) > MAX_MEASURES:
        raise DisclosureError("measure", f"A table may have at most {MAX_MEASURES} measures; ask for fewer.")
    for measure in stat.measures:
        check_measure(measure)
    if stat.weight is not None and stat.kind in TABULAR:
        check_weighted(stat.measures)
    if not stat.margins and any(measure.function == "proportion" for measure in stat.measures):
        raise DisclosureError(
            "measure",
            "Proportions give away the totals that they are taken of; ask for them with margins=True.",
        )


def _check_filter(where: object) -> None:
    if not isinstance(where, str):
        raise DisclosureError("expression", "The filter must be a text.")
    parse(where)


def _arguments(text: object) -> dict[str, Any]:  # Any: __post_init__ checks each type
    """Read the JSON form into constructor arguments."""
    record = read_once(text, longest=MAX_JSON) if isinstance(text, str) else text
    if not isinstance(record, dict) or set(record) - _MORE_KEYS != _KEYS:
        raise _not_a_statistic()
    if not isinstance(record["by"], list) or not isinstance(record["measures"], list):
        raise _not_a_statistic()
    if record["kind"] not in [kind.value for kind in Kind]:
        raise DisclosureError("kind", "This kind of statistic is not known here; ask for a table.")
    if not all(isinstance(entry, list) and 3 <= len(entry) <= 4 for entry in record["measures"]):
        raise _not_a_statistic()
    measures = tuple(Measure(*entry) for entry in record["measures"])
    read: dict[str, Any] = {"kind": Kind(record["kind"]), "by": tuple(record["by"]), "measures": measures}
    if isinstance(record["unit"], list):
        read |= _levels(record["unit"])
    if "bins" in record:
        check_bins(record["bins"])
        read["bins"] = tuple(map(float, record["bins"]))
    if "derive" in record:
        read["derive"] = _pairs(record["derive"])
    if "asks" in record:
        read["asks"] = asks_of(read["kind"], record["asks"])
    return record | read


def _levels(unit: list[Any]) -> dict[str, Any]:  # Any: split_unit checks each
    """Read the levels of a unit; one alone is written as a text."""
    if len(unit) < 2:
        raise _not_a_statistic()
    return dict(zip(("unit", "within"), split_unit(unit), strict=True))


def _pairs(derive: object) -> tuple[object, ...]:
    """Read derived columns as JSON holds them; none at all is not written down."""
    if not isinstance(derive, list) or not derive:
        raise _not_a_statistic()
    return tuple(tuple(pair) if isinstance(pair, list) else pair for pair in derive)


def _not_a_statistic() -> DisclosureError:
    return DisclosureError(
        "json", "This is not a statistic as Statistic.to_json() writes it; write it again."
    )
