"""What a chart may show of a checked, protected or noisy statistic: the numbers that may leave, and which are withheld."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import pandas as pd

from disclosure.chart.label import number, plain
from disclosure.columns import label_columns
from disclosure.errors import DisclosureError
from disclosure.result import Report, worst
from disclosure.safe import WITHHELD, Safe
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict

if TYPE_CHECKING:
    from disclosure.dp import Answer

MAX_MARKS: Final = 200
"""Most numbers in one chart. Source: ours; more cannot be read, and a picture of them would be many pages long."""
NOISY: Final = "Noise was added to every number."
Row: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a chart.

    Attributes:
        value: the number; None where it is withheld, or where there is none.
        is_withheld: whether it is withheld.
    """

    value: float | None
    is_withheld: bool = False

    @property
    def text(self) -> str:
        """The number in words: "1,234", "[c]" where it is withheld, "none" where nothing was there to compute it from."""
        if self.is_withheld:
            return WITHHELD
        return "none" if self.value is None else number(self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The rows that a chart may draw.

    Attributes:
        statistic: what was asked.
        table: the table whose cells are drawn: labels, and numbers or "[c]".
        is_draft: whether it failed its check, so that it is for its author only.
        ends: of a noisy table the interval of each number, `<column>_low` and `<column>_high`, row by row as `table`;
            None where none was worked out.
        notes: what else stands below the title.
    """

    statistic: Statistic
    table: pd.DataFrame
    is_draft: bool
    ends: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def rows(self) -> Iterator[Row]:
        """Yield each row of the table by column."""
        for row in self.table.to_dict("records"):
            yield {str(name): value for name, value in row.items()}

    def limits(self, name: str) -> list[tuple[float, float] | None]:
        """Return per row the interval of a number, or None."""
        if self.ends is None:
            return [None] * len(self.table)
        pairs = zip(self.ends[f"{name}_low"].tolist(), self.ends[f"{name}_high"].tolist(), strict=True)
        return [pair if all(map(math.isfinite, pair)) else None for pair in pairs]


def shown_of(source: "Report | Safe | Answer", *, draft: bool) -> Shown:
    """Return what may be drawn; of a draft only the cells that are safe by themselves.

    Raises:
        DisclosureError: "not_clean": the check failed and no draft was asked; "chart": this is no answer of a check.
    """
    if not isinstance(source, Report | Safe):
        return _noisy(source)
    report = source if isinstance(source, Report) else source.report
    table = source.table if isinstance(source, Safe) else _without_unsafe(source)
    failed = Verdict.FAIL in {report.verdict, worst(report.findings)}
    failed = failed or (isinstance(source, Report) and bool(source.cells["unsafe"].any()))
    if failed and not draft:
        raise DisclosureError(
            "not_clean",
            "The check of this statistic failed, so it is not drawn; protect it, or draw a draft with draft=True.",
        )
    return Shown(report.statistic, table, failed or draft)


def _noisy(answer: object) -> Shown:
    """Return what may be drawn of a noisy answer: all of it; it never failed a check, for it needs none."""
    from disclosure.dp import Answer  # noqa: PLC0415  loaded for a noisy answer only

    if not isinstance(answer, Answer):
        raise DisclosureError(
            "chart", "Give the report of a check, a protected table or a noisy answer; nothing else is drawn."
        )
    return Shown(answer.statistic, answer.table, is_draft=False, ends=answer.intervals, notes=(NOISY,))


def read(row: Row, name: str) -> Number:
    """Return a number of a row.

    Raises:
        DisclosureError: "chart": it is a word.
    """
    value = row[name]
    if value == WITHHELD:
        return Number(None, is_withheld=True)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Number(float(value) if math.isfinite(value) else None)
    if value is None:
        return Number(None)
    raise DisclosureError("chart", f"The column {plain(name)!r} holds words; draw one of numbers.")


def check_size(size: int) -> None:
    """Refuse a chart of nothing, or of more than can be read.

    Raises:
        DisclosureError: "chart".
    """
    if not 1 <= size <= MAX_MARKS:
        raise DisclosureError(
            "chart", f"A chart shows 1 to {MAX_MARKS} numbers; ask for a smaller table, or one with rows."
        )


def _without_unsafe(report: Report) -> pd.DataFrame:
    """Return the table of a report in which no unsafe number stands."""
    labels = label_columns(report.statistic)
    unsafe = report.cells["unsafe"].tolist()
    columns = {
        str(name): report.cells[name]
        if name in labels
        else pd.Series(_withheld(report.cells[name].tolist(), unsafe), dtype="object")
        for name in report.cells.columns
        if name not in {"unsafe", "rules"}
    }
    return pd.DataFrame(columns)


def _withheld(values: Sequence[object], unsafe: Sequence[bool]) -> list[object]:
    return [WITHHELD if hidden else value for value, hidden in zip(values, unsafe, strict=True)]
