"""The answer to claimed estimates: the claims as a table, what the rules found of their design, and who stands behind it."""

from typing import cast

import numpy as np
import pandas as pd

from disclosure.claimed.asked import Claims, wrong
from disclosure.errors import DisclosureError
from disclosure.models.claims import Claimed, judge_claims
from disclosure.policy import Policy
from disclosure.sample import Answer, Behind, Sample, sample_of
from disclosure.source import Data
from disclosure.statistic import Statistic


def answer(stat: Statistic, data: Data, policy: Policy, *, key: str | None) -> Answer:
    """Judge claims by the rows of their design; the rules hold at each level of unit. A claim never passes by itself.

    Raises:
        DisclosureError: as `sample_of` and `judge_claims`; "claims": no unit is named, or coefficients have numbers of
            different kinds.
    """
    if stat.unit is None:
        raise wrong("A design must say whose rows it has; name the unit")
    claims = cast("Claims", stat.asks)  # the kind was checked when the statistic was made
    sample = sample_of(stat, data, key=key)
    for column in claims.columns():
        if not sample.is_numeric(column):
            raise wrong(f"The column {column[:60]!r} of the design holds no numbers")
    levels = [_judged(claims, sample, units, policy) for units in sample.units]
    found = levels[0]
    cells = found.cells.drop(columns=["unsafe", "rules"]).assign(
        units=np.min([each.cells["units"] for each in levels], axis=0)
    )
    findings = tuple(dict.fromkeys(finding for each in levels for finding in each.findings))
    nobody = np.zeros(0, dtype=np.intp)
    rows = (np.arange(sample.size), *(nobody for _ in range(len(cells) - 1)))
    return cells, findings, Behind(sample, rows)


def _judged(claims: Claims, sample: Sample, units: np.ndarray, policy: Policy) -> Claimed:
    """Judge the claims with the rows of one level of unit."""
    named = {tuple(name for name, _ in numbers) for _, numbers in claims.estimates}
    if len(named) > 1:
        raise DisclosureError("claims", "Give each coefficient the same numbers; correct the claims.")
    estimates = pd.DataFrame([{"term": term, **dict(numbers)} for term, numbers in claims.estimates])
    unit = "unit"
    while unit in claims.columns():
        unit += "_"
    design = pd.DataFrame({unit: units, **{name: sample.values[name] for name in claims.columns()}})
    return judge_claims(
        estimates, design, policy, unit=unit, response=claims.response, facts=dict(claims.facts)
    )
