"""Protect a table that failed its check, and judge what would leave."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from disclosure.audit import Leak, audit
from disclosure.audit.knowledge import changed_system, check_additive, evidence_of, hidden_system
from disclosure.audit.system import Mask, Reals
from disclosure.differencing import protected_differences
from disclosure.dropping import remaining_of
from disclosure.errors import DisclosureError
from disclosure.evidence import Contributors
from disclosure.perturb import Changed, cell_key, controlled, rounded
from disclosure.released import Released
from disclosure.result import Finding, Report, count_of, worst
from disclosure.safe import Safe, kept, printed, table_of, withheld_in, written
from disclosure.suppress import suppress
from disclosure.verdict import Verdict

METHODS: Final = ("suppress", "drop_records", "round", "controlled_round", "cell_key")
"""The ways to protect a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the author wishes of a suppression. Positions are those of the report's cells.

    Attributes:
        cost: "value" counts the rows that are withheld, "cells" the cells.
        importance: factors on the cost of single cells, at least 0.
        frozen: cells that must be published.
        forbidden: cells that must be withheld, safe or not.
    """

    cost: str = "value"
    importance: Mapping[int, float] | None = None
    frozen: Collection[int] = ()
    forbidden: Collection[int] = ()


def protect(  # noqa: PLR0913  the words of the contract, all but two by keyword
    report: Report,
    method: str = "suppress",
    *,
    base: int = 5,
    key: str | bytes | None = None,
    time_limit: float = 30,
    wishes: Wishes | None = None,
    released: Sequence[Released] = (),
) -> Safe:
    """Protect a table and judge the result as it would be written.

    Args:
        report: the check of the table, as `assess` returned it.
        method: "suppress" withholds unsafe cells and as few others as possible; "drop_records" withholds them and
            computes totals without the records behind them; "round" rounds each count by itself;
            "controlled_round" rounds so that totals still add up; "cell_key" adds noise that depends on who is
            behind a cell, so that the same people always give the same number.
        base: what counts are rounded to, or the largest change of a cell key, in rows.
        key: the secret of "cell_key".
        time_limit: seconds for the search of the cheapest protection.
        wishes: costs, cells to publish and cells to withhold; for "suppress".
        released: every exact table released before on the same population.

    Raises:
        DisclosureError: "no_evidence", "method", "base", "key", "unsuitable", "wishes", "cannot_protect", "solver",
            "written".
    """
    evidence_of(report)
    if method == "drop_records":
        return _dropped(report, released)
    check_additive(report)
    if method == "suppress":
        return _suppressed(report, wishes or Wishes(), time_limit, released)
    if method not in METHODS:
        raise DisclosureError("method", f"There is no method {method!r:.60}; choose {', '.join(METHODS)}.")
    check_counts_only(report)
    _check_base(base)
    if method == "cell_key":
        return _changed(report, cell_key(report, base, key), method, released)
    changed = rounded(report, base) if method == "round" else controlled(report, base, time_limit)
    return _changed(report, changed, method, released)


def check_counts_only(report: Report) -> None:
    """Refuse to round or change what is no plain count.

    Raises:
        DisclosureError: "unsuitable".
    """
    if report.statistic.weight is not None or any(m.function != "count" for m in report.statistic.measures):
        raise DisclosureError(
            "unsuitable", "Only unweighted counts are rounded or changed; use method='suppress' for values."
        )


def _check_base(base: object) -> None:
    if type(base) is not int or not 2 <= base <= 1000:
        raise DisclosureError("base", "The base must be a whole number from 2 to 1000.")


def _suppressed(report: Report, wishes: Wishes, time_limit: float, released: Sequence[Released]) -> Safe:
    size = len(report.cells)
    unsafe = report.cells["unsafe"].to_numpy(dtype=np.bool_) | _mask(wishes.forbidden, size)
    system = hidden_system(report, unsafe)
    cost, frozen = _cost(report, wishes), _mask(wishes.frozen, size)
    choice = suppress(system, unsafe, cost=cost, frozen=frozen, time_limit=time_limit)
    numbers = {name: report.cells[name].tolist() for name in printed(report)}
    table = table_of(report, numbers, choice.withheld)
    withheld = withheld_in(written(table), report, numbers)
    leaks = audit(system, withheld)
    more = int((withheld & ~unsafe).sum())
    said = f"{count_of(np.flatnonzero(withheld).tolist())} withheld, {more} of them to protect the others."
    behind = _behind(report, ~withheld)
    safe = Safe(table, report, "suppress", choice.optimal, ~withheld, report.cells, behind)
    return _judged(safe, ~withheld, leaks, said=said, released=released)


def _dropped(report: Report, released: Sequence[Released]) -> Safe:
    """Withhold unsafe cells and leave the records behind them out of every total.

    Raises:
        DisclosureError: "cannot_protect": true totals may have been released before, and nobody can tell.
    """
    left = remaining_of(report)
    if released and left.contributors is None:
        raise DisclosureError(
            "cannot_protect",
            "Tables were released before, and it is not known of whom this one is, so a true total among them could "
            "give the dropped records away; name the unit of both, or use method='suppress'.",
        )
    remaining = replace(report, cells=left.cells, findings=left.findings)
    numbers = {name: left.cells[name].tolist() for name in printed(report)}
    table = table_of(remaining, numbers, left.withheld)
    withheld = withheld_in(written(table), remaining, numbers)
    people = left.contributors
    behind = None if people is None else {name: kept(found, ~withheld) for name, found in people.items()}
    safe = Safe(table, remaining, "drop_records", True, ~withheld, left.cells, behind)  # noqa: FBT003
    return _judged(safe, ~withheld, (), said=left.said, released=released)


def _changed(report: Report, changed: Changed, method: str, released: Sequence[Released]) -> Safe:
    """Judge a table of changed counts: nothing is withheld, everything is uncertain."""
    everyone = np.ones(len(report.cells), dtype=np.bool_)
    unsafe = report.cells["unsafe"].to_numpy(dtype=np.bool_)
    numbers = {name: changed.columns[name].astype(np.int64).tolist() for name in printed(report)}
    table = table_of(report, numbers, ~everyone)
    withheld_in(written(table), report, numbers)
    leaks = audit(changed_system(report, unsafe, changed.ranges), everyone)
    cells = report.cells.assign(**changed.columns).astype(report.cells.dtypes.to_dict())
    for name in [column for column in cells.columns if column.endswith("units")]:
        cells[name] = cells["n"]
    safe = Safe(table, report, method, changed.optimal, everyone, cells, _behind(report, everyone))
    return _judged(safe, ~unsafe, leaks, said=changed.said, released=released)


def _behind(report: Report, cells: Mask) -> dict[str | None, Contributors] | None:
    """Return who is behind the published cells."""
    found = evidence_of(report).contributors()
    return None if found is None else {column: kept(one, cells) for column, one in found.items()}


def _judged(
    safe: Safe, exact: Mask, leaks: Sequence[Leak], *, said: str, released: Sequence[Released]
) -> Safe:
    """Judge a table as it would leave.

    Args:
        safe: the table, with the report of the unprotected one.
        exact: cells whose own findings still stand, for their true numbers are printed.
        leaks: what the audit found.
        said: what was done, for a person.
        released: what was released before.
    """
    report = safe.report
    findings = [*_standing(report.findings, exact), *_leaking(leaks)]
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
    judged = replace(report, verdict=worst(findings), findings=tuple(findings), cells=cells, evidence=None)
    return replace(safe, report=judged)


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


def _mask(cells: Collection[int], size: int) -> Mask:
    """Return positions as a mask.

    Raises:
        DisclosureError: "wishes".
    """
    mask = np.zeros(size, dtype=np.bool_)
    for cell in cells:
        if type(cell) is not int or not 0 <= cell < size:
            raise DisclosureError("wishes", "A wish names a cell that the report does not have; correct it.")
        mask[cell] = True
    return mask


def _cost(report: Report, wishes: Wishes) -> Reals:
    """Return what withholding each cell costs; a cell always costs something, so that none is withheld for nothing."""
    if wishes.cost not in {"value", "cells"}:
        raise DisclosureError("wishes", "The cost is 'value' or 'cells'.")
    size = len(report.cells)
    cost = report.cells["n"].to_numpy(dtype=np.float64) + 1.0 if wishes.cost == "value" else np.ones(size)
    for cell, factor in (wishes.importance or {}).items():
        if not 0 <= factor < np.inf:
            raise DisclosureError("wishes", "Each importance is a number of at least 0.")
        cost[_mask([cell], size)] *= factor
    return cost
