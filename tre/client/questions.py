"""What a project can be asked, in the words of pandas and statsmodels that `disclosure.crosstab`, `ols` ... take too.

The project adds its table and the person as its unit; each word is explained by the library's function of the same name.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Unpack

from disclosure.statistic import Statistic
from disclosure.unit import Unit
from disclosure.wording import (
    Asked,
    Layout,
    Names,
    OfCurve,
    OfModel,
    OfTable,
    crosstab_layout,
    names_of,
    pivot_layout,
)
from tre.client.estimates import design_with, estimates_of
from tre.client.table import Table

if TYPE_CHECKING:
    import pandas as pd

USUAL_SOURCE: Final = "linked"
"""The table that is asked where none is named."""


class OfAssociation(Asked, total=False):
    """What a measure of association takes besides, in the words that `Statistic.association` explains."""

    by: Sequence[str]
    reference: Sequence[object] | None
    level: float


class Questions(ABC):
    """The questions; a project is one that can be asked them."""

    @abstractmethod
    def ask(self, statistic: Statistic, *, across: Sequence[str] = ()) -> Table:
        """Ask a statistic that was made by hand."""

    @abstractmethod
    def unit_of(self, source: str) -> Unit:
        """Return the column of the privacy unit of a table."""

    @abstractmethod
    def register(self, name: str, frame: "pd.DataFrame", *, unit: str = "study_id") -> str:
        """Hand over a derived table, so that statistics may use it as their source."""

    def crosstab(
        self,
        *by: str | Sequence[str],
        values: str | None = None,
        aggfunc: str | Sequence[str] = "count",
        normalize: bool | str = False,
        margins: bool = True,
        source: str = USUAL_SOURCE,
        **words: Unpack[OfTable],
    ) -> Table:
        """Ask for counts, shares or aggregations: `disclosure.crosstab`. Without a title it gets a plain one.

        Raises:
            ClientError: the source is not known.
            DisclosureError: the statistic cannot be asked, with the reason.
        """
        layout = crosstab_layout(by, values=values, aggfunc=aggfunc, normalize=normalize)
        return self._table(layout, source, margins=margins, words=words)

    def pivot_table(  # noqa: PLR0913 - pandas' own words, by keyword
        self,
        values: Names = None,
        index: Names = None,
        columns: Names = None,
        *,
        aggfunc: str | Sequence[str] = "mean",
        margins: bool = True,
        source: str = USUAL_SOURCE,
        **words: Unpack[OfTable],
    ) -> Table:
        """Ask for the same in pandas' other words: `disclosure.pivot_table`."""
        layout = pivot_layout(values, index, columns, aggfunc)
        return self._table(layout, source, margins=margins, words=words)

    def quantiles(
        self,
        value: str,
        q: Sequence[float] = (0.25, 0.5, 0.75),
        *,
        by: Names = None,
        source: str = USUAL_SOURCE,
        **words: Unpack[Asked],
    ) -> Table:
        """Ask for quantiles of a column: `Statistic.quantiles`."""
        known = self._of(source, words)
        return self.ask(Statistic.quantiles(source, value, q=q, by=names_of(by), **known))

    def histogram(
        self,
        value: str,
        bins: Sequence[float],
        *,
        by: Names = None,
        margins: bool = True,
        source: str = USUAL_SOURCE,
        **words: Unpack[Asked],
    ) -> Table:
        """Ask how many rows lie in each declared bin of a column: `disclosure.histogram`."""
        groups, known = names_of(by), self._of(source, words)
        stat = Statistic.histogram(source, value, bins=bins, by=groups, margins=margins, **known)
        return self.ask(stat, across=groups)

    def ratio(
        self,
        above: str,
        below: str,
        *,
        by: Names = None,
        margins: bool = True,
        source: str = USUAL_SOURCE,
        **words: Unpack[OfTable],
    ) -> Table:
        """Ask for the total of one column divided by that of another: `Statistic.table`."""
        layout = Layout(names_of(by), (), {"ratio": ("ratio", above, below)})
        return self._table(layout, source, margins=margins, words=words)

    def kaplan_meier(
        self,
        time: str,
        event: str,
        *,
        by: Names = None,
        source: str = USUAL_SOURCE,
        **words: Unpack[OfCurve],
    ) -> Table:
        """Ask for survival curves: `disclosure.kaplan_meier`."""
        known: OfCurve = {"unit": self.unit_of(source), **words}
        return self.ask(Statistic.survival(source, time, event, by=names_of(by), **known))

    survival = kaplan_meier

    def association(
        self, test: str, columns: Sequence[str], *, source: str = USUAL_SOURCE, **words: Unpack[OfAssociation]
    ) -> Table:
        """Ask for a measure or test of association: `Statistic.association`."""
        known: OfAssociation = {"unit": self.unit_of(source), **words}
        return self.ask(Statistic.association(source, test, columns, **known))

    def ols(self, formula: object, *, source: str = USUAL_SOURCE, **words: Unpack[OfModel]) -> Table:
        """Ask for least squares, such as `ols("bill ~ C(tenure)")`: `disclosure.ols`."""
        return self._model("ols", formula, source, words)

    def logit(self, formula: object, *, source: str = USUAL_SOURCE, **words: Unpack[OfModel]) -> Table:
        """Ask for a logistic regression: `disclosure.logit`."""
        return self._model("logit", formula, source, words)

    def probit(self, formula: object, *, source: str = USUAL_SOURCE, **words: Unpack[OfModel]) -> Table:
        """Ask for a probit regression: `disclosure.probit`."""
        return self._model("probit", formula, source, words)

    def poisson(self, formula: object, *, source: str = USUAL_SOURCE, **words: Unpack[OfModel]) -> Table:
        """Ask for a Poisson regression: `disclosure.poisson`."""
        return self._model("poisson", formula, source, words)

    def cox(self, formula: object, *, source: str = USUAL_SOURCE, **words: Unpack[OfModel]) -> Table:
        """Ask for proportional hazards; `event` names a column: `disclosure.cox`."""
        return self._model("cox", formula, source, words)

    def estimates(  # noqa: PLR0913 - all but two by keyword
        self,
        result: object,
        design: "pd.DataFrame",
        *,
        response: str | None = None,
        name: str = "design",
        unit: str = "study_id",
        title: str = "",
    ) -> Table:
        """Ask that any estimator's coefficients may leave, in a trusted run: they are claims, judged by their design.

        `result` has `params` as statsmodels' results have, or is a table with term and estimate, or a dict. `design` has
        a row per row of the model: the unit, a column of numbers per term, and the response where it is named.

        Raises:
            ClientError: a term has no column; else as `register`.
            DisclosureError: the estimates cannot be claimed.
        """
        found = estimates_of(result)
        terms = [str(each.get("term")) for each in found]
        known = self.register(name, design_with(design, terms, unit=unit, response=response), unit=unit)
        return self.ask(Statistic.claims(known, found, response=response, unit=unit, title=title))

    def _table(self, layout: Layout, source: str, *, margins: bool, words: OfTable) -> Table:
        known: OfTable = {"unit": self.unit_of(source), **words}
        known["title"] = known.get("title") or layout.title()
        return self.ask(layout.statistic(source, margins=margins, **known), across=layout.across)

    def _model(self, kind: str, formula: object, source: str, words: OfModel) -> Table:
        known: OfModel = {"unit": self.unit_of(source), **words}
        return self.ask(Statistic.model(source, kind=kind, formula=formula, **known))

    def _of(self, source: str, words: Asked) -> Asked:
        return {"unit": self.unit_of(source), **words}
