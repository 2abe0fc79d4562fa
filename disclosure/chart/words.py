"""A chart in words, for whoever does not see it."""

from collections.abc import Sequence
from typing import Final

from disclosure.chart.drawing import Drawing, Mark

MOST: Final = 30
"""Most numbers that are told one by one; of more the extremes are. Source: ours; a listener cannot skip."""


def alternative(kind: str, title: str, drawing: Drawing, notes: Sequence[str]) -> str:
    """Say what the chart shows: its kind, its numbers or their extremes, and what is withheld.

    Args:
        kind: what sort of chart it is, in words.
        title: the title.
        drawing: the picture.
        notes: sentences that are written into it.
    """
    label, group, measure = drawing.names
    by = " and ".join(name for name in (label, group) if name)
    head = f"{title.rstrip('.')}. {kind} of {measure}{f' by {by}' if by else ''}."
    said = _each(drawing.marks) if len(drawing.marks) <= MOST else _extremes(drawing.marks)
    return " ".join((head, said, *notes))


def _each(marks: Sequence[Mark]) -> str:
    groups = list(dict.fromkeys(mark.group for mark in marks))
    parts = []
    for group in groups:
        told = ", ".join(f"{mark.label} {_told(mark)}" for mark in marks if mark.group == group)
        parts.append(f"{group}: {told}." if group else f"{told}.")
    return " ".join(parts)


def _extremes(marks: Sequence[Mark]) -> str:
    there = [mark for mark in marks if mark.number.value is not None]
    withheld = sum(mark.number.is_withheld for mark in marks)
    said = f"{len(marks)} numbers, {withheld} of them withheld"
    if there:
        least, most = min(there, key=_value), max(there, key=_value)
        said += f"; the least is {least.number.text} ({_where(least)}), the greatest {most.number.text} ({_where(most)})"
    return f"{said}. All are in the table."


def _value(mark: Mark) -> float:
    return mark.number.value or 0.0


def _where(mark: Mark) -> str:
    return ", ".join(part for part in (mark.label, mark.group) if part)


def _told(mark: Mark) -> str:
    return "withheld" if mark.number.is_withheld else mark.text
