"""What an association asks: a test or measure, and the two columns it is of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Final, Self

from disclosure.content import Content
from disclosure.errors import DisclosureError
from disclosure.naming import check_names, is_text

LEVEL: Final = 0.95
"""The confidence level where none is asked. Source: convention."""


class Takes(Enum):
    """What a test takes of its two columns."""

    FOUR = "two columns of two levels each"
    TABLE = "two columns of levels"
    TWO = "a column of numbers and one of two levels"
    GROUPS = "a column of numbers and one of levels"
    PAIRS = "two columns of numbers"


TESTS: Final[Mapping[str, tuple[Takes, str]]] = {
    "odds_ratio": (Takes.FOUR, "odds ratio"),
    "risk_ratio": (Takes.FOUR, "risk ratio"),
    "risk_difference": (Takes.FOUR, "risk difference"),
    "fisher": (Takes.FOUR, "odds ratio"),
    "chi2": (Takes.TABLE, "Cramér's V"),
    "t_test": (Takes.TWO, "difference of means"),
    "t_test_pooled": (Takes.TWO, "difference of means"),
    "mann_whitney": (Takes.TWO, "probability of the greater value"),
    "anova": (Takes.GROUPS, "eta squared"),
    "kruskal": (Takes.GROUPS, "epsilon squared"),
    "pearson": (Takes.PAIRS, "correlation"),
    "spearman": (Takes.PAIRS, "rank correlation"),
    "kendall": (Takes.PAIRS, "tau-b"),
    "paired_t": (Takes.PAIRS, "mean of differences"),
    "wilcoxon": (Takes.PAIRS, "rank-biserial correlation"),
}
"""Per test what it takes, and what its estimate is."""
_NUMBERS: Final = ("estimate", "low", "high", "statistic", "degrees", "degrees_within", "p_value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """A measure or test of association of two columns.

    Attributes:
        test: one of `TESTS`.
        pair: the columns: the outcome, and what may explain it.
        reference: the level of the outcome that is no event, and that of the other column to which is compared; None,
            each or both, for the lesser of the two levels. Only where levels are compared.
        level: the confidence level of the interval, above 0 and below 1.
    """

    test: str
    pair: tuple[str, str]
    reference: tuple[object, object] | None = None
    level: float = LEVEL

    @property
    def takes(self) -> Takes:
        """What the test takes of its columns."""
        return TESTS[self.test][0]

    @property
    def measure(self) -> str:
        """What its estimate is, in words."""
        return TESTS[self.test][1]

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that it reads."""
        return self.pair

    def check(self, by: Sequence[str], weight: str | None) -> None:
        """Refuse what cannot be asked.

        Raises:
            DisclosureError: "unknown_test", "name", "association", "weight".
        """
        if self.test not in (*TESTS,):  # compared, not hashed: it may be anything
            raise DisclosureError(
                "unknown_test", f"There is no test {self.test!r:.60}; choose one of {', '.join(TESTS)}."
            )
        check_names([(name, "column") for name in self.pair])
        outcome, other = self.pair
        if outcome == other:
            raise _wrong("The two columns are one")
        if {outcome, other} & set(by):
            raise _wrong("A column is compared with others or divides them into groups, not both")
        if type(self.level) is not float or not 0 < self.level < 1:
            raise _wrong("`level` must be a number above 0 and below 1, such as 0.95")
        self._check_reference()
        if weight is not None:
            raise DisclosureError("weight", "Associations are not weighted here; leave the weight out.")

    def record(self) -> dict[str, object]:
        """Return it as JSON holds it; what is not used does not stand there."""
        found: dict[str, object] = {"test": self.test, "columns": list(self.pair)}
        found |= {} if self.reference is None else {"reference": list(self.reference)}
        return found if self.level == LEVEL else found | {"level": self.level}

    @classmethod
    def from_record(cls, record: Mapping[str, object]) -> Self:
        """Read what `record` wrote, or the words of an author.

        Raises:
            DisclosureError: "json" for other keys; "association" for columns or references that are not two.
        """
        words: dict[str, Any] = dict(record)  # Any: `check` looks at each type
        known = {"columns", *(field.name for field in fields(cls))} - {"pair"}
        if not {"test", "columns"} <= set(words) <= known:
            raise DisclosureError(
                "json", "This is not an association as Statistic.to_json() writes it; write it again."
            )
        words["pair"] = _two(words.pop("columns"), "`columns` must be two: the outcome and another")
        if words.get("reference") is not None:
            words["reference"] = _two(
                words["reference"], "`reference` must be two levels, or None for either"
            )
        return cls(**words)

    def question(self) -> object:
        """Return what is asked; there is one spelling of it."""
        return self.record()

    def contents(self) -> dict[str, Content]:
        """Return the columns of the table of results."""
        return {"measure": Content.LEVEL} | dict.fromkeys(_NUMBERS, Content.NUMBER)

    def sentence(self) -> str:
        """Say in words what is asked."""
        outcome, other = self.pair
        return f"{self.measure[0].upper()}{self.measure[1:]} of {outcome} and {other} ({self.test})"

    def _check_reference(self) -> None:
        if self.reference is None:
            return
        if self.takes not in {Takes.FOUR, Takes.TWO}:
            raise _wrong(f"{self.test!r} compares no two levels, so it takes no reference")
        if self.takes is Takes.TWO and self.reference[0] is not None:
            raise _wrong("Numbers have no reference; name that of the second column only")
        for level in self.reference:
            if level is not None and type(level) not in {int, float, bool} and not is_text(level):
                raise _wrong("A reference must be a level: a text, a number or a truth value")
            if isinstance(level, float) and not abs(level) < float("inf"):
                raise _wrong("A reference must be a finite number")


def _two(found: object, fault: str) -> tuple[Any, Any]:  # Any: `check` looks at each type
    if not isinstance(found, list | tuple) or len(found) != 2:
        raise _wrong(fault)
    return found[0], found[1]


def _wrong(fault: str) -> DisclosureError:
    return DisclosureError("association", f"{fault}; correct the question.")
