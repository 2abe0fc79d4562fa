"""Noisy vectors laid out as a table: margins, means and impossible cells are made from them alone."""

import itertools
from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from disclosure.dp.answer import Answer
from disclosure.dp.layout import Printed
from disclosure.dp.levels import Level, identity_of
from disclosure.dp.planning import Plan

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def printed(plan: Plan, vectors: "tuple[NDArray[np.int64], ...]") -> Answer:
    """The answer to a plan, from its noisy vectors."""
    return Answer(
        table=_table(plan, vectors),
        spend=plan.cost,
        accuracy=MappingProxyType(plan.accuracy),
        sigma=MappingProxyType(plan.sigma),
        statistic=plan.statistic,
        mechanism=plan.mechanism,
        plan_digest=plan.digest,
    )


def _table(plan: Plan, vectors: "tuple[NDArray[np.int64], ...]") -> "pd.DataFrame":
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast
    import pandas as pd  # noqa: PLC0415  as above

    by = plan.statistic.by
    levels = [plan.dictionary.keys[column] for column in by]
    shape = tuple(map(len, levels))
    impossible = _impossible(plan, levels)
    cells = [np.where(impossible, 0, vector.reshape(shape)) for vector in vectors]
    dimensions: list[tuple[object, ...]] = []
    blocks: dict[str, list[NDArray[np.int64] | NDArray[np.float64]]] = {}
    for summed in _summed(len(by), margins=plan.statistic.margins):
        held = [(None,) if axis in summed else levels[axis] for axis in range(len(by))]
        dimensions += itertools.product(*held)
        totals = [cell.sum(axis=summed) for cell in cells]
        for each in plan.layout.printed:
            blocks.setdefault(each.name, []).append(
                _column(plan, each, totals, np.asarray(impossible.all(axis=summed)))
            )
    labels = {
        name: pd.Series([row[axis] for row in dimensions], dtype=object) for axis, name in enumerate(by)
    }
    return pd.DataFrame(labels | {name: np.concatenate(parts) for name, parts in blocks.items()})


def _summed(dimensions: int, *, margins: bool) -> list[tuple[int, ...]]:
    """Axes to sum over, block by block: none for the cells, then each margin, the grand total last."""
    axes = range(dimensions)
    kept = [axes, *(each for size in reversed(axes) for each in itertools.combinations(axes, size))]
    blocks = [tuple(axis for axis in axes if axis not in each) for each in kept]
    return blocks if margins else blocks[:1]


def _column(
    plan: Plan, each: Printed, totals: "list[NDArray[np.int64]]", impossible: "NDArray[np.bool_]"
) -> "NDArray[np.int64] | NDArray[np.float64]":
    """One block of one printed column."""
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    first = totals[each.vectors[0]]
    if not each.is_mean:
        return np.asarray(first, dtype=np.int64).reshape(-1)
    vector = plan.layout.vectors[each.vectors[0]]
    column = str(vector.column)
    low, high = plan.dictionary.fixed_bounds(column)
    # a mean outside the bounds cannot be, so it is moved to the nearer one; a count below one stands for one
    mean = np.clip(vector.centre + first / np.maximum(totals[each.vectors[1]], 1), low, high)
    return np.where(impossible, np.nan, mean / plan.dictionary.scale_of(column)).reshape(-1)


def _impossible(plan: Plan, levels: list[Sequence[Level]]) -> "NDArray[np.bool_]":
    """Which cells the dictionary declares to be structurally zero."""
    import numpy as np  # noqa: PLC0415  loaded on first use, so that importing the library stays fast

    by = plan.statistic.by
    found = np.zeros(tuple(map(len, levels)), dtype=np.bool_)
    for zero in plan.dictionary.structural_zeros:
        if set(zero) <= set(by):
            place = [
                [identity_of(level) for level in held].index(identity_of(zero[name]))
                if name in zero
                else slice(None)
                for name, held in zip(by, levels, strict=True)
            ]
            found[tuple(place)] = True
    return found
