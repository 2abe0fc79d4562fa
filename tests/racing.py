"""Races for the last units of three accounts at once: many threads in many processes, each by a connection of its own pool."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from threading import BoundedSemaphore

from sqlalchemy import insert

from tests.builders import AUTHOR, House, open_platform
from tre.db.address import Role
from tre.db.engine import engine_for, transaction
from tre.db.tables import Charge, Item, Request
from tre.domain.errors import Refused
from tre.domain.ledger import ChargeState
from tre.domain.people import WORKER
from tre.services import ledger
from tre.services.platform import Platform

FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["tests.racing"])
UNIT = 1_000
CONNECTIONS = 8
"""Of one process: eight of them stay below what the server takes."""
EDITION, POPULATION = "edition:accounts@2016", "population:residents"
LEGS = {name: [EDITION, POPULATION, f"project:{name}"] for name in ("bills", "water")}


@dataclass(frozen=True)
class Race:
    """How many race, and for what: attempts in all, and units on each of the three kinds of account."""

    processes: int
    threads: int
    attempts: int
    edition: int
    population: int
    project: int


def enter(house: House, attempts: int) -> list[tuple[str, str]]:
    """Items that ask different questions, posted to two projects by turns."""
    words = {"title": "Race", "context": "Race", "state": "DRAFT", "extract_id": "none", "policy": "{}"}
    names = [
        (f"race-{number}", project) for number, project in zip(range(attempts), cycle(LEGS), strict=False)
    ]
    with transaction(house.platform.application) as tx:
        request = Request(id="race", project_id="bills", author_id=AUTHOR, salt=b"salt", **words)
        request.manifest_digest = ""
        tx.add(request)
        tx.flush()
        plain = {"request_id": "race", "version": 1, "kind": "statistic", "mode": "noisy", "title": "Race"}
        rows = [
            {
                **plain,
                "id": item,
                "position": place,
                "specification": "{}",
                "fingerprint": item,
                "price": UNIT,
            }
            for place, (item, _) in enumerate(names)
        ]
        for start in range(0, attempts, 5_000):
            tx.execute(insert(Item), rows[start : start + 5_000])
    return names


def spend(platform: Platform, item: str, project: str) -> bool:
    """Reserve and charge one item as submission and release do, in a transaction each; False if there was no room."""
    try:
        with transaction(platform.application) as tx:
            ledger.reserve(tx, WORKER, tx.get_one(Item, item), LEGS[project])
    except Refused as refused:
        if refused.code != "over_budget":
            raise
        return False
    with transaction(platform.application) as tx:
        ledger.charge(tx, tx.get_one(Item, item))
    return True


def run_in_process(home: Path, address: str, race: Race, *words: object) -> None:
    """One process of the race."""
    share, start = words
    platform = open_platform(home, address)
    few = engine_for(platform.database, Role.APPLICATION, pool_size=CONNECTIONS)
    platform = replace(platform, application=few)
    gate = BoundedSemaphore(CONNECTIONS)  # threads wait here, as long as it takes, and not for a connection

    def at_once(one: tuple[str, str]) -> bool:
        with gate:
            return spend(platform, *one)

    with ThreadPoolExecutor(race.threads) as pool:
        start()  # type: ignore[operator]  # a barrier's wait
        list(pool.map(at_once, share))  # type: ignore[arg-type]  # items and projects
    platform.application.dispose()


def run(house: House, race: Race) -> None:
    """Race, and look at the books: spent is the sum of charges, on no account above its cap, on one equal to it."""
    for account, units in {
        EDITION: race.edition,
        POPULATION: race.population,
        "project:bills": race.project,
        "project:water": race.project,
    }.items():
        house.set_cap(account, units * UNIT)
    asked = enter(house, race.attempts)
    address = house.platform.database.administrator.render_as_string(hide_password=False)
    begin: Callable[[], int] = FORK.Barrier(race.processes)
    shares = [asked[number :: race.processes] for number in range(race.processes)]
    runners = [
        FORK.Process(target=run_in_process, args=(house.platform.home, address, race, share, begin.wait))
        for share in shares
    ]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
        assert runner.exitcode == 0
        runner.close()
    settled(house, race)


def settled(house: House, race: Race) -> None:
    """What holds when everybody has come to the end."""
    house.ledger_is_whole()
    books = {name: (spent, reserved) for name, (spent, reserved, *_) in house.books().items()}
    most = min(race.edition, race.population, 2 * race.project, race.attempts)
    assert books[EDITION] == books[POPULATION] == (most * UNIT, 0)
    assert books["project:bills"][0] + books["project:water"][0] == most * UNIT
    assert max(books["project:bills"][0], books["project:water"][0]) <= race.project * UNIT
    charged = house.rows(Charge, Charge.state == ChargeState.CHARGED)
    assert len(charged) == most
    assert len(house.rows(Charge)) == most  # who was refused has left nothing
