"""The search for a combination of cells that leaves fewer people than the threshold, where no proof rules it out."""

from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from disclosure.audit.attacker import Solver
from disclosure.differencing.certificate import gram, nothing_left
from disclosure.differencing.people import Classes

Reals = NDArray[np.float64]
Places = NDArray[np.int64]
MOST_CLASSES: Final = 1_000
"""Most classes of people in which a combination is searched. Source: ours; more take longer than a check may."""
PATIENCE: Final = 5.0
"""Seconds for one search; what is not settled by then is left to a person. Source: ours."""
MOST_KNOWN: Final = 20
"""Most groups that earlier releases or the new table isolate by themselves before a search is given up. Source: ours."""
SLACK: Final = 1e-6
"""What counts as nought in a combination; the solver's feasibility tolerance is 1e-7."""


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """What a combination leaves.

    Attributes:
        rows: per class the rows that are left of each of its people, at least 0.
        people: the number of people who are left.
    """

    rows: Reals
    people: int


def smallest_left(classes: Classes, limit: int) -> Left | None:
    """Return a group of fewer people than the limit that only the new table and earlier ones leave together, or None.

    Raises:
        TimeoutError: the search was not finished, so nothing is known.
    """
    big = classes.people >= limit
    small = np.flatnonzero(~big)
    basis = np.asarray(classes.rows[small] @ nothing_left(gram(classes, big)))
    reached = np.flatnonzero(np.abs(basis).max(axis=1, initial=0.0) > SLACK)
    if not len(reached):
        return None
    if len(reached) > MOST_CLASSES:
        raise TimeoutError
    basis = _reduced(basis[reached])
    return _searched(classes, basis, small[reached], limit)


def is_known(classes: Classes, left: Reals) -> bool:
    """Whether the earlier releases by themselves leave the same, or the new table by itself.

    What a protected table leaves of its own withheld cells is for the attacker's audit.
    """
    own = classes.table == classes.table.max()
    return any(in_span(classes, np.flatnonzero(cells), left) is not None for cells in (own, ~own))


def in_span(classes: Classes, cells: Places, left: Reals) -> Reals | None:
    """Return the factors of some cells that leave what is asked, or None where they cannot."""
    if not len(cells):
        return None
    rows = classes.rows[:, cells]
    near = np.flatnonzero(np.asarray(np.abs(rows).sum(axis=1)).ravel() > 0)
    if np.abs(np.delete(left, near)).max(initial=0.0) > SLACK:
        return None
    own = np.asarray((rows.T @ rows).toarray())
    factors = np.asarray(linalg.lstsq(own, np.asarray(rows.T @ left))[0])
    return factors if np.abs(rows @ factors - left).max() < np.sqrt(SLACK) else None


def _reduced(basis: Reals) -> Reals:
    """Return a basis of the same columns in which some classes have a one in one column and noughts elsewhere."""
    values, triangle, _ = linalg.qr(basis, mode="economic", pivoting=True)
    sizes = np.abs(np.diag(triangle))
    columns = values[:, : int(np.count_nonzero(sizes > SLACK * max(1.0, sizes[0])))]
    rank = columns.shape[1]
    chosen = linalg.qr(columns.T, mode="economic", pivoting=True)[2][:rank]
    found = np.asarray(columns @ linalg.inv(columns[chosen]))
    return np.where(np.abs(found) > SLACK * SLACK, found, 0.0)


def _searched(classes: Classes, basis: Reals, small: Places, limit: int) -> Left | None:
    """Ask for groups until one needs the new table or none is left."""
    model = _model(basis, classes.people[small], limit)
    for _ in range(MOST_KNOWN):
        found = _asked(model, len(small))
        if found is None:
            return None
        chosen = np.flatnonzero(basis @ found > SLACK)
        left = np.zeros(len(classes.people))
        left[small[chosen]] = (basis @ found)[chosen]
        if not is_known(classes, left):
            return Left(left, int(classes.people[small[chosen]].sum()))
        columns = (basis.shape[1] + chosen).astype(np.int32)
        model.addRow(-highspy.kHighsInf, len(chosen) - 1.0, len(chosen), columns, np.ones(len(chosen)))
    raise TimeoutError


def _asked(model: highspy.Highs, classes: int) -> Reals | None:
    """Return the factors of a combination that leaves few people, or None where there is none."""
    model.setOptionValue("time_limit", model.getRunTime() + PATIENCE)
    model.run()
    status = model.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    if status != highspy.HighsModelStatus.kOptimal:
        raise TimeoutError
    return np.array(model.getSolution().col_value)[: -2 * classes]


def _model(basis: Reals, people: Places, limit: int) -> highspy.Highs:
    """Return the question: a combination from 0 to 1, 1 for some class, that is above 0 for few people.

    Columns: the factors of the basis; per class whether anything is left of it; per class whether it is the one of
    which most is left.
    """
    classes, rank = basis.shape
    ones = sparse.identity(classes)
    counts = sparse.csr_matrix(people[None, :].astype(np.float64))
    blocks = [
        [basis, None, None],
        [basis, -ones, None],
        [basis, None, -ones],
        [None, None, np.ones((1, classes))],
        [None, counts, None],
    ]
    endless = np.full(classes, np.inf)
    lower = np.concatenate([np.zeros(classes), -endless, np.zeros(classes), [1.0, -np.inf]])
    upper = np.concatenate([np.ones(classes), np.zeros(classes), endless, [1.0, limit - 1.0]])
    cleaned = [[part if part is None else sparse.csr_matrix(part) for part in line] for line in blocks]
    return _filled(sparse.csr_matrix(sparse.bmat(cleaned)), (lower, upper), rank)


def _filled(rows: sparse.csr_matrix, bounds: tuple[Reals, Reals], rank: int) -> highspy.Highs:
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = rows.shape
    model.col_cost_ = np.zeros(rows.shape[1])
    model.col_lower_, model.col_upper_ = np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    model.row_lower_, model.row_upper_ = bounds
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = rows.indptr.astype(np.int32)
    model.a_matrix_.index_ = rows.indices.astype(np.int32)
    model.a_matrix_.value_ = rows.data
    continuous, whole = highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger
    model.integrality_ = [continuous] * rank + [whole] * (rows.shape[1] - rank)
    highs = Solver()
    highs.passModel(model)
    return highs
