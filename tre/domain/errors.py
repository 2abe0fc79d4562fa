"""What can go wrong, in words for people."""

from typing import Final


class TreError(Exception):
    """Something could not be done. Nothing was half-done.

    Attributes:
        code: a stable word for programs, for example `not_found`.
        sentence: what happened and what to do next, for a person; never a value from the data.
    """

    exit_code: int = 1

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code: Final = code
        self.sentence: Final = sentence


class Refused(TreError):
    """A rule says no. The code is the rule's name, the sentence is the one its page shows."""


class NotFound(TreError):
    """The thing named does not exist, or the asker may not know that it does."""


class BadInput(TreError):
    """What was handed over cannot be used as it is; the sentence names the thing and what to do."""


class Misused(TreError):
    """A command was called in a way that it does not offer."""

    exit_code = 2


class Unavailable(TreError):
    """A part of the platform is down or missing; nothing left, nothing was lost, the work waits."""
