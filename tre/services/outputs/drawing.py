"""Charts that go with tables: drawn on the trusted side, from the table that was judged or the noisy answer, and kept."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from disclosure import Report, Safe, Statistic
from disclosure.dp import Answer, Plan, outline
from tre.domain import canonical
from tre.domain.outputs import Picture

if TYPE_CHECKING:
    from disclosure.chart import Chart


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart as it is kept and shown.

    Attributes:
        svg: the picture: shapes and text only.
        alternative: what it shows, in words.
    """

    svg: str
    alternative: str

    def to_bytes(self) -> bytes:
        """Write it for the vault; equal charts have equal bytes."""
        return canonical.encode({"alternative": self.alternative, "svg": self.svg})

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` wrote; the vault has verified the digest."""
        record = json.loads(content)
        return cls(svg=record["svg"], alternative=record["alternative"])

    def png(self) -> bytes:
        """Draw the same as PNG."""
        from disclosure.chart.render import png_of  # noqa: PLC0415  drawing is slow to load; only when wanted

        return png_of(self.svg)


def stated(picture: Picture | None, specification: str, plan: str | None) -> str | None:
    """Return a chart as its item states it, or None where there is none; refuse one that cannot show the statistic.

    Args:
        picture: the chart.
        specification: what it is to show, as `Statistic.to_json()`.
        plan: of a noisy item, as `Plan.to_json()`: its answer is drawn with nought in every cell, so that after the draw,
            which is never repeated, the chart is sure to fit.

    Raises:
        DisclosureError: "chart".
    """
    from disclosure.chart import check_suits  # noqa: PLC0415  drawing is slow to load; only when wanted

    if picture is None:
        return None
    check_suits(Statistic.from_json(specification), picture.kind, picture.measure)
    if plan is not None:
        drawn(picture, outline(Plan.from_json(plan)), "")
    return picture.to_text()


def drawn(picture: Picture, source: Report | Safe | Answer, title: str, *, draft: bool = False) -> Drawn:
    """Draw a chart of what may leave.

    Args:
        picture: the chart.
        source: the table that was judged, or the noisy answer.
        title: the item's title.
        draft: draw it although its check failed, for its author alone: without the unsafe cells, marked as a draft.

    Raises:
        DisclosureError: "chart": it does not suit the table; "not_clean": the check failed.
    """
    from disclosure.chart import chart  # noqa: PLC0415  drawing is slow to load; only when wanted

    made: Chart = chart(source, picture.kind, title=title, measure=picture.measure, draft=draft)
    return Drawn(made.svg, made.alt)
