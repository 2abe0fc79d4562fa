"""What claimed estimates ask: that numbers an author computed may leave, judged by a design among the data."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from disclosure.content import Content
from disclosure.errors import DisclosureError
from disclosure.models.model import NUMBERS
from disclosure.naming import check_names

MAX_CLAIMS: Final = 500
"""Most coefficients claimed in one statistic. Source: ours; as many columns as a design may have."""
MAX_FACTS: Final = 6
"""Most numbers on the whole model. Source: as many as there are."""

_KEYS: Final = frozenset({"estimates", "response", "facts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Coefficients that an author claims, each with a column of the design called as its term is.

    Attributes:
        estimates: per coefficient its term, and its numbers by their names in `NUMBERS`, in that order.
        response: the column that holds what is explained, or None; without it some rules cannot run.
        facts: numbers on the whole model, by name.
    """

    estimates: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]
    response: str | None = None
    facts: tuple[tuple[str, float], ...] = ()

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms, in order."""
        return tuple(term for term, _ in self.estimates)

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns of the design that it reads."""
        return (*self.terms, *([] if self.response is None else [self.response]))

    def check(self, by: Sequence[str], weight: str | None) -> None:
        """Refuse what cannot be judged; the numbers are judged with the design.

        Raises:
            DisclosureError: "claims", "name", "weight".
        """
        if by or weight is not None:
            raise wrong(
                "Claims have neither groups nor weights; hand over the design of each group by itself"
            )
        check_names([(name, "term") for name in self.columns()])
        if len(set(self.columns())) < len(self.columns()):
            raise wrong("Two terms, or a term and the response, are one column")
        for _, numbers in [*self.estimates, ("", self.facts)]:
            if not all(
                type(value) in {int, float} and abs(value) <= sys.float_info.max for _, value in numbers
            ):
                raise wrong("An estimate, or a number beside it, is no finite number")

    def record(self) -> dict[str, object]:
        """Return it as JSON holds it; what is not used does not stand there."""
        found: dict[str, object] = {
            "estimates": [{"term": term, **dict(numbers)} for term, numbers in self.estimates]
        }
        found |= {} if self.response is None else {"response": self.response}
        return found | ({"facts": dict(self.facts)} if self.facts else {})

    @classmethod
    def from_record(cls, record: Mapping[str, object]) -> Self:
        """Read what `record` wrote, or the words of an author: a mapping per coefficient.

        Raises:
            DisclosureError: "json" for other keys; "claims" for a value of another shape.
        """
        if not {"estimates"} <= set(record) <= _KEYS:
            raise DisclosureError(
                "json", "These are no claims as Statistic.to_json() writes them; write them again."
            )
        given: Any = record["estimates"]  # Any: each is checked here
        if not isinstance(given, list | tuple) or not 1 <= len(given) <= MAX_CLAIMS:
            raise wrong(f"Claim 1 to {MAX_CLAIMS} coefficients, as a list")
        facts: Any = record.get("facts") or {}  # Any: as above
        if (
            not isinstance(facts, Mapping)
            or len(facts) > MAX_FACTS
            or not all(isinstance(name, str) for name in facts)
        ):
            raise wrong("Name each number on the whole model")
        response: Any = record.get("response")  # Any: `check` looks at it
        return cls(
            estimates=tuple(map(_estimate, given)), response=response, facts=tuple(sorted(facts.items()))
        )

    def question(self) -> object:
        """Return what is asked: other numbers are other claims."""
        return self.record()

    def contents(self) -> dict[str, Content]:
        """Return the columns of the table of claims."""
        return dict.fromkeys(("part", "term"), Content.LEVEL) | dict.fromkeys(NUMBERS, Content.NUMBER)

    def sentence(self) -> str:
        """Say in words what is claimed."""
        explained = "" if self.response is None else f" of {self.response}"
        return f"Claimed estimates{explained} ({len(self.estimates)} coefficients)"


def wrong(fault: str) -> DisclosureError:
    """Return a refusal of claims."""
    return DisclosureError("claims", f"{fault}; correct the claims.")


def _estimate(given: Any) -> tuple[str, tuple[tuple[str, float], ...]]:  # Any: an author's words
    """Read one coefficient."""
    if not isinstance(given, Mapping) or not {"term", "estimate"} <= set(given) <= {"term", *NUMBERS}:
        raise wrong(f"Each coefficient has a term and an estimate, and may have {', '.join(NUMBERS[1:])}")
    if not isinstance(given["term"], str):
        raise wrong("A term is a text, the name of its column in the design")
    return given["term"], tuple((name, given[name]) for name in NUMBERS if name in given)
