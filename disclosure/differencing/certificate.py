"""Proof that no adding and subtracting of cells leaves a few people: enough others pin every combination down.

A combination of cells gives each person a number: the rows that the combination leaves of them. If it leaves only fewer
people than the threshold, it gives nought to all others. Part people into as many blocks as the threshold: then some
block has only noughts. If every block by itself has the rank of the whole, a combination that is nought in one block is
nought everywhere: so it isolates nobody.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from disclosure.differencing.people import Classes

Reals = NDArray[np.float64]
TINY: Final = 1e-5
"""Below this an eigenvalue of a Gram matrix counts as nought. Its entries are whole numbers, so that real ones are far
larger, and rounding errors far smaller; what lies between only makes a proof fail. Source: ours."""


def nothing_left(rows: Reals) -> Reals:
    """Return a basis of the combinations that a Gram matrix cannot see, one per column."""
    values, vectors = linalg.eigh(rows)
    return np.asarray(vectors[:, values < TINY])


def gram(classes: Classes, chosen: NDArray[np.bool_]) -> Reals:
    """Return the Gram matrix of some classes, each taken once."""
    found = classes.rows[np.flatnonzero(chosen)]
    return np.asarray((found.T @ found).toarray(), dtype=np.float64)


def is_pinned(classes: Classes, limit: int) -> bool:
    """Whether every block of people has the rank of all, so that no combination leaves fewer people than the limit."""
    everyone = gram(classes, np.ones(len(classes.people), dtype=np.bool_))
    unseen = nothing_left(everyone)
    ridge = unseen @ unseen.T - TINY * np.eye(len(everyone))
    return all(_is_definite(gram(classes, block) + ridge) for block in _blocks(classes, limit))


def _is_definite(matrix: Reals) -> bool:
    try:
        linalg.cholesky(matrix, overwrite_a=True, check_finite=False)
    except linalg.LinAlgError:
        return False
    return True


def _blocks(classes: Classes, limit: int) -> list[NDArray[np.bool_]]:
    """Deal each class's people to the blocks in turn, those of one small cell after each other."""
    sizes = np.asarray(classes.rows.T @ classes.people).ravel()
    order = np.lexsort((np.arange(len(classes.people)), _smallest(classes, sizes)))
    people = np.minimum(classes.people[order], limit)
    first = np.cumsum(people) - people
    blocks = []
    for block in range(limit):
        dealt = np.zeros(len(order), dtype=np.bool_)
        dealt[order] = (block - first) % limit < people
        blocks.append(dealt)
    return blocks


def _smallest(classes: Classes, sizes: Reals) -> NDArray[np.int64]:
    """Return per class the smallest cell that its people stand in."""
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.argsort(sizes, kind="stable")] = np.arange(len(sizes))
    return np.asarray(np.minimum.reduceat(rank[classes.rows.indices], classes.rows.indptr[:-1]))
