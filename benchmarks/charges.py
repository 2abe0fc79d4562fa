"""Charges a second on the embedded PostgreSQL: 1, 8 and 50 clients, on one hot account and on fifty.

Run: python benchmarks/charges.py [CHARGES]. A charge is what a release spends: reserve in one transaction and charge in
another, by the services themselves, with postings, audit events and durable commits. Each client is a thread with a
connection of its own. "three legs" posts each charge to the same edition, population and project, as linked data do.
"""

import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from tre.db import embedded
from tre.db.address import Role
from tre.db.engine import engine_for, transaction
from tre.db.installation import install
from tre.db.tables import Item, Person, Project, Request
from tre.domain.ledger import AccountKind
from tre.domain.manifest import Budget
from tre.domain.people import WORKER
from tre.services import ledger

ROUNDS: Final = 3
CLIENTS: Final = (1, 8, 50)
ACCOUNTS: Final = {
    "one hot account": [["project:0"]],
    "fifty accounts": [[f"project:{number}"] for number in range(50)],
    "three legs": [["edition:0", "population:0", "project:0"]],
}


def furnish(engine: Engine) -> None:
    """Add accounts that never run out, one project and one request."""
    today = datetime.now(UTC).date()
    with transaction(engine) as tx:
        for legs in ACCOUNTS.values():
            for account in {leg for each in legs for leg in each}:
                kind = AccountKind(account.split(":")[0])
                ledger.open_account(tx, account, kind, Budget(10**15, 10, 10))
        tx.add(Person(id="ann", name="Ann", organisation="Bench"))
        tx.add(
            Project(
                id="bench", title="Bench", state="OPEN", manifest="{}", manifest_digest="", starts_on=today,
                ends_on=today,
            )
        )  # fmt: skip
        tx.flush()
        tx.add(
            Request(
                id="bench", project_id="bench", author_id="ann", title="Bench", context="Bench", state="DRAFT",
                extract_id="none", policy="{}", salt=b"salt", manifest_digest="",
            )
        )  # fmt: skip


def questions(engine: Engine, first: int, number: int) -> list[str]:
    """Add items that ask different questions."""
    names = [f"item-{first + offset}" for offset in range(number)]
    with transaction(engine) as tx:
        for position, name in enumerate(names, start=first):
            tx.add(
                Item(
                    id=name, request_id="bench", version=1, position=position, kind="statistic", mode="noisy",
                    title=name, specification="{}", fingerprint=name, price=1_000,
                )
            )  # fmt: skip
    return names


def spend(engine: Engine, item: str, legs: list[str]) -> None:
    """Reserve and charge one item, a transaction each."""
    with transaction(engine) as tx:
        ledger.reserve(tx, WORKER, tx.get_one(Item, item), legs)
    with transaction(engine) as tx:
        ledger.charge(tx, tx.get_one(Item, item))


def rate(engine: Engine, clients: int, items: list[str], legs: list[list[str]]) -> float:
    """Charges a second."""
    asked = list(zip(items, islice(cycle(legs), len(items)), strict=True))
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda _: transaction_opened(engine), range(clients)))
        before = time.perf_counter()
        list(pool.map(lambda each: spend(engine, *each), asked))
        return len(items) / (time.perf_counter() - before)


def transaction_opened(engine: Engine) -> None:
    """Open a connection before time is taken."""
    with transaction(engine):
        time.sleep(0.02)


def measure(engine: Engine, charges: int) -> None:
    """Print one line per kind of account."""
    used = 0
    print(f"{'charges a second':>20}" + "".join(f"{clients:>8} clients" for clients in CLIENTS))
    for name, legs in ACCOUNTS.items():
        line = []
        for clients in CLIENTS:
            rates = []
            for _ in range(ROUNDS):
                used += charges
                rates.append(rate(engine, clients, questions(engine, used, charges), legs))
            line.append(statistics.median(rates))
        print(f"{name:>20}" + "".join(f"{each:>16.0f}" for each in line), flush=True)
    with transaction(engine) as tx:
        assert ledger.faults(tx) == []


def main() -> None:
    """Start a server in a folder of its own, measure, stop it."""
    charges = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    with tempfile.TemporaryDirectory(prefix="tre-") as folder:
        home = Path(folder) / "var"
        home.mkdir(mode=0o700)
        database = embedded.start(home)
        try:
            install(database)
            engine = engine_for(database, Role.APPLICATION, pool_size=max(CLIENTS))
            furnish(engine)
            measure(engine, charges)
            engine.dispose()
        finally:
            embedded.stop(home)


if __name__ == "__main__":
    main()
