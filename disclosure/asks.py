"""What a statistic asks beyond counting and adding, and where each such kind lives.

A kind is a package of its own above this one: its dataclass says what is asked, its module `answer` computes it. It is
found by name when it is first used, so that a table's question never loads an estimator.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final, Protocol, Self

from disclosure.content import Content
from disclosure.errors import DisclosureError
from disclosure.kind import Kind


class Asks(Protocol):
    """What is asked of the filtered rows, frozen: an attribute per word of the author."""

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that it reads."""
        ...

    def check(self, by: Sequence[str], weight: str | None) -> None:
        """Refuse what cannot be asked, with the statistic's groups and weight.

        Raises:
            DisclosureError: names the piece that is wrong.
        """
        ...

    def record(self) -> dict[str, object]:
        """Return it as JSON holds it; what is not used need not stand there."""
        ...

    @classmethod
    def from_record(cls, record: Mapping[str, object]) -> Self:
        """Read what `record` wrote, or the words of an author, strictly.

        Raises:
            DisclosureError: "json" for other keys; a value of another type is refused here or by `check`.
        """
        ...

    def question(self) -> object:
        """Return what is asked as JSON holds it, the same for all spellings of one question."""
        ...

    def contents(self) -> dict[str, Content]:
        """Return the columns of its table that stand between the groups and n, in order."""
        ...

    def sentence(self) -> str:
        """Say in words what is asked, for a person."""
        ...


HOMES: Final = {
    Kind.SURVIVAL: ("disclosure.survival", "Survival"),
    Kind.ASSOCIATION: ("disclosure.association", "Association"),
    Kind.MODEL: ("disclosure.models", "Model"),
    Kind.CLAIMS: ("disclosure.claimed", "Claims"),
}
"""Per kind beyond tables its package, and the name of its dataclass there."""


def asks_of(kind: Kind, record: object) -> Asks:
    """Return what a kind asks, from its JSON form or the words of a constructor.

    Raises:
        DisclosureError: "json"; else as the kind says.
    """
    if kind not in HOMES or not isinstance(record, dict):
        raise DisclosureError(
            "json", "This is not a statistic as Statistic.to_json() writes it; write it again."
        )
    return _asked_by(kind).from_record(record)


def check_asks(kind: Kind, asks: Asks | None, by: Sequence[str], weight: str | None) -> None:
    """Refuse a kind without what it asks, and the question of another kind.

    Raises:
        DisclosureError: "kind"; else as the kind says.
    """
    if (kind in HOMES) != (asks is not None):
        raise DisclosureError(
            "kind",
            "Survival, associations, models and claims say what they ask, and tables do not; use a constructor.",
        )
    if asks is not None:
        if type(asks) is not _asked_by(kind):
            raise DisclosureError("kind", f"This is not what a {kind.value} asks; use its constructor.")
        asks.check(by, weight)


def _asked_by(kind: Kind) -> type[Asks]:
    home, name = HOMES[kind]
    asked: type[Asks] = getattr(import_module(home), name)
    return asked
