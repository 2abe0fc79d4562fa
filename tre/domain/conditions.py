"""A condition on whoever acts and on the facts, as data: what the rules are made of; and the reason given with an act."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from tre.domain.errors import BadInput, Refused
from tre.domain.people import Actor

Facts = TypeVar("Facts")

LONGEST_REASON: Final = 4_000
"""Longest reason for a vote, a proposal or its end, in characters. Source: ours."""


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


def stated(reason: str) -> str:
    """Return a reason without the space around it.

    Raises:
        BadInput: it is empty, too long, or holds what no text holds.
    """
    if not 0 < len(reason.strip()) <= LONGEST_REASON or "\0" in reason:
        raise BadInput("no_reason", f"Give a reason of at most {LONGEST_REASON} characters.")
    return reason.strip()
