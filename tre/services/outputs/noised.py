"""Exact tables of cells that have been released with noise: from then on the noise protects nobody in them."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from disclosure import Report, Statistic
from disclosure.result import Finding, worst
from disclosure.verdict import Verdict
from tre.db.engine import Transaction
from tre.db.tables import Extract, Item, Release, Request
from tre.domain.outputs import Mode

SENTENCE = "Cells of this table have been released with noise before; released exactly, the noise no longer protects them."


def questions(tx: Transaction, population: str) -> tuple[Statistic, ...]:
    """Every question that has been answered with noise on a population."""
    query = (
        select(Item.specification)
        .join(Request, Request.id == Item.request_id)
        .join(Release, Release.request_id == Request.id)
        .join(Extract, Extract.id == Request.extract_id)
        .where(Item.mode == Mode.NOISY, Item.version == Request.version, Extract.population == population)
        .order_by(Release.released_at, Item.id)
    )
    return tuple(Statistic.from_json(text) for text in tx.scalars(query))


def flagged(report: Report, answered: Sequence[Statistic]) -> Report:
    """Ask a person to look where an exact table shows cells, or totals of cells, that were released with noise."""
    if not any(_share_cells(report.statistic, each) for each in answered):
        return report
    cells = tuple(range(len(report.cells)))
    findings = (*report.findings, Finding("differencing", cells, SENTENCE, Verdict.REVIEW))
    return replace(report, findings=findings, verdict=worst(findings))


def _share_cells(one: Statistic, other: Statistic) -> bool:
    """Whether two tables are of the same rows, and the one's dimensions are among the other's."""
    first, second = set(one.by), set(other.by)
    same_rows = one.source == other.source and _condition(one) == _condition(other)
    return same_rows and (first <= second or second <= first)


def _condition(statistic: Statistic) -> object:
    condition = statistic.filter
    return None if condition is None else condition.canonical()
