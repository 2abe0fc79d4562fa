"""Protection by dropping records: unsafe cells are withheld, and totals are computed of what remains.

What remains is judged again, for a total over fewer people may be unsafe itself; then the records of the smallest cells
behind it go too, one, two, four and so on at a time, until every printed number is safe. No printed number knows of the dropped records, so none gives them away; but a true
total that was released before does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from disclosure.audit.system import Mask
from disclosure.audit.tables import evidence_of
from disclosure.cells import cells_frame
from disclosure.errors import DisclosureError
from disclosure.evidence import Contributors, Evidence
from disclosure.grid import Grid
from disclosure.result import Finding, Report, unsafe_rules
from disclosure.rules import judge
from disclosure.source import evidence_failed
from disclosure.verdict import Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Remaining:
    """A table of the records that remain, on the cells of the table as it was.

    Attributes:
        cells: the table in the form of a report; a withheld cell has nobody.
        findings: what the rules find of it.
        withheld: per cell whether it is withheld.
        contributors: who is behind each cell; None where that is not known.
        rows: how many records were dropped.
        units: how many units lost a record; None where that is not known.
    """

    cells: pd.DataFrame
    findings: tuple[Finding, ...]
    withheld: Mask
    contributors: dict[str | None, Contributors] | None
    rows: int
    units: int | None

    @property
    def said(self) -> str:
        """What was done, for a person."""
        people = "" if self.units is None else f" of {self.units} units"
        return f"{self.rows} records{people} were dropped; totals are those of the records that remain."


def remaining_of(report: Report) -> Remaining:
    """Drop the records behind unsafe cells until what remains is safe.

    Raises:
        DisclosureError: "no_evidence", "unsuitable": the data cannot be read again; "evidence_failed": they changed;
            "cannot_protect": no record would remain.
    """
    evidence = evidence_of(report)
    if evidence.without is None:
        raise DisclosureError(
            "unsuitable",
            "This kind of statistic cannot be computed again without some records; ask for a table.",
        )
    grid, gone = evidence.grid, np.zeros(len(report.cells), dtype=np.bool_)
    unsafe = report.cells["unsafe"].to_numpy(dtype=np.bool_)
    left, findings = evidence, report.findings
    parts, several = _Parts(grid), 1
    while (more := parts.inner(unsafe) & ~gone & (evidence.rows > 0)).any() or (
        more := parts.smallest(unsafe, np.where(gone, 0, evidence.rows), several)
    ).any():
        several = several if (more & unsafe).any() else 2 * several
        gone = gone | more
        if parts.is_empty(gone | (evidence.rows == 0)):
            raise _nothing_left()
        left = evidence.without([grid.keys[cell] for cell in np.flatnonzero(gone).tolist()])
        found = judge(report.statistic, left, report.policy)
        findings = _standing(_moved(found, _places(left.grid, grid)), report.findings)
        unsafe = _unsafe(findings, len(gone))
    cells = _aligned(report, left, unsafe_rules(findings, len(gone)))
    withheld = (
        parts.inner(report.cells["unsafe"].to_numpy(dtype=np.bool_))
        | unsafe
        | ((evidence.rows > 0) & (cells["n"].to_numpy() == 0))
    )
    rows = int(evidence.rows[gone].sum())
    contributors, units = _people(evidence, left, gone)
    if report.statistic.unit is None and report.key is None:
        units = rows
    return Remaining(cells, findings, withheld, contributors, rows, units)


class _Parts:
    """Finds the inner cells that a total adds up."""

    def __init__(self, grid: Grid) -> None:
        self._inner = np.array([None not in key for key in grid.keys], dtype=np.bool_)
        names: list[dict[object, int]] = [{None: -1} for _ in range(len(grid.keys[0]) if grid.keys else 0)]
        rows = [
            [found.setdefault(level, len(found)) for level, found in zip(key, names, strict=True)]
            for key in grid.keys
        ]
        self._codes = np.array(rows, dtype=np.int64).reshape(len(grid.keys), len(names))

    def inner(self, cells: Mask) -> Mask:
        """Return those of some cells that are no totals."""
        return cells & self._inner

    def smallest(self, cells: Mask, rows: NDArray[np.int64], several: int) -> Mask:
        """Return the smallest inner cells with rows behind each total of some cells, so many of each."""
        found = np.zeros_like(cells)
        for cell in np.flatnonzero(cells & ~self._inner).tolist():
            asked = self._codes[cell]
            behind = self._inner & (rows > 0) & ((self._codes == asked) | (asked == -1)).all(axis=1)
            places = np.flatnonzero(behind)
            found[places[np.argsort(rows[places], kind="stable")[:several]]] = True
        return found

    def is_empty(self, gone: Mask) -> bool:
        """Whether every inner cell is gone."""
        return bool(gone[self._inner].all())


def _nothing_left() -> DisclosureError:
    return DisclosureError(
        "cannot_protect",
        "Every record would have to be dropped before each printed number were safe; ask for coarser dimensions, for other "
        "measures, or use method='suppress'.",
    )


def _places(new: Grid, old: Grid) -> list[int]:
    """Return where the cells of a table stood in the table as it was."""
    places = [old.positions.get(key, -1) for key in new.keys]
    if -1 in places:
        raise evidence_failed()
    return places


def _moved(findings: Iterable[Finding], places: Sequence[int]) -> tuple[Finding, ...]:
    return tuple(
        replace(found, cells=tuple(sorted(places[cell] for cell in found.cells))) for found in findings
    )


def _standing(findings: Sequence[Finding], before: Sequence[Finding]) -> tuple[Finding, ...]:
    """Leave out cells that hold everyone of a row only because others were dropped: the printed row does not say so."""
    full = {cell for found in before if found.rule == "group" for cell in found.cells}
    kept = (
        replace(found, cells=tuple(cell for cell in found.cells if cell in full))
        if found.rule == "group"
        else found
        for found in findings
    )
    return tuple(found for found in kept if found.cells or found.rule != "group")


def _unsafe(findings: Iterable[Finding], size: int) -> Mask:
    mask = np.zeros(size, dtype=np.bool_)
    for found in findings:
        if found.verdict is Verdict.FAIL:
            mask[list(found.cells)] = True
    return mask


def _aligned(report: Report, left: Evidence, rules: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    """Return the table of what remains on the cells of the table as it was."""
    places = _places(left.grid, evidence_of(report).grid)
    found = cells_frame(report.statistic, left, [rules[place] for place in places])
    found.index = pd.Index(places)
    found = found.reindex(range(len(report.cells)))
    for name in found.columns:
        kind = report.cells[name].dtype
        if kind == np.int64:
            found[name] = found[name].fillna(0).astype(np.int64)
    for name in report.statistic.by:
        found[name] = report.cells[name]
    found["unsafe"] = [bool(names) for names in rules]
    found["rules"] = list(rules)
    return found


def _people(
    evidence: Evidence, left: Evidence, gone: Mask
) -> tuple[dict[str | None, Contributors] | None, int | None]:
    """Return who is behind each cell of what remains, and how many units lost a record."""
    before, after = evidence.contributors(), left.contributors()
    if before is None or after is None:
        return None, None
    places = {place: new for new, place in enumerate(_places(left.grid, evidence.grid))}
    nobody = (np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64))
    found = {}
    for column, contributors in after.items():
        pairs = [
            (contributors.keys[places[cell]], contributors.rows[places[cell]]) if cell in places else nobody
            for cell in range(len(gone))
        ]
        found[column] = Contributors(tuple(keys for keys, _ in pairs), tuple(rows for _, rows in pairs))
    lost = [before[None].keys[cell] for cell in np.flatnonzero(gone).tolist()]
    return found, len(np.unique(np.concatenate(lost))) if lost else 0
