"""The shapes that cross between a workspace and the platform, as JSON. Strict: nothing unknown, nothing converted.

Amounts of privacy budget are integers in nano-rho. A statistic travels as the text of `Statistic.to_json()`.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field, ValidationError

from tre.wire.budget import Account, BudgetAnswer, PriceAnswer, PriceRequest
from tre.wire.leaving import ChartShape, DrawnShape, ProtectionShape
from tre.wire.run import NOTEBOOK_CHARACTERS, RunAnswer, RunReference, RunRequest
from tre.wire.shape import (
    Digest,
    FileName,
    Mode,
    Name,
    Scalar,
    Sentence,
    Shape,
    StatisticText,
    WireError,
)

__all__ = [
    "NOTEBOOK_CHARACTERS",
    "SHAPES",
    "Account",
    "Answer",
    "BudgetAnswer",
    "ChartShape",
    "CheckAnswer",
    "CheckRequest",
    "Column",
    "DictionaryAnswer",
    "Digest",
    "DrawnShape",
    "FileName",
    "FindingShape",
    "ItemShape",
    "Mode",
    "Name",
    "Named",
    "Nothing",
    "PriceAnswer",
    "PriceRequest",
    "ProtectionShape",
    "RegisterAnswer",
    "RegisterRequest",
    "Request",
    "RequestAnswer",
    "RequestReference",
    "RunAnswer",
    "RunReference",
    "RunRequest",
    "Scalar",
    "Sentence",
    "Shape",
    "StatisticText",
    "SubmitRequest",
    "TableShape",
    "TablesAnswer",
    "Verb",
    "WireError",
    "read",
    "written",
]


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
    RUN = "run"
    RUN_STATUS = "run_status"


class Request(Shape):
    """One line to the platform."""

    verb: Verb
    payload: dict[str, object]


class Answer(Shape):
    """One line back: the payload, or why there is none."""

    ok: bool
    payload: dict[str, object] = Field(default_factory=dict)
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


class CheckRequest(Shape):
    """Asks for the platform's verdict on a statistic, protected if it says how, and for its chart if it names one."""

    statistic: StatisticText
    protection: ProtectionShape | None = None
    chart: ChartShape | None = None


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
        drawn: the chart that was asked for; of a table that fails a draft, without its unsafe cells.
    """

    verdict: Literal["PASS", "REVIEW", "FAIL"]
    findings: tuple[FindingShape, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]
    drawn: DrawnShape | None = None


class SubmitRequest(Shape):
    """Asks that statistics be released.

    Attributes:
        reason: why an exact release is needed, from the closed list; only with mode `exact`.
        protections: per item how it is protected, or None; empty means none is; only with mode `exact`.
        charts: per item the chart that goes with it, or None; empty means none has one.
    """

    title: Annotated[str, Field(min_length=1, max_length=200)]
    context: Annotated[str, Field(min_length=1, max_length=20_000)]
    mode: Mode
    precision: Name
    reason: Name | None = None
    items: Annotated[tuple[StatisticText, ...], Field(min_length=1, max_length=100)]
    protections: Annotated[tuple[ProtectionShape | None, ...], Field(max_length=100)] = ()
    charts: Annotated[tuple[ChartShape | None, ...], Field(max_length=100)] = ()


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
    Verb.RUN: (RunRequest, RunAnswer),
    Verb.RUN_STATUS: (RunReference, RunAnswer),
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
