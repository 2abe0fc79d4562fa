"""What a survival curve asks: a time, an event, and at which times it is printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from disclosure.bins import LARGEST
from disclosure.content import Content
from disclosure.errors import DisclosureError
from disclosure.naming import check_names

TESTS: Final = ("logrank",)
"""Tests of whether the groups have one curve."""
MAX_TIMES: Final = 1_000
"""Most declared times. Source: ours; more than a page holds."""
LEVEL: Final = 0.95
"""The confidence level where none is asked. Source: convention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """A Kaplan-Meier curve per group.

    Attributes:
        time: the column of times from entry to event or censoring, in the author's unit, at least 0.
        event: the column that is 1 or true where the time ended with the event, 0 or false where it was censored.
        at: the times at which the curve is printed, in rising order; None for each time at which somebody had an event.
        coarsen: leave out times until every step that is left is backed by as many events as the policy asks.
        test: "logrank" to test whether the groups have one curve, or None.
        level: the confidence level of the intervals, above 0 and below 1.
    """

    time: str
    event: str
    at: tuple[float, ...] | None = None
    coarsen: bool = False
    test: str | None = None
    level: float = LEVEL

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that it reads."""
        return self.time, self.event

    def check(self, by: Sequence[str], weight: str | None) -> None:
        """Refuse what cannot be asked.

        Raises:
            DisclosureError: "name", "survival", "weight".
        """
        check_names([(self.time, "time"), (self.event, "event")])
        if self.time == self.event:
            raise _wrong("Time and event are one column")
        if self.at is not None and (not 1 <= len(self.at) <= MAX_TIMES or not all(map(_is_time, self.at))):
            raise _wrong(f"`at` must hold 1 to {MAX_TIMES} times of at least 0, such as [12, 24]")
        if self.at is not None and any(
            one >= other for one, other in zip(self.at, self.at[1:], strict=False)
        ):
            raise _wrong("The times of `at` must rise")
        if type(self.coarsen) is not bool:
            raise _wrong("`coarsen` must be true or false")
        if type(self.level) is not float or not 0 < self.level < 1:
            raise _wrong("`level` must be a number above 0 and below 1, such as 0.95")
        if self.test is not None:
            self._check_test(by, weight)

    def record(self) -> dict[str, object]:
        """Return it as JSON holds it; what is not used does not stand there."""
        found: dict[str, object] = {"time": self.time, "event": self.event}
        found |= {} if self.at is None else {"at": list(self.at)}
        found |= {"coarsen": True} if self.coarsen else {}
        found |= {} if self.test is None else {"test": self.test}
        return found if self.level == LEVEL else found | {"level": self.level}

    @classmethod
    def from_record(cls, record: Mapping[str, object]) -> Self:
        """Read what `record` wrote, or the words of an author.

        Raises:
            DisclosureError: "json" for other keys; "survival" for times that are none.
        """
        words: dict[str, Any] = dict(record)  # Any: `check` looks at each type
        if not {"time", "event"} <= set(words) <= {field.name for field in fields(cls)}:
            raise DisclosureError(
                "json", "This is not a survival curve as Statistic.to_json() writes it; write it again."
            )
        if words.get("at") is not None:
            at = words["at"].tolist() if hasattr(words["at"], "tolist") else words["at"]
            if not isinstance(at, list | tuple | range) or not all(map(_is_time, at)):
                raise _wrong("`at` must be a list of times of at least 0, such as [12, 24]")
            words["at"] = tuple(map(float, at))
        return cls(**words)

    def question(self) -> object:
        """Return what is asked; there is one spelling of it."""
        return self.record()

    def contents(self) -> dict[str, Content]:
        """Return the columns of the table of steps."""
        names = ("time", "events", "censored", "survival", "std_error", "low", "high")
        found = {"part": Content.LEVEL} | dict.fromkeys(names, Content.NUMBER)
        if self.test is not None:
            found |= dict.fromkeys(("statistic", "degrees", "p_value"), Content.NUMBER)
        return found

    def sentence(self) -> str:
        """Say in words what is asked."""
        times = "each time of an event"
        if self.at is not None:
            some = ", ".join(f"{time:.6g}" for time in self.at[:6])
            times = some if len(self.at) <= 6 else f"{some} and {len(self.at) - 6} more times"
        joined = ", joined into steps with enough events" if self.coarsen else ""
        tested = ", with a log-rank test" if self.test else ""
        return f"Kaplan-Meier survival in {self.time} until {self.event}, at {times}{joined}{tested}"

    def _check_test(self, by: Sequence[str], weight: str | None) -> None:
        if self.test not in TESTS:
            raise _wrong(f"`test` must be one of {', '.join(TESTS)}")
        if not by:
            raise _wrong("A test compares groups; name them in `by`")
        if weight is not None:
            raise DisclosureError("weight", "A weighted log-rank test is not computed here; leave one out.")


def _is_time(value: object) -> bool:
    """Whether a value is a number of at least nought that a double holds; a truth value is none."""
    return isinstance(value, int | float) and type(value) is not bool and 0 <= value <= LARGEST


def _wrong(fault: str) -> DisclosureError:
    return DisclosureError("survival", f"{fault}; correct the question.")
