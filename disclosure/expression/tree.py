"""The frozen tree of a filter, and the one text that all equal filters share."""

import json
from dataclasses import dataclass
from typing import Literal as OneOf

Scalar = int | float | str | bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the unit's own row.

    Attributes:
        name: the column's name, exactly as in the data.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text or boolean written in the filter.

    Attributes:
        value: the value; numbers are finite.
    """

    value: Scalar


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two terms joined by an operator; a zero divisor makes the result missing, never an error.

    Attributes:
        operator: one of + - * /.
        left: the first term.
        right: the second term.
    """

    operator: str
    left: "Term"
    right: "Term"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two terms compared; never true when one of them is missing.

    Attributes:
        left: the first term, a column or arithmetic.
        operator: one of == != < <= > >=.
        right: the second term.
    """

    left: "Term"
    operator: str
    right: "Term"


@dataclass(frozen=True, slots=True)
class Membership:
    """A term that is, or is not, one of some levels; never true when the term is missing.

    Attributes:
        term: what is looked up.
        levels: the levels, all numbers, all texts or all booleans.
        negated: true for `not in`.
    """

    term: "Term"
    levels: tuple[Literal, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """Whether a term is missing; this one is always true or false.

    Attributes:
        term: what is looked at.
        negated: true for "is not missing".
    """

    term: "Term"
    negated: bool


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by `and` or `or`.

    Attributes:
        operator: how they are joined.
        parts: two or more conditions.
    """

    operator: OneOf["and", "or"]
    parts: tuple["Condition", ...]


Term = Column | Literal | Arithmetic
Leaf = Comparison | Membership | Missing
Condition = Leaf | Junction

MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def level_kind(value: Scalar) -> str:
    """Return "boolean", "number" or "text" for a literal's value."""
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def leaves(condition: Condition) -> tuple[Leaf, ...]:
    """Return every comparison, membership and missing test, from left to right."""
    if isinstance(condition, Junction):
        return tuple(leaf for part in condition.parts for leaf in leaves(part))
    return (condition,)


def terms(leaf: Leaf) -> tuple[Term, ...]:
    """Return the terms that a leaf looks at."""
    if isinstance(leaf, Comparison):
        return (leaf.left, leaf.right)
    return (leaf.term,)


def term_columns(term: Term) -> frozenset[str]:
    """Return the names of the columns in a term."""
    if isinstance(term, Column):
        return frozenset({term.name})
    if isinstance(term, Arithmetic):
        return term_columns(term.left) | term_columns(term.right)
    return frozenset()


def condition_text(condition: Condition) -> str:
    """Return the canonical text: equal for conditions that differ only in order, spelling or repetition."""
    if isinstance(condition, Junction):
        return _junction_text(condition)
    if isinstance(condition, Comparison):
        return _comparison_text(condition)
    if isinstance(condition, Membership):
        return _membership_text(condition.term, condition.levels, negated=condition.negated)
    text = f"is_missing({_term_text(condition.term)})"
    return f"not {text}" if condition.negated else text


def _junction_text(junction: Junction) -> str:
    """Order, merge and deduplicate the parts; `a == 1 or a == 2` is `a in (1, 2)`."""
    negated = junction.operator == "and"
    gathered: dict[tuple[str, str], list[Membership]] = {}
    texts: set[str] = set()
    for part in _flat(junction):
        member = _as_membership(part)
        if member is None or member.negated != negated:
            texts.add(condition_text(part))
        else:
            key = (_term_text(member.term), level_kind(member.levels[0].value))
            gathered.setdefault(key, []).append(member)
    for members in gathered.values():
        levels = tuple(level for member in members for level in member.levels)
        texts.add(_membership_text(members[0].term, levels, negated=negated))
    if len(texts) == 1:
        return texts.pop()
    return "(" + f" {junction.operator} ".join(sorted(texts)) + ")"


def _flat(junction: Junction) -> tuple[Condition, ...]:
    """Return the parts with nested junctions of the same operator opened."""
    found: list[Condition] = []
    for part in junction.parts:
        same = isinstance(part, Junction) and part.operator == junction.operator
        found.extend(_flat(part) if isinstance(part, Junction) and same else (part,))
    return tuple(found)


def _as_membership(condition: Condition) -> Membership | None:
    """Return an equality with a literal as a membership of one level."""
    if isinstance(condition, Membership):
        return condition
    if isinstance(condition, Comparison) and condition.operator in {"==", "!="}:
        literal, other = condition.right, condition.left
        if not isinstance(literal, Literal):
            literal, other = condition.left, condition.right
        if isinstance(literal, Literal):
            return _positive_boolean(Membership(other, (literal,), negated=condition.operator == "!="))
    return None


def _positive_boolean(member: Membership) -> Membership:
    """Return `flag != True` as `flag == False`: both are missing where the flag is."""
    value = member.levels[0].value
    if member.negated and isinstance(value, bool):
        return Membership(member.term, (Literal(not value),), negated=False)
    return member


def _comparison_text(comparison: Comparison) -> str:
    """Write a comparison with its literal on the right, or its terms in order."""
    member = _as_membership(comparison)
    if member is not None:
        return _membership_text(member.term, member.levels, negated=member.negated)
    left, operator, right = comparison.left, comparison.operator, comparison.right
    texts = (_term_text(left), _term_text(right))
    turn = isinstance(left, Literal) or (not isinstance(right, Literal) and texts[0] > texts[1])
    if turn:
        return f"{texts[1]} {MIRRORED[operator]} {texts[0]}"
    return f"{texts[0]} {operator} {texts[1]}"


def _membership_text(term: Term, levels: tuple[Literal, ...], *, negated: bool) -> str:
    """Write levels sorted and once each; one level is an equality."""
    texts = sorted({_term_text(level) for level in levels})
    if len(texts) == 1:
        return f"{_term_text(term)} {'!=' if negated else '=='} {texts[0]}"
    return f"{_term_text(term)} {'not in' if negated else 'in'} ({', '.join(texts)})"


def _term_text(term: Term) -> str:
    """Write a term; the sides of + and * are ordered, because both are commutative also in floating point."""
    if isinstance(term, Column):
        return f"col({json.dumps(term.name)})"
    if isinstance(term, Literal):
        return _literal_text(term.value)
    sides = [_term_text(term.left), _term_text(term.right)]
    if term.operator in {"+", "*"}:
        sides.sort()
    return f"({sides[0]} {term.operator} {sides[1]})"


def _literal_text(value: Scalar) -> str:
    """Write a literal so that 18 and 18.0 are one."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value)
    return str(int(value)) if value == int(value) else repr(value)
