"""A table that a researcher asks for: a statistic, the platform's verdict on it, and what noise would cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from disclosure.columns import label_columns
from disclosure.kind import TABULAR
from disclosure.measure import Measure
from disclosure.statistic import Statistic
from tre.client.channel import Channel
from tre.client.errors import ClientError
from tre.client.price import Price
from tre.wire import (
    ChartShape,
    CheckAnswer,
    CheckRequest,
    FindingShape,
    PriceAnswer,
    PriceRequest,
    ProtectionShape,
    Scalar,
    Verb,
)

if TYPE_CHECKING:
    import pandas as pd

    from disclosure.dp import Practice

MARGIN: Final = "all"
SHADE: Final = "background:#f8d7da;color:#000"  # black on this pink: contrast 15.6 to 1
MOST_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class Check:
    """The platform's verdict, computed by it from the extract or the derived rows.

    Attributes:
        answer: what the platform said.
        statistic: what was asked.
        across: the dimensions that head columns where the answer is laid out wide.
    """

    answer: CheckAnswer
    statistic: Statistic
    across: tuple[str, ...] = ()

    @property
    def dimensions(self) -> int:
        """How many of the first columns are dimensions."""
        return len(label_columns(self.statistic))

    @property
    def verdict(self) -> str:
        """`PASS`, `REVIEW` or `FAIL`."""
        return self.answer.verdict

    @property
    def findings(self) -> tuple[FindingShape, ...]:
        """Why, one by one."""
        return self.answer.findings

    def to_pandas(self) -> "pd.DataFrame":
        """The cells that the platform looked at, with `unsafe` and `rules`."""
        import pandas as pd  # noqa: PLC0415 - slow; only when wanted

        return pd.DataFrame(list(self.answer.rows), columns=list(self.answer.columns))

    @property
    def table(self) -> "pd.DataFrame":
        """The same numbers as pandas lays them out, "All" for a total; unsafe ones too, so look at `verdict` first."""
        import pandas as pd  # noqa: PLC0415 - slow; only when wanted

        from disclosure.frame.wide import long_table, wide_table  # noqa: PLC0415 - slow; only when wanted

        cells = self.to_pandas()
        for place, name in enumerate(label_columns(self.statistic)):  # None is a total, and stays None
            cells[name] = pd.Series([row[place] for row in self.answer.rows], dtype="object")
        if self.statistic.kind not in TABULAR:
            return long_table(cells, label_columns(self.statistic))
        return wide_table(cells, self.statistic, self.across)

    def __repr__(self) -> str:
        return "\n".join(
            [f"Verdict: {self.verdict}", *(f"- {finding.sentence}" for finding in self.findings)]
        )

    def _repr_html_(self) -> str:
        """Shade unsafe cells and mark them in words too, for print and for screen readers."""
        answer = self.answer
        unsafe = answer.columns.index("unsafe") if "unsafe" in answer.columns else len(answer.columns)
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in answer.columns)
        body = "".join(self._row_html(row, unsafe) for row in answer.rows[:MOST_ROWS])
        left = len(answer.rows) - MOST_ROWS
        more = f"<p>{left} more cells: see to_pandas().</p>" if left > 0 else ""
        findings = "".join(f"<li>{escape(finding.sentence)}</li>" for finding in answer.findings)
        caption = f"Verdict of the platform: {escape(self.verdict)}"
        drawn = "" if answer.drawn is None else f"<figure>{answer.drawn.svg}</figure>"
        return (
            f"{drawn}<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"{more}<ul>{findings}</ul>"
        )

    @property
    def svg(self) -> str | None:
        """The chart as the platform drew it, in SVG; None where none was asked."""
        return None if self.answer.drawn is None else self.answer.drawn.svg

    @property
    def alt(self) -> str:
        """The same in words; empty where none was asked."""
        return "" if self.answer.drawn is None else self.answer.drawn.alternative

    def _row_html(self, row: Sequence[Scalar], unsafe: int) -> str:
        is_unsafe = unsafe < len(row) and row[unsafe] is True
        cells = []
        for place, value in enumerate(row):
            if place < self.dimensions:
                text = MARGIN if value is None else str(value)
                cells.append(f'<th scope="row">{escape(text)}</th>')
            else:
                text = ("UNSAFE" if value else "") if place == unsafe else "" if value is None else str(value)
                cells.append(f"<td>{escape(text)}</td>")
        style = f' style="{SHADE}"' if is_unsafe else ""
        return f"<tr{style}>{''.join(cells)}</tr>"


class Table:
    """One table that is asked for. Nothing of it leaves before two people have approved it."""

    def __init__(  # noqa: PLR0913 - all but three by keyword
        self,
        statistic: Statistic,
        channel: Channel,
        protection: ProtectionShape | None = None,
        *,
        practice: "Callable[..., Practice]",
        picture: ChartShape | None = None,
        across: tuple[str, ...] = (),
    ) -> None:
        self._statistic = statistic
        self._channel = channel
        self._protection = protection
        self._picture = picture
        self._across = across
        self._practice = practice
        self._checked: Check | None = None

    def to_statistic(self) -> Statistic:
        """What is asked, as a frozen statistic."""
        return self._statistic

    @property
    def protection(self) -> ProtectionShape | None:
        """How it is protected before it leaves, if it leaves exact."""
        return self._protection

    @property
    def picture(self) -> ChartShape | None:
        """The chart that goes with it, or None."""
        return self._picture

    def protect(self, method: str = "suppress", *, base: int | None = None) -> "Table":
        """Return the same table, protected before it leaves: see `disclosure.protect` for the methods."""
        asked = ProtectionShape(method=method, base=base)
        return self._with(asked, self._picture)

    def chart(self, kind: str | None = None, *, measure: str | None = None) -> "Table":
        """Return the same table with a chart, which the platform draws of the checked numbers; look at it, or submit it.

        A withheld number is in no part of the picture. Of a table that fails its check a draft is shown here.

        Args:
            kind: "bar", "line", "histogram", "heatmap", "forest" or "survival"; None for the usual one.
            measure: which measure is drawn; None for the first.

        Raises:
            DisclosureError: "chart": this chart does not suit the statistic.
        """
        from disclosure.chart import USUAL, check_suits  # noqa: PLC0415 - slow; only when wanted

        named = kind or USUAL[self._statistic.kind]
        check_suits(self._statistic, named, measure)
        return self._with(self._protection, ChartShape(kind=named, measure=measure))

    def _with(self, protection: ProtectionShape | None, picture: ChartShape | None) -> "Table":
        return Table(
            self._statistic,
            self._channel,
            protection,
            practice=self._practice,
            picture=picture,
            across=self._across,
        )

    def simulate(self, n: int = 3, *, precision: str = "standard") -> "Practice":
        """Draw practice answers from the rows in this workspace: see `Project.simulate`."""
        return self._practice(self._statistic, n, precision=precision)

    def check(self) -> Check:
        """Ask the platform for its verdict on the table as it would leave.

        Raises:
            ClientError: the platform refused.
        """
        request = CheckRequest(
            statistic=self._statistic.to_json(), protection=self._protection, chart=self._picture
        )
        answer = self._channel.ask(Verb.CHECK, CheckAnswer, request)
        self._checked = Check(answer, self._statistic, self._across)
        return self._checked

    def price(
        self, precision: str = "standard", *, rho: float | None = None, epsilon: float | None = None
    ) -> Price:
        """Ask what a noisy release would cost and how near its answer would be: by the menu, or at so much rho or epsilon.

        Raises:
            ClientError: the platform refused, for example because a column has no public bounds.
        """
        asked = PriceRequest(
            statistic=self._statistic.to_json(), precision=precision, rho=rho, epsilon=epsilon
        )
        return Price(self._channel.ask(Verb.PRICE, PriceAnswer, asked))

    def __repr__(self) -> str:
        asked = self._statistic
        if asked.asks is not None:
            return f"Table({asked.asks.sentence()} from {asked.source})"
        measures = ", ".join(map(_said, asked.measures))
        where = f" where {asked.where}" if asked.where else ""
        return f"Table({measures or 'counts'} by {', '.join(asked.by)} from {asked.source}{where})"

    def _repr_html_(self) -> str:
        try:
            checked = self._checked or self.check()
        except ClientError as refused:
            return f"<p>{escape(repr(self))}</p><p>{escape(refused.sentence)}</p>"
        return f"<p>{escape(repr(self))}</p>{checked._repr_html_()}"


def _said(measure: Measure) -> str:
    if measure.function == "ratio":
        return f"ratio of {measure.column} to {measure.argument}"
    point = "" if measure.argument is None else f" {measure.argument}"
    return f"{measure.function}{point} of {measure.column}"
