"""Submitting: what is asked is understood, priced and reserved, or refused as a whole."""

import hashlib
import secrets
from dataclasses import dataclass
from decimal import Decimal

from disclosure import Statistic
from disclosure.dp import Dictionary, Plan, plan
from disclosure.errors import DisclosureError
from tre.db.engine import Transaction
from tre.db.tables import Extract, Item, Request, Run
from tre.domain import canonical
from tre.domain.audit import Event
from tre.domain.errors import BadInput, NotFound, Refused
from tre.domain.ledger import NANO, ExactReason
from tre.domain.manifest import Manifest
from tre.domain.outputs import Action, Kind, Mode, Picture, Protection, State
from tre.domain.people import Actor
from tre.queue import enqueue
from tre.services import audit, ledger, projects
from tre.services.dictionary import policy_of
from tre.services.outputs.admission import admit
from tre.services.outputs.drawing import stated
from tre.services.outputs.facts import items_of, locked, move, must_be_member
from tre.services.outputs.question import must_be_readable, must_name_people

MOST_ITEMS = 64
"""Most items of one request. Source: research on egress, a cap on files a request that keeps review humane."""

LONGEST_TITLE = 200
"""Longest title, in characters. Source: ours; a line that a reviewer reads at a glance."""
LONGEST_CONTEXT = 20_000
"""Longest context, in characters. Source: ours; some six pages, as in the wire format."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One output that is asked for.

    Attributes:
        statistic: `Statistic.to_json()`.
        title: what the table is called.
        mode: noisy or exact.
        nano_rho: what a noisy one may cost, in nano-rho; None for an exact one.
        reason: why an exact one must be exact; None for a noisy one.
        protection: how an exact one is protected before it leaves, if at all.
        picture: the chart that goes with it, if any.
    """

    statistic: str
    title: str
    mode: Mode
    nano_rho: int | None = None
    reason: ExactReason | None = None
    protection: Protection | None = None
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A whole request as its author hands it over.

    Attributes:
        project: the project's identifier.
        title: what the request is called.
        context: what it is for and whom it describes.
        asks: the outputs, in order.
        run: the trusted run whose derived tables are asked about, if any.
        again: the returned request that this is a new version of, if any.
    """

    project: str
    title: str
    context: str
    asks: tuple[Ask, ...]
    run: str | None = None
    again: str | None = None


def submit(tx: Transaction, actor: Actor, submission: Submission) -> Request:
    """Submit a request: freeze it, reserve its budget on every account, and queue its check.

    Raises:
        Refused: the actor may not, or an account has not enough left; nothing is kept then.
        BadInput, DisclosureError: an item cannot be understood; the sentence names it.
    """
    must_be_member(tx, actor, submission.project)
    _must_be_readable(submission)
    manifest = projects.manifest_of(tx, submission.project)
    extract = projects.extract_of(tx, submission.project)
    run = _run_of(tx, submission, extract)
    admit(tx, manifest, extract, [(ask.mode, ask.nano_rho) for ask in submission.asks])
    request = _opened(tx, actor, submission, manifest=manifest, extract=extract)
    for position, ask in enumerate(submission.asks, start=1):
        item = _understood(ask, extract, run)
        item.id, item.request_id = f"{request.id}-v{request.version}-{position}", request.id
        item.version, item.position = request.version, position
        item.picture = stated(ask.picture, item.specification, item.plan)
        tx.add(item)
    tx.flush()
    items = items_of(tx, request)
    request.manifest_digest = manifest_digest(request, items, extract, run)
    move(tx, request, Action.SUBMIT, actor)
    request.submitted_at, request.problem = audit.clock(tx), None
    audit.record(
        tx, actor, Event.REQUEST_SUBMITTED, f"request:{request.id}", manifest=request.manifest_digest
    )
    enqueue(tx, "check", {"request_id": request.id}, once=f"check:{request.id}")
    noisy = [item for item in items if item.mode == Mode.NOISY]
    ledger.reserve_all(
        tx, actor, noisy, projects.accounts_behind(extract)
    )  # last: others wait for these rows
    return request


def price(extract: Extract, statistic: Statistic, nano_rho: int) -> Plan:
    """Plan a noisy answer without asking the data anything.

    Raises:
        DisclosureError: the specification cannot be answered with noise; the sentence says why.
    """
    return plan(statistic, dictionary_of(extract, statistic.source), rho=Decimal(nano_rho) / NANO)


def dictionary_of(extract: Extract, table: str) -> Dictionary:
    """Return the public dictionary of one table of an extract.

    Raises:
        Refused: the table is not part of the extract, so nothing public is known about it.
    """
    known = extract.tables.get(table)
    if known is None:
        raise Refused(
            "noise_needs_extract",
            f"Noise is drawn only on tables of the extract, and '{table:.60}' is not one. Ask for an exact release.",
        )
    return Dictionary.from_json(known["dictionary"])


def manifest_digest(request: Request, items: list[Item], extract: Extract, run: Run | None) -> str:
    """Digest of everything that a vote is about; any edit makes another digest."""
    return canonical.digest(
        {
            "request": request.id,
            "version": request.version,
            "title": request.title,
            "context": request.context,
            "policy": hashlib.sha256(request.policy.encode()).hexdigest(),
            "extract": extract.digest,
            "run": None
            if run is None
            else {"id": run.id, "notebook": run.notebook_digest, "tables": _digests(run)},
            "items": [
                {
                    "kind": item.kind,
                    "mode": item.mode,
                    "title": item.title,
                    "specification": item.specification,
                    "plan": item.plan,
                    "price": item.price,
                    "reason": item.exact_reason,
                    "protection": item.protection,
                    "picture": item.picture,
                }
                for item in items
            ],
        }
    )


def _digests(run: Run) -> dict[str, str]:
    return {name: table["digest"] for name, table in sorted(run.tables.items())}


def _opened(
    tx: Transaction, actor: Actor, submission: Submission, *, manifest: Manifest, extract: Extract
) -> Request:
    if submission.again is None:
        name = f"{submission.project}-{secrets.token_hex(4)}"
        request = Request(
            id=name, project_id=submission.project, author_id=actor.id, state=State.DRAFT, version=1
        )
        request.salt = secrets.token_bytes(16)
    else:
        request = locked(tx, submission.again)
        if request.project_id != submission.project:
            raise NotFound(
                "no_such_request", f"Project '{submission.project}' has no request '{submission.again}'."
            )
        request.version += 1
    request.title, request.context = submission.title, submission.context
    request.run_id, request.policy, request.manifest_digest = (
        submission.run,
        policy_of(manifest, extract).to_json(),
        "",
    )
    request.extract_id = extract.id
    tx.add(request)
    tx.flush()
    return request


def _understood(ask: Ask, extract: Extract, run: Run | None) -> Item:
    statistic = Statistic.from_json(ask.statistic)
    must_be_readable(statistic)
    item = Item(title=ask.title, mode=ask.mode, specification=statistic.to_json(), price=0, cells=0)
    item.kind = _kind(statistic, extract, run)
    must_name_people(statistic, is_derived=item.kind is Kind.RUN)
    if item.kind is Kind.STATISTIC and ask.mode is Mode.EXACT:
        _must_know_columns(statistic, dictionary_of(extract, statistic.source))
    item.fingerprint = canonical.digest(
        {"question": statistic.fingerprint, "data": extract.digest, "mode": "exact"}
    )
    if ask.mode is Mode.EXACT:
        if ask.reason is None:
            raise BadInput(
                "no_exact_reason", f"Say why '{ask.title:.60}' must be exact: {', '.join(ExactReason)}."
            )
        item.exact_reason = ask.reason
        item.protection = None if ask.protection is None else ask.protection.to_text()
        return item
    if ask.protection is not None:
        raise BadInput(
            "protected_noise", f"Noise protects '{ask.title:.60}' by itself; leave the protection out."
        )
    if ask.nano_rho is None:
        raise BadInput(
            "no_precision", f"Say how precise '{ask.title:.60}' must be: a precision, rho or epsilon."
        )
    answer = price(extract, statistic, ask.nano_rho)
    item.plan, item.price = answer.to_json(), answer.cost
    item.fingerprint = canonical.digest(
        {"question": answer.fingerprint, "data": extract.digest, "mode": "noisy"}
    )
    return item


def _must_know_columns(statistic: Statistic, dictionary: Dictionary) -> None:
    known = dictionary.columns | {dictionary.unit}
    unknown = [column for column in statistic.columns() if column not in known]
    if unknown:
        raise BadInput(
            "unknown_column",
            f"Table '{statistic.source:.60}' has no column '{unknown[0]:.60}'. It has: {', '.join(sorted(known))}.",
        )


def _kind(statistic: Statistic, extract: Extract, run: Run | None) -> Kind:
    if statistic.source in extract.tables:
        return Kind.STATISTIC
    if run is not None and statistic.source in run.tables:
        return Kind.RUN
    raise DisclosureError(
        "unknown_source",
        f"There is no table '{statistic.source:.60}' here. Ask about one of: {', '.join(sorted(extract.tables))}, "
        "or a table that a trusted run has registered.",
    )


def _must_be_readable(submission: Submission) -> None:
    """Refuse what no reviewer could read: too many items, texts that are too long, blank or unprintable."""
    if len(submission.asks) > MOST_ITEMS:
        raise BadInput("too_many_items", f"A request holds at most {MOST_ITEMS} items; split it.")
    titles = [submission.title, *(ask.title for ask in submission.asks)]
    if not all(title.strip() and title.isprintable() and len(title) <= LONGEST_TITLE for title in titles):
        raise BadInput(
            "bad_title",
            f"A title is one printable line of at most {LONGEST_TITLE} characters; write another.",
        )
    if len(submission.context) > LONGEST_CONTEXT or "\0" in submission.context:
        raise BadInput(
            "bad_context", f"The context is text of at most {LONGEST_CONTEXT:,} characters; shorten it."
        )


def _run_of(tx: Transaction, submission: Submission, extract: Extract) -> Run | None:
    if submission.run is None:
        return None
    run = tx.get(Run, submission.run)
    if run is None or run.project_id != submission.project:
        raise NotFound("no_such_run", f"Project '{submission.project}' has no run '{submission.run}'.")
    if run.data_digest != extract.digest:
        raise Refused(
            "run_outdated", f"Run '{run.id}' read an earlier extract of the project; run the notebook again."
        )
    return run
