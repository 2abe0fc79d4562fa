"""The public dictionary: everything about a table that noise may rely on, and nothing from the data.

A sensitivity is sound only if levels, bounds and population come from outside the data, so a dictionary is
written by the data owner, published, and named by its digest in every release.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from fractions import Fraction
from typing import Final, Self

from disclosure.dp import declared
from disclosure.dp.accountant import delta_for
from disclosure.dp.levels import (
    LARGEST_NUMBER,
    Edge,
    Kind,
    Level,
    checked_bounds,
    checked_edges,
    checked_levels,
    kind_of,
)
from disclosure.errors import DisclosureError

LONGEST_JSON: Final = 64 * 1024 * 1024
"""Longest dictionary that is read, in characters, a guard of this house for memory."""

_DECIMAL: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")

NOTES: Final = ("sources", "derived", "shared")
"""Declarations about columns that must be described elsewhere in the dictionary."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Public facts that bound what one unit can change.

    Attributes:
        unit: column that names the protected unit, for example a person.
        rows_per_unit: most rows of one unit that count, in rows; the rest is dropped by keyed hash.
        keys: published levels per categorical column, in the order in which tables print them.
        bounds: (low, high) per numeric column, in the column's own unit; values outside are clamped.
        population: published number of units, at least the number in the data.
        delta: probability for epsilon statements; default the less of one millionth and 1 / (10 population).
        scale: fixed-point steps per one of the column's unit, for example {"bill": 100} for pence; default 1.
        sources: per column, the publication that levels or bounds come from.
        derived: columns whose levels or bounds were read off the data; refused for noise.
        shared: columns whose value depends on rows of other units, with the unit that contains the dependence
            ({"household_size": "household_id"}); usable only under that unit. A bare list means under none.
        structural_zeros: cells that cannot exist, each as {column: level, ...}; released as exact zeros, because
            that they are empty is public.
        bins: published bin edges per numeric column; a filter may compare with these.
        discoverable: text columns without published levels whose levels may be released by `release_keys`, which
            spends delta; none unless the owner says so.

    Raises:
        DisclosureError: with the attribute's name as its code, or `overflow` when population, rows and bounds
            together could leave 62 bits.
    """

    unit: str
    rows_per_unit: int
    keys: Mapping[str, Sequence[Level]]
    bounds: Mapping[str, Sequence[Edge]]
    population: int
    delta: float | None = None
    scale: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    derived: Sequence[str] = ()
    shared: Mapping[str, str] | Sequence[str] = ()
    structural_zeros: Sequence[Mapping[str, Level]] = ()
    bins: Mapping[str, Sequence[Edge]] = field(default_factory=dict)
    discoverable: Sequence[str] = ()

    def __post_init__(self) -> None:
        self._hold("unit", declared.checked_name(self.unit, "unit"))
        self._hold("rows_per_unit", declared.checked_whole(self.rows_per_unit, "rows_per_unit"))
        self._hold("population", declared.checked_whole(self.population, "population"))
        self._hold("delta", declared.checked_delta(self.delta, self.population))
        keys = declared.checked_columns(self.keys, "keys", checked_levels)
        self._hold("keys", keys)
        self._hold("bounds", declared.checked_columns(self.bounds, "bounds", checked_bounds))
        self._hold("bins", declared.checked_columns(self.bins, "bins", checked_edges))
        self._hold("scale", declared.checked_columns(self.scale, "scale", declared.checked_scale))
        self._hold("sources", declared.checked_columns(self.sources, "sources", declared.checked_source))
        self._hold("derived", declared.checked_names(self.derived, "derived"))
        self._hold("shared", declared.checked_shared(self.shared))
        self._hold("discoverable", declared.checked_names(self.discoverable, "discoverable"))
        self._hold("structural_zeros", declared.checked_zeros(self.structural_zeros, keys))
        self._refuse_contradictions()
        self._refuse_overflow()

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def columns(self) -> frozenset[str]:
        """Names of all columns that have published levels, bounds or bins."""
        return frozenset(self.keys) | frozenset(self.bounds) | frozenset(self.bins)

    @property
    def privacy_delta(self) -> float:
        """Delta as a probability: the declared one, else the default for the population."""
        return delta_for(self.population) if self.delta is None else self.delta

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def scale_of(self, column: str) -> int:
        """Fixed-point steps per one of the column's unit."""
        return self.scale.get(column, 1)

    def fixed_bounds(self, column: str) -> tuple[int, int]:
        """Low and high bound of a column, in fixed-point steps."""
        low, high = (Fraction(bound) * self.scale_of(column) for bound in self.bounds[column])
        return int(low), int(high)

    def kind(self, column: str) -> Kind:
        """How values of a published column are compared: as text, number or flag."""
        levels = self.keys.get(column, (0,))
        return kind_of(levels[0]) or Kind.TEXT

    def refuse_unusable(self, column: str) -> None:
        """Refuse a column on which no sensitivity can rest.

        Raises:
            DisclosureError: `derived` or `shared`.
        """
        if column in self.derived:
            raise DisclosureError(
                "derived",
                f"Column {column!r} is described from the data; ask its owner for a published source.",
            )
        shared = self.shared if isinstance(self.shared, Mapping) else {}
        if shared.get(column, self.unit) != self.unit:
            raise DisclosureError(
                "shared",
                f"Column {column!r} depends on other units' rows; use it under the unit that contains them.",
            )

    def to_json(self) -> str:
        """Write canonical JSON; bounds and edges as decimal text."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        if not self.discoverable:
            del values["discoverable"]  # so that the text of a dictionary without it never changes
        return json.dumps(values, default=_plain, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, document: str | Mapping[str, object]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            DisclosureError: `dictionary` when it is no JSON object or has unknown or missing names; else as the
                constructor.
        """
        values = _read(document)
        names = {each.name for each in fields(cls)}
        if not {"unit", "rows_per_unit", "keys", "bounds", "population"} <= set(values) <= names:
            raise DisclosureError(
                "dictionary", "The dictionary lacks a part or has an unknown one; see its manual."
            )
        decimal = {name: _decimals(values[name]) for name in ("bounds", "bins") if name in values}
        return cls(**(values | decimal))  # type: ignore[arg-type]  # the constructor checks every value

    def _hold(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _refuse_contradictions(self) -> None:
        """Refuse declarations that speak of undescribed columns, of the unit, or of two kinds at once."""
        if self.unit in self.columns:
            raise DisclosureError(
                "unit", "The unit column can have no levels or bounds; take it out of them."
            )
        if set(self.discoverable) & (self.columns | {self.unit}):
            raise DisclosureError(
                "discoverable", "A column that is described, or the unit, cannot be discovered; take it out."
            )
        for name in NOTES:
            for column in getattr(self, name):
                if column not in self.columns:
                    raise DisclosureError(
                        name, f"{name} speaks of {column!r}, which has no levels or bounds."
                    )
        for column in set(self.bounds) | set(self.bins):
            if self.kind(column) is not Kind.NUMBER:
                raise DisclosureError(
                    "keys", f"Column {column!r} has bounds or bins, so its levels must be numbers."
                )

    def _refuse_overflow(self) -> None:
        """Refuse bounds that are no whole fixed-point steps, or whose sums could leave 62 bits."""
        for column in self.scale:
            if column not in self.bounds:
                raise DisclosureError("scale", f"Column {column!r} has a scale but no bounds; declare both.")
        for column, bounds in self.bounds.items():
            exact_steps = [Fraction(bound) * self.scale_of(column) for bound in bounds]
            if any(steps.denominator != 1 for steps in exact_steps):
                raise DisclosureError(
                    "bounds", f"Column {column!r}: bound times scale must be whole; raise the scale."
                )
        most = max([1, *(abs(steps) for column in self.bounds for steps in self.fixed_bounds(column))])
        large = self.population * self.rows_per_unit * most >= declared.OVERFLOW_LIMIT
        if large or most > LARGEST_NUMBER:
            raise DisclosureError(
                "overflow", "Population, rows and bounds together exceed 62 bits; lower the scale."
            )


def _plain(value: object) -> object:
    """A form that JSON knows: decimal text for a bound, a dict for a frozen mapping."""
    return format(value, "f") if isinstance(value, Decimal) else dict(value)  # type: ignore[call-overload]  # a mapping


def _read(document: str | Mapping[str, object]) -> dict[str, object]:
    """The JSON object as a dict, or a refusal that quotes nothing of it."""
    try:
        short = not isinstance(document, str) or len(document) <= LONGEST_JSON
        values = json.loads(document) if isinstance(document, str) and short else document
    except (ValueError, RecursionError):
        values = None
    if not short or not isinstance(values, Mapping):
        raise DisclosureError(
            "dictionary", "The dictionary is no JSON object of a readable size; export it again."
        )
    return dict(values)


def _decimals(columns: object) -> object:
    """Bounds or edges with decimal text turned into decimals; anything else is left for the checks to refuse."""
    if not isinstance(columns, Mapping):
        return columns
    return {name: _decimal_list(values) for name, values in columns.items()}


def _decimal_list(values: object) -> object:
    if not isinstance(values, list):
        return values
    texts = [str(value) for value in values]
    return [Decimal(text) for text in texts] if all(map(_DECIMAL.fullmatch, texts)) else values
