"""Charts of items as a page names them."""

from typing import Final

from tre.domain.outputs import ChartKind, Picture

CHARTS: Final = {
    ChartKind.BAR: "a bar chart",
    ChartKind.LINE: "a line chart",
    ChartKind.HISTOGRAM: "a histogram",
    ChartKind.HEATMAP: "a heat map",
    ChartKind.FOREST: "a forest plot",
    ChartKind.SURVIVAL: "survival curves",
}
"""The kinds of chart in words."""


def charted(text: str) -> str:
    """Say in words which chart goes with a table."""
    asked = Picture.from_text(text)
    return CHARTS[asked.kind] + (f" of {asked.measure}" if asked.measure else "")
