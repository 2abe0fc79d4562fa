"""Judging one exact item: its evidence recomputed from the rows, every rule applied, protected if its author asks so."""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from disclosure import Policy, Report, Safe, Statistic, assess, protect
from disclosure.printed import csv_bytes, printed, printed_safe
from disclosure.released import Earlier, Released
from disclosure.verdict import Verdict
from tre.db.tables import Extract
from tre.domain import canonical
from tre.domain.errors import TreError
from tre.domain.outputs import Picture, Protection
from tre.services.outputs import archive
from tre.services.outputs.archive import Archive
from tre.services.outputs.drawing import Drawn, drawn
from tre.services.outputs.question import AUDIT_KEY, must_count_people, must_name_people
from tre.services.platform import Platform


@dataclass(frozen=True, slots=True)
class Table:
    """Where the rows behind an item lie, and which ones they must be.

    Attributes:
        path: the rows.
        digest: SHA-256 of that file, in hexadecimal.
        audit: the audit keys of its people.
        edition: names the data from which it was built; the same in every project that reads them.
    """

    path: Path
    digest: str
    audit: Path
    edition: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be judged about one statistic.

    Attributes:
        statistic: what is asked.
        policy: by which thresholds.
        table: of which rows.
        protection: how the table is protected before it leaves, or None.
        is_derived: whether the rows were made by a run, so that their values are its author's claim.
        picture: the chart that goes with the table, or None.
        title: what the chart is called.
    """

    statistic: Statistic
    policy: Policy
    table: Table
    protection: Protection | None = None
    is_derived: bool = False
    picture: Picture | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One exact item to judge, with all that is needed outside of a transaction.

    Attributes:
        item: its identifier.
        question: what is to be judged.
        archive: what was released before on the same population.
    """

    item: str
    question: Question
    archive: Archive


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict and the table it is about.

    Attributes:
        report: the judgement on exactly the table that would leave.
        printed: that table, as the CSV that would leave.
        archived: what later checks must remember of it once it is released.
        drawn: the chart that goes with it; of one that failed a draft, for its author alone.
    """

    report: Report
    printed: bytes
    archived: Released
    drawn: Drawn | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found about one exact item."""

    item: str
    verdict: Verdict
    judged: Judged
    archive_size: int


def judge(asked: list[Task], platform: Platform) -> list[Judgement]:
    """Recompute the evidence of each item from the data and apply every rule, differencing included.

    An item is compared with all that was released before on its population, in every project, and with the items before
    it in the same request. A table whose values are its author's claim can at best be reviewed.

    Raises:
        TreError: the data are not the ones that were asked about, or the archive cannot be read.
        DisclosureError: a statistic cannot be computed from them, or not be protected as its author wishes.
    """
    earlier = archive.read(platform.objects, asked[0].archive) if asked else []
    found: list[Judgement] = []
    for task in asked:
        before: list[Earlier] = [*earlier, *(each.judged.archived for each in found)]
        judged = answer(task.question, before, platform.cell_key(), name=task.item)
        verdict = judged.report.verdict
        if task.question.is_derived and verdict is Verdict.PASS:
            verdict = Verdict.REVIEW
        found.append(Judgement(task.item, verdict, judged, task.archive.size))
    return found


def answer(
    question: Question, earlier: Sequence[Earlier], cell_key: bytes, *, name: str = "preview"
) -> Judged:
    """Judge one statistic as it would leave.

    Args:
        question: what is to be judged.
        earlier: what was released before on the same population.
        cell_key: the platform's secret for cell keys.
        name: under which the table would stand in the archive.

    Raises:
        TreError, DisclosureError: as for `judge`.
    """
    with _opened(question) as rows:
        report = assess(question.statistic, rows, _policy(question), earlier, key=AUDIT_KEY)
        if question.protection is None:
            leaves, picture = printed(report), _picture(question, report)
            return Judged(report, csv_bytes(leaves), report.released(name), picture)
        safe = _protected(report, question.protection, question.table, earlier=earlier, cell_key=cell_key)
        leaves, picture = printed_safe(safe), _picture(question, safe)
        return Judged(safe.report, csv_bytes(leaves), safe.released(name), picture)


def _policy(question: Question) -> Policy:
    """Return the thresholds; what is declared of the extract's columns says nothing of those that a run made."""
    return replace(question.policy, structural_ends=()) if question.is_derived else question.policy


def _protected(
    report: Report, asked: Protection, table: Table, *, earlier: Sequence[Earlier], cell_key: bytes
) -> Safe:
    key = hmac.new(cell_key, table.edition.encode(), hashlib.sha256).digest()
    return protect(report, str(asked.method), base=asked.base, key=key, released=earlier)


def _picture(question: Question, source: Report | Safe) -> Drawn | None:
    """Draw the chart that was asked, if one was; of a table that failed, a draft."""
    if question.picture is None:
        return None
    report = source if isinstance(source, Report) else source.report
    return drawn(question.picture, source, question.title, draft=report.verdict is Verdict.FAIL)


def edition_of(extract: Extract) -> str:
    """Name the data from which an extract was built: other data, other cell keys."""
    return canonical.digest({"population": extract.population, "editions": extract.editions})


@contextmanager
def _opened(question: Question) -> Iterator[duckdb.DuckDBPyRelation]:
    """Open the rows behind a question, with audit keys, if they are the right ones and it counts people."""
    must_name_people(question.statistic, is_derived=question.is_derived)
    must_be_unchanged(question.table)
    with archive.with_audit_keys(question.table.path, question.table.audit) as rows:
        must_count_people(question.statistic, rows)
        yield rows


def must_be_unchanged(table: Table) -> None:
    """Refuse rows that are not the ones asked about.

    Raises:
        TreError: the file is missing or its digest differs.
    """
    try:
        with table.path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        found = ""
    if found != table.digest:
        raise TreError(
            "data_changed", "The rows behind this request are missing or have changed; an admin must look."
        )
