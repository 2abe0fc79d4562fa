"""Which withheld numbers plain algebra tells: subtraction and elimination, in whole numbers modulo a large prime.

A number is told when it is nought in every deviation that satisfies the relations. One random deviation, computed
without rounding, shows that of all numbers at once; it errs with a chance below one in 2**40, and then says "told".
"""

from typing import Final

import numpy as np

from disclosure.audit.system import Mask, Places, System

PRIME: Final = 2**61 - 1
"""The modulus. Source: the Mersenne prime nearest below a machine word, so that a chance hit is out of the question."""
MOST_WORK: Final = 2_000_000
"""Most entries that an elimination touches; what is left is asked of the solver. Source: ours, about two seconds."""

Row = dict[int, int]


def told(system: System, columns: Places) -> Mask:
    """Return which of the open columns follow from the relations alone.

    Args:
        system: the table.
        columns: the columns that are not known.
    """
    place = np.full(len(system.cell), -1, dtype=np.int64)
    place[columns] = np.arange(len(columns))
    kept = np.flatnonzero(place[system.columns] >= 0)
    rows, places, signs = system.rows[kept], place[system.columns[kept]], system.signs[kept]
    known = _subtracted(rows, places, size=len(columns), count=system.count)
    left = np.flatnonzero(~known[places])
    if not len(left) or (signs[left] != np.rint(signs[left])).any():
        return known
    found: dict[int, Row] = {}
    for row, column, sign in zip(
        rows[left].tolist(), places[left].tolist(), signs[left].tolist(), strict=True
    ):
        relation = found.setdefault(row, {})
        relation[column] = relation.get(column, 0) + int(sign)
    pivots = _eliminated([{column: sign for column, sign in row.items() if sign} for row in found.values()])
    if pivots is not None:
        known |= _noughts(pivots, len(columns)) & np.isin(np.arange(len(columns)), places[left])
    return known


def _subtracted(rows: Places, places: Places, *, size: int, count: int) -> Mask:
    """Return the columns that plain subtraction tells, one relation after another."""
    known = np.zeros(size, dtype=np.bool_)
    while True:
        left = ~known[places]
        alone = np.bincount(rows[left], minlength=count) == 1
        found = places[left & alone[rows]]
        if not len(found):
            return known
        known[found] = True


def _eliminated(rows: list[Row]) -> list[tuple[int, Row]] | None:
    """Bring relations into echelon form, shortest first; None where that is too much work.

    Returns:
        Pairs of a pivot and the rest of its relation, such that the pivot is in no later relation: pivot + rest = 0.
    """
    users: dict[int, set[int]] = {}
    for index, row in enumerate(rows):
        for column in row:
            users.setdefault(column, set()).add(index)
    waiting = set(range(len(rows)))
    pivots: list[tuple[int, Row]] = []
    work = 0
    while waiting:
        index = min(waiting, key=lambda one: len(rows[one]))
        waiting.discard(index)
        row = rows[index]
        if not row:
            continue
        pivot = min(row, key=lambda column: len(users[column]))
        inverse = pow(row[pivot], -1, PRIME)
        rest = {column: value * inverse % PRIME for column, value in row.items() if column != pivot}
        for column in row:
            users[column].discard(index)
        for other in list(users[pivot]):
            work += len(row)
            _subtract(rows[other], pivot, rest, (other, users))
        if work > MOST_WORK:
            return None
        pivots.append((pivot, rest))
    return pivots


def _subtract(row: Row, pivot: int, rest: Row, place: tuple[int, dict[int, set[int]]]) -> None:
    """Take a relation out of another one, so that the pivot falls away."""
    index, users = place
    factor = row.pop(pivot)
    users[pivot].discard(index)
    for column, value in rest.items():
        left = (row.get(column, 0) - factor * value) % PRIME
        if left:
            row[column] = left
            users[column].add(index)
        else:
            del row[column]
            users[column].discard(index)


def _noughts(pivots: list[tuple[int, Row]], size: int) -> Mask:
    """Return which columns are nought in a random deviation that satisfies the relations."""
    chance = np.random.default_rng(0)
    values = [int(value) for value in chance.integers(1, PRIME, size=size)]
    for pivot, rest in reversed(pivots):
        values[pivot] = -sum(value * values[column] for column, value in rest.items()) % PRIME
    return np.array([value == 0 for value in values], dtype=np.bool_)
