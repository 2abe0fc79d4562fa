"""The kinds of statistic, and what each needs."""

from collections.abc import Sequence
from enum import Enum
from typing import Final

from disclosure.bins import check_bins
from disclosure.errors import DisclosureError
from disclosure.measure import Measure


class Kind(Enum):
    """The kinds of statistic that can be asked."""

    TABLE = "table"
    QUANTILES = "quantiles"
    HISTOGRAM = "histogram"
    SURVIVAL = "survival"
    ASSOCIATION = "association"
    MODEL = "model"
    CLAIMS = "claims"


TABULAR: Final = frozenset({Kind.TABLE, Kind.QUANTILES, Kind.HISTOGRAM})
"""Kinds that count, add and order; every other kind carries what it asks in `Statistic.asks`."""


def check_kind(
    kind: Kind, by: Sequence[str], measures: Sequence[Measure], bins: Sequence[float] | None
) -> None:
    """Refuse a histogram without bins or with measures, bins elsewhere, and quantiles that are none.

    Raises:
        DisclosureError: "bins", "measure".
    """
    if (bins is None) == (kind is Kind.HISTOGRAM):
        raise DisclosureError("bins", "A histogram needs bins, and no other statistic takes them.")
    if bins is not None:
        check_bins(bins)
        if not by or measures:
            raise DisclosureError(
                "measure", "A histogram counts one column and has no measures; ask for a table."
            )
    asked = {(measure.function, measure.column) for measure in measures}
    if measures and kind not in TABULAR:
        raise DisclosureError("measure", f"A {kind.value} has no measures; ask for a table.")
    if kind is Kind.QUANTILES and [function for function, _ in asked] != ["quantile"]:
        raise DisclosureError("measure", "Ask for at least one quantile of one column.")
