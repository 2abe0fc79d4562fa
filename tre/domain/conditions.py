"""A condition on whoever acts and on the facts, as data: what the rules of every floor are made of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tre.domain.errors import Refused
from tre.domain.people import Actor

Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True)
class Condition(Generic[Facts]):
    """A condition, its name for programs, and the sentence that is shown when it does not hold."""

    code: str
    holds: Callable[[Actor, Facts], bool]
    sentence: str


def broken(conditions: Iterable[Condition[Facts]], actor: Actor, facts: Facts) -> Condition[Facts] | None:
    """Name the first condition that does not hold, or None if `actor` may."""
    return next((each for each in conditions if not each.holds(actor, facts)), None)


def must_hold(conditions: Iterable[Condition[Facts]], actor: Actor, facts: Facts) -> None:
    """Let `actor` through if every condition holds.

    Raises:
        Refused: one does not; its sentence says why.
    """
    found = broken(conditions, actor, facts)
    if found is not None:
        raise Refused(found.code, found.sentence)
