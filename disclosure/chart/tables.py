"""Bars, lines, heat maps and histograms."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import altair as alt

from disclosure.chart.cells import bins_of, cells_of
from disclosure.chart.drawing import (
    COLOURS,
    DASHES,
    FILL,
    HEIGHT,
    INK,
    SHAPES,
    STEP,
    WIDTH,
    Drawing,
    Mark,
    data_of,
    groups_of,
    in_panels,
)
from disclosure.chart.shown import Shown
from disclosure.errors import DisclosureError

_IS_THERE: Final = "isValid(datum.value)"
_IS_NOT: Final = "!isValid(datum.value)"
_HAS_ENDS: Final = "isValid(datum.low) && isValid(datum.high)"
_ENDS: Final = "Lines are 95% intervals of the noise."
_PALER: Final = "#8ec1e0"
"""The ground of a bar with an interval upon it: ink stands out by 10 to 1 (WCAG 2.2 asks 3 to 1)."""
_PALE, _DARK = "#f0f6fb", "#08306b"
_MIDDLE: Final = 0.5
"""From this share of the way to the darkest a ground takes white text; both keep 4.5 to 1 (WCAG 2.2)."""
PLAIN: Final = ".12~g"
"""How an edge or a year is written on an axis: every digit that it has, and no commas."""
_MOST_PLACES: Final = 6
"""Most withheld places that are named one by one."""
_CELL: Final = 30
"""Height of a cell of a heat map, in pixels."""


def bar(shown: Shown, measure: str | None) -> Drawing:
    """Draw lying bars from zero with the number at the end; a second dimension gives panels, so no colour is needed.

    Raises:
        DisclosureError: "chart".
    """
    marks, names = cells_of(shown, measure)
    labels = list(dict.fromkeys(mark.label for mark in marks))
    base = data_of(marks).encode(y=_categories(labels, names[0]))
    noisy = _said_of_ends(marks)
    x = alt.X("value:Q", title=names[2])
    bars = base.transform_filter(_IS_THERE).mark_bar(color=_PALER if noisy else FILL).encode(x=x)
    text = base.mark_text(align="left", dx=4, color=INK).encode(
        x=alt.X("end:Q", title=names[2]), text="text:N"
    )
    picture = bars + text
    if noisy:
        picture += base.transform_filter(_HAS_ENDS).mark_rule(color=INK).encode(x=alt.X("low:Q"), x2="high:Q")
    picture = picture.properties(width=WIDTH, height=STEP * len(labels))
    return Drawing(in_panels(picture, marks, names[1]), tuple(marks), names, noisy)


def heatmap(shown: Shown, measure: str | None) -> Drawing:
    """Draw two dimensions as cells, darker for more, with the number in each; a withheld cell is dashed and empty.

    Raises:
        DisclosureError: "chart".
    """
    marks, names = cells_of(shown, measure)
    labels, groups = list(dict.fromkeys(mark.label for mark in marks)), groups_of(marks)
    across = alt.X("group:N", sort=groups, title=names[1], axis=alt.Axis(orient="top", labelAngle=0))
    base = data_of(marks).encode(y=_categories(labels, names[0]), x=across)
    shade = alt.Color("value:Q", scale=alt.Scale(range=[_PALE, _DARK]), legend=None)
    filled = base.transform_filter(_IS_THERE).mark_rect(stroke="white").encode(color=shade)
    empty = base.transform_filter(_IS_NOT).mark_rect(fill="white", stroke=INK, strokeDash=[3, 3])
    ink = alt.condition(_is_dark(marks), alt.value("white"), alt.value(INK))
    text = base.mark_text().encode(text="text:N", color=ink)
    picture = (filled + empty + text).properties(
        width=max(WIDTH, 70 * len(groups)), height=_CELL * len(labels)
    )
    return Drawing(picture, tuple(marks), names)


def line(shown: Shown, measure: str | None) -> Drawing:
    """Draw one line per level of the second dimension, told apart by dash, shape and colour; it breaks where one is withheld.

    Raises:
        DisclosureError: "chart".
    """
    marks, names = cells_of(shown, measure)
    check_series(marks)
    base = data_of(marks).encode(x=_along(marks, names[0]))
    from_zero = _is_near_zero(marks)
    y = alt.Y("value:Q", title=names[2], scale=alt.Scale(zero=from_zero))
    drawn = base.mark_line().encode(y=y, strokeDash=dash_of(marks), color=colour_of(marks, names[1]))
    picture = drawn + points_of(base.encode(y=y), marks, names[1]) + gaps_of(base, HEIGHT)
    if _said_of_ends(marks):
        rules = base.transform_filter(_HAS_ENDS).mark_rule()
        low = alt.Y("low:Q", scale=alt.Scale(zero=from_zero))
        picture += rules.encode(y=low, y2="high:Q", color=colour_of(marks, names[1]))
    notes = (
        *withheld_in(marks),
        *_said_of_ends(marks),
        *(() if from_zero else ("The upright axis does not start at zero.",)),
    )
    return Drawing(picture.properties(width=WIDTH, height=HEIGHT), tuple(marks), names, notes)


def histogram(shown: Shown, _measure: str | None) -> Drawing:
    """Draw bins by their edges: heights are counts, or counts per unit of width where bins differ in width.

    Raises:
        DisclosureError: "chart".
    """
    marks, names, notes = bins_of(shown)
    edges = sorted({edge for mark in marks for edge in mark.limits or ()})
    uneven = len({f"{high - low:.9g}" for low, high in pairwise(edges)}) > 1
    name = f"{names[2]} per unit of {names[0]}" if uneven else names[2]
    tall = HEIGHT / 2 if names[1] else HEIGHT
    axis = alt.Axis(values=edges, labelOverlap=True, labelSeparation=8, format=PLAIN)
    scale = alt.Scale(domain=[edges[0], edges[-1]], nice=False, zero=False)
    base = data_of(marks).encode(x=alt.X("low:Q", title=names[0], axis=axis, scale=scale))
    height = "datum.value / (datum.high - datum.low)" if uneven else "datum.value"
    bars = base.transform_filter(_IS_THERE).transform_calculate(height=height, floor="0")
    y = alt.Y("height:Q", title=name, scale=alt.Scale(zero=True))
    bars = bars.mark_rect(color=FILL, stroke="white").encode(x2="high:Q", y=y, y2="floor:Q")
    picture = bars + gaps_of(base.encode(x=alt.X("at:Q", scale=scale)), tall)
    picture = picture.properties(width=WIDTH, height=tall)
    return Drawing(in_panels(picture, marks, names[1]), tuple(marks), names, notes)


def check_series(marks: Sequence[Mark]) -> None:
    """Refuse more lines than can be told apart without colour.

    Raises:
        DisclosureError: "chart".
    """
    if len(groups_of(marks)) > len(SHAPES):
        raise DisclosureError(
            "chart", f"At most {len(SHAPES)} lines can be told apart; filter some, or draw a heat map."
        )


def colour_of(marks: Sequence[Mark], name: str) -> alt.Color:
    """Return the colours of the series, with a legend where there are several."""
    return alt.Color("group:N", scale=scale_of(marks, COLOURS), title=name, legend=_legend(name))


def dash_of(marks: Sequence[Mark]) -> alt.StrokeDash:
    """Return the dashes of the series."""
    return alt.StrokeDash("group:N", scale=scale_of(marks, DASHES), legend=None)


def points_of(base: alt.Chart, marks: Sequence[Mark], name: str) -> alt.Chart:
    """Return a point at each number, its shape and colour those of its series."""
    shape = alt.Shape("group:N", scale=scale_of(marks, SHAPES), title=name, legend=_legend(name))
    drawn = base.transform_filter(_IS_THERE).mark_point(filled=True, size=50, opacity=1)
    encoded: alt.Chart = drawn.encode(shape=shape, color=colour_of(marks, name))
    return encoded


def gaps_of(base: alt.Chart, height: float) -> alt.Chart:
    """Return what is written at the foot of the picture where there is no number."""
    text = base.transform_filter(_IS_NOT).mark_text(dy=-8, color=INK)
    encoded: alt.Chart = text.encode(y=alt.value(height), text="text:N")
    return encoded


def withheld_in(marks: Sequence[Mark]) -> tuple[str, ...]:
    """Say of which series what is withheld, for a gap in a line does not say whose it is."""
    said = []
    for group in groups_of(marks):
        hidden = [mark.label for mark in marks if mark.group == group and mark.number.is_withheld]
        places = ", ".join(hidden) if len(hidden) <= _MOST_PLACES else f"{len(hidden)} places"
        said += [f"{group} at {places}" if group else f"at {places}"] if hidden else []
    return (f"Withheld: {'; '.join(said)}.",) if said else ()


def _said_of_ends(marks: Sequence[Mark]) -> tuple[str, ...]:
    """Say what the lines beside noisy numbers are, where there are any."""
    return (_ENDS,) if any(mark.limits for mark in marks) else ()


def scale_of(marks: Sequence[Mark], values: Sequence[Any]) -> alt.Scale:  # Any: colours, shapes or dashes
    """Return the scale that gives each series one of the values."""
    groups = groups_of(marks)
    return alt.Scale(domain=groups, range=list(values[: len(groups)]))


def _legend(name: str) -> alt.Legend | None:
    return alt.Legend(symbolSize=90, symbolStrokeWidth=0) if name else None


def _is_near_zero(marks: Sequence[Mark]) -> bool:
    """Whether an axis from zero leaves the lines at least half of the picture."""
    values = [mark.number.value for mark in marks if mark.number.value is not None]
    return min(values, default=0.0) <= max(values, default=0.0) / 2


def _categories(labels: Sequence[str], name: str) -> alt.Y:
    return alt.Y("label:N", sort=labels, scale=alt.Scale(domain=labels), title=name)


def _along(marks: Sequence[Mark], name: str) -> alt.X:
    """Return an axis of numbers where every level is one, so that gaps in time are seen; else of the levels in order."""
    if all(mark.at is not None for mark in marks):
        places = sorted({mark.at for mark in marks if mark.at is not None})
        scale = alt.Scale(zero=False, nice=False, padding=20)
        axis = alt.Axis(values=places, format=PLAIN, labelOverlap=True, labelSeparation=8)
        return alt.X("at:Q", title=name, axis=axis, scale=scale)
    labels = list(dict.fromkeys(mark.label for mark in marks))
    return alt.X("label:N", sort=labels, scale=alt.Scale(domain=labels), title=name)


def _is_dark(marks: Sequence[Mark]) -> str:
    """Return the test of which cells take white text."""
    values = [mark.number.value for mark in marks if mark.number.value is not None]
    least, most = min(values, default=0.0), max(values, default=0.0)
    return f"{_IS_THERE} && datum.value > {least + (most - least) * _MIDDLE!r}"
