"""Forms: what was filled in, or what is wrong with it, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tre.domain.conditions import LONGEST_REASON
from tre.domain.outputs import Decision


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; the page's error summary links to it."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class VoteForm:
    """One vote, on the version whose digest the page showed."""

    decision: Decision
    reason: str
    seen: str

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> Self | list[FieldError]:
        """Read the form, or say what is wrong with it."""
        word, reason = form.get("decision", ""), form.get("reason", "").strip()
        faults = []
        if word not in set(Decision):
            faults.append(FieldError("decision", "Choose what you say of this version."))
        if not reason:
            faults.append(FieldError("reason", "Give a reason for your vote."))
        elif len(reason) > LONGEST_REASON:
            faults.append(FieldError("reason", f"Give a reason of at most {LONGEST_REASON:,} characters."))
        return faults or cls(Decision(word), reason, form.get("seen", ""))
