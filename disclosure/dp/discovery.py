"""Levels discovered in the data and released with noise: the one release here that spends delta, off unless asked for.

A dictionary names the columns whose levels may be discovered, none by default. What is released is the list of levels
that enough units have, each with its noisy number of units; once released and charged, its owner may publish it as
`keys` like any other list. A level that one unit alone brings into the data appears with probability at most delta.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist
from typing import TYPE_CHECKING

from sqlglot import exp

from disclosure.dp.accountant import ATTO, to_nano
from disclosure.dp.bounding import bounded_rows
from disclosure.dp.dictionary import Dictionary
from disclosure.dp.drawing import quietly
from disclosure.dp.engine import Data, answered, opened, shape_of
from disclosure.dp.exact import Number, exact
from disclosure.dp.levels import LONGEST_LEVEL, Kind
from disclosure.dp.mechanism import Mechanism, Noise, draw_noise
from disclosure.dp.nodes import name_node, named, typed_node
from disclosure.dp.published import refuse_derived, refuse_foreign, refuse_unpublished_filter
from disclosure.errors import DisclosureError
from disclosure.expression.sql import column_node
from disclosure.kind import Kind as Asked
from disclosure.statistic import Statistic

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """A priced release of levels. Depends on question and dictionary only.

    Attributes:
        statistic: a table of frequencies by the one column.
        dictionary: the public facts.
        cost: what it is charged, in nano-rho.
        delta_cost: what it is charged besides, in atto-delta.
    """

    statistic: Statistic
    dictionary: Dictionary
    cost: int
    delta_cost: int

    @property
    def column(self) -> str:
        """The column whose levels are discovered."""
        return self.statistic.by[0]

    @property
    def noise(self) -> Noise:
        """The noise on a level's number of units: one unit has at most `rows_per_unit` levels, each by one."""
        most = math.isqrt(self.dictionary.rows_per_unit - 1) + 1
        return Noise(Mechanism.GAUSSIAN, most, Fraction(self.cost))

    @property
    def threshold(self) -> int:
        """A level appears when its noisy number of units exceeds this.

        A discrete Gaussian reaches m no more often than a normal reaches m - 1 (Canonne, Kamath and Steinke 2020), and one
        unit brings at most `rows_per_unit` new levels, each of one unit.
        """
        risk = self.delta_cost / ATTO / self.dictionary.rows_per_unit
        return math.ceil(2 - self.noise.sigma * NormalDist().inv_cdf(risk))

    @property
    def digest(self) -> str:
        """SHA-256 of what determines the release, in hexadecimal."""
        parts = (self.statistic.to_json(), self.dictionary.digest, self.cost, self.delta_cost)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """Levels as released.

    Attributes:
        table: the levels, sorted, each with its noisy number of units.
        spend: what it cost, in nano-rho.
        delta_spend: what it cost besides, in atto-delta.
        threshold: the number of units that each exceeds.
        plan_digest: digest of the plan that was drawn.
    """

    table: "pd.DataFrame"
    spend: int
    delta_spend: int
    threshold: int
    plan_digest: str

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels, sorted: what a dictionary may publish."""
        return tuple(self.table.iloc[:, 0])


def plan_keys(stat: Statistic, dictionary: Dictionary, *, rho: Number, delta: Number) -> KeyPlan:
    """Check and price a release of levels; reads no data.

    Args:
        stat: a table of frequencies by one column that the dictionary lets discover, without totals.
        dictionary: the public facts.
        rho: zCDP budget.
        delta: probability that a level of one unit appears; at most the dictionary's own delta.

    Raises:
        DisclosureError: `discovery` for any other question; `delta`, `budget`, `unit`, `overflow`, `derived`, `shared` or
            `where_unpublished`.
    """
    _refuse_undiscoverable(stat, dictionary)
    refuse_unpublished_filter(stat, dictionary)
    chance = exact(delta)
    if chance is None or chance <= 0 or chance > Fraction(str(dictionary.privacy_delta)):
        raise DisclosureError(
            "delta", "delta must lie above 0 and within the dictionary's own; ask for less."
        )
    if chance * ATTO < 1:
        raise DisclosureError("delta", "delta is below the smallest unit of the ledger; ask for more.")
    made = KeyPlan(stat, dictionary, cost=to_nano(rho), delta_cost=math.floor(chance * ATTO))
    _ = made.noise.scale  # refuses noise that cannot be drawn, before anything is charged
    return made


def release_keys(  # noqa: PLR0913  the words of a release, all but three by keyword
    stat: Statistic,
    data: Data,
    dictionary: Dictionary,
    *,
    rho: Number,
    delta: Number,
    bounded: bool = False,
    projection_key: bytes | None = None,
) -> Keys:
    """Release the levels that enough units have. The caller charges `spend` and `delta_spend`, best before, by `plan_keys`.

    Raises:
        DisclosureError: as `plan_keys`, by question and dictionary alone; else `mechanism_failed`.
    """
    made = plan_keys(stat, dictionary, rho=rho, delta=delta)

    def drawn() -> "pd.DataFrame":
        with opened(data) as rows:
            kept = bounded_rows(dictionary, shape_of(rows), bounded=bounded, projection_key=projection_key)
            found = answered(rows, _units_query(made, kept)).fetchnumpy()
        return _above(made, found["level"], found["units"])

    return Keys(
        table=quietly(drawn),
        spend=made.cost,
        delta_spend=made.delta_cost,
        threshold=made.threshold,
        plan_digest=made.digest,
    )


def _refuse_undiscoverable(stat: Statistic, dictionary: Dictionary) -> None:
    """Refuse anything but frequencies by one column that may be discovered."""
    refuse_foreign(stat, dictionary)
    refuse_derived(stat)
    plain = stat.kind is Asked.TABLE and len(stat.by) == 1 and not stat.measures and not stat.margins
    if not plain or stat.weight is not None:
        raise DisclosureError(
            "discovery", "Levels are discovered by a table of frequencies of one column, without totals."
        )
    if stat.unit != dictionary.unit or stat.within:
        raise DisclosureError(
            "unit", f"The statistic must name the unit {dictionary.unit!r}; set unit= to it."
        )
    if stat.by[0] not in dictionary.discoverable:
        raise DisclosureError(
            "discovery",
            f"The levels of {stat.by[0]!r:.80} may not be discovered; group by a column with published levels.",
        )
    dictionary.refuse_unusable(stat.by[0])


def _units_query(made: KeyPlan, rows: exp.Select) -> exp.Select:
    """Levels with their number of units, sorted. Which texts can be levels depends on the text alone."""
    kept = exp.select(exp.Star()).from_("bounded")
    if made.statistic.filter is not None:
        kept = kept.where(made.statistic.filter.to_sql())
    read = exp.select(
        named(typed_node(made.column, Kind.TEXT), "level"), named(column_node(made.dictionary.unit), "unit")
    ).from_("kept")
    level = name_node("level")
    length = exp.Length(this=level.copy())
    answer = (
        exp.select(level, named(exp.Count(this=exp.Distinct(expressions=[name_node("unit")])), "units"))
        .from_("read")
        .where(exp.LTE(this=length, expression=exp.Literal.number(LONGEST_LEVEL)))
        .group_by(level.copy())
        .order_by(level.copy())
    )
    for name, part in (("bounded", rows), ("kept", kept), ("read", read)):
        answer = answer.with_(name, as_=part)
    return answer


def _above(made: KeyPlan, levels: "NDArray[np.object_]", units: "NDArray[np.int64]") -> "pd.DataFrame":
    """The levels whose noisy number of units exceeds the threshold."""
    import pandas as pd  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    noisy = draw_noise(made.noise, units) if len(units) else units
    known = noisy > made.threshold
    return pd.DataFrame(
        {
            made.column: pd.Series(list(levels[known]), dtype=object),
            "units": pd.Series(noisy[known], dtype="int64"),
        }
    )
