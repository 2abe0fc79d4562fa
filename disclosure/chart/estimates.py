"""Forest plots of estimates, and survival curves."""

from collections.abc import Iterator, Mapping
from typing import Final

import altair as alt

from disclosure.association.asked import Association
from disclosure.chart.drawing import HEIGHT, INK, WIDTH, Drawing, Mark, data_of
from disclosure.chart.label import distinct, number, plain
from disclosure.chart.shown import Row, Shown, check_size, read
from disclosure.chart.tables import check_series, colour_of, dash_of, gaps_of, points_of, withheld_in
from disclosure.kind import Kind
from disclosure.survival.asked import Survival

STEP: Final = 26
"""Height of one estimate, in pixels."""
_NO_EFFECT: Final[Mapping[str, float]] = {
    "odds_ratio": 1.0,
    "risk_ratio": 1.0,
    "fisher": 1.0,
    "mann_whitney": 0.5,
}
"""Where the line of no association stands, where it is not at nought."""
_INTERCEPT: Final = "Intercept"


def forest(shown: Shown, _measure: str | None) -> Drawing:
    """Draw each estimate as a point with its interval, and the line of no effect.

    An intercept beside other terms is left to the table: it is on another scale than effects.

    Raises:
        DisclosureError: "chart": too many estimates to read, or none.
    """
    stat = shown.statistic
    rows = [row for row in shown.rows() if row.get("part", "coefficient") == "coefficient"]
    effects = [row for row in rows if row.get("term") != _INTERCEPT] or rows
    check_size(len(effects))
    marks = tuple(_estimates(shown, effects))
    notes = ("The intercept is in the table.",) if len(effects) < len(rows) else ()
    none = _NO_EFFECT.get(stat.asks.test, 0.0) if isinstance(stat.asks, Association) else 0.0
    name = stat.asks.measure if isinstance(stat.asks, Association) else "estimate"
    labels = [mark.label for mark in marks]
    base = data_of(marks).encode(
        y=alt.Y("label:N", sort=labels, scale=alt.Scale(domain=labels), title=None, axis=alt.Axis(grid=False))
    )
    line = alt.Chart(alt.InlineData(values=[{"none": none}])).mark_rule(strokeDash=[4, 3], color=INK)
    x = alt.X("value:Q", title=f"{plain(name)}, with its interval", scale=alt.Scale(zero=False))
    ends = base.transform_filter("isValid(datum.low)").mark_rule(color=INK, strokeWidth=2)
    points = base.transform_filter("isValid(datum.value)").mark_square(color=INK, size=70, opacity=1)
    text = base.mark_text(align="left", dx=10, color=INK).encode(x=alt.value(WIDTH), text="text:N")
    picture = line.encode(x="none:Q") + ends.encode(x="low:Q", x2="high:Q") + points.encode(x=x) + text
    size = {"width": WIDTH, "height": STEP * len(marks)}
    return Drawing(picture.properties(**size), marks, ("", "", plain(name)), notes)


def _estimates(shown: Shown, rows: list[Row]) -> Iterator[Mark]:
    """Yield each estimate with its interval, under a label that says the group and model where there are several."""
    stat = shown.statistic
    several = len({row.get("model") for row in rows}) > 1
    heads = [
        *stat.by,
        *(["model"] if several else []),
        "measure" if stat.kind is Kind.ASSOCIATION else "term",
    ]
    keys = [tuple(row[head] for head in heads) for row in rows]
    labels = distinct(": ".join(map(str, key)) for key in keys)
    for key, row in zip(keys, rows, strict=True):
        found = read(row, "estimate")
        limits = _limits(row)
        written = found.text
        if limits is not None:
            written = f"{written} ({number(limits[0])} to {number(limits[1])})"
        yield Mark(labels[": ".join(map(str, key))], found, limits=limits, written=written)


def _limits(row: Row) -> tuple[float, float] | None:
    low, high = read(row, "low").value, read(row, "high").value
    return None if low is None or high is None else (low, high)


def survival(shown: Shown, _measure: str | None) -> Drawing:
    """Draw each curve as steps with its pale interval; it breaks where a step is withheld.

    Raises:
        DisclosureError: "chart": too many steps or curves to read.
    """
    asked = shown.statistic.asks
    time = plain(asked.time) if isinstance(asked, Survival) else ""
    rows = [row for row in shown.rows() if row["part"] in {"start", "step"}]
    check_size(len(rows))
    marks, name = _steps(shown, rows)
    check_series(marks)
    x = alt.X("at:Q", title=time, scale=alt.Scale(domainMin=0))
    y = alt.Y("value:Q", title="share without the event", scale=alt.Scale(domain=[0, 1]))
    base = data_of(marks).encode(x=x)
    band = base.mark_area(interpolate="step-after", color=INK, opacity=0.12).encode(
        y=alt.Y("low:Q", scale=alt.Scale(domain=[0, 1])), y2="high:Q", detail="group:N"
    )
    curve = base.mark_line(interpolate="step-after", strokeWidth=2).encode(
        y=y, color=colour_of(marks, name), strokeDash=dash_of(marks)
    )
    picture = band + curve + points_of(base.encode(y=y), marks, name) + gaps_of(base, HEIGHT)
    size = {"width": WIDTH, "height": HEIGHT}
    return Drawing(picture.properties(**size), marks, (time, name, "survival"), withheld_in(marks))


def _steps(shown: Shown, rows: list[Row]) -> tuple[tuple[Mark, ...], str]:
    """Return the start and steps of each curve, and what tells the curves apart."""
    by = shown.statistic.by
    groups = distinct(", ".join(str(row[name]) for name in by) for row in rows)
    marks = []
    for row in rows:
        found, time = read(row, "survival"), read(row, "time")
        at_start = row["part"] == "start" and not found.is_withheld
        limits = (1.0, 1.0) if at_start else _limits(row)
        label = "start" if at_start else time.text
        group = groups[", ".join(str(row[name]) for name in by)]
        marks.append(Mark(label, found, group, time.value, limits))
    return tuple(marks), plain(", ".join(by))
