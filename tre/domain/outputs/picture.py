"""A chart that goes with a table, as its author asks for it and two people vote on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from tre.domain.errors import BadInput

LONGEST_MEASURE: Final = 200
"""Longest name of a measure, in characters. Source: ours, as for every name that leaves."""


class ChartKind(StrEnum):
    """The kinds of chart, as the disclosure library calls them."""

    BAR = "bar"
    LINE = "line"
    HISTOGRAM = "histogram"
    HEATMAP = "heatmap"
    FOREST = "forest"
    SURVIVAL = "survival"


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart of a statistic; the platform draws it from the checked numbers.

    Attributes:
        kind: what sort of chart it is.
        measure: which measure of a table is drawn; None for the first.
    """

    kind: ChartKind
    measure: str | None = None

    def __post_init__(self) -> None:
        name = "x" if self.measure is None else self.measure
        if not 1 <= len(name) <= LONGEST_MEASURE or not name.isprintable():
            raise BadInput("chart", "Name the measure that the chart shows as the statistic names it.")

    def to_text(self) -> str:
        """Return it as it is stored and voted on, such as `bar` or `line bill_mean`."""
        return str(self.kind) if self.measure is None else f"{self.kind} {self.measure}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote.

        Raises:
            BadInput: it is no such text.
        """
        kind, space, measure = text.partition(" ")
        return cls.asked(kind, measure if space else None)

    @classmethod
    def asked(cls, kind: str, measure: str | None = None) -> Self:
        """Read what somebody asks for.

        Raises:
            BadInput: there is no such chart, or no measure can have this name.
        """
        if kind not in set(ChartKind):
            raise BadInput("chart", f"A chart is one of: {', '.join(ChartKind)}.")
        return cls(ChartKind(kind), measure)
