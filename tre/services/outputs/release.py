"""Releasing, in steps that may each be repeated after a crash: charge, draw once, fix the bytes, log, publish.

SQL decides, files follow. A request stays APPROVED until its bundle is published.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select

from disclosure import Statistic
from disclosure.dp import Answer, Plan, aggregate, draw
from tre.db.engine import Transaction
from tre.db.tables import AuditEvent, Extract, Item, Publication, Release, Request
from tre.domain.audit import Event
from tre.domain.errors import Refused
from tre.domain.outputs import Action, Mode, Picture, State
from tre.domain.people import WORKER
from tre.domain.receipt import Body, ReleasedFile, ReleasedItem, Source, salted_digest
from tre.domain.receipt import Charge as ReceiptCharge
from tre.queue import enqueue
from tre.services import audit, ledger
from tre.services.outputs import files
from tre.services.outputs.charging import release_of
from tre.services.outputs.check import send_back, table_of, tasks
from tre.services.outputs.check import store as restore
from tre.services.outputs.drawing import Drawn
from tre.services.outputs.facts import items_of, locked, move
from tre.services.outputs.judging import Judgement, Table, Task, must_be_unchanged
from tre.vault.objects import ObjectStore

LOOKS_WORSE: Final = "What was released meanwhile adds findings to this request that nobody has voted on. Look at them and submit again."


@dataclass(frozen=True, slots=True)
class Draw:
    """One charged question that has no answer yet."""

    item: str
    plan: Plan
    table: Table


def stale(tx: Transaction, request_id: str, vault: Path) -> list[Task]:
    """What must be judged again because exact tables have been released since it was judged; empty if nothing."""
    request = locked(tx, request_id)
    if request.state != State.APPROVED or release_of(tx, request) is not None:
        return []
    asked = tasks(tx, request, vault)
    sizes = {item.id: item.archive_size for item in items_of(tx, request)}
    return asked if any(sizes[task.item] != task.archive.size for task in asked) else []


def judged_again(tx: Transaction, request_id: str, judgements: list[Judgement], objects: ObjectStore) -> None:
    """Store a second judgement; a request that has come to look worse goes back to its author, approved or not.

    The votes were cast on what was found then; a finding that no voter has seen is not theirs to have approved.
    """
    request = locked(tx, request_id)
    if request.state != State.APPROVED or release_of(tx, request) is not None:
        return
    voted_on = _findings(tx, request)
    if restore(tx, request, judgements, objects) and not _findings(tx, request) <= voted_on:
        send_back(tx, request, LOOKS_WORSE)


def to_draw(tx: Transaction, request_id: str, vault: Path) -> list[Draw]:
    """Which questions of a charged request have no stored answer yet."""
    request = locked(tx, request_id)
    return [
        Draw(item.id, Plan.from_json(item.plan or ""), table_of(tx, request, item, vault))
        for item in items_of(tx, request)
        if item.mode == Mode.NOISY and _answer_digest(tx, item) is None
    ]


def is_noisy(tx: Transaction, request_id: str) -> bool:
    """Does anything of a request leave with noise, whether it is drawn now or was stored before?"""
    return any(item.mode == Mode.NOISY for item in items_of(tx, locked(tx, request_id)))


def drawn(task: Draw) -> Answer:
    """Draw the noise for one charged question. Whoever stores its answer first decides what is released."""
    must_be_unchanged(task.table)
    return draw(task.plan, aggregate(task.plan, task.table.path))


def store(tx: Transaction, item_id: str, answer: Answer, objects: ObjectStore) -> None:
    """Store an answer unless one is stored already."""
    ledger.store_answer(tx, tx.get_one(Item, item_id), objects.put(answer.to_json().encode()))


def seal(tx: Transaction, request_id: str, objects: ObjectStore, pseudonym_key: bytes) -> AuditEvent:
    """Fix the bytes of a release and enter its receipt's body in the audit log, once."""
    request = locked(tx, request_id)
    release = tx.execute(select(Release).where(Release.request_id == request.id)).scalar_one()
    known = tx.scalar(
        select(AuditEvent).where(
            AuditEvent.subject == f"release:{release.id}", AuditEvent.event == Event.RELEASED
        )
    )
    if known is not None:
        return known
    items = items_of(tx, request)
    contents = {item.id: _content(tx, item, objects) for item in items}
    written = files.bundle_files(request, items, contents)
    body = _body(tx, release, written, pseudonym_key)
    for content in written.values():
        objects.put(content)
    subject, leaf = f"release:{release.id}", body.leaf().decode()
    return audit.record(tx, WORKER, Event.RELEASED, subject, receipt=leaf, request=request.id)


