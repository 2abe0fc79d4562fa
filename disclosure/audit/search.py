"""The search for possible tables: a few random questions clear most cells, the rest are asked one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from disclosure.audit.attacker import SLACK, Attacker, Move
from disclosure.audit.system import Mask, Places, System

WORTHWHILE: Final = 0.05
"""Share of the open questions that a random question must clear for another one to be asked. Source: ours, measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """A protection that does not hold.

    Attributes:
        column: the column in the system.
        amount: the move that is not possible, in the system's unit; below nought a move down.
        move: the farthest possible table in that direction when fractions are allowed; None where plain subtraction
            tells the number, so that nothing was asked.
        fractional: whether only fractions could have moved as far.
    """

    column: int
    amount: float
    move: Move | None
    fractional: bool


class Search:
    """What is known so far of the possible tables, given which cells are withheld.

    Attributes:
        low: per open column the farthest move down seen in a possible table, at most 0.
        high: per open column the farthest move up seen.
        lowest: per open column how far down it is known to move at most, as a distance.
        highest: per open column how far up at most.
    """

    def __init__(self, system: System, withheld: Mask, *, secondary: bool) -> None:
        """Take what is withheld; with `secondary`, safe cells that are withheld must not be known exactly either."""
        self.attacker = Attacker(system, np.flatnonzero(withheld))
        self.open = self.attacker.open
        self._down, self._up = system.down[self.open], system.up[self.open]
        self._need_down, self._need_up = system.need_down[self.open], system.need_up[self.open]
        has_sides = (self._need_down > 0) | (self._need_up > 0)
        self._least = np.where(secondary & ~has_sides, system.least[self.open], 0.0)
        self._is_whole = system.whole[self.open]
        self.low, self.high = np.zeros(len(self.open)), np.zeros(len(self.open))
        self.lowest, self.highest = self._down.copy(), self._up.copy()
        known = _subtracted(system, self.open)
        self.lowest[known], self.highest[known] = 0.0, 0.0

    def failures(self) -> Iterator[Failure]:
        """Find every protection that does not hold, one for each column and side."""
        self._sweep()
        up, down, width = self._unmet()
        for column in np.flatnonzero(up | down | width).tolist():
            yield from self._settle(column)

    def reach(self, column: int, sign: float) -> Move:
        """Return the farthest possible table for one open column, fractions allowed."""
        objective = np.zeros(len(self.open))
        objective[column] = sign
        return self.attacker.farthest(objective)

    def _unmet(self) -> tuple[Mask, Mask, Mask]:
        up = self.high < self._need_up - SLACK * np.maximum(1.0, self._need_up)
        down = -self.low < self._need_down - SLACK * np.maximum(1.0, self._need_down)
        return up, down, self.high - self.low < self._least - SLACK

    def _sweep(self) -> None:
        """Ask random questions about all open cells at once, as long as each clears enough of them."""
        chance = np.random.default_rng(0)
        left = self._left()
        while left:
            up, down, width = self._unmet()
            side = np.where(chance.random(len(self.open)) < 0.5, 1.0, -1.0)
            side = np.where(up & ~down, 1.0, np.where(down & ~up, -1.0, side))
            self._record(
                self.attacker.farthest(side * (up | down | width) * (0.5 + chance.random(len(side))))
            )
            before, left = left, self._left()
            if before - left < max(1.0, WORTHWHILE * before):
                return

    def _left(self) -> int:
        return sum(int(mask.sum()) for mask in self._unmet())

    def _record(self, move: Move) -> bool:
        """Take a possible table into account, and its mirror image as far as it is possible too."""
        if not self.attacker.is_whole(move.values):
            return False
        values = np.where(self._is_whole, np.rint(move.values), move.values)
        self.low, self.high = np.minimum(self.low, values), np.maximum(self.high, values)
        room = np.where(values > 0, self._down, self._up)
        moved = np.abs(values) > SLACK
        back = float((room[moved] / np.abs(values[moved])).min(initial=np.inf))
        back = float(np.floor(back + SLACK)) if self._is_whole.any() else back
        if 0 < back < np.inf:
            self.low, self.high = np.minimum(self.low, -back * values), np.maximum(self.high, -back * values)
        return True

    def _settle(self, column: int) -> Iterator[Failure]:
        """Ask about one column by itself."""
        for sign, need in ((1.0, self._need_up[column]), (-1.0, self._need_down[column])):
            if need > 0 and not self._is_met(column, sign):
                yield from self._asked(column, sign * need)
        if self._is_wide(column):
            return
        failed = [*self._asked(column, self.low[column] + self._least[column])]
        if not self._is_wide(column):
            failed += self._asked(column, self.high[column] - self._least[column])
        if not self._is_wide(column):
            yield failed[0 if self._up[column] >= self._down[column] else -1]

    def _asked(self, column: int, amount: float) -> Iterator[Failure]:
        """Ask whether a column can move by an amount; where fractions can, ask again for whole numbers."""
        sign = 1.0 if amount > 0 else -1.0
        bounds = self.highest if amount > 0 else self.lowest
        if bounds[column] == 0:
            yield Failure(int(self.open[column]), float(amount), None, fractional=False)
            return
        move = self.reach(column, sign)
        reached = bounds[column] = max(sign * float(move.values[column]), 0.0)
        enough = reached >= abs(amount) - SLACK * max(1.0, abs(amount))
        is_possible = self._record(move)
        if enough and not is_possible:
            values = self.attacker.whole(column, float(amount))
            is_possible = values is not None and self._record(Move(values, move.duals))
        if not (enough and is_possible):
            yield Failure(int(self.open[column]), float(amount), move, fractional=enough)

    def _is_met(self, column: int, sign: float) -> bool:
        up, down, _ = self._unmet()
        return not (up if sign > 0 else down)[column]

    def _is_wide(self, column: int) -> bool:
        return not self._unmet()[2][column]


def _subtracted(system: System, columns: Places) -> Places:
    """Return the positions of open columns that plain subtraction tells, one relation after another."""
    place = np.full(len(system.cell), -1, dtype=np.int64)
    place[columns] = np.arange(len(columns))
    kept = place[system.columns] >= 0
    rows, places = system.rows[kept], place[system.columns[kept]]
    known = np.zeros(len(columns), dtype=np.bool_)
    while True:
        left = ~known[places]
        alone = np.bincount(rows[left], minlength=system.count) == 1
        found = places[left & alone[rows]]
        if not len(found):
            return np.flatnonzero(known)
        known[found] = True
