"""One or two contributors that make up a total."""

from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from disclosure.evidence import Evidence, Sums
from disclosure.measure import ADDED, DIVIDED
from disclosure.policy import Policy
from disclosure.quantity import Role
from disclosure.result import Finding, count_of
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict

Mask = NDArray[np.bool_]
Hit = Callable[[Sums], Mask]


def p_percent(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find totals from which the second largest contributor could estimate the largest too closely.

    Unsafe when (X - x1 - x2) < p x1, on absolute contributions, in exact whole numbers; and when all contributions
    are nought, for then the estimate is exact (scenario C05 of the conformance suite).
    """
    share = _exact(policy.p_percent)

    def hit(sums: Sums) -> Mask:
        rest = sums.absolute - sums.largest - sums.second
        close = _true(rest * share.denominator < sums.largest * share.numerator)
        return close | (_true(sums.largest == 0) & (sums.rows > 0))

    sentence = f"the rest beside the two largest contributors is below {policy.p_percent:.0%} of the largest"
    yield from _found(stat, evidence, "p_percent", (hit, sentence, Verdict.FAIL))


def dominance(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find totals of which the two largest contributors hold too much; ask a person about the single largest."""
    pair, single = _exact(policy.dominance_share), _exact(policy.single_share)

    def hit(sums: Sums) -> Mask:
        held = (sums.largest + sums.second) * pair.denominator >= sums.absolute * pair.numerator
        return _true(held) & _true(sums.absolute > 0)

    def look(sums: Sums) -> Mask:
        held = sums.largest * single.denominator >= sums.absolute * single.numerator
        return _true(held) & _true(sums.absolute > 0)

    sentence = f"the two largest contributors hold {policy.dominance_share:.0%} or more"
    yield from _found(stat, evidence, "dominance", (hit, sentence, Verdict.FAIL))
    sentence = f"the largest contributor holds {policy.single_share:.0%} or more"
    yield from _found(stat, evidence, "dominance", (look, sentence, Verdict.REVIEW))


def _found(
    stat: Statistic, evidence: Evidence, rule: str, judgement: tuple[Hit, str, Verdict]
) -> Iterator[Finding]:
    """Apply a judgement to each column whose total or mean is asked for, and both totals of a ratio; plain and weighted."""
    hit, sentence, verdict = judgement
    added = {measure.column for measure in stat.measures if measure.function in ADDED}
    added |= {half for measure in stat.measures if measure.function in DIVIDED for half in measure.halves[:2]}
    for quantity, sums in evidence.sums.items():
        if quantity.role not in {Role.VALUE, Role.WEIGHTED} or quantity.column not in added:
            continue
        cells = tuple(np.flatnonzero(hit(sums)).tolist())
        if cells:
            weighted = ", weighted" if quantity.role is Role.WEIGHTED else ""
            text = f"In {count_of(cells)} of {str(quantity.column)[:60]!r}{weighted}: {sentence}."
            yield Finding(rule, cells, text, verdict)


def _exact(share: float) -> Fraction:
    """Read a share as the decimal that was written, so that 0.10 is one tenth."""
    return Fraction(repr(share))


def _true(values: object) -> Mask:
    """Return comparisons of whole numbers of any size as booleans."""
    return np.asarray(values, dtype=np.bool_)
