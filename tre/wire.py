"""The shapes that cross between a workspace and the platform, as JSON. Strict: nothing unknown, nothing converted.

Amounts of privacy budget are integers in nano-rho. A statistic travels as the text of `Statistic.to_json()`.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from disclosure.errors import DisclosureError

Name = Annotated[str, Field(min_length=1, max_length=200)]
Sentence = Annotated[str, Field(max_length=4000)]
StatisticText = Annotated[str, Field(max_length=1_000_000)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]{0,119}$")]
Scalar = bool | int | float | str | None
Mode = Literal["noisy", "exact"]


class WireError(DisclosureError):
    """What came over the wire is not what was agreed; nothing was done with it."""


class Shape(BaseModel):
    """One agreed shape."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Verb(StrEnum):
    """What a workspace may ask."""

    TABLES = "tables"
    DICTIONARY = "dictionary"
    BUDGET = "budget"
    REGISTER = "register"
    CHECK = "check"
    PRICE = "price"
    SUBMIT = "submit"
    STATUS = "status"
    WITHDRAW = "withdraw"


class Request(Shape):
    """One line to the platform."""

    verb: Verb
    payload: dict[str, object]


class Answer(Shape):
    """One line back: the payload, or why there is none."""

    ok: bool
    payload: dict[str, object] = {}
    code: str = ""
    sentence: Sentence = ""


class Nothing(Shape):
    """A request that needs no words."""


class Column(Shape):
    """One column of a table: its name, its type in DuckDB's words, and what it means."""

    name: Name
    type: str
    description: str = ""


class TableShape(Shape):
    """One table of the project's extract.

    Attributes:
        name: what a statistic calls it, as its source.
        file: its Parquet file under /data.
        unit: the column of the privacy unit.
        columns: in order.
    """

    name: Name
    file: FileName
    unit: Name
    columns: tuple[Column, ...]


class TablesAnswer(Shape):
    """The project and what it may read."""

    project: Name
    tables: tuple[TableShape, ...]


class Named(Shape):
    """Asks about the table of this name."""

    name: Name


class DictionaryAnswer(Shape):
    """The public dictionary of one table, as `Dictionary.to_json()` writes it, read into an object."""

    name: Name
    dictionary: dict[str, object]


class Account(Shape):
    """One account of the ledger; amounts in nano-rho.

    Attributes:
        kind: `edition`, `population` or `project`.
        name: what it is about.
        exact_releases, exact_cells: exact releases so far, and the cells in them.
    """

    kind: Name
    name: Name
    cap: int
    spent: int
    reserved: int
    remaining: int
    exact_releases: int = 0
    exact_cells: int = 0


class BudgetAnswer(Shape):
    """The project's accounts."""

    accounts: tuple[Account, ...]


class RegisterRequest(Shape):
    """A derived table that the run has written to /outputs.

    Attributes:
        name: what its statistics will call it.
        file: its Parquet file under /outputs.
        digest: SHA-256 of that file.
        unit: the column that names the unit in it.
        rows: how many rows it has.
        rows_per_unit: the most rows of one unit, declared by its author.
        columns: their names, in order.
    """

    name: FileName
    file: FileName
    digest: Digest
    unit: Name
    rows: Annotated[int, Field(ge=0)]
    rows_per_unit: Annotated[int, Field(ge=0)]
    columns: tuple[Name, ...]


class RegisterAnswer(Shape):
    """The table is known to the platform under this name."""

    name: FileName


class ProtectionShape(Shape):
    """How an exact table is protected before it leaves.

    Attributes:
        method: `suppress`, `drop_records`, `round`, `controlled_round` or `cell_key`.
        base: to what counts are rounded, or by how much a cell key may change them, in rows.
    """

    method: Name
    base: int | None = None


class CheckRequest(Shape):
    """Asks for the platform's verdict on a statistic, protected if it says how."""

    statistic: StatisticText
    protection: ProtectionShape | None = None


