"""The rules on one table: one small file per family, one place that runs them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from disclosure.evidence import Evidence
from disclosure.policy import Policy
from disclosure.result import Finding
from disclosure.rules.concentration import dominance, p_percent
from disclosure.rules.counts import numerator, threshold, zero
from disclosure.rules.pointing import identifier
from disclosure.rules.position import edges, endpoint, quantile
from disclosure.rules.sameness import all_equal, commonest, group, whole
from disclosure.rules.shape import dof
from disclosure.rules.sharing import concentration, curve, unshared
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict

Rule = Callable[[Statistic, Evidence, Policy], Iterator[Finding]]

RULES: Final[tuple[Rule, ...]] = (
    *(
        threshold,
        zero,
        numerator,
        p_percent,
        dominance,
        all_equal,
        group,
        whole,
        commonest,
        endpoint,
        edges,
        quantile,
        dof,
    ),
    *(concentration, curve, unshared, identifier),
)
"""The rules on a table, in the order of their findings."""
BY_UNIT: Final = frozenset(
    {"threshold", "p_percent", "dominance", "commonest", "endpoint", "edges", "quantile", "dof"}
    | {"concentration", "curve", "numerator", "unshared", "whole"}
)
"""The rules that count units, by name: where the unit has levels, they hold at each."""


def judge(
    stat: Statistic, evidence: Evidence, policy: Policy, rules: Sequence[Rule] = RULES
) -> tuple[Finding, ...]:
    """Run every rule; one that raises becomes a finding, never a pass. Those that count units run at each level."""
    findings = [failed_check(sentence) for sentence in evidence.problems]
    for rule in rules:
        name = rule.__name__
        found = _judged(rule, stat, evidence, policy)
        findings += [_at(stat, finding) for finding in found] if name in BY_UNIT and stat.within else found
    for level, counted in evidence.coarser:
        findings += [_at(level, failed_check(sentence)) for sentence in counted.problems]
        for rule in rules:
            if rule.__name__ in BY_UNIT:
                findings += [_at(level, finding) for finding in _judged(rule, level, counted, policy)]
    return tuple(dict.fromkeys(findings))


def _judged(rule: Rule, stat: Statistic, evidence: Evidence, policy: Policy) -> list[Finding]:
    """Run one rule at one level of unit.

    This is the only place in the library where any exception is caught.
    """
    try:
        return list(rule(stat, evidence, policy))
    except Exception:  # noqa: BLE001  fail closed: whatever a rule raises, a person must look
        return [failed(rule.__name__)]


def _at(stat: Statistic, finding: Finding) -> Finding:
    """Say in a finding by which level of unit was counted."""
    return replace(
        finding, sentence=f"{finding.sentence.rstrip('.')} (units counted by {str(stat.unit)[:60]!r})."
    )


def failed(rule: str) -> Finding:
    """Return the finding for a rule that could not run."""
    sentence = f"The rule {rule} could not run, so a person must look; report it to the platform's operators."
    return failed_check(sentence)


def failed_check(sentence: str) -> Finding:
    """Return the finding for what could not be checked."""
    return Finding("check_failed", (), sentence, Verdict.REVIEW)