def done(tx: Transaction, request_id: str, receipt_digest: str) -> None:
    """Note that the bundle is published; the request is RELEASED from now on."""
    request = locked(tx, request_id)
    release = tx.execute(select(Release).where(Release.request_id == request.id)).scalar_one()
    if tx.get(Publication, release.id) is not None:
        return
    move(tx, request, Action.RELEASE, WORKER)
    request.problem = None
    tx.add(Publication(release_id=release.id, receipt_digest=receipt_digest))
    for item in items_of(tx, request):
        ledger.mark_released(tx, item)
    audit.record(tx, WORKER, Event.PUBLISHED, f"release:{release.id}", receipt=receipt_digest)


def trouble(tx: Transaction, request_id: str, sentence: str) -> None:
    """Note why a release is held up. It stays approved and is tried again."""
    request = locked(tx, request_id)
    if request.state == State.APPROVED and request.problem != sentence:
        request.problem = sentence
        audit.record(tx, WORKER, Event.PUBLISH_FAILED, f"request:{request.id}")


def waiting(tx: Transaction) -> int:
    """Ask again for every approved release that no job carries out; return how many requests are approved."""
    names = tx.scalars(select(Request.id).where(Request.state == State.APPROVED).order_by(Request.id)).all()
    for name in names:
        enqueue(tx, "release", {"request_id": name}, once=f"release:{name}")
    return len(names)


def _findings(tx: Transaction, request: Request) -> frozenset[tuple[str, str]]:
    """Which rules have something to say about which exact item of the request, and each item's verdict."""
    found = set()
    for item in items_of(tx, request):
        if item.mode == Mode.EXACT:
            found |= {(item.id, str(each["rule"])) for each in (item.findings or {}).get("findings", [])}
            found.add((item.id, f"verdict {item.verdict}"))
    return frozenset(found)


def _answer_digest(tx: Transaction, item: Item) -> str | None:
    paid = ledger.answered(tx, item.fingerprint)
    return None if paid is None else paid.answer_digest


def _content(tx: Transaction, item: Item, objects: ObjectStore) -> files.Content:
    if item.mode == Mode.EXACT:
        if item.report_digest is None or item.printed_digest is None:
            raise Refused("not_checked", "An exact item has no verdict; the request must be checked again.")
        report, printed = objects.get(item.report_digest), objects.get(item.printed_digest)
        return files.exact_content(report, printed, item.protection, _picture(item, objects))
    digest = _answer_digest(tx, item)
    if digest is None:
        raise Refused("not_drawn", "A noisy item has no stored answer yet; the release is tried again.")
    asked = Statistic.from_json(item.specification)
    picture = None if item.picture is None else Picture.from_text(item.picture)
    return files.noisy_content(objects.get(digest), asked, picture, item.title)


def _picture(item: Item, objects: ObjectStore) -> Drawn | None:
    """Return the chart that was drawn when an exact item was judged, and that its voters saw."""
    if item.picture is None:
        return None
    if item.picture_digest is None:
        raise Refused("not_drawn", "The item's chart was not drawn; the request must be checked again.")
    return Drawn.from_bytes(objects.get(item.picture_digest))


def _body(tx: Transaction, release: Release, written: dict[str, bytes], pseudonym_key: bytes) -> Body:
    request = tx.get_one(Request, release.request_id)
    items = sorted(items_of(tx, request), key=lambda each: each.id)
    extract = tx.get_one(Extract, request.extract_id)
    return Body(
        release=release.id,
        request=request.id,
        project=request.project_id,
        released_at=int(release.released_at.timestamp()),
        manifest=request.manifest_digest,
        policy=_digest(request.policy),
        environment=files.environment_digest(),
        title=salted_digest(request.salt, request.title),
        reviewers=tuple(sorted(salted_digest(pseudonym_key, each)[:32] for each in release.reviewers["ids"])),
        files=tuple(
            ReleasedFile(name, hashlib.sha256(content).hexdigest(), len(content))
            for name, content in sorted(written.items())
        ),
        items=tuple(ReleasedItem(item.id, item.mode, _digest(item.specification)) for item in items),
        charges=_charges(tx, items),
        sources=(Source(extract.id, extract.digest),),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _charges(tx: Transaction, items: list[Item]) -> tuple[ReceiptCharge, ...]:
    amounts: dict[tuple[str, str], int] = {}
    for entry in ledger.entries_of(tx, [item.id for item in items]):
        risk = {"atto_delta": entry.atto_delta} if entry.atto_delta else {}
        parts = {
            "CHARGE": {"nano_rho": entry.nano_rho, **risk},
            "EXACT": {"releases": 1, "cells": entry.exact_cells},
        }
        for unit, amount in parts.get(entry.kind, {}).items():
            amounts[entry.account_id, unit] = amounts.get((entry.account_id, unit), 0) + amount
    return tuple(ReceiptCharge(account, unit, amount) for (account, unit), amount in sorted(amounts.items()))
