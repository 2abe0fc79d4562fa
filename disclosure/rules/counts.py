"""Few units behind a number, or none."""

from collections.abc import Iterator

import numpy as np

from disclosure.evidence import Evidence
from disclosure.measure import DIVIDED
from disclosure.policy import Policy
from disclosure.result import Finding, count_of
from disclosure.statistic import Statistic
from disclosure.values import presence
from disclosure.verdict import Verdict


def threshold(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find cells with fewer distinct units than the policy asks.

    A count is judged by the units in the cell, a value by the units in which it is not missing. An empty cell is
    left alone where the policy holds that empty cells are safe.
    """
    counts = {None if m.column is None else m.name: presence(m, evidence)[1] for m in stat.measures}
    for name, units in (counts or {None: evidence.units}).items():
        few = units < policy.min_units
        if not policy.zeros_unsafe:
            few &= evidence.rows > 0
        cells = tuple(np.flatnonzero(few).tolist())
        if cells:
            noun = "rows" if stat.unit is None else "units"
            behind = "" if name is None else f" in which {name[:60]!r} is present"
            sentence = f"Fewer than {policy.min_units} {noun} stand behind {count_of(cells)}{behind}."
            yield Finding("threshold", cells, sentence, Verdict.FAIL)


def zero(_stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find cells in which nobody is: they say so of everyone (class disclosure)."""
    if not policy.zeros_unsafe:
        return
    cells = tuple(np.flatnonzero(evidence.rows == 0).tolist())
    if cells:
        yield Finding(
            "zero", cells, f"Nobody is in {count_of(cells)}, which says something of everyone.", Verdict.FAIL
        )
    if not evidence.grid.keys or not evidence.rows.any():
        yield Finding("zero", (), "No row passes the filter: the empty table itself says so.", Verdict.FAIL)


def numerator(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find sums and means of noughts and ones with few units on one side: they are counts, and so are the rest.

    Where everyone is on one side, `all_equal` says so. A ratio is judged by those counted above the line, below it, and
    below but not above; those in neither play no part. Where that is no column of noughts and ones, each is judged alone.
    """
    noun = "rows" if stat.unit is None else "units"
    divided = (measure.halves for measure in stat.measures if measure.function in DIVIDED)
    halves = {half for parts in divided if parts[2] in evidence.flags for half in parts}
    for column, flags in evidence.flags.items():
        sides = [(flags.ones, "one"), *([] if column in halves else [(flags.noughts, "nought")])]
        for counts, digit in sides:
            cells = tuple(np.flatnonzero((counts < policy.min_units) & (counts > 0)).tolist())
            if cells:
                sentence = f"Fewer than {policy.min_units} {noun} have a {digit} in {column[:60]!r}, in {count_of(cells)}."
                yield Finding("threshold", cells, sentence, Verdict.FAIL)
