"""What every kind of chart is made of: its marks, and the picture that Altair declares of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import altair as alt

from disclosure.chart.shown import Number

INK: Final = "#0b0c0c"
FILL: Final = "#0072b2"
"""A blue that is a dark grey in black and white. Source: Okabe and Ito, Color Universal Design, 2008."""
COLOURS: Final = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")
"""Colours that people with any colour vision tell apart. Source: Okabe and Ito, 2008; dashes and shapes say it again."""
DASHES: Final[tuple[Sequence[float], ...]] = (
    (1, 0),
    (6, 3),
    (2, 2),
    (10, 3, 2, 3),
    (12, 4),
    (4, 2, 1, 2, 1, 2),
)
SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
WIDTH: Final = 440
"""Width of a panel, in pixels. Source: ours; with its labels it fits a page at 96 pixels an inch."""
HEIGHT: Final = 260
"""Height of a panel with a continuous upright axis, in pixels."""
STEP: Final = 22
"""Height of one bar with its gap, in pixels: two lines of small print."""
Picture: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart


@dataclass(frozen=True, slots=True)
class Mark:
    """One number with what it belongs to.

    Attributes:
        label: the category, bin, term or time.
        number: the number.
        group: the series or panel; "" where there is one.
        at: where it stands on an axis of numbers, or None.
        limits: the ends of its interval, or of its bin.
        written: what is written of it where that is more than the number.
    """

    label: str
    number: Number
    group: str = ""
    at: float | None = None
    limits: tuple[float, float] | None = None
    written: str = ""

    @property
    def text(self) -> str:
        """What is written of it."""
        return self.written or self.number.text

    def row(self) -> dict[str, object]:
        """Return the mark as a row of the picture's data; its names are ours, so no label is ever read as one."""
        low, high = self.limits or (None, None)
        value = self.number.value
        return {
            "label": self.label,
            "group": self.group,
            "value": value,
            "text": self.text,
            "end": max(value or 0.0, high or 0.0, 0.0),
            "at": self.at,
            "low": low,
            "high": high,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A picture with what it says.

    Attributes:
        picture: what Altair declares.
        marks: every number in it, in order.
        names: what the labels, the groups and the numbers are called; "" for no groups.
        notes: sentences below the title.
    """

    picture: Picture
    marks: tuple[Mark, ...]
    names: tuple[str, str, str]
    notes: tuple[str, ...] = ()


def data_of(marks: Sequence[Mark]) -> alt.Chart:
    """Return an empty chart of the marks."""
    return alt.Chart(alt.InlineData(values=[mark.row() for mark in marks]))


def groups_of(marks: Sequence[Mark]) -> list[str]:
    """Return the groups in order of appearance."""
    return list(dict.fromkeys(mark.group for mark in marks))


def in_panels(picture: alt.Chart | alt.LayerChart, marks: Sequence[Mark], name: str) -> Picture:
    """Return one panel per group, one below the other, on the same axes; a picture of one group as it is."""
    groups = groups_of(marks)
    if not name:
        return picture
    header = alt.Header(
        labelOrient="top", labelAnchor="start", labelFontWeight="bold", titleOrient="top", titleAnchor="start"
    )
    row = alt.Row("group:N", sort=groups, title=name, header=header)
    return picture.facet(row=row, spacing=14)
