"""Attackers who are contributors: whoever is alone in a cell knows it, and few may put together what they know.

A cell with one contributor (a singleton) is known to that one; a cell with two is known to both together, and so are
two singletons of one row or column. What they know, they subtract; no other unsafe cell may be given away by that.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations, count
from typing import Final, TypeAlias

import numpy as np

from disclosure.audit.system import Equations, Group, Places
from disclosure.errors import DisclosureError

People: TypeAlias = frozenset[int]
MOST_GROUPS: Final = 200_000
"""Most coalitions that are held against a table. Source: ours; a few seconds of comparing."""


def groups_of(
    equations: Equations,
    people: Sequence[Sequence[People]],
    coalition: int,
    *,
    couples: Sequence[tuple[int, int]] = (),
    cells_with: Mapping[int, Collection[int]] | None = None,
) -> tuple[Group, ...]:
    """Return what each coalition knows: of a cell's contributors, and of the contributors of cells in one relation.

    Args:
        equations: the relations between cells.
        people: per layer and cell its contributors; may be left empty where there are more than `coalition`.
        coalition: most contributors that put together what they know.
        couples: pairs of layers whose difference is a column too.
        cells_with: per contributor all cells that they are in or may be in, beside totals over those that they know.

    Raises:
        DisclosureError: "too_many_cells": more coalitions than can be held against the table.
    """
    few = [{cell: one for cell, one in enumerate(layer) if 0 < len(one) <= coalition} for layer in people]
    size = len(people[0])
    theirs = [_cells_of(layer) for layer in few]
    totals, parts = _neighbours(equations)
    groups: dict[Group, None] = {}
    for together in _coalitions(equations, few, coalition):
        known = [
            {cell for one in together for cell in index.get(one, []) if layer[cell] <= together}
            for layer, index in zip(few, theirs, strict=True)
        ]
        everywhere: set[int] = set().union(*known)
        wider = set().union(*((cells_with or {}).get(one, ()) for one in together))
        own = _reached(everywhere, totals) | _reached(everywhere, parts) | wider
        known += [known[one] & known[other] for one, other in couples]
        groups[Group(_columns(known, size), _columns([own] * len(people), size))] = None
        if len(groups) > MOST_GROUPS:
            raise _too_many()
    return tuple(groups)


def _cells_of(layer: Mapping[int, People]) -> dict[int, list[int]]:
    """Return per contributor the cells that they are in."""
    found: dict[int, list[int]] = {}
    for cell, people in layer.items():
        for one in people:
            found.setdefault(one, []).append(cell)
    return found


def _too_many() -> DisclosureError:
    return DisclosureError(
        "too_many_cells",
        "The table has too many cells with one or two contributors to hold against each other; "
        "use coarser dimensions.",
    )


def _columns(cells: Sequence[set[int]], size: int) -> tuple[int, ...]:
    return tuple(layer * size + cell for layer, found in enumerate(cells) for cell in sorted(found))


def _neighbours(equations: Equations) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return per cell the totals that it is a part of, and per total its parts."""
    totals: dict[int, list[int]] = {}
    parts: dict[int, list[int]] = {}
    for line, signs in zip(_lines(equations), _signs(equations), strict=True):
        above = [cell for cell, sign in zip(line, signs, strict=True) if sign < 0]
        below = [cell for cell, sign in zip(line, signs, strict=True) if sign > 0]
        for cell in below:
            totals.setdefault(cell, []).extend(above)
        for cell in above:
            parts.setdefault(cell, []).extend(below)
    return totals, parts


def _reached(cells: Iterable[int], steps: dict[int, list[int]]) -> set[int]:
    """Return some cells and all that steps lead to from them."""
    found: set[int] = set()
    left = list(cells)
    while left:
        cell = left.pop()
        if cell not in found:
            found.add(cell)
            left.extend(steps.get(cell, []))
    return found


def _coalitions(equations: Equations, few: Sequence[dict[int, People]], coalition: int) -> Iterable[People]:
    """Return the contributors of each small cell, and of small cells that share a relation, each once."""
    seen: dict[People, None] = {}
    for layer in few:
        seen |= dict.fromkeys(layer.values())
    yield from list(seen)
    for cells in _lines(equations):
        sets = list(dict.fromkeys(layer[cell] for layer in few for cell in cells if cell in layer))
        for some in range(2, coalition + 1):
            for chosen in combinations(sets, some):
                together: People = frozenset().union(*chosen)
                if len(together) <= coalition and together not in seen:
                    seen[together] = None
                    yield together


def _lines(equations: Equations) -> list[list[int]]:
    lines: list[list[int]] = [[] for _ in range(equations.count)]
    for row, cell in zip(equations.rows.tolist(), equations.cells.tolist(), strict=True):
        lines[row].append(cell)
    return lines


def counted_people(
    equations: Equations, units: Places, coalition: int, *, first: int = 0
) -> tuple[People, ...]:
    """Return contributors of each small cell where only their number is known: those of a total are those of its parts.

    Args:
        equations: the relations; in each a total has the sign -1.
        units: per cell its contributors.
        coalition: most contributors of interest.
        first: the number of the first contributor.
    """
    found: list[People] = [frozenset()] * len(units)
    parts: dict[int, list[list[int]]] = {}
    for line, signs in zip(_lines(equations), _signs(equations), strict=True):
        totals = [cell for cell, sign in zip(line, signs, strict=True) if sign < 0]
        if len(totals) == 1:
            parts.setdefault(totals[0], []).append([cell for cell in line if cell != totals[0]])
    fresh = count(first)
    order = np.argsort(units, kind="stable").tolist()
    done: set[int] = set()

    def settle(cell: int) -> People:
        if cell in done:
            return found[cell]
        done.add(cell)
        behind = int(units[cell])
        below = [settle(part) for part in parts.get(cell, [[]])[0] if units[part] > 0]
        union = frozenset().union(*below)
        found[cell] = union if len(union) == behind else frozenset(next(fresh) for _ in range(behind))
        return found[cell]

    for cell in order:
        if 0 < units[cell] <= coalition:
            settle(cell)
    return tuple(found)


def _signs(equations: Equations) -> list[list[float]]:
    signs: list[list[float]] = [[] for _ in range(equations.count)]
    for row, sign in zip(equations.rows.tolist(), equations.signs.tolist(), strict=True):
        signs[row].append(sign)
    return signs