class FindingShape(Shape):
    """One finding: the rule, the levels of each cell concerned (None is a margin), and the sentence."""

    rule: Name
    sentence: Sentence
    cells: tuple[tuple[Scalar, ...], ...] = ()


class CheckAnswer(Shape):
    """The platform's verdict and the cells it looked at.

    Attributes:
        verdict: `PASS`, `REVIEW` or `FAIL`.
        findings: why.
        columns: names of the cells' columns, as in `Report.cells`, with `unsafe` and `rules` at the end.
        rows: the cells; `rules` is one text, names separated by a comma and a space; None is a missing number.
    """

    verdict: Literal["PASS", "REVIEW", "FAIL"]
    findings: tuple[FindingShape, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]


class PriceRequest(Shape):
    """Asks what a noisy release of a statistic would cost."""

    statistic: StatisticText
    precision: Name = "standard"


class PriceAnswer(Shape):
    """What it would cost and how near the answer would be; from specification and dictionary only.

    Attributes:
        rho: the cost, in nano-rho.
        epsilon, delta: the same as (epsilon, delta).
        half_widths: per measure, half the width of the 95% interval, in the measure's unit.
        remaining: what each account would still hold, in nano-rho, by its kind.
    """

    precision: Name
    rho: int
    epsilon: float
    delta: float
    half_widths: dict[str, float]
    remaining: dict[str, int]


class SubmitRequest(Shape):
    """Asks that statistics be released.

    Attributes:
        reason: why an exact release is needed, from the closed list; only with mode `exact`.
        protections: per item how it is protected, or None; empty means none is; only with mode `exact`.
    """

    title: Annotated[str, Field(min_length=1, max_length=200)]
    context: Annotated[str, Field(min_length=1, max_length=20_000)]
    mode: Mode
    precision: Name
    reason: Name | None = None
    items: Annotated[tuple[StatisticText, ...], Field(min_length=1, max_length=100)]
    protections: Annotated[tuple[ProtectionShape | None, ...], Field(max_length=100)] = ()


class RequestReference(Shape):
    """Asks about, or withdraws, the author's own request."""

    id: Name


class ItemShape(Shape):
    """How one item of a request stands: its number from 1, an outcome, and the sentence for its author."""

    number: int
    outcome: Name
    sentence: Sentence = ""


class RequestAnswer(Shape):
    """How a request stands."""

    id: Name
    title: str
    state: Name
    items: tuple[ItemShape, ...] = ()


SHAPES: Final[Mapping[Verb, tuple[type[Shape], type[Shape]]]] = {
    Verb.TABLES: (Nothing, TablesAnswer),
    Verb.DICTIONARY: (Named, DictionaryAnswer),
    Verb.BUDGET: (Nothing, BudgetAnswer),
    Verb.REGISTER: (RegisterRequest, RegisterAnswer),
    Verb.CHECK: (CheckRequest, CheckAnswer),
    Verb.PRICE: (PriceRequest, PriceAnswer),
    Verb.SUBMIT: (SubmitRequest, RequestAnswer),
    Verb.STATUS: (RequestReference, RequestAnswer),
    Verb.WITHDRAW: (RequestReference, RequestAnswer),
}
"""What each verb takes and gives."""

S = TypeVar("S", bound=Shape)


def read(shape: type[S], payload: Mapping[str, object]) -> S:
    """Read a payload strictly.

    Raises:
        WireError: `malformed_payload`, naming the field and never its value.
    """
    try:
        return shape.model_validate_json(json.dumps(payload))
    except ValidationError as faults:
        first = faults.errors(include_input=False, include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"] if part in shape.model_fields) or "the payload"
        raise WireError(
            "malformed_payload", f"{field} does not fit the shape {shape.__name__}; correct it and ask again."
        ) from None


def written(shape: Shape) -> dict[str, object]:
    """Write a shape as plain JSON values."""
    return shape.model_dump(mode="json")
