"""What the gateway says when it lets something not through."""

from typing import Final


class Refusal(Exception):
    """A request is not let through.

    Attributes:
        status: the HTTP status of the answer.
        code: a stable word for programs, for example `not_a_member`.
        sentence: what happened and what to do next, for a person.
        enter: True where entering the workspace again, from its start, is what helps.
    """

    def __init__(self, status: int, code: str, sentence: str, *, enter: bool = False) -> None:
        super().__init__(sentence)
        self.status: Final = status
        self.code: Final = code
        self.sentence: Final = sentence
        self.enter: Final = enter


class Misconfigured(Exception):
    """The gateway cannot start, or a workspace cannot be registered; the text says what to mend."""
