"""Practice noise on the workspace's own rows: how an answer would look, and what bounding does to it.

Nothing here can be submitted or charged: it is another type, without cost, digest or text form. Whoever runs it sees the
rows already, so it tells them nothing new; it must never run for anyone else.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from disclosure.dp.bounding import bounded_rows
from disclosure.dp.dictionary import Dictionary
from disclosure.dp.drawing import aggregate, draw, quietly
from disclosure.dp.engine import Data, answered, opened, shape_of
from disclosure.dp.exact import Number
from disclosure.dp.nodes import double_node, named, typed_node, value_node, whole_node
from disclosure.dp.planning import Plan, plan
from disclosure.dp.printing import printed
from disclosure.errors import DisclosureError
from disclosure.statistic import Statistic

if TYPE_CHECKING:
    import pandas as pd

MOST_DRAWS: Final = 100
"""Most practice answers at once. Source: ours; more do not help to see how noise looks."""


@dataclass(frozen=True, slots=True, eq=False)
class Practice:
    """Practice answers. Not a release: it cannot be submitted, and nothing was spent.

    Attributes:
        tables: each as a release would print it, with noise of its own.
        bounded: the same without noise: rows beyond the cap dropped, values clamped.
        rows: how many rows there are, how many name a unit, and how many of these count.
        clamped: per column that is summed, banded or modelled: values, how many lie below and above the bounds, and
            the mean before and after clamping, in the column's unit.
    """

    tables: "tuple[pd.DataFrame, ...]"
    bounded: "pd.DataFrame"
    rows: dict[str, int]
    clamped: "pd.DataFrame"

    def __repr__(self) -> str:
        return f"<practice noise, {len(self.tables)} draws: not a release>"


def simulate(  # noqa: PLR0913  the words of a release, all but three by keyword
    stat: Statistic,
    data: Data,
    dictionary: Dictionary,
    *,
    n: int = 3,
    rho: Number | None = None,
    epsilon: Number | None = None,
    mechanism: str = "gaussian",
) -> Practice:
    """Draw practice answers to a question.

    Raises:
        DisclosureError: as `plan`; `draws` when n is not between 1 and `MOST_DRAWS`; `mechanism_failed`.
    """
    if type(n) is not int or not 1 <= n <= MOST_DRAWS:
        raise DisclosureError("draws", f"Ask for 1 to {MOST_DRAWS} practice answers.")
    made = plan(stat, dictionary, rho=rho, epsilon=epsilon, mechanism=mechanism)
    exact = aggregate(made, data)
    rows, clamped = quietly(lambda: _effects(made, data))
    return Practice(
        tables=tuple(draw(made, exact).table for _ in range(n)),
        bounded=printed(made, exact.of(made)).table,
        rows=rows,
        clamped=clamped,
    )


def _effects(made: Plan, data: Data) -> "tuple[dict[str, int], pd.DataFrame]":
    """What capping rows and clamping values does to the data, before any filter."""
    columns = sorted(set(made.statistic.columns()) & set(made.dictionary.bounds))
    with opened(data) as rows:
        shape = shape_of(rows)
        every = exp.select(named(exp.Count(this=exp.Star()), "n")).from_("source")
        named_rows = bounded_rows(made.dictionary, shape, bounded=True, projection_key=None)
        kept = bounded_rows(made.dictionary, shape, bounded=False, projection_key=None)
        counts = {
            "rows": answered(rows, every),
            "with_unit": answered(rows, _counted(named_rows)),
            "kept": answered(rows, _counted(kept)),
        }
        found = {name: int(answer.fetchnumpy()["n"][0]) for name, answer in counts.items()}
        clamps = [answered(rows, _clamps(column, made.dictionary)).df() for column in columns]
    return found, _joined(clamps)


def _counted(rows: exp.Select) -> exp.Select:
    return exp.select(named(exp.Count(this=exp.Star()), "n")).from_("held").with_("held", as_=rows)


def _clamps(column: str, dictionary: Dictionary) -> exp.Select:
    """One row on one column."""
    low, high = (double_node(float(bound)) for bound in dictionary.bounds[column])
    typed, value = typed_node(column, dictionary.kind(column)), value_node(column, dictionary)
    fixed = exp.Div(this=exp.Avg(this=value), expression=whole_node(dictionary.scale_of(column)))
    return exp.select(
        named(exp.Literal.string(column), "column"),
        named(exp.Count(this=typed), "values"),
        named(exp.CountIf(this=exp.LT(this=typed.copy(), expression=low)), "below"),
        named(exp.CountIf(this=exp.GT(this=typed.copy(), expression=high)), "above"),
        named(exp.Avg(this=typed.copy()), "mean"),
        named(fixed, "clamped_mean"),
    ).from_("source")


def _joined(parts: "list[pd.DataFrame]") -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    names = ["column", "values", "below", "above", "mean", "clamped_mean"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
