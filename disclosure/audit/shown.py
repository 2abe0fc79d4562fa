"""Which possible tables have shown that a number can move far enough, and so against which insiders it is protected.

A possible table that leaves the cells of a coalition as they are is possible for that coalition too.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from disclosure.audit.system import Group, Mask, Places, Reals

ENOUGH: Final = 12
"""Most possible tables remembered of one number and side; more seldom rule out another coalition. Source: ours."""


class Shown:
    """What coalitions know, and the possible tables seen so far.

    Attributes:
        groups: the coalitions that know a withheld column, each with those that it knows.
        inside: columns that some coalition knows.
    """

    def __init__(self, groups: Sequence[Group], withheld: Mask) -> None:
        """Take the coalitions and per column whether it is withheld; what is published everyone knows."""
        hidden = (
            replace(group, known=tuple(place for place in group.known if withheld[place])) for group in groups
        )
        self.groups = tuple(dict.fromkeys(group for group in hidden if group.known))
        self._known, self._starts = _flat([group.known for group in self.groups])
        self._own, self._own_starts = _flat([group.own for group in self.groups])
        self.inside = np.zeros(len(withheld), dtype=np.bool_)
        self.inside[self._known] = True
        self._supports: list[Mask] = []
        self._by_side: dict[tuple[int, bool], list[int]] = {}

    def record(self, moved: Places, shown: Sequence[int], *, up: bool) -> None:
        """Remember a possible table.

        Args:
            moved: the columns that it moves.
            shown: those that it moves far enough.
            up: to which side.
        """
        support = np.zeros(len(self.inside), dtype=np.bool_)
        support[moved] = True
        self._supports.append(support)
        for column in shown:
            seen = self._by_side.setdefault((column, up), [])
            seen.append(len(self._supports) - 1)
            if len(seen) > ENOUGH:
                seen.pop(0)

    def touched(self, column: int, *, up: bool) -> Mask:
        """Return which columns some table moves that showed this column's move."""
        found = np.zeros(len(self.inside), dtype=np.bool_)
        for index in self._by_side.get((column, up), ()):
            found |= self._supports[index]
        return found

    def open_groups(self, column: int, *, up: bool) -> Places:
        """Return the coalitions against which nothing has shown this column's move; its own contributors are none."""
        left = ~np.logical_or.reduceat(self._own == column, self._own_starts)
        for index in self._by_side.get((column, up), ()):
            left &= self._any(self._supports[index][self._known])
        return np.flatnonzero(left)

    def _any(self, marked: Mask) -> Mask:
        """Return which coalitions know a marked column."""
        return np.asarray(np.logical_or.reduceat(marked, self._starts), dtype=np.bool_)


def _flat(lists: Sequence[Sequence[int]]) -> tuple[Places, Places]:
    """Return lists one after the other, and where each starts."""
    flat = np.array([place for found in lists for place in found], dtype=np.int64)
    lengths = np.array([len(found) for found in lists], dtype=np.int64)
    return flat, np.concatenate([[0], np.cumsum(lengths)])[:-1].astype(np.int64)


def far_enough(values: Reals, need: Reals, slack: float) -> Mask:
    """Return which columns move up at least as far as they need, where they need to."""
    return np.asarray((need > 0) & (values >= need - slack * np.maximum(1.0, need)))
