"""An auditor that shares no code with the library: scipy's linear programs over the printed table alone."""

import itertools

import numpy as np
from scipy.optimize import linprog


def possible_ranges(keys, values):
    """Return, per withheld cell, the least and greatest number that the printed ones allow.

    Args:
        keys: per cell its levels, None where a dimension is totalled.
        values: per cell its printed number, None where it is withheld.
    """
    hidden = [place for place, value in enumerate(values) if value is None]
    matrix, right = equations(keys, values, hidden)
    found = {}
    for position, place in enumerate(hidden):
        objective = np.zeros(len(hidden))
        objective[position] = 1.0
        ends = []
        for sign in (1.0, -1.0):
            answer = linprog(sign * objective, A_eq=matrix, b_eq=right, bounds=(0, None), method="highs")
            ends.append(np.inf if answer.status == 3 else sign * answer.fun)  # 3: unbounded
        found[place] = (ends[0], ends[1] if np.isfinite(ends[1]) else np.inf)
    return found


def equations(keys, values, hidden):
    places = {key: place for place, key in enumerate(keys)}
    column = {place: position for position, place in enumerate(hidden)}
    rows, right = [], []
    for total, dimension in itertools.product(keys, range(len(keys[0]))):
        if total[dimension] is not None:
            continue
        parts = [
            place
            for key, place in places.items()
            if key[dimension] is not None and (*key[:dimension], None, *key[dimension + 1 :]) == total
        ]
        row, known = np.zeros(len(hidden)), 0.0
        for place, sign in [(places[total], -1.0), *((part, 1.0) for part in parts)]:
            if values[place] is None:
                row[column[place]] += sign
            else:
                known -= sign * values[place]
        if row.any():
            rows.append(row)
            right.append(known)
    return (np.array(rows), np.array(right)) if rows else (None, None)


def ranges_over_atoms(cells, values, atoms, known=()):
    """Return, per withheld cell, the least and greatest number that all printed ones allow, whatever table they are of.

    Args:
        cells: per cell the levels that it is restricted to, by dimension.
        values: per cell its printed number, None where it is withheld.
        atoms: the finest groups, each with its level in every dimension; their numbers are the unknowns.
        known: pairs of a withheld cell and its number, which the attacker knows.
    """
    matrix = np.array(
        [[all(atom[name] == level for name, level in cell.items()) for atom in atoms] for cell in cells],
        dtype=float,
    )
    told = {place: value for place, value in enumerate(values) if value is not None} | dict(known)
    rows, right = matrix[list(told)], np.array(list(told.values()))
    found = {}
    for place, value in enumerate(values):
        if value is None:
            ends = []
            for sign in (1.0, -1.0):
                answer = linprog(
                    sign * matrix[place], A_eq=rows, b_eq=right, bounds=(0, None), method="highs"
                )
                ends.append(np.inf if answer.status == 3 else sign * answer.fun)  # 3: unbounded
            found[place] = (ends[0], ends[1])
    return found
