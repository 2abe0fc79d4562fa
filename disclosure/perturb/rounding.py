"""Rounding: each count by itself, or all together so that they still add up."""

import time

import highspy
import numpy as np

from disclosure.audit.attacker import Solver
from disclosure.audit.knowledge import counts_of, equations_of
from disclosure.audit.system import Equations, Reals
from disclosure.perturb.changed import Changed, changed_counts
from disclosure.perturb.keys import draws
from disclosure.result import Report
from disclosure.suppress.master import cannot_protect


def rounded(report: Report, base: int) -> Changed:
    """Round every count to the nearest multiple of the base, halves up; totals are rounded by themselves."""
    new, ranges = {}, {}
    for name, values in counts_of(report).items():
        nearest = (2 * values + base) // (2 * base) * base
        new[name] = nearest
        ranges[name] = (np.maximum(nearest - base // 2, 0.0), nearest + (base - 1) // 2)
    said = f"every count is rounded to the nearest multiple of {base}, totals by themselves, so parts need not add up."
    return changed_counts(report, new, ranges, said=said)


def midpoint(report: Report, base: int) -> Changed:
    """Round every count up to a multiple of the base less half of it, in the middle of the counts it stands for.

    Sums of many such counts are not too large or small on the whole. Nobody stays nobody, so an empty cell is told.
    With base 6 this is the rule of OpenSAFELY, used on records of the NHS: 1 to 6 become 3.
    """
    new, ranges = {}, {}
    half = base // 2
    for name, values in counts_of(report).items():
        found = np.where(values > 0, -(-values // base) * base - half, 0.0)
        new[name] = found
        high = np.where(found > 0, found + half, 0.0)
        ranges[name] = (np.maximum(high - base + 1, 0.0), high)
    said = f"every count above nought is the middle of {base} counts, totals by themselves, so parts need not add up."
    return changed_counts(report, new, ranges, said=said)


def random(report: Report, base: int, key: str | bytes | None) -> Changed:
    """Round every count to a multiple of the base beside it, the nearer the likelier, so that it is right on average.

    The chance is drawn from who is behind a cell, so that the same people always give the same number (fixed random
    rounding, Statistics New Zealand).

    Raises:
        DisclosureError: "key": as for cell keys.
    """
    new, ranges = {}, {}
    for name, (values, drawn) in draws(report, key, purpose=b"random rounding").items():
        found = (values // base + (drawn < values % base / base)) * base
        new[name] = found
        ranges[name] = (np.maximum(found - base + 1, np.where(found > 0, 1.0, 0.0)), found + base - 1)
    said = (
        f"every count is rounded to a multiple of {base} beside it by a keyed draw, the same whenever it is asked; "
        "parts need not add up."
    )
    return changed_counts(report, new, ranges, said=said)


def controlled(report: Report, base: int, time_limit: float) -> Changed:
    """Round every count to a multiple of the base beside it, so that parts add up to totals.

    Where no such table exists, which needs three dimensions or more, the next multiples may be used too.

    Raises:
        DisclosureError: "cannot_protect": no such table was found in time.
    """
    equations = equations_of(report)
    deadline = time.monotonic() + time_limit
    new, ranges = {}, {}
    for name, values in counts_of(report).items():
        for steps in (0, 1):
            found = _additive(values, equations, (base, steps, deadline - time.monotonic()))
            if found is not None:
                break
        else:
            raise cannot_protect()
        reach = (steps + 1) * base - 1
        new[name] = found
        ranges[name] = (np.maximum(found - reach, 0.0), found + reach)
    said = f"every count is rounded to a multiple of {base} so that parts add up to totals."
    return changed_counts(report, new, ranges, said=said)


def _additive(values: Reals, equations: Equations, limits: tuple[int, int, float]) -> Reals | None:
    """Return the additive table of multiples that is nearest to the true one, in base, extra steps and seconds."""
    base, steps, seconds = limits
    below = values // base
    above = np.ceil(values / base)
    low, high = np.maximum(below - steps, 0.0), above + steps
    highs = Solver()
    highs.setOptionValue("time_limit", max(seconds, 0.0))
    size = len(values)
    highs.addVars(
        2 * size, np.concatenate([low, np.zeros(size)]), np.concatenate([high, np.full(size, np.inf)])
    )
    places = np.arange(size, dtype=np.int32)
    highs.changeColsIntegrality(size, places, np.ones(size, dtype=np.uint8))
    highs.changeColsCost(size, places + size, np.ones(size))
    for cell in range(size):
        pair = np.array([cell, cell + size], dtype=np.int32)
        share = float(values[cell] / base)
        highs.addRow(-np.inf, share, 2, pair, np.array([1.0, -1.0]))
        highs.addRow(share, np.inf, 2, pair, np.array([1.0, 1.0]))
    for row in range(equations.count):
        entries = equations.rows == row
        cells = equations.cells[entries].astype(np.int32)
        highs.addRow(0.0, 0.0, len(cells), cells, equations.signs[entries])
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return np.asarray(np.rint(np.array(highs.getSolution().col_value[:size])) * base)
