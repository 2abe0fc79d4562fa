"""The one error of this library."""


class DisclosureError(Exception):
    """A question or its data cannot be checked as asked; nothing was computed or nothing may be used.

    Attributes:
        code: a short stable word that a program may match on.
        sentence: one sentence for a person: what happened and what to do next; never values from the data.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence
