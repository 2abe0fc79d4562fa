"""Charges a second on the embedded PostgreSQL: 1, 8 and 50 clients, on one hot account and on fifty.

Run: python benchmarks/charges.py [CHARGES [ROUNDS]]. A charge is what a noisy release costs the ledger, by the services
themselves, with postings, audit events and durable commits: reserved by a client in a transaction of its own, and charged
(T1) afterwards. "by the worker" is how the platform works: clients are threads that share the platform's ten connections,
and one other process charges what waits, many in a transaction. "by each client" charges one by one, in a transaction
each, and shows what that saves. "three legs" posts each charge to the same edition, population and project.

Beside each rate stand the milliseconds of processor time that a charge takes in the clients and what one durable write of
8 kB took on this disk just then: a hot account is written once per reservation, and each waits for the disk.
"""

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, cycle, islice, product
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, select

from tre.db import embedded
from tre.db.address import Database, Role
from tre.db.engine import engine_for, transaction
from tre.db.installation import install
from tre.db.tables import Charge, Item, Person, Project, Request
from tre.domain.ledger import AccountKind, ChargeState
from tre.domain.manifest import Budget
from tre.domain.people import WORKER
from tre.services import ledger
from tre.services.outputs.charging import MOST_TOGETHER

CLIENTS: Final = (1, 8, 50)
CONNECTIONS: Final = 10
"""Of a platform's process."""
ACCOUNTS: Final = {
    "one hot account": [["project:0"]],
    "fifty accounts": [[f"project:{number}"] for number in range(50)],
    "three legs": [["edition:0", "population:0", "project:0"]],
}
FORK: Final = multiprocessing.get_context("forkserver")


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


def questions(engine: Engine, first: int, number: int) -> list[Item]:
    """Add items that ask different questions."""
    items = [
        Item(
            id=f"item-{place}", request_id="bench", version=1, position=place, kind="statistic", mode="noisy",
            title="Bench", specification="{}", fingerprint=f"item-{place}", price=1_000,
        )
        for place in range(first, first + number)
    ]  # fmt: skip
    with transaction(engine) as tx:
        tx.add_all(items)
    return items


def reserve(engine: Engine, item: Item, legs: Sequence[str]) -> None:
    """Reserve what one item costs, as the last step of a submission does."""
    with transaction(engine) as tx:
        ledger.reserve(tx, WORKER, item, legs)


def spend(engine: Engine, item: Item, legs: Sequence[str]) -> None:
    """Reserve and charge one item, a transaction each."""
    reserve(engine, item, legs)
    with transaction(engine) as tx:
        ledger.charge(tx, item)


def charge_what_waits(engine: Engine, number: int) -> None:
    """Charge so many items as they come to wait, up to `MOST_TOGETHER` in a transaction."""
    waiting = (
        select(Item)
        .join(Charge, Charge.item_id == Item.id)
        .where(Charge.state == ChargeState.RESERVED)
        .limit(MOST_TOGETHER)
    )
    while number:
        with transaction(engine) as tx:
            items = tx.scalars(waiting).all()
            ledger.charge_all(tx, items)
        number -= len(items)
        if not items:
            time.sleep(0.001)


def worker(database: Database, charges: int, rounds: int, gate: Barrier) -> None:
    """The other process: in each round, charge everything that clients reserve."""
    engine = engine_for(database, Role.APPLICATION, pool_size=1)
    opened(engine)
    for _ in range(rounds):
        gate.wait()
        charge_what_waits(engine, charges)
        gate.wait()
    engine.dispose()


def warm(engine: Engine) -> None:
    """Open every connection before time is taken."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(lambda _: opened(engine), range(CONNECTIONS)))


def opened(engine: Engine) -> None:
    """Hold a connection for a moment."""
    with transaction(engine):
        time.sleep(0.02)


def durable_write(folder: Path) -> float:
    """Milliseconds of one write of 8 kB with fdatasync, the median of a hundred."""
    times = []
    descriptor = os.open(folder / "probe", os.O_WRONLY | os.O_CREAT, 0o600)
    for place in range(100):
        before = time.perf_counter()
        os.pwrite(descriptor, bytes(8192), 8192 * (place % 16))
        os.fdatasync(descriptor)
        times.append(time.perf_counter() - before)
    os.close(descriptor)
    return statistics.median(times) * 1e3


@dataclass(frozen=True)
class Bench:
    """A furnished server, and the gate through which both processes go into a round and out of it."""

    engine: Engine
    charges: int
    rounds: int
    gate: Barrier
    places: Iterator[int] = field(default_factory=count)

    def measured(self, clients: int, legs: list[list[str]], *, by_worker: bool) -> tuple[float, float]:
        """Charges a second, the median of all rounds, and milliseconds of the clients' processor time for each."""
        found = [self._round(clients, legs, by_worker=by_worker) for _ in range(self.rounds)]
        return statistics.median(rate for rate, _ in found), statistics.median(busy for _, busy in found)

    def _round(self, clients: int, legs: list[list[str]], *, by_worker: bool) -> tuple[float, float]:
        items = questions(self.engine, next(self.places) * self.charges, self.charges)
        asked = list(zip(items, islice(cycle(legs), len(items)), strict=True))
        work = reserve if by_worker else spend
        with ThreadPoolExecutor(clients) as pool:
            if by_worker:
                self.gate.wait()
            before, busy = time.perf_counter(), time.process_time()
            list(pool.map(lambda each: work(self.engine, *each), asked))
            busy = time.process_time() - busy
            if by_worker:
                self.gate.wait()
            return len(items) / (time.perf_counter() - before), busy / len(items) * 1e3

    def table(self, folder: Path) -> None:
        """Print one line per kind of account."""
        heads = "".join(f"{f'{clients} clients':>16}" for clients in CLIENTS)
        print(f"{'charges a second (ms of processor)':>46}{heads}{'8 kB durable':>14}")
        for by_worker, name in product((False, True), ACCOUNTS):
            cells = [self.measured(clients, ACCOUNTS[name], by_worker=by_worker) for clients in CLIENTS]
            line = "".join(f"{f'{rate:,.0f} ({busy:.1f})':>16}" for rate, busy in cells)
            how = "by the worker" if by_worker else "by each client"
            print(f"{f'{name}, {how}':>46}{line}{durable_write(folder):>11.1f} ms", flush=True)
        with transaction(self.engine) as tx:
            assert ledger.faults(tx) == []


def run(database: Database, folder: Path, charges: int, rounds: int) -> None:
    """Furnish a server, start the other process, measure."""
    install(database)
    engine = engine_for(database, Role.APPLICATION, pool_size=CONNECTIONS)
    furnish(engine)
    warm(engine)
    gate = FORK.Barrier(2)
    shares = (database, charges, rounds * len(CLIENTS) * len(ACCOUNTS), gate)
    other = FORK.Process(target=worker, args=shares, daemon=True)
    other.start()
    Bench(engine, charges, rounds, gate).table(folder)
    other.join(timeout=60)
    engine.dispose()


def main() -> None:
    """Start a server in a folder of its own, measure, stop it."""
    words = argparse.ArgumentParser()
    words.add_argument("charges", type=int, nargs="?", default=400)
    words.add_argument("rounds", type=int, nargs="?", default=3)
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="tre-") as folder:
        home = Path(folder) / "var"
        home.mkdir(mode=0o700)
        try:
            run(embedded.start(home), Path(folder), given.charges, given.rounds)
        finally:
            embedded.stop(home)


if __name__ == "__main__":
    main()
