"""Data contracts: for each column of one source, where it may go and what happens to it on the way.

A contract is written by the data owner as TOML. The split at the source applies it; the ingest gates check it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from tre.domain.errors import BadInput
from tre.domain.published import Levels, Published
from tre.domain.regime import Regime

ROW_KEY: Final = "row_key"
"""The random key that joins the two halves of a delivery; the only column that both have."""

SEX_LEVELS: Final = ("female", "male")
"""Levels of the derived column of rule `sex`; anything but F and M at the source is `NOT_KNOWN`."""


class ColumnClass(StrEnum):
    """Where a column of a source may go."""

    IDENTIFIER = "identifier"
    PAYLOAD = "payload"
    REFUSED = "refused"


class ColumnType(StrEnum):
    """What a column holds. A date is an SQL date or a text like 2016-05-31."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"


class Kind(StrEnum):
    """What an identifier says about a person; the identifier half names its columns by these words."""

    RECORD_ID = "record_id"
    GIVEN_NAME = "given_name"
    SURNAME = "surname"
    SEX = "sex"
    DOB = "dob"
    POSTCODE = "postcode"
    HOUSE_NUMBER = "house_number"
    STREET = "street"
    NINO = "nino"
    NHS_NUMBER = "nhs_number"
    EMAIL = "email"
    PHONE = "phone"


class Rule(StrEnum):
    """How a payload column is derived from an identifier while the source is split."""

    REGION = "region"
    AGE_BAND = "age_band"
    SEX = "sex"


READS: Final = {Rule.REGION: Kind.POSTCODE, Rule.AGE_BAND: Kind.DOB, Rule.SEX: Kind.SEX}
"""The kind of identifier that each rule reads."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """A column that goes to the linkage half only, under the name of its kind."""

    name: str
    kind: Kind
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Treatment:
    """What happens to a payload column at the split, in the order band or month, top code, rounding.

    Attributes:
        band: rising lower edges of the upper bands, in the column's own unit; empty for no bands.
        month: whether a date is cut to its month, like 2016-05.
        top_code: largest value kept; larger ones become it. None for no limit.
        round_to: values become multiples of this, in the column's own unit. None for no rounding.
    """

    band: tuple[int, ...] = ()
    month: bool = False
    top_code: int | None = None
    round_to: int | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """A column that goes to the payload half, treated.

    Attributes:
        name: as in the source and in the half.
        type: what the source holds.
        treatment: what is done to it.
        published: the values that it may take after treatment, known without looking at the data.
    """

    name: str
    type: ColumnType
    treatment: Treatment
    published: Published

    @property
    def treated_type(self) -> ColumnType:
        """What the payload half holds."""
        return ColumnType.STRING if self.treatment.band or self.treatment.month else self.type


@dataclass(frozen=True, slots=True)
class Derived:
    """A payload column made from an identifier at the split, so that the identifier need not travel.

    Attributes:
        name: of the new payload column.
        rule: how it is made.
        edges: for age bands, rising lower edges of the upper bands, in whole years.
        published: its levels, `NOT_KNOWN` among them.
    """

    name: str
    rule: Rule
    edges: tuple[int, ...]
    published: Levels


@dataclass(frozen=True, slots=True)
class Field:
    """One column of the payload half as the platform receives it."""

    name: str
    type: ColumnType
    published: Published


@dataclass(frozen=True, slots=True)
class Contract:
    """What the platform takes from one source.

    Attributes:
        dataset: name of the source.
        title: for people.
        owner: who answers for the data.
        unit: what one row is about, for people.
        reference_date: the day on which ages are counted.
        adults_only: whether the source holds people of 18 and over only; linkage then takes no child for one of them.
        identifiers: linkage half; exactly one of them is the record id, which stays with the owner.
        payload: columns that travel after treatment.
        derived: columns made from identifiers.
        refused: columns that stay with the owner.
        regime: whether what is computed from it leaves with noise, exact, or either.
    """

    dataset: str
    title: str
    owner: str
    unit: str
    reference_date: date
    adults_only: bool
    identifiers: tuple[Identifier, ...]
    payload: tuple[Payload, ...]
    derived: tuple[Derived, ...]
    refused: tuple[str, ...]
    regime: Regime = Regime.EITHER

    @property
    def fields(self) -> tuple[Field, ...]:
        """The columns of the payload half, besides the row key."""
        derived = tuple(Field(each.name, ColumnType.STRING, each.published) for each in self.derived)
        return derived + tuple(Field(each.name, each.treated_type, each.published) for each in self.payload)

    @property
    def linkage_kinds(self) -> tuple[Kind, ...]:
        """The columns of the identifier half, besides the row key."""
        return tuple(each.kind for each in self.identifiers if each.kind is not Kind.RECORD_ID)

    @property
    def source_types(self) -> Mapping[str, ColumnType | None]:
        """Every declared column of the source with its type; None where it is refused and not read."""
        identifiers = {each.name: each.type for each in self.identifiers}
        payload = {each.name: each.type for each in self.payload}
        return {**identifiers, **payload, **dict.fromkeys(self.refused)}

    def column_of(self, kind: Kind) -> str:
        """Return the source's column of that kind.

        Raises:
            BadInput: the contract has none.
        """
        for each in self.identifiers:
            if each.kind is kind:
                return each.name
        raise BadInput("no_such_kind", f"The contract of {self.dataset} has no column of kind {kind}.")
