"""Standard deviations and variances: safe where enough values stand behind them."""

from collections.abc import Iterator

import numpy as np

from disclosure.evidence import Evidence
from disclosure.measure import SPREAD
from disclosure.policy import Policy
from disclosure.result import Finding, count_of
from disclosure.statistic import Statistic
from disclosure.values import presence
from disclosure.verdict import Verdict


def dof(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find spreads with too few degrees of freedom: units with a value, less one for the mean."""
    for measure in stat.measures:
        if measure.function not in SPREAD:
            continue
        rows, units = presence(measure, evidence)
        cells = tuple(np.flatnonzero((units - 1 < policy.min_degrees) & (rows > 0)).tolist())
        if cells:
            sentence = f"Fewer than {policy.min_degrees} degrees of freedom are left for {measure.name[:60]!r} in {count_of(cells)}."
            yield Finding("dof", cells, sentence, Verdict.FAIL)
