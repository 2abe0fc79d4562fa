"""Checking: the platform computes its own verdict on every exact item, and looks at no data for a noisy one."""

from pathlib import Path
from typing import Final

from sqlalchemy import select

from disclosure import Policy, Statistic
from disclosure.verdict import Verdict
from tre.db.engine import Transaction
from tre.db.tables import Extract, Item, Request, Run
from tre.domain.audit import Event
from tre.domain.outputs import Action, Kind, Mode, Picture, Protection, State
from tre.domain.people import WORKER
from tre.queue import enqueue
from tre.services import audit, ledger
from tre.services.outputs import archive
from tre.services.outputs.facts import items_of, locked, move
from tre.services.outputs.judging import Judgement, Question, Table, Task, edition_of
from tre.vault.objects import ObjectStore

AUTHORS_TO_MEND: Final = frozenset({"cannot_protect", "unsuitable", "key", "chart"})
"""Codes of `disclosure` that say that a table cannot be protected or drawn in this way, now or later."""
FAILS: Final = "An item fails its disclosure check; the findings name the cells and the rules."


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
    population = tx.get_one(Extract, request.extract_id).population
    known = archive.of(tx, population)
    return [
        Task(item.id, _question(tx, request, item, vault), known)
        for item in items_of(tx, request)
        if item.mode == Mode.EXACT
    ]


def _question(tx: Transaction, request: Request, item: Item, vault: Path) -> Question:
    return Question(
        Statistic.from_json(item.specification),
        Policy.from_json(request.policy),
        table_of(tx, request, item, vault),
        protection=None if item.protection is None else Protection.from_text(item.protection),
        is_derived=item.kind == Kind.RUN,
        picture=None if item.picture is None else Picture.from_text(item.picture),
        title=item.title,
    )


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


def fail(tx: Transaction, request_id: str, sentence: str, code: str = "") -> None:
    """Note that a check could not run. The request waits; it never passes by that.

    What only its author can mend, a protection or chart that does not suit the table, goes back to its author.
    """
    request = locked(tx, request_id)
    if request.state == State.CHECKING and code in AUTHORS_TO_MEND:
        send_back(tx, request, sentence)
    elif request.state == State.CHECKING:
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
    return Table(
        vault / known["path"], known["digest"], archive.audit_file(vault, extract), edition_of(extract)
    )


def _store(tx: Transaction, judgement: Judgement, objects: ObjectStore) -> None:
    item, judged = tx.get_one(Item, judgement.item), judgement.judged
    report = judged.report
    item.verdict = judgement.verdict.name
    item.findings = {
        "findings": [
            {"rule": finding.rule, "cells": len(finding.cells), "sentence": finding.sentence}
            for finding in report.findings
        ]
    }
    item.cells = len(report.cells)
    item.report_digest = objects.put(report.to_json().encode())
    item.printed_digest = objects.put(judged.printed)
    kept = None if judgement.verdict is Verdict.FAIL else judged.drawn
    item.picture_digest = None if kept is None else objects.put(kept.to_bytes())
    item.archive_digest = archive.put(objects, judged.archived)
    item.archive_size = judgement.archive_size


def send_back(tx: Transaction, request: Request, sentence: str) -> None:
    """Return a request to its author without a vote, say why, and give back what it holds."""
    move(tx, request, Action.RETURN_BY_MACHINE, WORKER)
    request.problem = sentence
    ledger.void(tx, WORKER, [item.id for item in items_of(tx, request)])
    audit.record(tx, WORKER, Event.RETURNED_BY_MACHINE, f"request:{request.id}")
