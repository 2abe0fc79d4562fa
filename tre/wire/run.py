"""Asking for a trusted run from a workspace, in the shapes that cross."""

from typing import Annotated, Final

from pydantic import Field

from tre.wire.shape import Name, Scalar, Sentence, Shape

NOTEBOOK_CHARACTERS: Final = 900_000
"""Longest notebook of code that a workspace may send, in characters of JSON. Source: ours, below one request of a channel."""


class RunRequest(Shape):
    """Asks that a notebook be run anew by the platform.

    Attributes:
        notebook: the notebook as JSON, without its outputs.
        parameters: values by name, as the project's manifest declares them.
    """

    notebook: Annotated[str, Field(min_length=1, max_length=NOTEBOOK_CHARACTERS)]
    parameters: dict[Name, Scalar] = Field(default_factory=dict)


class RunReference(Shape):
    """Asks about the author's own run."""

    id: Name


class RunAnswer(Shape):
    """How a run stands: its number, its status, and what happened."""

    id: Name
    status: Name
    sentence: Sentence = ""
