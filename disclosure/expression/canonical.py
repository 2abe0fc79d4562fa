"""One normal form, and one text, for all filters that differ only in order, spelling or repetition."""

import json

from disclosure.expression.tree import (
    MIRRORED,
    Aggregate,
    Column,
    Comparison,
    Condition,
    Elapsed,
    Junction,
    Literal,
    Membership,
    Missing,
    Scalar,
    Term,
    level_kind,
)


def condition_text(condition: Condition) -> str:
    """Return the canonical text: itself a filter that asks the same."""
    return _text(_normal(condition))


def _normal(condition: Condition) -> Condition:
    """Return a condition with flat junctions, merged levels and literals on the right."""
    if isinstance(condition, Missing):
        return condition
    if isinstance(condition, Membership):
        return condition
    if isinstance(condition, Comparison):
        return _as_membership(condition) or _turned(condition)
    merged = _merged(_flat(condition), negated=condition.operator == "and")
    parts = tuple(merged[text] for text in sorted(merged))
    return parts[0] if len(parts) == 1 else Junction(condition.operator, parts)


def _flat(junction: Junction) -> list[Condition]:
    """Return the normal parts; those that are junctions of the same operator are opened."""
    found: list[Condition] = []
    for part in map(_normal, junction.parts):
        same = isinstance(part, Junction) and part.operator == junction.operator
        found.extend(part.parts if isinstance(part, Junction) and same else (part,))
    return found


def _merged(parts: list[Condition], *, negated: bool) -> dict[str, Condition]:
    """Return the parts by their text, each once; `a == 1 or a == 2` becomes `a in (1, 2)`."""
    gathered: dict[tuple[str, str], Membership] = {}
    texts: dict[str, Condition] = {}
    for part in parts:
        if not isinstance(part, Membership) or part.negated != negated:
            texts[_text(part)] = part
            continue
        key = (term_text(part.term), level_kind(part.levels[0].value))
        levels = gathered[key].levels if key in gathered else ()
        gathered[key] = Membership(part.term, levels + part.levels, negated=negated)
    return texts | {_text(member): member for member in gathered.values()}


def _as_membership(condition: Comparison) -> Membership | None:
    """Return an equality with a literal as a membership of one level."""
    if condition.operator not in {"==", "!="} or not isinstance(condition.right, Literal):
        return None
    return _positive_boolean(
        Membership(condition.left, (condition.right,), negated=condition.operator == "!=")
    )


def _positive_boolean(member: Membership) -> Membership:
    """Return `flag != True` as `flag == False`: both are missing where the flag is."""
    value = member.levels[0].value
    if member.negated and isinstance(value, bool):
        return Membership(member.term, (Literal(not value),), negated=False)
    return member


def _turned(comparison: Comparison) -> Comparison:
    """Put two terms in order; the parser has put a literal on the right already."""
    left, right = comparison.left, comparison.right
    if isinstance(right, Literal) or term_text(left) <= term_text(right):
        return comparison
    return Comparison(right, MIRRORED[comparison.operator], left)


def _text(condition: Condition) -> str:
    """Write a normal condition."""
    if isinstance(condition, Junction):
        return "(" + f" {condition.operator} ".join(_text(part) for part in condition.parts) + ")"
    if isinstance(condition, Comparison):
        return f"{term_text(condition.left)} {condition.operator} {term_text(condition.right)}"
    if isinstance(condition, Membership):
        return _membership_text(condition.term, condition.levels, negated=condition.negated)
    return f"{'not ' if condition.negated else ''}is_missing({term_text(condition.term)})"


def _membership_text(term: Term, levels: tuple[Literal, ...], *, negated: bool) -> str:
    """Write levels sorted and once each; one level is an equality."""
    texts = sorted({term_text(level) for level in levels})
    if len(texts) == 1:
        return f"{term_text(term)} {'!=' if negated else '=='} {texts[0]}"
    return f"{term_text(term)} {'not in' if negated else 'in'} ({', '.join(texts)})"


def term_text(term: Term) -> str:
    """Return the canonical text of a term; the sides of + and * are ordered, because both are commutative also in floating point."""
    if isinstance(term, Column):
        return f"col({json.dumps(term.name, ensure_ascii=False)})"
    if isinstance(term, Literal):
        return _literal_text(term.value)
    if isinstance(term, Elapsed):
        return f"{term.part}s_between({term_text(term.start)}, {term_text(term.end)})"
    if isinstance(term, Aggregate):
        return _aggregate_text(term)
    sides = [term_text(term.left), term_text(term.right)]
    if term.operator in {"+", "*"}:
        sides.sort()
    return f"({sides[0]} {term.operator} {sides[1]})"


def _literal_text(value: Scalar) -> str:
    """Write a literal so that 18 and 18.0 are one."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(int(value)) if value == int(value) else repr(value)


def _aggregate_text(found: Aggregate) -> str:
    """Write an aggregate: the value, then what stands by name."""
    parts = [] if found.value is None else [term_text(found.value)]
    parts += [] if found.where is None else [f"where={condition_text(found.where)}"]
    parts += [] if found.order is None else [f"order={term_text(found.order)}"]
    parts += [] if found.steps == 1 else [f"steps={found.steps}"]
    return f"{found.function}({', '.join(parts)})"
