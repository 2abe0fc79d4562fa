"""Attackers who are contributors: whoever is alone in a cell knows it, and few may put together what they know.

A cell with one contributor (a singleton) is known to that one; a cell with two is known to both together, and so are
two singletons of one row or column. What they know, they subtract; no other unsafe cell may be given away by that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, TypeAlias

import numpy as np

from disclosure.audit.system import Equations, Places
from disclosure.errors import DisclosureError

People: TypeAlias = frozenset[int]
MOST_GROUPS: Final = 200_000
"""Most coalitions that are held against a table. Source: ours; a few seconds of comparing."""


@dataclass(frozen=True, slots=True)
class Group:
    """A coalition of contributors.

    Attributes:
        known: positions of the cells that they know between them, in order.
        own: cells that they contribute to, these and the totals over them. Against a cell's own contributors its
            protection guards already, for it is set by what the second largest could estimate of the largest.
    """

    known: tuple[int, ...]
    own: tuple[int, ...]


def groups_of(equations: Equations, people: Sequence[People], coalition: int) -> tuple[Group, ...]:
    """Return what each coalition knows: of a cell's contributors, and of the contributors of cells in one relation.

    Args:
        equations: the relations between cells.
        people: per cell its contributors; may be left empty where there are more than `coalition`.
        coalition: most contributors that put together what they know.

    Raises:
        DisclosureError: "too_many_cells": more coalitions than can be held against the table.
    """
    few = {cell: found for cell, found in enumerate(people) if 0 < len(found) <= coalition}
    cells_of: dict[int, list[int]] = {}
    for cell, found in few.items():
        for one in found:
            cells_of.setdefault(one, []).append(cell)
    known: dict[tuple[int, ...], None] = {}
    for together in _coalitions(equations, few, coalition):
        cells = {cell for one in together for cell in cells_of[one] if few[cell] <= together}
        known[tuple(sorted(cells))] = None
        if len(known) > MOST_GROUPS:
            raise DisclosureError(
                "too_many_cells",
                "The table has too many cells with one or two contributors to hold against each other; "
                "use coarser dimensions.",
            )
    totals = _totals_of(equations)
    return tuple(Group(cells, _above(cells, totals)) for cells in known)


def _totals_of(equations: Equations) -> dict[int, list[int]]:
    """Return per cell the totals that it is a part of."""
    found: dict[int, list[int]] = {}
    for line, signs in zip(_lines(equations), _signs(equations), strict=True):
        totals = [cell for cell, sign in zip(line, signs, strict=True) if sign < 0]
        for cell, sign in zip(line, signs, strict=True):
            if sign > 0:
                found.setdefault(cell, []).extend(totals)
    return found


def _above(cells: Iterable[int], totals: dict[int, list[int]]) -> tuple[int, ...]:
    """Return some cells and every total over them."""
    found: set[int] = set()
    left = list(cells)
    while left:
        cell = left.pop()
        if cell not in found:
            found.add(cell)
            left.extend(totals.get(cell, []))
    return tuple(sorted(found))


def _coalitions(equations: Equations, few: dict[int, People], coalition: int) -> Iterable[People]:
    """Return the contributors of each small cell, and of small cells that share a relation, each once."""
    seen: dict[People, None] = dict.fromkeys(few.values())
    yield from seen
    for cells in _lines(equations):
        sets = list(dict.fromkeys(few[cell] for cell in cells if cell in few))
        for count in range(2, coalition + 1):
            for chosen in combinations(sets, count):
                together = frozenset().union(*chosen)
                if len(together) <= coalition and together not in seen:
                    seen[together] = None
                    yield together


def _lines(equations: Equations) -> list[list[int]]:
    lines: list[list[int]] = [[] for _ in range(equations.count)]
    for row, cell in zip(equations.rows.tolist(), equations.cells.tolist(), strict=True):
        lines[row].append(cell)
    return lines


def counted_people(equations: Equations, units: Places, coalition: int) -> tuple[People, ...]:
    """Return contributors of each small cell where only their number is known: those of a total are those of its parts.

    Args:
        equations: the relations; in each a total has the sign -1.
        units: per cell its contributors.
        coalition: most contributors of interest.
    """
    found: list[People] = [frozenset()] * len(units)
    parts: dict[int, list[list[int]]] = {}
    for line, signs in zip(_lines(equations), _signs(equations), strict=True):
        totals = [cell for cell, sign in zip(line, signs, strict=True) if sign < 0]
        if len(totals) == 1:
            parts.setdefault(totals[0], []).append([cell for cell in line if cell != totals[0]])
    fresh = iter(range(int(units.clip(max=coalition).sum()) + 1))
    order = np.argsort(units, kind="stable").tolist()
    done: set[int] = set()

    def settle(cell: int) -> People:
        if cell in done:
            return found[cell]
        done.add(cell)
        count = int(units[cell])
        below = [settle(part) for part in parts.get(cell, [[]])[0] if units[part] > 0]
        union = frozenset().union(*below)
        found[cell] = union if len(union) == count else frozenset(next(fresh) for _ in range(count))
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
