"""Charts of checked statistics: only what may leave is drawn, and what is withheld is said to be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from disclosure.chart.drawing import Drawing
from disclosure.chart.estimates import forest, survival
from disclosure.chart.label import MAX_TITLE, plain
from disclosure.chart.render import declared, png_of, svg_of
from disclosure.chart.shown import Shown, shown_of
from disclosure.chart.suited import USUAL, check_suits
from disclosure.chart.tables import bar, heatmap, histogram, line
from disclosure.chart.words import alternative
from disclosure.columns import label_columns
from disclosure.portrait import portrait
from disclosure.result import Report
from disclosure.safe import WITHHELD, Safe
from disclosure.statistic import Statistic

if TYPE_CHECKING:
    from disclosure.dp import Answer

__all__ = ["KINDS", "USUAL", "Chart", "chart", "check_suits"]

KINDS: Final[Mapping[str, tuple[str, Callable[[Shown, str | None], Drawing]]]] = {
    "bar": ("Bar chart", bar),
    "line": ("Line chart", line),
    "histogram": ("Histogram", histogram),
    "heatmap": ("Heat map", heatmap),
    "forest": ("Forest plot", forest),
    "survival": ("Kaplan-Meier curve", survival),
}
"""The kinds of chart: what each is in words, and what draws it."""
_DRAFT: Final = "Draft, not for release."


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A picture of a checked statistic; the same question gives the same bytes.

    Attributes:
        svg: the picture as SVG: shapes and text only, with `alt` for a screen reader.
        alt: what the picture shows, in words.
        spec: the picture as Vega-Lite with its data, which holds nothing that is not drawn.
        table: the numbers beside the picture, "[c]" where one is withheld.
        is_draft: whether DRAFT stands across it.
        heads: the columns of labels in the table.
    """

    svg: str
    alt: str
    spec: dict[str, Any]  # Any: JSON of Vega-Lite
    table: pd.DataFrame
    is_draft: bool
    heads: tuple[str, ...]

    @property
    def png(self) -> bytes:
        """The same as PNG, at two pixels per pixel of the SVG; drawn when it is asked."""
        return png_of(self.svg)

    def _repr_html_(self) -> str:
        """Return the picture with its table, for a notebook."""
        shown = self.table.assign(unsafe=False)
        return f"<figure>{self.svg}</figure>{portrait(shown, self.alt, (), self.heads)}"


def chart(
    source: "Report | Safe | Answer",
    kind: str | None = None,
    *,
    title: str = "",
    measure: str | None = None,
    draft: bool = False,
) -> Chart:
    """Draw a checked, protected or noisy statistic.

    Args:
        source: the report of a check, a protected table, or a noisy answer.
        kind: one of `KINDS`; None for the usual one of the statistic.
        title: the title; left out, the author's, or what is shown by what.
        measure: which measure of a table is drawn; None for the first.
        draft: draw it although its check failed: unsafe cells are left out, and DRAFT stands across.

    Raises:
        DisclosureError: "not_clean": the check failed and no draft was asked; "chart": this kind of chart does not suit
            the statistic.
    """
    shown = shown_of(source, draft=draft)
    stat = shown.statistic
    kind = kind or USUAL[stat.kind]
    check_suits(stat, kind, measure)
    words, draw = KINDS[kind]
    drawing = draw(shown, measure)
    notes = (*shown.notes, *_notes(drawing, is_draft=shown.is_draft))
    heading = plain(title or stat.title or _said(stat, drawing), MAX_TITLE)
    spec = declared(drawing, heading, notes)
    told = alternative(words, heading, drawing, notes)
    svg = svg_of(spec, told, is_draft=shown.is_draft)
    return Chart(svg, told, spec, shown.table, shown.is_draft, label_columns(stat))


def _said(stat: Statistic, drawing: Drawing) -> str:
    """Return a title where the author gave none."""
    if stat.asks is not None:
        return stat.asks.sentence()
    by = " and ".join(name for name in drawing.names[:2] if name)
    return f"{drawing.names[2]}{f' by {by}' if by else ''}"


def _notes(drawing: Drawing, *, is_draft: bool) -> tuple[str, ...]:
    withheld = any(mark.number.is_withheld for mark in drawing.marks)
    withheld_note = (f"{WITHHELD} is withheld; it is not zero.",) if withheld else ()
    return (*((_DRAFT,) if is_draft else ()), *withheld_note, *drawing.notes)
