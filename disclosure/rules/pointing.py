"""Dimensions that are the unit itself: each printed label points at one person, one firm, one household."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from disclosure.evidence import Evidence
from disclosure.expression.tree import Aggregate, Column
from disclosure.policy import Policy
from disclosure.result import Finding, count_of
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict

ONE_OF_THEM: Final = frozenset({"first", "last", "lag", "min", "max"})
"""Aggregates that answer with a value of their column as it is."""


def identifier(stat: Statistic, evidence: Evidence, _policy: Policy) -> Iterator[Finding]:
    """Find cells labelled by a level of unit, or by a derived column that is one under another name."""
    pointing = set(stat.levels)
    for derived in stat.derived:
        term = derived.value
        value = term.value if isinstance(term, Aggregate) and term.function in ONE_OF_THEM else term
        if isinstance(value, Column) and value.name in pointing:
            pointing.add(derived.name)
    for place, dimension in enumerate(stat.by):
        labelled = np.array([key[place] is not None for key in evidence.grid.keys], dtype=np.bool_)
        cells = tuple(np.flatnonzero(labelled).tolist())
        if dimension in pointing and cells:
            sentence = f"The labels of {dimension[:60]!r} name the units themselves, in {count_of(cells)}; group by something else."
            yield Finding("identifier", cells, sentence, Verdict.FAIL)
