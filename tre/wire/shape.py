"""What all shapes of the wire share: strictness, and the kinds of text in them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

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
