"""Checking: the platform computes its own verdict on every exact item, and looks at no data for a noisy one."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from disclosure import Policy, Report, Statistic, assess
from disclosure.errors import DisclosureError
from disclosure.result import Verdict
from tre.db.engine import Transaction
from tre.db.tables import Extract, Item, Request, Run
from tre.domain.audit import Event
from tre.domain.errors import TreError
from tre.domain.outputs import Action, Kind, Mode, State
from tre.domain.people import WORKER
from tre.services import audit, ledger
from tre.services.outputs.facts import items_of, locked, move
from tre.vault.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class Table:
    """Where the rows behind an item lie, and what they must hash to."""

    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Task:
    """One exact item to judge, with all that is needed outside of a transaction."""

    item: str
    statistic: Statistic
    policy: Policy
    table: Table
    is_claim: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found about one exact item."""

    item: str
    verdict: Verdict
    report: Report


def start(tx: Transaction, request_id: str, vault: Path) -> list[Task] | None:
    """Begin, or begin again after a crash; None when the request no longer waits for a check."""
    request = locked(tx, request_id)
    if request.state not in {State.SUBMITTED, State.CHECKING, State.CHECK_ERROR}:
        return None
    move(tx, request, Action.START_CHECK, WORKER)
    audit.record(tx, WORKER, Event.CHECK_STARTED, f"request:{request.id}", version=request.version)
    policy = Policy.from_json(request.policy)
    return [
        Task(
            item.id,
            Statistic.from_json(item.specification),
            policy,
            table_of(tx, request, item, vault),
            is_claim=item.kind == Kind.RUN,
        )
        for item in items_of(tx, request)
        if item.mode == Mode.EXACT
    ]


def judge(task: Task) -> Judgement:
    """Recompute the evidence from the data and apply every rule; a claimed table can at best be reviewed.

    Raises:
        TreError: the data are not the ones that were asked about.
        DisclosureError: the statistic cannot be computed from them.
    """
    must_be_unchanged(task.table)
    report = assess(task.statistic, task.table.path, task.policy)
    verdict = report.verdict
    if task.is_claim and verdict is Verdict.PASS:
        verdict = Verdict.REVIEW
    return Judgement(task.item, verdict, report)


def finish(tx: Transaction, request_id: str, judgements: list[Judgement], objects: ObjectStore) -> None:
    """Store what was found and pass the request on: to the reviewers, or back to its author if an item fails."""
    request = locked(tx, request_id)
    if request.state != State.CHECKING:
        return
    for judgement in judgements:
        _store(tx, judgement, objects)
    tx.flush()
    failed = [judgement for judgement in judgements if judgement.verdict is Verdict.FAIL]
    audit.record(
        tx, WORKER, Event.CHECK_FINISHED, f"request:{request.id}", items=len(judgements), failed=len(failed)
    )
    if failed:
        _return(tx, request)
    else:
        move(tx, request, Action.TO_REVIEW, WORKER)


def fail(tx: Transaction, request_id: str, sentence: str) -> None:
    """Note that a check could not run. The request waits; it never passes by that."""
    request = locked(tx, request_id)
    if request.state == State.CHECKING:
        move(tx, request, Action.FAIL_CHECK, WORKER)
        request.problem = sentence
        audit.record(tx, WORKER, Event.CHECK_FAILED_TO_RUN, f"request:{request.id}")


def table_of(tx: Transaction, request: Request, item: Item, vault: Path) -> Table:
    """Where the rows behind an item lie."""
    source = Statistic.from_json(item.specification).source
    if item.kind == Kind.RUN and request.run_id is not None:
        run = tx.get_one(Run, request.run_id)
        known = run.tables[source]
    else:
        known = tx.get_one(Extract, request.extract_id).tables[source]
    return Table(vault / known["path"], known["digest"])


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


def sentence_of(error: TreError | DisclosureError) -> str:
    """The sentence that is shown for an error: never a value from the data."""
    return error.sentence


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


def _return(tx: Transaction, request: Request) -> None:
    move(tx, request, Action.RETURN_BY_MACHINE, WORKER)
    request.problem = "An item fails its disclosure check; the findings name the cells and the rules."
    for item in items_of(tx, request):
        ledger.void(tx, WORKER, item.id)
    audit.record(tx, WORKER, Event.RETURNED_BY_MACHINE, f"request:{request.id}")
