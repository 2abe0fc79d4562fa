"""The rules on one table: one small file per family, one place that runs them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from disclosure.evidence import Evidence
from disclosure.policy import Policy
from disclosure.result import Finding
from disclosure.rules.concentration import dominance, p_percent
from disclosure.rules.counts import threshold, zero
from disclosure.rules.position import edges, endpoint, quantile
from disclosure.rules.sameness import all_equal, commonest, group
from disclosure.rules.shape import dof
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict

Rule = Callable[[Statistic, Evidence, Policy], Iterator[Finding]]

RULES: Final[tuple[Rule, ...]] = (
    *(threshold, zero, p_percent, dominance, all_equal, group, commonest, endpoint, edges, quantile, dof),
)
"""The rules on a table, in the order of their findings."""


def judge(
    stat: Statistic, evidence: Evidence, policy: Policy, rules: Sequence[Rule] = RULES
) -> tuple[Finding, ...]:
    """Run every rule; one that raises becomes a finding, never a pass.

    This is the only place in the library where any exception is caught.
    """
    findings = [Finding("check_failed", (), sentence, Verdict.REVIEW) for sentence in evidence.problems]
    for rule in rules:
        try:
            findings.extend(rule(stat, evidence, policy))
        except Exception:  # noqa: BLE001  fail closed: whatever a rule raises, a person must look
            findings.append(failed(rule.__name__))
    return tuple(findings)


def failed(rule: str) -> Finding:
    """Return the finding for a rule that could not run."""
    sentence = f"The rule {rule} could not run, so a person must look; report it to the platform's operators."
    return Finding("check_failed", (), sentence, Verdict.REVIEW)
