"""The answer to a question in pandas' words: a wide table, its judgement, and what may be done with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from disclosure.columns import label_columns
from disclosure.frame.wide import long_table, wide_table
from disclosure.kind import TABULAR
from disclosure.portrait import Remark, portrait
from disclosure.protection import Wishes, protect
from disclosure.released import Earlier, Released
from disclosure.result import Finding, Report
from disclosure.safe import Safe
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict

if TYPE_CHECKING:
    from disclosure.chart import Chart


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """A checked statistic, perhaps protected since.

    Attributes:
        checked: the check of the statistic as it was asked, with its true numbers.
        across: the dimensions that are laid out as columns of the wide table; the others head its rows.
        earlier: what was released before on the same people; a protection is held against the same.
        safe: the protected table, or None.
    """

    checked: Report
    across: tuple[str, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    safe: Safe | None = None

    @property
    def report(self) -> Report:
        """The judgement on what is shown: of the protected table where there is one."""
        return self.checked if self.safe is None else self.safe.report

    @property
    def verdict(self) -> Verdict:
        """PASS, REVIEW or FAIL, of what is shown."""
        return self.report.verdict

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rules found, in their order."""
        return self.report.findings

    @property
    def statistic(self) -> Statistic:
        """What was asked."""
        return self.checked.statistic

    @property
    def table(self) -> pd.DataFrame:
        """The numbers as pandas lays them out; "[c]" where one is withheld, "All" for a total.

        Before `protect` it holds every true number, unsafe ones too: look at `verdict` first.
        """
        if self.statistic.kind not in TABULAR:
            return long_table(self.checked.cells, label_columns(self.statistic))
        cells = self.checked.cells if self.safe is None else self.safe.table
        return wide_table(cells, self.statistic, self.across)

    @property
    def unsafe(self) -> pd.DataFrame:
        """True where the number of `table` in the same place may not leave, or is withheld."""
        cells = self.checked.cells
        flags = cells["unsafe"].to_numpy() if self.safe is None else ~self.safe.published
        if self.statistic.kind not in TABULAR:
            numbers = long_table(cells, label_columns(self.statistic))
            return pd.DataFrame(dict.fromkeys(numbers.columns, flags), index=numbers.index)
        names = [measure.name for measure in self.statistic.measures] or ["n"]
        return wide_table(cells.assign(**dict.fromkeys(names, flags)), self.statistic, self.across)

    def protect(
        self,
        method: str = "suppress",
        *,
        base: int = 5,
        key: str | bytes | None = None,
        time_limit: float = 30,
        wishes: Wishes | None = None,
    ) -> "Checked":
        """Protect the table as it was asked, held against all that it was compared with when it was checked.

        Args:
            method: as `disclosure.protect` takes it, and so the rest.
            base: what counts are rounded to, in rows.
            key: the secret of keyed methods.
            time_limit: seconds for the search.
            wishes: costs and frozen cells.

        Raises:
            DisclosureError: as `disclosure.protect`.
        """
        safe = protect(
            self.checked,
            method,
            base=base,
            key=key,
            time_limit=time_limit,
            wishes=wishes,
            released=self.earlier,
        )
        return replace(self, safe=safe)

    def released(self, identifier: str) -> Released:
        """Return what later checks must remember once what is shown is released under an identifier."""
        shown = self.checked if self.safe is None else self.safe
        return shown.released(identifier)

    def chart(
        self, kind: str | None = None, *, title: str = "", measure: str | None = None, draft: bool = False
    ) -> "Chart":
        """Draw what is shown, as `disclosure.chart.chart` does.

        Raises:
            DisclosureError: "not_clean": the verdict is FAIL and no draft was asked; else as there.
        """
        from disclosure.chart import chart  # noqa: PLC0415  drawing is slow to load; only when wanted

        shown = self.checked if self.safe is None else self.safe
        return chart(shown, kind, title=title, measure=measure, draft=draft)

    def _repr_html_(self) -> str:
        """Return the table for a notebook; of a protected one only what may leave."""
        if self.safe is None:
            return self.checked._repr_html_()
        title = self.statistic.title or f"{self.statistic.source} by {', '.join(self.statistic.by)}"
        caption = f"{title}, protected by {self.safe.method}: {self.verdict.name}"
        shown = self.safe.table.assign(unsafe=~self.safe.published)
        return portrait(shown, caption, _remarks(self.findings), self.statistic.by)


def _remarks(findings: Sequence[Finding]) -> list[Remark]:
    return [Remark(f.verdict.name, f.rule, f.sentence, f.cells, f.verdict is Verdict.FAIL) for f in findings]
