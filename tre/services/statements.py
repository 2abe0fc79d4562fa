"""Statements of accounts: what has been spent of a project, a dataset or a population, line by line and over time.

Everything here follows from specifications, dictionaries and decisions; nothing was computed from data.
"""

import csv
import io
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import select

from disclosure.dp import composed, delta_for, epsilon_of
from tre.db.engine import Transaction
from tre.db.tables import Item, LedgerEntry, Membership, Project, Request
from tre.domain.errors import NotFound
from tre.domain.manifest import parse_manifest
from tre.domain.people import Actor, Capability
from tre.services import audit, caps, people, projects, statement_page, views

View = dict[str, object]

FORMAT: Final = "tre-statement/1"
"""What a statement calls itself in JSON."""

COLUMNS: Final = (
    "account",
    "at",
    "project",
    "request",
    "item",
    "kind",
    "nano_rho",
    "spent_nano_rho",
    "epsilon",
    "atto_delta",
    "spent_atto_delta",
    "exact_cells",
    "exact_releases_so_far",
    "exact_cells_so_far",
    "reason",
)
"""Columns of a line, in order."""

POSTED: Final = ("CHARGE", "EXACT")
"""Postings that stand in a statement: what was spent for good. What is reserved stands in the account's line."""


class Subject(StrEnum):
    """What a statement may be about."""

    PROJECT = "project"
    DATASET = "dataset"
    POPULATION = "population"


class Format(StrEnum):
    """How a statement is written."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        subject: what it is about.
        name: which one.
        drawn_at: when, by the database clock, in ISO 8601.
        delta: at which (epsilon, delta) amounts are told: the smallest that its projects publish.
        accounts: balances, a line each, with epsilon, the delta at which it holds (that of discovered levels added) and the
            counts of exact releases by reason.
        lines: every posting, oldest first.
        proposals: changes of caps and how they ended.
    """

    subject: Subject
    name: str
    drawn_at: str
    delta: float
    accounts: tuple[View, ...]
    lines: tuple[View, ...]
    proposals: tuple[View, ...]


def of(tx: Transaction, subject: Subject, name: str) -> Statement:
    """Draw a statement as of now.

    Raises:
        NotFound: there is no account of that name.
    """
    names = _accounts(tx, subject, name)
    delta = _delta(tx, names)
    lines = [line for account in names for line in _lines(tx, account, delta)]
    return Statement(
        subject=subject,
        name=name,
        drawn_at=audit.clock(tx).isoformat(timespec="seconds"),
        delta=delta,
        accounts=tuple(_account(row, lines, delta) for row in views.budget(tx, names)),
        lines=tuple(lines),
        proposals=tuple(one for account in names for one in reversed(caps.listing(tx, account))),
    )


def must_see(tx: Transaction, actor: Actor, statement: Statement) -> None:
    """Let those through who answer for data, check or audit, and the people of projects that spend from the accounts.

    Raises:
        NotFound: anybody else; the answer is the same as for an account that does not exist.
    """
    offices = people.MAY_SEE_REQUESTS | {Capability.ADMIN, Capability.DATA_OWNER}
    mine = select(Project.manifest).join(Membership, Membership.project_id == Project.id)
    manifests = tx.scalars(mine.where(Membership.person_id == actor.id, Membership.until_at.is_(None)))
    names = {str(row["account"]) for row in statement.accounts}
    spends = any(names & set(projects.accounts_of(parse_manifest(text))) for text in manifests)
    if not spends and not actor.capabilities & offices:
        raise _missing(statement.subject, statement.name)


def written(statement: Statement, form: Format) -> str:
    """Write a statement as JSON, as CSV (one posting a line) or as a page that stands by itself."""
    match form:
        case Format.JSON:
            return json.dumps(record(statement), indent=2, ensure_ascii=False) + "\n"
        case Format.CSV:
            return _csv(statement)
        case Format.HTML:
            return statement_page.document(record(statement))


def record(statement: Statement) -> View:
    """A statement as plain JSON values."""
    return {
        "format": FORMAT,
        "subject": statement.subject.value,
        "name": statement.name,
        "drawn_at": statement.drawn_at,
        "delta": statement.delta,
        "accounts": list(statement.accounts),
        "lines": list(statement.lines),
        "proposals": list(statement.proposals),
    }


def _csv(statement: Statement) -> str:
    """One posting a line. A cell that a spreadsheet could take for a formula cannot occur: names are plain words."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(statement.lines)
    return stream.getvalue()


def _accounts(tx: Transaction, subject: Subject, name: str) -> list[str]:
    """The accounts that a statement is about: each edition of a dataset has one of its own."""
    match subject:
        case Subject.DATASET:
            found = views.dataset_accounts(tx, name)
        case Subject.PROJECT | Subject.POPULATION:
            wanted = f"{subject}:{name}"
            found = [str(row["account"]) for row in views.budget(tx) if row["account"] == wanted]
    if not found:
        raise _missing(subject, name)
    return sorted(found)


def _missing(subject: Subject, name: str) -> NotFound:
    return NotFound(
        "no_such_account", f"There is no account of {subject} '{name:.60}'. See `tre budget show`."
    )


def _delta(tx: Transaction, names: list[str]) -> float:
    """The smallest delta of the projects that spend from these accounts: the largest epsilon is told, never a smaller one."""
    manifests = [parse_manifest(text) for text in tx.scalars(select(Project.manifest))]
    sizes = [each.linkage.population for each in manifests if set(projects.accounts_of(each)) & set(names)]
    return delta_for(max(sizes, default=1))


def _lines(tx: Transaction, account: str, delta: float) -> list[View]:
    query = (
        select(LedgerEntry, Item, Request)
        .join(Item, Item.id == LedgerEntry.item_id)
        .join(Request, Request.id == Item.request_id)
        .where(LedgerEntry.account_id == account, LedgerEntry.kind.in_(POSTED))
        .order_by(LedgerEntry.posted_at, LedgerEntry.id)
    )
    lines: list[View] = []
    spent = risked = releases = cells = 0
    for entry, item, request in tx.execute(query):
        spent, cells = spent + entry.nano_rho, cells + entry.exact_cells
        risked += entry.atto_delta
        releases += entry.kind == "EXACT"
        values = (
            account,
            entry.posted_at.isoformat(timespec="seconds"),
            request.project_id,
            request.id,
            item.id,
            "noisy" if entry.kind == "CHARGE" else "exact",
            entry.nano_rho,
            spent,
            epsilon_of(spent, delta),
            entry.atto_delta,
            risked,
            entry.exact_cells,
            releases,
            cells,
            entry.reason,
        )
        lines.append(dict(zip(COLUMNS, values, strict=True)))
    return lines


def _account(row: View, lines: list[View], delta: float) -> View:
    mine = [line for line in lines if line["account"] == row["account"] and line["kind"] == "exact"]
    reasons = sorted({str(line["reason"]) for line in mine})
    epsilon, told_at = composed(int(str(row["spent"])), int(str(row["delta_spent"])), delta)
    return {
        **row,
        "spent_epsilon": epsilon,
        "spent_delta": told_at,
        "cap_epsilon": epsilon_of(int(str(row["cap"])), delta),
        "exact_by_reason": {reason: sum(line["reason"] == reason for line in mine) for reason in reasons},
    }
