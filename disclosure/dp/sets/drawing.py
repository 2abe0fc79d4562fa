"""A set of tables released in three steps, so that a ledger can charge between them: plan, aggregate, draw."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from disclosure.dp.answer import Answer
from disclosure.dp.bounding import bounded_rows
from disclosure.dp.dictionary import Dictionary
from disclosure.dp.drawing import Vectors, quietly
from disclosure.dp.engine import Data, answered, opened, shape_of
from disclosure.dp.exact import Number
from disclosure.dp.layout import Vector
from disclosure.dp.mechanism import Mechanism
from disclosure.dp.sampling import draw_all
from disclosure.dp.sets.counting import margin, marginals_of, marginals_query
from disclosure.dp.sets.marginals import Marginal, closure
from disclosure.dp.sets.nonnegative import moved
from disclosure.dp.sets.planning import SetPlan, half_width, plan_set
from disclosure.dp.sets.quantity import Quantity
from disclosure.dp.sets.residuals import tables_of
from disclosure.dp.sets.rounding import rounded
from disclosure.errors import DisclosureError
from disclosure.statistic import Statistic

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class SetAnswer:
    """Noisy tables that agree exactly: what two of them both say, they say alike, margins included.

    Attributes:
        answers: one per question, in order; each says a spend of 0, because the set is charged as a whole.
        spend: what all of them cost together, in nano-rho.
        plan_digest: digest of the plan that was drawn.
    """

    answers: tuple[Answer, ...]
    spend: int
    plan_digest: str

    def to_json(self) -> str:
        """Write canonical JSON; the same answer always gives the same bytes."""
        record = {
            "answers": [json.loads(each.to_json()) for each in self.answers],
            "plan": self.plan_digest,
            "spend": self.spend,
        }
        return _canonical(record)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; writing it again gives the same bytes.

        Raises:
            DisclosureError: `answer` when it is something else.
        """
        try:
            record = json.loads(text)
            answers = tuple(Answer.from_json(_canonical(each)) for each in record["answers"])
            answer = cls(answers, int(record["spend"]), str(record["plan"]))
        except (ValueError, TypeError, KeyError, RecursionError):
            answer = None
        if answer is None or answer.to_json() != text:
            raise DisclosureError(
                "answer", "This is no answer that to_json wrote, or it was changed; fetch it again."
            )
        return answer


def _canonical(record: object) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), allow_nan=False)


def aggregate_set(
    plan: SetPlan, data: Data, *, bounded: bool = False, projection_key: bytes | None = None
) -> Vectors:
    """Bound each unit's rows and work out the contrasts of all marginals, exactly, in one pass.

    Args:
        plan: what is asked.
        data: a path, a pandas or Arrow table, or a DuckDB relation.
        bounded: True when the data come from `materialise` with this dictionary.
        projection_key: secret of the edition that decides which rows of a unit stay; None draws a fresh one.

    Raises:
        DisclosureError: `mechanism_failed`, always with the same sentence.
    """

    def exact() -> "tuple[NDArray[np.int64], ...]":
        with opened(data) as rows:
            shape = shape_of(rows)
            kept = bounded_rows(plan.dictionary, shape, bounded=bounded, projection_key=projection_key)
            counted = marginals_of(plan, answered(rows, marginals_query(plan, kept)).fetchnumpy())
        return tuple(
            contrast.of(margin(tables, contrast.marginal)).reshape(-1)
            for quantity, tables in zip(plan.quantities, counted, strict=True)
            for contrast in quantity.contrasts
        )

    return Vectors(quietly(exact), plan.digest)


def draw_set(plan: SetPlan, vectors: Vectors) -> SetAnswer:
    """Add fresh noise to every contrast, once, and lay the tables out. Each call is a new release and must be charged.

    Raises:
        DisclosureError: `plan` when the vectors belong to another plan; `mechanism_failed`.
    """
    noises = [contrast.noise for quantity in plan.quantities for contrast in quantity.contrasts]
    exact = vectors.of(plan)
    noisy = quietly(lambda: draw_all(noises, exact))
    tables = quietly(lambda: reconstructed(plan, noisy))
    return SetAnswer(
        tuple(_answer(plan, index, tables) for index in range(len(plan.statistics))), plan.cost, plan.digest
    )


