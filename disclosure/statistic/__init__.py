"""What is asked: a frozen, JSON-able question whose text never reaches a database."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from disclosure.bins import check_bins
from disclosure.derivation import derived_pairs
from disclosure.kind import Kind
from disclosure.measure import Measure, measure_of, quantile_of
from disclosure.statistic.estimates import Estimates
from disclosure.statistic.form import MAX_DIMENSIONS, MAX_JSON, MAX_MEASURES, dimensions
from disclosure.unit import Unit, split_unit

__all__ = ["MAX_DIMENSIONS", "MAX_JSON", "MAX_MEASURES", "Kind", "Measure", "Statistic"]


class Statistic(Estimates):
    """A declarative statistic, asked by one of the ways below."""

    __slots__ = ()

    @classmethod
    def table(  # noqa: PLR0913  the words of the contract, all but one by keyword
        cls,
        source: str,
        *,
        by: Iterable[str] = (),
        measures: Mapping[str, Sequence[str | None]] | None = None,
        unit: Unit = None,
        where: str | None = None,
        derive: Mapping[str, str] | None = None,
        weight: str | None = None,
        margins: bool = True,
        title: str = "",
    ) -> Self:
        """Ask for a table of frequencies (`measures=None`) or of measures such as {"total": ("sum", "bill")}.

        A quantile names its point, ("quantile", "bill", 0.9); a proportion of what it is, ("proportion", None,
        "index"), as pandas' `normalize` does. A unit with levels names them, the finest first: ["person_id",
        "household_id"]; the rules hold at each.

        Raises:
            DisclosureError: codes "name", "dimension", "unknown_measure", "measure", "name_clash", "weight",
                "expression": each names the piece that is wrong.
        """
        finest, within = split_unit(unit)
        return cls(
            kind=Kind.TABLE,
            source=source,
            by=dimensions(by),
            measures=tuple(measure_of(name, asked) for name, asked in (measures or {}).items()),
            unit=finest,
            within=within,
            where=where,
            derive=derived_pairs(derive),
            weight=weight,
            margins=margins,
            title=title,
        )

    @classmethod
    def quantiles(  # noqa: PLR0913  the words of the contract
        cls,
        source: str,
        value: str,
        *,
        q: Iterable[float] = (0.25, 0.5, 0.75),
        by: Iterable[str] | None = None,
        unit: Unit = None,
        where: str | None = None,
        derive: Mapping[str, str] | None = None,
        margins: bool = True,
        title: str = "",
    ) -> Self:
        """Ask for quantiles of a column, each called by its hundredths: q25, q50, q75.

        Raises:
            DisclosureError: as `table`; "measure" also for a quantile outside 0 to 1, or none at all.
        """
        finest, within = split_unit(unit)
        return cls(
            kind=Kind.QUANTILES,
            source=source,
            by=dimensions(by or ()),
            measures=tuple(quantile_of(value, point) for point in q),
            unit=finest,
            within=within,
            where=where,
            derive=derived_pairs(derive),
            weight=None,
            margins=margins,
            title=title,
        )

    @classmethod
    def histogram(  # noqa: PLR0913  the words of the contract
        cls,
        source: str,
        value: str,
        *,
        bins: Iterable[float],
        by: Iterable[str] | None = None,
        unit: Unit = None,
        where: str | None = None,
        derive: Mapping[str, str] | None = None,
        margins: bool = True,
        title: str = "",
    ) -> Self:
        """Ask how many rows lie in each declared bin of a column, which becomes the last dimension.

        Raises:
            DisclosureError: as `table`; "bins": the edges are no numbers in rising order.
        """
        edges = tuple(bins)
        check_bins(edges)
        finest, within = split_unit(unit)
        return cls(
            kind=Kind.HISTOGRAM,
            source=source,
            by=(*dimensions(by or ()), value),
            measures=(),
            unit=finest,
            within=within,
            where=where,
            derive=derived_pairs(derive),
            weight=None,
            margins=margins,
            title=title,
            bins=tuple(map(float, edges)),
        )
