"""What a project can be asked besides tables: quantiles, histograms, curves, associations and models.

Each takes the words of the `Statistic` constructor of its name; the project adds its table and its unit.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from disclosure.statistic import Statistic
from tre.client.estimates import design_with, estimates_of
from tre.client.table import Table

if TYPE_CHECKING:
    import pandas as pd

USUAL_SOURCE: Final = "linked"
"""The table that is asked where none is named."""
Words = Any  # the words of a Statistic constructor, which checks each of them


class Questions(ABC):
    """The questions beyond tables; a project is one that can be asked them."""

    @abstractmethod
    def ask(self, statistic: Statistic) -> Table:
        """Ask a statistic that was made by hand."""

    @abstractmethod
    def unit_of(self, source: str) -> str:
        """Return the column of the privacy unit of a table."""

    @abstractmethod
    def register(self, name: str, frame: "pd.DataFrame", *, unit: str = "study_id") -> str:
        """Hand over a derived table, so that statistics may use it as their source."""

    def quantiles(self, value: str, **words: Words) -> Table:
        """Ask for quantiles of a column: `Statistic.quantiles`."""
        return self._made(Statistic.quantiles, value, **words)

    def histogram(self, value: str, bins: Sequence[float], **words: Words) -> Table:
        """Ask how many rows lie in each declared bin of a column: `Statistic.histogram`."""
        return self._made(Statistic.histogram, value, bins=bins, **words)

    def ratio(self, above: str, below: str, **words: Words) -> Table:
        """Ask for the total of one column divided by that of another: `Statistic.table`."""
        return self._made(Statistic.table, measures={"ratio": ("ratio", above, below)}, **words)

    def survival(self, time: str, event: str, **words: Words) -> Table:
        """Ask for Kaplan-Meier curves: `Statistic.survival`."""
        return self._made(Statistic.survival, time, event, **words)

    def association(self, test: str, columns: Sequence[str], **words: Words) -> Table:
        """Ask for a measure or test of association: `Statistic.association`."""
        return self._made(Statistic.association, test, columns, **words)

    def ols(self, formula: object, **words: Words) -> Table:
        """Ask for least squares, such as `ols("bill ~ C(tenure)")`: `Statistic.model`."""
        return self._model("ols", formula, words)

    def logit(self, formula: object, **words: Words) -> Table:
        """Ask for a logistic regression: `Statistic.model`."""
        return self._model("logit", formula, words)

    def probit(self, formula: object, **words: Words) -> Table:
        """Ask for a probit regression: `Statistic.model`."""
        return self._model("probit", formula, words)

    def poisson(self, formula: object, **words: Words) -> Table:
        """Ask for a Poisson regression: `Statistic.model`."""
        return self._model("poisson", formula, words)

    def cox(self, formula: object, *, event: str, **words: Words) -> Table:
        """Ask for proportional hazards: `Statistic.model`."""
        return self._model("cox", formula, {**words, "event": event})

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

    def _model(self, kind: str, formula: object, words: dict[str, Words]) -> Table:
        return self._made(Statistic.model, kind=kind, formula=formula, **words)

    def _made(
        self, make: Callable[..., Statistic], *values: object, source: str = USUAL_SOURCE, **words: Words
    ) -> Table:
        return self.ask(make(source, *values, unit=self.unit_of(source), **words))