def release_set(  # noqa: PLR0913  the words of `release`, all but three by keyword
    stats: Sequence[Statistic],
    data: Data,
    dictionary: Dictionary,
    *,
    rho: Number | None = None,
    epsilon: Number | None = None,
    objective: str = "mean",
    negatives: str = "keep",
    bounded: bool = False,
    projection_key: bytes | None = None,
) -> SetAnswer:
    """Plan, aggregate and draw several tables at once. The caller charges `answer.spend`, best before, by `plan_set`.

    Raises:
        DisclosureError: as `plan_set`, by questions and dictionary alone; else `mechanism_failed`.
    """
    made = plan_set(stats, dictionary, rho=rho, epsilon=epsilon, objective=objective, negatives=negatives)
    return draw_set(made, aggregate_set(made, data, bounded=bounded, projection_key=projection_key))


def reconstructed(
    plan: SetPlan, noisy: "Sequence[NDArray[np.int64]]"
) -> "dict[Vector, dict[Marginal, NDArray[np.int64]]]":
    """Whole consistent tables per quantity from noisy contrasts; looks at nothing else."""
    left = iter(noisy)
    return {quantity.vector: _tables(plan, quantity, left) for quantity in plan.quantities}


def _tables(
    plan: SetPlan, quantity: Quantity, noisy: "Iterator[NDArray[np.int64]]"
) -> "dict[Marginal, NDArray[np.int64]]":
    residuals = {
        contrast.marginal: contrast.residual(next(noisy).reshape(contrast.levels))
        for contrast in quantity.contrasts
    }
    order = closure(quantity.workload.printed)
    estimates = tables_of(residuals, order, plan.levels)
    return moved(estimates, order) if plan.negatives == "move" else rounded(estimates, order)


def _answer(
    plan: SetPlan, index: int, tables: "Mapping[Vector, Mapping[Marginal, NDArray[np.int64]]]"
) -> Answer:
    """One table as it leaves."""
    table, intervals = _laid_out(plan, index, tables)
    return Answer(
        table=table,
        spend=0,
        accuracy=MappingProxyType(plan.accuracy[index]),
        sigma=MappingProxyType(plan.sigma[index]),
        statistic=plan.statistics[index],
        mechanism=Mechanism.GAUSSIAN,
        plan_digest=plan.digest,
        intervals=intervals,
    )


def _laid_out(
    plan: SetPlan, index: int, tables: "Mapping[Vector, Mapping[Marginal, NDArray[np.int64]]]"
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """The numbers of one table block by block, and their intervals."""
    import pandas as pd  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    stat, layout = plan.statistics[index], plan.layouts[index]
    widths = {each.vector: each for each in plan.quantities}
    rows: list[tuple[object, ...]] = []
    values: dict[str, list[int]] = {}
    ends: dict[str, list[int]] = {}
    for axes in _blocks(len(stat.by), margins=stat.margins):
        rows += itertools.product(
            *(each.levels if axis in axes else (None,) for axis, each in enumerate(layout.dimensions))
        )
        for printed in layout.printed:
            vector = layout.vectors[printed.vectors[0]]
            places = [plan.attributes.index(stat.by[axis]) for axis in axes]
            marginal = tuple(sorted(places))
            cells = tables[vector][marginal].transpose([marginal.index(place) for place in places])
            flat, half = cells.reshape(-1).tolist(), half_width(widths[vector].sigmas[marginal])
            values.setdefault(printed.name, []).extend(flat)
            ends.setdefault(f"{printed.name}_low", []).extend(cell - half for cell in flat)
            ends.setdefault(f"{printed.name}_high", []).extend(cell + half for cell in flat)
    labels = {name: pd.Series([row[axis] for row in rows], dtype=object) for axis, name in enumerate(stat.by)}
    return pd.DataFrame(labels | values), pd.DataFrame(labels | ends)


def _blocks(dimensions: int, *, margins: bool) -> list[tuple[int, ...]]:
    """Axes that each block keeps: all for the cells, then each margin, the grand total last."""
    axes = tuple(range(dimensions))
    kept = [axes, *(each for size in reversed(axes) for each in itertools.combinations(axes, size))]
    return kept if margins else kept[:1]
