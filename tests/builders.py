"""Arranges a small house through its services: people, one project, its extract, requests, votes."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url, select

from tests.world import (
    ADMIN,
    AUDITOR,
    AUTHOR,
    CHECKERS,
    COLLEAGUE,
    CONTRACT,
    DICTIONARY,
    EVERYBODY,
    MANIFEST,
    OBSERVER,
    OTHER_SENIOR,
    PRICE,
    REGIONS,
    SENIOR,
    STRANGER,
    actor,
    counts,
    manifest,
    write_audit_keys,
    write_rows,
)
from tre.db.address import Database, Role
from tre.db.engine import engine_for, read_only, transaction
from tre.db.folders import private_folder, write_secret
from tre.db.tables import Account, AuditEvent, Extract, Item, LedgerEntry, Person, Request
from tre.domain.audit import Event
from tre.domain.caps import CapDecision, CapUnit
from tre.domain.ledger import ExactReason
from tre.domain.outputs import Decision, Mode, Protection, State
from tre.domain.people import WORKER, AccreditationKind, PersonId
from tre.services import caps, ledger, people, projects
from tre.services.outputs import submit as submitting
from tre.services.outputs import vote as voting
from tre.services.outputs.submit import Ask, Submission
from tre.services.platform import LOG_NAME, Platform
from tre.settings import Settings
from tre.signing import create_key
from tre.vault.objects import ObjectStore
from tre.worker.failpoint import failpoint_at
from tre.worker.jobs import Jobs
from tre.worker.sequencer import Sequencer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


__all__ = [
    "ADMIN",
    "AUDITOR",
    "AUTHOR",
    "CHECKERS",
    "COLLEAGUE",
    "CONTRACT",
    "DICTIONARY",
    "EVERYBODY",
    "MANIFEST",
    "OBSERVER",
    "OTHER_SENIOR",
    "PRICE",
    "REGIONS",
    "SENIOR",
    "STRANGER",
    "House",
    "actor",
    "add_people",
    "add_project",
    "carry_out",
    "counts",
    "manifest",
    "new_platform",
    "open_house",
    "open_platform",
    "write_audit_keys",
    "write_rows",
]


@dataclass
class House:
    """A platform with people and one project, on a database of its own."""

    platform: Platform
    project: str = "bills"
    jobs: Jobs = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = self.worker(lambda _step: None)

    def worker(self, reached: Callable[[str], None]) -> Jobs:
        return Jobs(self.platform, Sequencer(self.platform, reached), reached)

    def do(self, work, *arguments, **words):
        """One service in one transaction."""
        with transaction(self.platform.application) as tx:
            return work(tx, *arguments, **words)

    def act(self, person: str, work, *arguments, **words):
        """One service in one transaction, for a person with their rights as they are now."""
        with transaction(self.platform.application) as tx:
            return work(tx, people.actor_of(tx, PersonId(person)), *arguments, **words)

    def noisy(self, title: str = "Bills", nano_rho: int = PRICE, **more: object) -> Ask:
        return Ask(counts(**more), title, Mode.NOISY, nano_rho=nano_rho)

    def exact(self, title: str = "Bills", reason=ExactReason.LEGAL_DUTY, **more: object) -> Ask:
        return Ask(counts(**more), title, Mode.EXACT, reason=reason)

    def protected(self, method: str, base: int | None = None, **more: object) -> Ask:
        return replace(self.exact(**more), protection=Protection.asked(method, base))

    def submit(self, *asks: Ask, author: str = AUTHOR, project: str | None = None, **words: object) -> str:
        submission = Submission(
            project=project or self.project,
            title=str(words.pop("title", "Bills by region")),
            context=str(words.pop("context", "To inform policy; people with an account")),
            asks=asks or (self.noisy(),),
            **words,  # type: ignore[arg-type]  # tests hand over what they mean to
        )
        return self.act(author, submitting.submit, submission).id

    def vote(
        self, request: str, *voters: str, decision: Decision = Decision.APPROVE, **words: object
    ) -> State:
        state = self.state(request)
        for voter in voters:
            state = self.act(voter, voting.cast, request, decision, reason="Looked at it", **words)
        return state

    def reviewed(self, *asks: Ask, **words: object) -> str:
        """A request that waits for votes."""
        request = self.submit(*asks, **words)
        self.jobs.check(request)
        return request

    def approved(self, *asks: Ask, **words: object) -> str:
        request = self.reviewed(*asks, **words)
        self.vote(request, *CHECKERS[:2])
        return request

    def request(self, request: str) -> Request:
        with read_only(self.platform.application) as tx:
            return tx.get_one(Request, request)

    def state(self, request: str) -> State:
        return State(self.request(request).state)

    def rows(self, kind, *where) -> list:
        with read_only(self.platform.application) as tx:
            return list(tx.scalars(select(kind).where(*where)))

    def items(self, request: str) -> list[Item]:
        return sorted(self.rows(Item, Item.request_id == request), key=lambda item: item.id)

    def account(self, name: str) -> Account:
        with read_only(self.platform.application) as tx:
            return tx.get_one(Account, name)

    def accounts(self) -> list[str]:
        return sorted(account.id for account in self.rows(Account))

    def books(self) -> dict[str, tuple[int, int, int, int]]:
        """Of every account: spent, reserved, exact releases, exact cells."""
        return {
            one.id: (one.spent, one.reserved, one.exact_releases, one.exact_cells)
            for one in self.rows(Account)
        }

    def events(self, event: Event) -> list[AuditEvent]:
        return self.rows(AuditEvent, AuditEvent.event == event)

    def bundle(self, request: str) -> Path:
        return self.platform.releases / f"release-{request}"

    def ledger_is_whole(self) -> None:
        """Every account is the sum of its postings and below its caps."""
        with read_only(self.platform.application) as tx:
            assert ledger.faults(tx) == []
            for account in tx.scalars(select(Account)):
                posted = tx.scalars(select(LedgerEntry).where(LedgerEntry.account_id == account.id)).all()
                assert account.spent == sum(one.nano_rho for one in posted if one.kind == "CHARGE")
                assert account.exact_releases == sum(one.kind == "EXACT" for one in posted)
                assert 0 <= account.spent + account.reserved <= account.cap

    def put_extract(self, project: str | None = None, sizes: tuple[int, ...] = (40, 30, 20, 30)) -> Extract:
        """Write a small extract and enter it as the extract role does."""
        name = project or self.project
        folder = private_folder(self.platform.extracts / name)
        extract = f"{name}-{time.monotonic_ns()}"
        path = private_folder(folder / extract) / "linked.parquet"
        write_rows(path, sizes)
        write_audit_keys(folder / f"{extract}.audit.parquet", sizes)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        where = str(path.relative_to(self.platform.extracts))
        table = {"path": where, "digest": digest, "rows": sum(sizes), "dictionary": DICTIONARY.to_json()}
        row = Extract(
            id=extract,
            project_id=name,
            population=projects.POPULATION,
            editions={"accounts": "2016"},
            tables={"linked": table},
            digest=digest,
        )
        engine = engine_for(self.platform.database, Role.EXTRACT, pool_size=1)
        with transaction(engine) as tx:
            tx.add(row)
        engine.dispose()
        return row

    def raise_cap(self, account: str, after: int, unit: CapUnit = CapUnit.NANO_RHO) -> int:
        """Two people change a cap, as in the house; the number of the proposal."""
        wish = caps.Wish(account, unit, after)
        made = self.act(SENIOR, caps.propose, wish, reason="More is needed").id
        self.act(OTHER_SENIOR, caps.decide, made, CapDecision.APPROVE, reason="So it is")
        return made

    def set_cap(self, account: str, cap: int) -> None:
        """Give an account that nothing has used yet another cap; in the house this is an act of its own."""
        with transaction(self.platform.application) as tx:
            tx.get_one(Account, account).cap = cap


def open_platform(home: Path, administrator: str) -> Platform:
    """The platform of a home folder whose keys and secrets are there."""
    database = Database(make_url(administrator), home / "secrets")
    settings = Settings(home=home)
    application = engine_for(database, Role.APPLICATION, pool_size=20)
    return Platform(settings, database, application, ObjectStore(home / "vault" / "objects"))


def new_platform(home: Path, database: Database) -> Platform:
    """A platform with keys of its own and the roles' passwords of the session's server."""
    os.umask(0o077)
    shutil.copytree(database.secrets, home / "secrets", copy_function=shutil.copy)
    for path in [home, *home.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
    for name in ("vault", "releases", "keys", "secrets/signer", "vault/projects"):
        private_folder(home / name)
    for name in ("reviewer-key", "cell-key"):
        write_secret(home / "secrets" / "application" / name, "5f" * 32)
    key = create_key(home / "secrets" / "signer" / "receipts.key", LOG_NAME)
    (home / "keys" / "receipts.vkey").write_text(key.verification_key.vkey + "\n")
    return open_platform(home, database.administrator.render_as_string(hide_password=False))


def add_people(tx: Session) -> None:
    """Everybody of these tests, accredited for a year already."""
    long_ago = datetime.now(UTC) - timedelta(days=365)
    for person, capabilities in EVERYBODY.items():
        people.add(tx, WORKER, Person(id=person, name=person.title(), organisation="Tests"), capabilities)
        people.accredit(tx, WORKER, person, AccreditationKind.FULL, starts=long_ago)


def add_project(house: House, project: str = "bills", **changes: object) -> None:
    """A project with its dataset, accounts and a small extract."""
    house.do(projects.register_dataset, WORKER, CONTRACT, "2016")
    house.do(projects.apply, WORKER, manifest(project, **changes))
    house.put_extract(project)


@contextmanager
def open_house(home: Path, database: Database) -> Iterator[House]:
    """A house with people and the project `bills`; it is closed at the end."""
    platform = new_platform(home, database)
    try:
        house = House(platform)
        house.do(add_people)
        add_project(house)
        yield house
    finally:
        platform.application.dispose()


def carry_out(home: Path, administrator: str, request: str, step: str) -> None:
    """Carry out one release in this process, which dies at a step. Other processes call this."""
    house = House(open_platform(home, administrator))
    house.worker(failpoint_at(step)).release(request)
    house.platform.application.dispose()
