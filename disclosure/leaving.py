"""The judgement on a protected table: what still stands of the findings on it, and what was found of its protection."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from disclosure.audit import Leak
from disclosure.audit.system import Mask
from disclosure.audit.tables import evidence_of
from disclosure.differencing import protected_differences
from disclosure.evidence import Contributors
from disclosure.released import Earlier
from disclosure.result import Finding, Report, count_of, worst
from disclosure.safe import Safe, kept
from disclosure.verdict import Verdict


def behind(report: Report, cells: Mask) -> dict[str | None, Contributors] | None:
    """Return who is behind the published cells."""
    found = evidence_of(report).contributors()
    return None if found is None else {column: kept(one, cells) for column, one in found.items()}


def judged(safe: Safe, exact: Mask, leaks: Sequence[Leak], *, said: str, released: Sequence[Earlier]) -> Safe:
    """Judge a table as it would leave.

    Args:
        safe: the table, with the report of the unprotected one.
        exact: cells whose own findings still stand, for their true numbers are printed.
        leaks: what the audit found.
        said: what was done, for a person.
        released: what was released before.
    """
    report = safe.report
    named = [
        found for found in report.findings if found.rule == "identifier"
    ]  # labels leave whatever the cells hold
    others = [found for found in report.findings if found.rule != "identifier"]
    findings = [*named, *_standing(others, exact), *_leaking(leaks)]
    places = np.flatnonzero(safe.published)
    findings.extend(
        replace(found, cells=tuple(int(places[cell]) for cell in found.cells))
        for found in protected_differences(safe.released("this table"), released, report.policy)
    )
    findings.append(Finding("recoverable", (), f"Protected: {said}", Verdict.REVIEW))
    rules: list[tuple[str, ...]] = [() for _ in range(len(report.cells))]
    for finding in findings:
        for cell in finding.cells if finding.verdict is Verdict.FAIL else ():
            rules[cell] = tuple(dict.fromkeys((*rules[cell], finding.rule)))
    cells = report.cells.copy()
    cells["rules"], cells["unsafe"] = rules, [bool(names) for names in rules]
    final = replace(report, verdict=worst(findings), findings=tuple(findings), cells=cells, evidence=None)
    return replace(safe, report=final)


def _standing(findings: Sequence[Finding], exact: Mask) -> list[Finding]:
    """Return the findings that hold of what is printed; one on the whole table always does."""
    kept_findings = []
    for finding in findings:
        cells = tuple(cell for cell in finding.cells if exact[cell])
        if cells or not finding.cells:
            kept_findings.append(replace(finding, cells=cells))
    return kept_findings


def _leaking(leaks: Sequence[Leak]) -> list[Finding]:
    """Say which cells can be recovered, exactly or nearly."""
    kinds = (
        ("can be recovered exactly", lambda leak: leak.exact),
        ("can be estimated too closely", lambda leak: not leak.exact and not leak.inside),
        ("can be estimated too closely by contributors of other cells", lambda leak: leak.inside),
    )
    found = []
    for text, belongs in kinds:
        cells = tuple(sorted({leak.cell for leak in leaks if belongs(leak)}))
        if cells:
            found.append(Finding("recoverable", cells, f"{count_of(cells)} {text}.", Verdict.FAIL))
    return found
