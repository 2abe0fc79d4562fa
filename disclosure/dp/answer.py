"""A noisy answer: what may leave, with what it cost and how sure it is. Nothing here looks at data again."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self

from disclosure.dp.mechanism import Mechanism
from disclosure.errors import DisclosureError
from disclosure.statistic import Statistic

if TYPE_CHECKING:
    import pandas as pd

_PARTS: Final = frozenset({"accuracy", "columns", "mechanism", "plan", "rows", "sigma", "spend", "statistic"})


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A noisy table as released.

    Attributes:
        table: dimensions in the dictionary's order, then `n` where rows were counted, then the measures. Counts are
            whole rows, sums whole fixed-point steps; means are in the column's own unit. Margins follow the
            cells, with None in the dimension that is summed over.
        spend: what it cost, in nano-rho.
        accuracy: half-width per printed column that covers at least 95% of the noise of one cell; a margin's
            is wider. A mean's is for a cell of average size.
        sigma: standard deviation of the noise per printed column and cell; units as the table.
        statistic: the question.
        mechanism: the distribution of the noise.
        plan_digest: digest of the plan that was drawn.
        intervals: rows and dimensions as `table`, then `<column>_low` and `<column>_high` per number: an interval that
            holds what the bounded data say in at least 95% of releases, margins and ratios included. It speaks
            of the noise alone. None where nothing was worked out.
    """

    table: "pd.DataFrame"
    spend: int
    accuracy: Mapping[str, float]
    sigma: Mapping[str, float]
    statistic: Statistic
    mechanism: Mechanism
    plan_digest: str
    intervals: "pd.DataFrame | None" = None

    def to_json(self) -> str:
        """Write canonical JSON; the same answer always gives the same bytes."""
        record: dict[str, object] = {
            "accuracy": dict(self.accuracy),
            "columns": list(self.table.columns),
            "mechanism": self.mechanism,
            "plan": self.plan_digest,
            "rows": _rows(self.table),
            "sigma": dict(self.sigma),
            "spend": self.spend,
            "statistic": json.loads(self.statistic.to_json()),
        }
        if self.intervals is not None:
            ends = self.intervals.iloc[:, len(self.statistic.by) :]
            record["intervals"] = {"columns": list(ends.columns), "rows": _rows(ends)}
        return json.dumps(record, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; writing it again gives the same bytes.

        Raises:
            DisclosureError: `answer` when it is something else.
        """
        try:
            record = json.loads(text)
            whole = isinstance(record, dict) and set(record) - {"intervals"} == _PARTS
            answer = cls._from_record(record) if whole else None
        except (ValueError, TypeError, KeyError, RecursionError):
            answer = None
        if answer is None or answer.to_json() != text:
            raise DisclosureError(
                "answer", "This is no answer that to_json wrote, or it was changed; fetch it again."
            )
        return answer

    @classmethod
    def _from_record(cls, record: dict[str, Any]) -> Self:  # JSON, checked by writing it again
        statistic = Statistic.from_json(record["statistic"])
        table = _table_again(record["columns"], record["rows"], len(statistic.by))
        return cls(
            table=table,
            intervals=_intervals_again(record.get("intervals"), table.iloc[:, : len(statistic.by)]),
            spend=int(record["spend"]),
            accuracy=MappingProxyType(dict(record["accuracy"])),
            sigma=MappingProxyType(dict(record["sigma"])),
            statistic=statistic,
            mechanism=Mechanism(record["mechanism"]),
            plan_digest=str(record["plan"]),
        )


def _rows(table: "pd.DataFrame") -> list[list[object]]:
    """Rows in the types of JSON; NaN, the mean of an impossible cell, as null."""
    columns = [[_plain(value) for value in table[name].tolist()] for name in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _plain(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


def _intervals_again(held: dict[str, Any] | None, labels: "pd.DataFrame") -> "pd.DataFrame | None":
    """The intervals from their ends, beside the table's dimensions."""
    if held is None:
        return None
    ends = _table_again(held["columns"], held["rows"], 0)
    return labels.join(ends) if len(labels.columns) else ends


def _table_again(names: list[str], rows: list[list[object]], dimensions: int) -> "pd.DataFrame":
    """The table from its rows: dimensions and texts as objects, whole columns as integers, others as floats."""
    import pandas as pd  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    columns = {}
    for index, (name, values) in enumerate(zip(names, zip(*rows, strict=True), strict=True)):
        whole = all(type(value) is int for value in values)
        labels = index < dimensions or any(isinstance(value, str) for value in values)
        columns[name] = pd.Series(values, dtype=object if labels else "int64" if whole else "float64")
    return pd.DataFrame(columns)
