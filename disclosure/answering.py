"""From a survival curve, an association or a model and its data to a report."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

from disclosure.asks import HOMES
from disclosure.cells import answered_frame
from disclosure.differencing import differences
from disclosure.errors import DisclosureError
from disclosure.evidence import Evidence
from disclosure.policy import Policy
from disclosure.released import Earlier
from disclosure.result import Finding, Report, unsafe_rules, worst
from disclosure.rules import judge
from disclosure.sample import Answer, evidence_behind, units_of
from disclosure.source import Data
from disclosure.statistic import Statistic


def answered(
    stat: Statistic, data: Data, policy: Policy, *, released: Sequence[Earlier], key: str | None
) -> Report:
    """Compute a statistic of a kind of its own, judge it, and compare who is behind it with what was released before.

    Args:
        stat: what is asked, carried in `asks`.
        data: the data.
        policy: the thresholds.
        released: every exact release before on the same population.
        key: the column whose values tell contributors apart; None for the statistic's finest unit.

    Raises:
        DisclosureError: the statistic does not fit the data, or could not be computed: nothing passed.
    """
    if key is None:
        key = next(iter(units_of(stat)), None)
    answer: Callable[..., Answer] = import_module(f"{HOMES[stat.kind][0]}.answer").answer
    cells, found, behind = answer(stat, data, policy, key=key)
    if len(cells) > policy.max_cells:
        raise DisclosureError(
            "too_many_cells", f"The table would have more than {policy.max_cells} rows; ask for fewer groups."
        )
    evidence = evidence_behind(stat, cells, behind)

    def differencing(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
        return differences(stat, evidence, policy, released=released, key=key)

    findings = tuple(dict.fromkeys((*found, *judge(stat, evidence, policy, (differencing,)))))
    frame = answered_frame(stat, cells, unsafe_rules(findings, len(cells)))
    return Report(worst(findings), findings, frame, stat, policy, key=key, evidence=evidence)
