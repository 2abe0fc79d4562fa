"""The search for possible tables: a few random questions clear most cells, the rest are asked one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from disclosure.audit.attacker import SLACK, Attacker, Move
from disclosure.audit.exact import told
from disclosure.audit.moves import Moves
from disclosure.audit.shown import Shown, far_enough
from disclosure.audit.system import Mask, Places, Reals, System

WORTHWHILE: Final = 0.05
"""Share of the open questions that a random question must clear for another one to be asked. Source: ours, measured."""
AT_ONCE: Final = 2
"""Tables asked of one number that avoid many insiders at once, before one is asked for each coalition. Source: ours."""


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """A protection that does not hold.

    Attributes:
        column: the column in the system.
        amount: the move that is not possible, in the system's unit; below nought a move down.
        move: the farthest possible table in that direction when fractions are allowed; None where plain subtraction
            tells the number, so that nothing was asked.
        fractional: whether only fractions could have moved as far.
        known: columns that the attacker knows as a contributor.
    """

    column: int
    amount: float
    move: Move | None
    fractional: bool
    known: tuple[int, ...] = ()


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
        self._system = system
        self._moves: Moves | None = None
        self._down, self._up = system.down[self.open], system.up[self.open]
        self._need_down, self._need_up = system.need_down[self.open], system.need_up[self.open]
        has_sides = (self._need_down > 0) | (self._need_up > 0)
        self._least = np.where(secondary & ~has_sides, system.least[self.open], 0.0)
        self._is_whole = system.whole[self.open]
        self.low, self.high = np.zeros(len(self.open)), np.zeros(len(self.open))
        self.lowest, self.highest = self._down.copy(), self._up.copy()
        self._shown = Shown(system.groups, withheld[system.cell])
        known = told(system, self.open)
        self.lowest[known], self.highest[known] = 0.0, 0.0

    def failures(self) -> Iterator[Failure]:
        """Find every protection that does not hold, one for each column and side."""
        self._sweep()
        up, down, width = self._unmet()
        failed = set()
        for column in np.flatnonzero(up | down | width).tolist():
            for failure in self._settle(column):
                failed.add(column)
                yield failure
        if self._shown.groups:
            for column in np.flatnonzero((self._need_up > 0) | (self._need_down > 0)).tolist():
                if column not in failed:
                    yield from self._against(column, float(self._need_up[column]))
                    yield from self._against(column, -float(self._need_down[column]))

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
            move = self.attacker.farthest(side * (up | down | width) * (0.5 + chance.random(len(side))))
            for moved in parts_of(self._system, self.open, move.values):
                self._take(moved, move.values[moved])
            before, left = left, self._left()
            if before - left < max(1.0, WORTHWHILE * before):
                return

    def _left(self) -> int:
        return sum(int(mask.sum()) for mask in self._unmet())

    def _record(self, values: Reals) -> bool:
        """Take a possible table into account, and say whether it is whole where it must be."""
        moved = np.flatnonzero(np.abs(values) > SLACK)
        return self._take(moved, values[moved])

    def _take(self, moved: Places, found: Reals) -> bool:
        """Take a possible table's moves into account, and their multiples and mirror images as far as they go."""
        whole = self._is_whole[moved]
        nearest = np.where(whole, np.rint(found), found)
        if (np.abs(nearest - found) > SLACK).any():
            return False
        for sign in (1.0, -1.0):
            room = np.where(sign * nearest > 0, self._up[moved], self._down[moved])
            times = float((room / np.abs(nearest)).min(initial=np.inf))
            times = float(np.floor(times + SLACK)) if whole.any() else times
            if sign > 0:
                times = max(times, 1.0)
            if 0 < times < np.inf:
                self._see(moved, sign * times * nearest)
        return True

    def _see(self, moved: Places, values: Reals) -> None:
        """Note how far a possible table moves each column that it moves."""
        self.low[moved] = np.minimum(self.low[moved], values)
        self.high[moved] = np.maximum(self.high[moved], values)
        if self._shown.groups:
            columns = self.open[moved]
            for side, need, up in ((values, self._need_up, True), (-values, self._need_down, False)):
                shown = columns[far_enough(side, need[moved], SLACK)]
                self._shown.record(columns, shown.tolist(), up=up)

    def _settle(self, column: int) -> Iterator[Failure]:
        """Ask about one column by itself."""
        for sign, need in ((1.0, float(self._need_up[column])), (-1.0, float(self._need_down[column]))):
            if not self._is_met(column, sign, need):
                yield from self._asked(column, sign * need)
        if self._is_wide(column):
            return
        failed = [*self._asked(column, float(self.low[column] + self._least[column]))]
        if not self._is_wide(column):
            failed += self._asked(column, float(self.high[column] - self._least[column]))
        if not self._is_wide(column):
            yield failed[0 if self._up[column] >= self._down[column] else -1]

    def _asked(self, column: int, amount: float) -> Iterator[Failure]:
        """Ask whether a column can move by an amount; where only fractions can, ask again for whole numbers."""
        sign = 1.0 if amount > 0 else -1.0
        bounds = self.highest if amount > 0 else self.lowest
        if bounds[column] == 0:
            yield Failure(int(self.open[column]), amount, None, fractional=False)
            return
        if self._is_shown(column, amount):
            return
        move = self.reach(column, sign)
        reached = bounds[column] = max(sign * float(move.values[column]), 0.0)
        enough = reached >= abs(amount) - SLACK * max(1.0, abs(amount))
        is_possible = self._record(move.values)
        if enough and not is_possible:
            values = self.attacker.whole(column, amount)
            is_possible = values is not None and self._record(values)
        if not (enough and is_possible):
            yield Failure(int(self.open[column]), amount, move, fractional=enough)

    def _against(self, column: int, amount: float) -> Iterator[Failure]:
        """Ask whether a column can move by an amount though a coalition knows its own cells; stop at the first."""
        if amount == 0:
            return
        place, up = int(self.open[column]), amount > 0
        pending = self._shown.open_groups(place, up=up)
        at_once = AT_ONCE
        while len(pending):
            known = self._shown.groups[pending[0]].known
            avoided = np.zeros(len(self._system.cell), dtype=np.bool_)
            if at_once:  # a table that touches none of the same insiders rules out many coalitions
                avoided = self._shown.inside & self._shown.touched(place, up=up)
                avoided[place] = False
            avoided[list(known)] = True
            places = np.flatnonzero(avoided[self.open])
            self._cheap().fix(places)
            is_shown = self._is_shown(column, amount)
            self._cheap().free(places)
            if not at_once:
                failure = None if is_shown else self._known_failure(column, amount, known)
                if failure is not None:
                    yield failure
                    return
                pending = pending[1:]
            at_once = max(at_once - 1, 0)
            pending = np.intersect1d(pending, self._shown.open_groups(place, up=up))

    def _known_failure(self, column: int, amount: float, known: tuple[int, ...]) -> Failure | None:
        """Say that a column cannot move by an amount while what a coalition knows stays as it is, unless it can."""
        places = np.flatnonzero(np.isin(self.open, known))
        self.attacker.fix(places)
        try:
            move = self.reach(column, 1.0 if amount > 0 else -1.0)
            reached = float(move.values[column]) * np.sign(amount)
            enough = bool(reached >= abs(amount) - SLACK * max(1.0, abs(amount)))
            if enough and self._record(move.values):
                return None
            values = self.attacker.whole(column, amount) if enough else None
            if values is not None and self._record(values):
                return None
        finally:
            self.attacker.free(places)
        return Failure(int(self.open[column]), amount, move, fractional=enough, known=known)

    def _cheap(self) -> Moves:
        if self._moves is None:
            self._moves = Moves(self._system, self.open, np.ones(len(self.open)))
        return self._moves

    def _is_shown(self, column: int, amount: float) -> bool:
        """Look for a cheap possible table in which a column moves by an amount, whole where it must be."""
        values = self._cheap().cheapest(column, amount)
        return values is not None and self._record(values)

    def _is_met(self, column: int, sign: float, need: float) -> bool:
        seen = self.high[column] if sign > 0 else -self.low[column]
        return bool(seen >= need - SLACK * max(1.0, need))

    def _is_wide(self, column: int) -> bool:
        return bool(self.high[column] - self.low[column] >= self._least[column] - SLACK)


def parts_of(system: System, columns: Places, values: Reals) -> list[Places]:
    """Take a possible table apart into tables that share no relation; each is possible by itself.

    Args:
        system: the table.
        columns: the open columns.
        values: the deviation of each open column.

    Returns:
        Positions of the open columns that move, one part after another.
    """
    place = np.full(len(system.cell), -1, dtype=np.int64)
    moved = np.flatnonzero(np.abs(values) > SLACK)
    place[columns[moved]] = np.arange(len(moved))
    kept = np.flatnonzero(place[system.columns] >= 0)
    links = (place[system.columns[kept]], len(moved) + system.rows[kept])
    size = len(moved) + system.count
    graph = coo_array((np.ones(len(kept), dtype=np.int8), links), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    order = np.argsort(label[: len(moved)], kind="stable")
    ends = np.flatnonzero(np.diff(label[order])) + 1
    return [part for part in np.split(moved[order], ends) if len(part)]
