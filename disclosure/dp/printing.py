"""Noisy vectors laid out as a table: margins, ratios, quantiles and impossible cells are made from them alone."""

import itertools
from types import MappingProxyType
from typing import TYPE_CHECKING

from disclosure.dp.answer import Answer
from disclosure.dp.design import STEPS, design_of
from disclosure.dp.estimates import Cells, Estimate
from disclosure.dp.levels import identity_of
from disclosure.dp.planning import Plan
from disclosure.models import Model

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def printed(plan: Plan, vectors: "tuple[NDArray[np.int64], ...]") -> Answer:
    """The answer to a plan, from its noisy vectors."""
    table, intervals = _regression(plan, vectors) or _tables(plan, _cells(plan, vectors))
    return Answer(
        table=table,
        spend=plan.cost,
        accuracy=MappingProxyType(plan.accuracy),
        sigma=MappingProxyType(plan.sigma),
        statistic=plan.statistic,
        mechanism=plan.mechanism,
        plan_digest=plan.digest,
        intervals=intervals,
    )


def outline(plan: Plan) -> Answer:
    """The answer to a plan with nought in every cell: its rows, columns and intervals, and nothing of the data.

    It depends on question and dictionary only, and tells whether a chart of the answer can be drawn.
    """
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    sizes = [plan.cells * vector.width for vector in plan.layout.vectors]
    return printed(plan, tuple(np.zeros(size, dtype=np.int64) for size in sizes))


def _regression(plan: Plan, vectors: "tuple[NDArray[np.int64], ...]") -> "tuple[pd.DataFrame, None] | None":
    """The table of a model, which holds its own intervals; None for any other question."""
    from disclosure.dp.regression.estimates import solved, table_of  # noqa: PLC0415  loads numpy when needed

    if not isinstance(plan.statistic.asks, Model):
        return None
    design, (noise,) = design_of(plan.statistic.asks, plan.dictionary), plan.noises
    solution = solved(design, vectors[0], noise.sigma)
    half = noise.half_width / STEPS**2
    return table_of(design, solution, plan.dictionary, half_width=half), None


def _cells(plan: Plan, vectors: "tuple[NDArray[np.int64], ...]") -> Cells:
    """The vectors in the shape of the table, with nothing in impossible cells."""
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    layout = plan.layout
    possible = _possible(plan)
    shaped = []
    for vector, held in zip(layout.vectors, vectors, strict=True):
        deeper = () if vector.bands is None else (vector.width,)
        there = possible if vector.bands is None else possible[..., np.newaxis]
        shaped.append(np.where(there, held.reshape((*layout.shape, *deeper)), 0))
    return Cells(plan, tuple(shaped), possible.astype(np.int64))


def _tables(plan: Plan, cells: Cells) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """The table, and the intervals of its numbers."""
    import pandas as pd  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    layout = plan.layout
    rows: list[tuple[object, ...]] = []
    blocks: dict[str, list[Estimate]] = {each.name: [] for each in layout.printed}
    for summed in _summed(len(layout.dimensions), margins=plan.statistic.margins):
        held = [(None,) if axis in summed else each.levels for axis, each in enumerate(layout.dimensions)]
        rows += itertools.product(*held)
        for each in layout.printed:
            blocks[each.name].append(cells.estimate(each, summed))
    labels = {
        dimension.column: pd.Series([row[axis] for row in rows], dtype=object)
        for axis, dimension in enumerate(layout.dimensions)
    }
    values = {name: _joined(block, "value") for name, block in blocks.items()}
    ends = {f"{name}_{end}": _joined(block, end) for name, block in blocks.items() for end in ("low", "high")}
    return pd.DataFrame(labels | values), pd.DataFrame(labels | ends)


def _joined(blocks: list[Estimate], part: str) -> "NDArray[np.int64] | NDArray[np.float64]":
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    return np.concatenate([getattr(block, part) for block in blocks])


def _summed(dimensions: int, *, margins: bool) -> list[tuple[int, ...]]:
    """Axes to sum over, block by block: none for the cells, then each margin, the grand total last."""
    axes = range(dimensions)
    kept = [axes, *(each for size in reversed(axes) for each in itertools.combinations(axes, size))]
    blocks = [tuple(axis for axis in axes if axis not in each) for each in kept]
    return blocks if margins else blocks[:1]


def _possible(plan: Plan) -> "NDArray[np.bool_]":
    """Which cells the dictionary does not declare to be structurally zero."""
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    published = {each.column: each.levels for each in plan.layout.dimensions if each.bands is None}
    found = np.ones(plan.layout.shape, dtype=np.bool_)
    for zero in plan.dictionary.structural_zeros:
        if set(zero) <= set(published):
            place = [
                [identity_of(level) for level in each.levels].index(identity_of(zero[each.column]))
                if each.column in zero
                else slice(None)
                for each in plan.layout.dimensions
            ]
            found[tuple(place)] = False
    return found
