"""Protect tables that failed their check, and judge what would leave."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from disclosure.audit import audit
from disclosure.audit.knowledge import changed_system, check_additive
from disclosure.audit.tables import Parents, alone, evidence_of, together
from disclosure.dropping import remaining_of
from disclosure.errors import DisclosureError
from disclosure.leaving import behind, judged
from disclosure.perturb import Changed, cell_key, controlled, midpoint, random, rounded
from disclosure.released import Earlier
from disclosure.result import Report
from disclosure.safe import Safe, kept, printed, table_of, withheld_in, written
from disclosure.withholding import Wishes, withhold

__all__ = ["METHODS", "Wishes", "protect", "protect_together"]

METHODS: Final = (
    *("suppress", "drop_records", "round", "random_round", "midpoint_round", "controlled_round", "cell_key"),
)
"""The ways to protect a table."""


def protect(  # noqa: PLR0913  the words of the contract, all but two by keyword
    report: Report,
    method: str = "suppress",
    *,
    base: int = 5,
    key: str | bytes | None = None,
    time_limit: float = 30,
    wishes: Wishes | None = None,
    released: Sequence[Earlier] = (),
) -> Safe:
    """Protect a table and judge the result as it would be written.

    Args:
        report: the check of the table, as `assess` returned it.
        method: one of `METHODS`. "suppress" withholds unsafe cells and as few others as possible; "drop_records" withholds
            them and computes totals without the records behind them; "round" rounds each count by itself, "random_round"
            up or down by a keyed draw, "midpoint_round" to the middle of `base` counts (base=6: 3, 9, 15 ...),
            "controlled_round" so that totals still add up; "cell_key" adds noise that the same people always get.
        base: what counts are rounded to, or the largest change of a cell key, in rows.
        key: the secret of "cell_key" and "random_round".
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
        return withhold(alone(report), [wishes or Wishes()], time_limit=time_limit, released=released)[0]
    if method not in METHODS:
        raise DisclosureError("method", f"There is no method {method!r:.60}; choose {', '.join(METHODS)}.")
    check_counts_only(report)
    _check_base(base)
    return _changed(report, _changes(report, method, base, key=key, time_limit=time_limit), method, released)


def _changes(
    report: Report, method: str, base: int, *, key: str | bytes | None, time_limit: float
) -> Changed:
    """Change the counts of a table by one of the methods that withhold nothing."""
    if method == "round":
        return rounded(report, base)
    if method == "random_round":
        return random(report, base, key)
    if method == "midpoint_round":
        return midpoint(report, base)
    if method == "controlled_round":
        return controlled(report, base, time_limit)
    return cell_key(report, base, key)


def protect_together(
    reports: Sequence[Report],
    *,
    parents: Parents | None = None,
    time_limit: float = 30,
    wishes: Sequence[Wishes] | None = None,
    released: Sequence[Earlier] = (),
) -> tuple[Safe, ...]:
    """Withhold cells of several tables over the same people at once: linked tables, or the levels of a hierarchy.

    A cell that stands in several tables is withheld in all of them or in none, and what all tables together say is
    held against each. A hierarchical table is one table per level, and `parents` says what belongs to what:
    {"district": ("region", {"Leeds": "Yorkshire", "York": "Yorkshire"})}.

    Args:
        reports: the checks of the tables: one source, filter, unit, weight and policy, and the same measures.
        parents: per dimension the coarser dimension, and to which level of it each level belongs; missing levels
            belong to missing ones.
        time_limit: seconds for the search of the cheapest protection.
        wishes: one per table.
        released: every exact table released before on the same population.

    Raises:
        DisclosureError: "linked": they are not such tables; else as `protect` with "suppress".
    """
    for report in reports:
        evidence_of(report)
        check_additive(report)
    granted = [Wishes() for _ in reports] if wishes is None else list(wishes)
    if len(granted) != len(reports):
        raise DisclosureError("wishes", "Give the wishes of each table, in the order of the tables.")
    tables = together(reports, parents or {})
    return withhold(tables, granted, time_limit=time_limit, released=released)


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


def _dropped(report: Report, released: Sequence[Earlier]) -> Safe:
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
    published = None if people is None else {name: kept(found, ~withheld) for name, found in people.items()}
    safe = Safe(table, remaining, "drop_records", True, ~withheld, left.cells, published)  # noqa: FBT003
    return judged(safe, ~withheld, (), said=left.said, released=released)


def _changed(report: Report, changed: Changed, method: str, released: Sequence[Earlier]) -> Safe:
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
    safe = Safe(table, report, method, changed.optimal, everyone, cells, behind(report, everyone))
    return judged(safe, ~unsafe, leaks, said=changed.said, released=released)
