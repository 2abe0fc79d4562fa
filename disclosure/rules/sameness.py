"""Cells in which everyone is the same: the total tells each one's value (group disclosure)."""

from collections.abc import Iterator

import numpy as np

from disclosure.evidence import Evidence
from disclosure.policy import Policy
from disclosure.quantity import Role
from disclosure.result import Finding, count_of
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict


def all_equal(_stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find cells in which every value present is one value."""
    verdict = Verdict.FAIL if policy.equal_values_unsafe else Verdict.REVIEW
    for quantity, sums in evidence.sums.items():
        cells = tuple(np.flatnonzero(sums.same).tolist())
        if quantity.role is Role.VALUE and cells:
            sentence = f"In {count_of(cells)} all values of {str(quantity.column)[:60]!r} are equal."
            yield Finding("all_equal", cells, sentence, verdict)
