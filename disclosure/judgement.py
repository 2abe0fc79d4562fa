"""Rules on the facts of an answer, run where every rule is run, so that one that raises is a finding."""

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import TypeVar

import pandas as pd

from disclosure.evidence import Evidence
from disclosure.policy import Policy
from disclosure.result import Finding
from disclosure.rules import Rule, judge
from disclosure.sample import Answer, Behind, evidence_behind
from disclosure.statistic import Statistic

Facts = TypeVar("Facts")


def judged(
    stat: Statistic,
    policy: Policy,
    table: tuple[pd.DataFrame, Behind],
    *,
    facts: Facts,
    rules: Sequence[Callable[[Facts, Policy], Iterator[Finding]]],
) -> Answer:
    """Return an answer with what its rules found.

    Args:
        stat: what was asked.
        policy: the thresholds.
        table: the answer's table up to `units`, and who stands behind it.
        facts: what the rules look at.
        rules: the rules, in the order of their findings.
    """
    cells, behind = table
    bound = [_bound(rule, facts) for rule in rules]
    return cells, judge(stat, evidence_behind(stat, cells, behind), policy, bound), behind


def _bound(rule: Callable[[Facts, Policy], Iterator[Finding]], facts: Facts) -> Rule:
    @wraps(rule)
    def run(_stat: Statistic, _evidence: Evidence, policy: Policy) -> Iterator[Finding]:
        return rule(facts, policy)

    return run
