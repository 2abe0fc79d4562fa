"""A table as the attacker sees it: linear relations between cells, and how far from the truth each may be imagined.

Everything is written as a deviation from the true table. A table d that satisfies every relation with nought and stays
within the bounds is one that an attacker cannot tell from the true one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from disclosure.grid import Grid

Reals = NDArray[np.float64]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]

REACH: Final = 1000.0
"""Farthest deviation that an attacker is credited with, in multiples of the largest protection asked. Source: ours; a
smaller reach only makes the audit stricter, and keeps numbers of one size for the solver."""


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """Relations between cells: in each of `count`, signs times values add up to nought.

    Attributes:
        rows: the relation of each entry.
        cells: the cell of each entry.
        signs: the factor of each entry; the total has -1, its parts 1.
        count: number of relations.
    """

    rows: Places
    cells: Places
    signs: Reals
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One printed number of every cell.

    Attributes:
        name: what is printed.
        whole: whether the attacker knows that it is a whole number.
        down: how far below its true value each may be imagined, at least 0, in the number's own unit.
        up: how far above.
        need_down: how far below the truth each must remain possible once withheld; 0 for cells that are safe.
        need_up: how far above.
        least: width of the interval that must remain of every withheld number.
    """

    name: str
    whole: bool
    down: Reals
    up: Reals
    need_down: Reals
    need_up: Reals
    least: float


@dataclass(frozen=True, slots=True)
class Group:
    """A coalition of contributors, in columns of the system.

    Attributes:
        known: what they know between them, in order.
        own: these, other cells that they are in, and the parts of known totals. Against a cell's own contributors
            its protection guards already, for it is set by what the second largest could estimate of the largest; and
            of a total that they know they know the parts.
    """

    known: tuple[int, ...]
    own: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """All layers of a table stacked: one column per layer and cell, then one per cell for each pair of layers.

    Attributes:
        cells: number of cells.
        cell: per column its cell.
        whole: per column whether it moves by whole numbers.
        down: per column the farthest imagined below, finite.
        up: per column the farthest imagined above, finite.
        need_down: per column the protection below.
        need_up: per column the protection above.
        least: per column the least width.
        rows: per entry its relation.
        columns: per entry its column.
        signs: per entry its factor.
        count: number of relations.
        names: the layers' names.
        units: per layer what 1 of the system is worth in the layer's own unit.
        groups: coalitions of contributors; unsafe cells that are not their own stay protected against them too.
    """

    cells: int
    cell: Places
    whole: Mask
    down: Reals
    up: Reals
    need_down: Reals
    need_up: Reals
    least: Reals
    rows: Places
    columns: Places
    signs: Reals
    count: int
    names: tuple[str, ...]
    units: Reals
    groups: tuple[Group, ...] = ()


def margins_of(grid: Grid) -> Equations:
    """Return every relation of a grid with margins: along each totalled dimension, parts add up to the total."""
    parts: dict[tuple[int, int], list[int]] = {}
    for position, key in enumerate(grid.keys):
        for dimension, level in enumerate(key):
            total = (
                None if level is None else grid.positions.get((*key[:dimension], None, *key[dimension + 1 :]))
            )
            if total is not None:
                parts.setdefault((total, dimension), []).append(position)
    rows = [row for row, cells in enumerate(parts.values()) for _ in range(len(cells) + 1)]
    cells = [cell for (total, _), found in parts.items() for cell in (total, *found)]
    signs = [sign for found in parts.values() for sign in (-1.0, *[1.0] * len(found))]
    return Equations(
        np.array(rows, dtype=np.int64), np.array(cells, dtype=np.int64), np.array(signs), len(parts)
    )


def stack(
    equations: Equations, layers: Sequence[Layer], couples: Sequence[tuple[int, int, Reals]] = ()
) -> System:
    """Stack layers that share their relations.

    Args:
        equations: the relations that hold in each layer.
        layers: the printed numbers.
        couples: pairs of layers of which the first is never larger than the second, with the true difference per cell.
    """
    cells, levels = len(layers[0].down), len(layers)
    units = np.array([_unit(layer) for layer in layers])
    rows, columns, signs = _entries(equations, couples, cells, levels)
    gaps = [gap for _, _, gap in couples]
    reach = [np.full(cells, REACH * _need(layer) / unit) for layer, unit in zip(layers, units, strict=True)]
    reach += [reach[low] for low, _, _ in couples]
    zeros = [np.zeros(cells)] * len(couples)

    def stacked(name: str, more: Sequence[Reals]) -> Reals:
        scaled = (getattr(layer, name) / unit for layer, unit in zip(layers, units, strict=True))
        return np.concatenate([*scaled, *more])

    return System(
        cells=cells,
        cell=np.tile(np.arange(cells), levels + len(couples)),
        whole=np.repeat([*(layer.whole for layer in layers), *[True] * len(couples)], cells),
        down=np.minimum(stacked("down", gaps), np.concatenate(reach)),
        up=np.minimum(stacked("up", reach[levels:]), np.concatenate(reach)),
        need_down=stacked("need_down", zeros),
        need_up=stacked("need_up", zeros),
        least=np.concatenate([np.repeat([layer.least for layer in layers] / units, cells), *zeros]),
        rows=rows,
        columns=columns,
        signs=signs,
        count=levels * equations.count + len(couples) * cells,
        names=tuple(layer.name for layer in layers),
        units=units,
    )


def _entries(
    equations: Equations, couples: Sequence[tuple[int, int, Reals]], cells: int, levels: int
) -> tuple[Places, Places, Reals]:
    """Repeat the relations in each layer, and say of each pair that the larger is the smaller and a difference."""
    rows = [equations.rows + level * equations.count for level in range(levels)]
    columns = [equations.cells + level * cells for level in range(levels)]
    signs = [equations.signs] * levels
    for index, (low, high, _) in enumerate(couples):
        for level, sign in ((high, 1.0), (low, -1.0), (levels + index, -1.0)):
            rows.append(levels * equations.count + index * cells + np.arange(cells))
            columns.append(level * cells + np.arange(cells))
            signs.append(np.full(cells, sign))
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(signs)


def _need(layer: Layer) -> float:
    """Return the largest protection asked of a layer, above nought."""
    asked = max(layer.need_down.max(initial=0.0), layer.need_up.max(initial=0.0), layer.least)
    return float(asked) if asked > 0 else 1.0


def _unit(layer: Layer) -> float:
    """Return what the solver counts in: ones for whole numbers, else the largest protection asked."""
    return 1.0 if layer.whole else _need(layer)
