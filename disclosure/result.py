"""What a check answers: a verdict, findings with their reasons, and the table with its unsafe cells."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import pandas as pd

from disclosure.cells import cells_from_record, cells_record
from disclosure.columns import contents
from disclosure.content import Content
from disclosure.errors import DisclosureError
from disclosure.evidence import Evidence
from disclosure.policy import Policy
from disclosure.portrait import Remark, portrait
from disclosure.released import Released
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict

MAX_JSON: Final = 500_000_000
"""Longest JSON text of a report, in characters. Source: ours; the most cells of a table with long labels."""
_KEYS: Final = frozenset({"cells", "findings", "key", "policy", "statistic", "verdict"})


_SEVERITY: Final = (Verdict.PASS, Verdict.REVIEW, Verdict.FAIL)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule found.

    Attributes:
        rule: the rule's name, as the contract lists them.
        cells: positions of the cells in the report's table; empty when the whole table is meant.
        sentence: what was found, for a person; never a value of one unit.
        verdict: FAIL makes the cells unsafe, REVIEW asks a person to look.
    """

    rule: str
    cells: tuple[int, ...]
    sentence: str
    verdict: Verdict


def count_of(cells: Sequence[int]) -> str:
    """Return "1 cell" or "6 cells"."""
    return f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"


def worst(findings: Iterable[Finding]) -> Verdict:
    """Return the verdict of a table with these findings."""
    return max((finding.verdict for finding in findings), key=_SEVERITY.index, default=Verdict.PASS)


def unsafe_rules(findings: Sequence[Finding], cells: int) -> list[tuple[str, ...]]:
    """Return per cell the names of the rules that make it unsafe, each once, in the order of the rules."""
    names: list[dict[str, None]] = [{} for _ in range(cells)]
    for finding in findings:
        if finding.verdict is Verdict.FAIL:
            for cell in finding.cells:
                names[cell][finding.rule] = None
    return [tuple(found) for found in names]


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The answer of a check.

    Attributes:
        verdict: PASS, REVIEW or FAIL.
        findings: what was found, in the order of the rules.
        cells: the table: dimensions, n (rows), units, each measure with its rows and units, unsafe, rules.
        statistic: what was asked.
        policy: by which thresholds it was judged.
        key: the column whose values tell contributors apart, or None.
        evidence: in memory only; None in a report that was loaded.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    cells: pd.DataFrame
    statistic: Statistic
    policy: Policy
    key: str | None = None
    evidence: Evidence | None = None

    def released(self, identifier: str) -> Released:
        """Return what later checks must remember once this table is released under an identifier.

        Raises:
            DisclosureError: "no_evidence": the report was loaded, so who is behind its cells is not known.
        """
        if self.evidence is None:
            raise DisclosureError(
                "no_evidence",
                "A loaded report does not know who is behind its cells; assess the statistic again.",
            )
        return Released(identifier, self.statistic, self.cells, self.key, self.evidence.contributors())

    def to_json(self) -> str:
        """Return the report without its evidence as JSON: stable, so equal reports have equal text."""
        findings = [
            {"rule": f.rule, "cells": list(f.cells), "sentence": f.sentence, "verdict": f.verdict.value}
            for f in self.findings
        ]
        record = {
            "verdict": self.verdict.value,
            "findings": findings,
            "cells": cells_record(self.cells),
            "statistic": json.loads(self.statistic.to_json()),
            "policy": json.loads(self.policy.to_json()),
            "key": self.key,
        }
        return json.dumps(record, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote, strictly.

        Raises:
            DisclosureError: "json": another shape, or a verdict that its findings do not give.
        """
        record = _record(text)
        statistic, policy = Statistic.from_json(record["statistic"]), Policy.from_json(record["policy"])
        cells = cells_from_record(record["cells"], statistic)
        findings = _findings(record["findings"], len(cells))
        if record["verdict"] != worst(findings).value:
            raise _not_a_report()
        return cls(worst(findings), findings, cells, statistic, policy, key=record["key"])

    def _repr_html_(self) -> str:
        """Return the table for a notebook: unsafe cells are shaded, say why on hover, and say so in words."""
        asked = self.statistic
        said = f"{asked.source} by {', '.join(asked.by) or 'nothing'}"
        said = said if asked.asks is None else f"{asked.asks.sentence()}, of {said}"
        remarks = [
            Remark(f.verdict.name, f.rule, f.sentence, f.cells, f.verdict is Verdict.FAIL)
            for f in self.findings
        ]
        heads = [name for name, content in contents(asked).items() if content is Content.LEVEL]
        return portrait(self.cells, f"{asked.title or said}: {self.verdict.name}", remarks, heads)


def _record(text: str) -> dict[str, Any]:  # Any: each part is checked by its own reader
    """Parse the text of a report into its parts."""
    try:
        record = json.loads(text) if len(text) <= MAX_JSON else None
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict) or set(record) != _KEYS or not _is_optional_text(record["key"]):
        raise _not_a_report()
    if not isinstance(record["statistic"], dict) or not isinstance(record["policy"], dict):
        raise _not_a_report()
    return record


def _findings(record: object, cells: int) -> tuple[Finding, ...]:
    """Read findings whose cells exist."""
    if not isinstance(record, list) or not all(_is_finding(entry, cells) for entry in record):
        raise _not_a_report()
    return tuple(
        Finding(entry["rule"], tuple(entry["cells"]), entry["sentence"], Verdict(entry["verdict"]))
        for entry in record
    )


def _is_finding(entry: object, cells: int) -> bool:
    return (
        isinstance(entry, dict)
        and set(entry) == {"cells", "rule", "sentence", "verdict"}
        and isinstance(entry["rule"], str)
        and isinstance(entry["sentence"], str)
        and isinstance(entry["cells"], list)
        and all(type(cell) is int and 0 <= cell < cells for cell in entry["cells"])
        and entry["verdict"] in [verdict.value for verdict in Verdict]
    )


def _is_optional_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _not_a_report() -> DisclosureError:
    return DisclosureError(
        "json", "This is not a report as Report.to_json() writes it; assess the statistic again."
    )
