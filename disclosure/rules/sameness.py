"""Cells in which everyone is the same: the total tells each one's value (group disclosure)."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from disclosure.evidence import Evidence
from disclosure.grid import Key
from disclosure.measure import COUNTED, DIVIDED
from disclosure.policy import Policy
from disclosure.quantity import Role
from disclosure.result import Finding, count_of
from disclosure.statistic import Statistic
from disclosure.values import presence
from disclosure.verdict import Verdict


def all_equal(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find cells in which every value present is one value."""
    verdict = Verdict.FAIL if policy.equal_values_unsafe else Verdict.REVIEW
    asked = [measure for measure in stat.measures if measure.function not in COUNTED]
    shown = {m.halves[0] if m.function in DIVIDED else m.column for m in asked}
    for quantity, sums in evidence.sums.items():
        cells = tuple(np.flatnonzero(sums.same).tolist())
        if quantity.role is Role.VALUE and quantity.column in shown and cells:
            sentence = f"In {count_of(cells)} all values of {str(quantity.column)[:60]!r} are equal."
            yield Finding("all_equal", cells, sentence, verdict)


def group(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find cells that hold everyone of their row or column, where there are other levels: 100% there, 0% elsewhere.

    Unsafe where the policy holds empty cells unsafe, for it is the same fact; otherwise a person looks.
    """
    verdict = Verdict.FAIL if policy.zeros_unsafe else Verdict.REVIEW
    full = np.zeros(len(evidence.grid.keys), dtype=np.bool_)
    for dimension, parents in enumerate(map(evidence.grid.parents, range(len(stat.by)))):
        totals: dict[Key, int] = {}
        levels: dict[Key, int] = {}
        inner = [key[dimension] is not None for key in evidence.grid.keys]
        for parent, count, is_inner in zip(parents, evidence.rows.tolist(), inner, strict=True):
            totals[parent] = totals.get(parent, 0) + is_inner * count
            levels[parent] = levels.get(parent, 0) + is_inner
        alone = [totals[parent] if levels[parent] > 1 else -1 for parent in parents]
        full |= np.array(inner, dtype=np.bool_) & (evidence.rows == np.array(alone)) & (evidence.rows > 0)
    cells = tuple(np.flatnonzero(full).tolist())
    if cells:
        yield Finding(
            "group", cells, f"Everyone of a row or column is in one level, in {count_of(cells)}.", verdict
        )


def whole(stat: Statistic, evidence: Evidence, _policy: Policy) -> Iterator[Finding]:
    """Find ratios of counts in which everyone below the line is above it: 100%."""
    for measure in stat.measures:
        if measure.function not in DIVIDED:
            continue
        below, rest = (evidence.flags.get(half) for half in measure.halves[1:])
        if rest is not None and below is not None:
            cells = tuple(np.flatnonzero((rest.ones == 0) & (below.ones > 0)).tolist())
            if cells:
                said = f"Everyone counted below the line of {measure.name[:60]!r} is above it, in {count_of(cells)}."
                yield Finding("group", cells, said, Verdict.FAIL)


def commonest(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find modes that are the value of nearly everyone, or of fewer units than the policy asks."""
    for measure in stat.measures:
        if measure.function != "mode":
            continue
        units, held = presence(measure, evidence)[1], evidence.orders[str(measure.column)].commonest.units
        share = Fraction(repr(policy.mode_share))
        nearly = held * share.denominator > units * share.numerator
        most = f"More than {policy.mode_share:.0%} of the units have the commonest"
        least = f"Fewer than {policy.min_units} units have the commonest"
        few = (held < policy.min_units) & (units > 0)
        for rule, hit, said in (("group", nearly, most), ("threshold", few, least)):
            cells = tuple(np.flatnonzero(hit).tolist())
            if cells:
                sentence = f"{said} value of {str(measure.column)[:60]!r} in {count_of(cells)}."
                yield Finding(rule, cells, sentence, Verdict.FAIL)
