"""Checking: the platform computes its own verdict on every exact item, and looks at no data for a noisy one."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
from sqlalchemy import select

from disclosure import Policy, Report, Statistic, assess
from disclosure.released import Released
from disclosure.verdict import Verdict
from tre.db.engine import Transaction
from tre.db.tables import Extract, Item, Request, Run
from tre.domain.audit import Event
from tre.domain.errors import TreError
from tre.domain.outputs import Action, Kind, Mode, State
from tre.domain.people import WORKER
from tre.queue import enqueue
from tre.services import audit, ledger
from tre.services.outputs import archive, noised
from tre.services.outputs.facts import items_of, locked, move
from tre.services.outputs.question import AUDIT_KEY, must_count_people, must_name_people
from tre.vault.objects import ObjectStore

FAILS: Final = "An item fails its disclosure check; the findings name the cells and the rules."


@dataclass(frozen=True, slots=True)
class Table:
    """Where the rows behind an item lie, what they must hash to, and where their people's audit keys lie."""

    path: Path
    digest: str
    audit: Path


@dataclass(frozen=True, slots=True)
class Task:
    """One exact item to judge, with all that is needed outside of a transaction.

    Attributes:
        item: its identifier.
        statistic: what is asked.
        policy: by which thresholds.
        table: of which rows.
        is_claim: whether the values of these rows are their author's claim.
        archive: digests of the exact tables released before on the same population.
        noised: the questions answered with noise before on the same population.
    """

    item: str
    statistic: Statistic
    policy: Policy
    table: Table
    is_claim: bool
    archive: tuple[str, ...]
    noised: tuple[Statistic, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found about one exact item."""

    item: str
    verdict: Verdict
    report: Report
    archived: Released
    archive_size: int


def start(tx: Transaction, request_id: str, vault: Path) -> list[Task] | None:
    """Begin, or begin again after a crash; None when the request no longer waits for a check."""
    request = locked(tx, request_id)
    if request.state not in {State.SUBMITTED, State.CHECKING, State.CHECK_ERROR}:
        return None
    move(tx, request, Action.START_CHECK, WORKER)
    audit.record(tx, WORKER, Event.CHECK_STARTED, f"request:{request.id}", version=request.version)
    return tasks(tx, request, vault)


def tasks(tx: Transaction, request: Request, vault: Path) -> list[Task]:
    """What there is to judge about a request now: every exact item, against everything released so far."""
    policy = Policy.from_json(request.policy)
    population = tx.get_one(Extract, request.extract_id).population
    known, answered = archive.digests(tx, population), noised.questions(tx, population)
    return [
        Task(
            item.id,
            Statistic.from_json(item.specification),
            policy,
            table_of(tx, request, item, vault),
            is_claim=item.kind == Kind.RUN,
            archive=known,
            noised=answered,
        )
        for item in items_of(tx, request)
        if item.mode == Mode.EXACT
    ]


def judge(asked: list[Task], objects: ObjectStore) -> list[Judgement]:
    """Recompute the evidence of each item from the data and apply every rule, differencing included.

    An item is compared with all that was released before on its population, in every project, and with the items before
    it in the same request. A table whose values are its author's claim can at best be reviewed.

    Raises:
        TreError: the data are not the ones that were asked about, or the archive cannot be read.
        DisclosureError: a statistic cannot be computed from them.
    """
    earlier = archive.read(objects, asked[0].archive) if asked else []
    found: list[Judgement] = []
    for task in asked:
        found.append(_judged(task, [*earlier, *(each.archived for each in found)]))
    return found


def _judged(task: Task, earlier: list[Released]) -> Judgement:
    with _opened(task.statistic, task.table, is_derived=task.is_claim) as rows:
        report = assess(task.statistic, rows, task.policy, earlier, key=AUDIT_KEY)
        archived = report.released(task.item)
    report = noised.flagged(report, task.noised)
    verdict = report.verdict
    if task.is_claim and verdict is Verdict.PASS:
        verdict = Verdict.REVIEW
    return Judgement(task.item, verdict, report, archived, len(task.archive))


def preview(statistic: Statistic, policy: Policy, table: Table, earlier: list[Released]) -> Report:
    """Judge a statistic as a check would, without a request.

    Raises:
        TreError, DisclosureError: as for `judge`.
    """
    with _opened(statistic, table) as rows:
        return assess(statistic, rows, policy, earlier, key=AUDIT_KEY)


@contextmanager
def _opened(
    statistic: Statistic, table: Table, *, is_derived: bool = False
) -> Iterator[duckdb.DuckDBPyRelation]:
    """Open the rows behind a question, with audit keys, if they are the right ones and it counts people."""
    must_name_people(statistic, is_derived=is_derived)
    must_be_unchanged(table)
    with archive.with_audit_keys(table.path, table.audit) as rows:
        must_count_people(statistic, rows)
        yield rows


def finish(tx: Transaction, request_id: str, judgements: list[Judgement], objects: ObjectStore) -> None:
    """Store what was found and pass the request on: to the reviewers, or back to its author if an item fails."""
    request = locked(tx, request_id)
    if request.state != State.CHECKING:
        return
    if store(tx, request, judgements, objects):
        move(tx, request, Action.TO_REVIEW, WORKER)


def store(tx: Transaction, request: Request, judgements: list[Judgement], objects: ObjectStore) -> bool:
    """Store what was found; say whether nothing fails. A request with an item that fails goes back to its author."""
    for judgement in judgements:
        _store(tx, judgement, objects)
    tx.flush()
    failed = [judgement for judgement in judgements if judgement.verdict is Verdict.FAIL]
    audit.record(
        tx, WORKER, Event.CHECK_FINISHED, f"request:{request.id}", items=len(judgements), failed=len(failed)
    )
    if failed:
        send_back(tx, request, FAILS)
    return not failed


def fail(tx: Transaction, request_id: str, sentence: str) -> None:
    """Note that a check could not run. The request waits; it never passes by that."""
    request = locked(tx, request_id)
    if request.state == State.CHECKING:
        move(tx, request, Action.FAIL_CHECK, WORKER)
        request.problem = sentence
        audit.record(tx, WORKER, Event.CHECK_FAILED_TO_RUN, f"request:{request.id}")


def again(tx: Transaction) -> int:
    """Queue another check of every request whose check could not run; return how many."""
    waiting = tx.scalars(select(Request.id).where(Request.state == State.CHECK_ERROR)).all()
    for request_id in waiting:
        enqueue(tx, "check", {"request_id": request_id}, once=f"check:{request_id}")
    return len(waiting)


def table_of(tx: Transaction, request: Request, item: Item, vault: Path) -> Table:
    """Where the rows behind an item lie."""
    source, extract = Statistic.from_json(item.specification).source, tx.get_one(Extract, request.extract_id)
    is_derived = item.kind == Kind.RUN and request.run_id is not None
    known = tx.get_one(Run, request.run_id).tables[source] if is_derived else extract.tables[source]
    return Table(vault / known["path"], known["digest"], archive.audit_file(vault, extract))


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


def _store(tx: Transaction, judgement: Judgement, objects: ObjectStore) -> None:
    item, report = tx.get_one(Item, judgement.item), judgement.report
    item.verdict = judgement.verdict.name
    item.findings = {
        "findings": [
            {"rule": finding.rule, "cells": len(finding.cells), "sentence": finding.sentence}
            for finding in report.findings
        ]
    }
    item.cells = len(report.cells)
    item.report_digest = objects.put(report.to_json().encode())
    item.archive_digest = objects.put(judgement.archived.to_bytes())
    item.archive_size = judgement.archive_size


def send_back(tx: Transaction, request: Request, sentence: str) -> None:
    """Return a request to its author without a vote, say why, and give back what it holds."""
    move(tx, request, Action.RETURN_BY_MACHINE, WORKER)
    request.problem = sentence
    for item in items_of(tx, request):
        ledger.void(tx, WORKER, item.id)
    audit.record(tx, WORKER, Event.RETURNED_BY_MACHINE, f"request:{request.id}")
