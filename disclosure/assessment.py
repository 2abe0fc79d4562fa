"""From a statistic and its data to a report."""

from collections.abc import Iterator, Sequence

from disclosure.answering import answered
from disclosure.cells import cells_frame
from disclosure.differencing import differences
from disclosure.evidence import Evidence, gather
from disclosure.policy import Policy
from disclosure.released import Earlier
from disclosure.result import Finding, Report, unsafe_rules, worst
from disclosure.rules import RULES, judge
from disclosure.source import Data
from disclosure.statistic import Statistic


def assess(
    stat: Statistic, data: Data, policy: Policy, released: Sequence[Earlier] = (), *, key: str | None = None
) -> Report:
    """Compute a statistic, judge every cell of it, and compare it with what was released before.

    Args:
        stat: what is asked.
        data: a path to one Parquet or CSV file, a pandas or Arrow table, or a DuckDB relation.
        policy: the thresholds.
        released: every exact table released before on the same population.
        key: the column whose values tell contributors apart across tables; by default the statistic's unit.

    Raises:
        DisclosureError: the statistic does not fit the data, or the data could not be aggregated: nothing passed.
    """
    if stat.asks is not None:
        return answered(stat, data, policy, released=released, key=key)
    key = stat.unit if key is None else key
    evidence = gather(stat, data, key=key, max_cells=policy.max_cells)

    def differencing(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
        return differences(stat, evidence, policy, released=released, key=key)

    findings = judge(stat, evidence, policy, (*RULES, differencing))
    cells = cells_frame(stat, evidence, unsafe_rules(findings, len(evidence.grid.keys)))
    return Report(worst(findings), findings, cells, stat, policy, key=key, evidence=evidence)
