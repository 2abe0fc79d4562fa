"""Many at once for the last units: never above a cap, up to the cap where it divides, and one charge for one question."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests import racing
from tests.builders import AUTHOR, House, add_project, open_platform
from tests.planting import let_everything_through
from tests.racing import Race
from tests.waiting import PATIENCE
from tre.db.engine import transaction
from tre.db.tables import Account, Charge, Item, LedgerEntry, Request
from tre.domain.errors import Refused
from tre.domain.ledger import ChargeState
from tre.domain.people import WORKER
from tre.services import ledger
from tre.services.platform import Platform

FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["tests.builders"])
EDITION, POPULATION = "edition:accounts@2016", "population:residents"
LEGS = {name: [EDITION, POPULATION, f"project:{name}"] for name in ("bills", "water")}
UNIT = 1_000
TRIES = 4
"""How often each of the racers tries to spend one unit."""


def questions(house: House, names: list[str], price: int = UNIT, question: str | None = None) -> list[str]:
    """Items of one request that ask different questions, or all the same one."""
    with transaction(house.platform.application) as tx:
        number = tx.scalars(select(Request.id)).all()
        request = Request(
            id=f"race-{len(number)}",
            project_id="bills",
            author_id=AUTHOR,
            title="Race",
            context="Race",
            state="DRAFT",
            extract_id="none",
            policy="{}",
            salt=b"salt",
            manifest_digest="",
        )
        tx.add(request)
        tx.flush()
        for position, name in enumerate(names, start=1):
            tx.add(
                Item(
                    id=f"{request.id}-{name}",
                    request_id=request.id,
                    version=1,
                    position=position,
                    kind="statistic",
                    mode="noisy",
                    title=name,
                    specification="{}",
                    fingerprint=question or f"{request.id}-{name}",
                    price=price,
                )
            )
    return [f"{request.id}-{name}" for name in names]


def spend(platform: Platform, item: str, legs: list[str]) -> bool:
    """Reserve and charge one item as submission and release do, in a transaction each."""
    try:
        with transaction(platform.application) as tx:
            ledger.reserve(tx, WORKER, tx.get_one(Item, item), legs)
    except Refused as refused:
        if refused.code != "over_budget":
            raise
        return False
    with transaction(platform.application) as tx:
        ledger.charge(tx, tx.get_one(Item, item))
    return True


def race_in_process(home: Path, address: str, asked: list[tuple[str, str]], start: Callable[[], int]) -> None:
    platform = open_platform(home, address)
    start()
    for item, project in asked:
        spend(platform, item, LEGS[project])
    platform.application.dispose()


def caps(house: House, **amounts: int) -> None:
    add_project(house, "water")
    for name, units in amounts.items():
        known = {"edition": EDITION, "population": POPULATION}
        house.set_cap(known.get(name, f"project:{name}"), units * UNIT)


def test_eight_processes_and_sixteen_threads_spend_the_last_units_and_not_one_more(house: House) -> None:
    caps(house, edition=30, population=40, bills=20, water=20)
    names = [f"{racer}-{attempt}" for racer in range(24) for attempt in range(TRIES)]
    items = list(zip(questions(house, names), cycle(LEGS), strict=False))
    shares = [items[racer * TRIES : (racer + 1) * TRIES] for racer in range(24)]
    address = house.platform.database.administrator.render_as_string(hide_password=False)
    begin = FORK.Barrier(9)
    words = [(house.platform.home, address, share, begin.wait) for share in shares[:8]]
    processes = [FORK.Process(target=race_in_process, args=each) for each in words]
    for process in processes:
        process.start()
    begin.wait()
    with ThreadPoolExecutor(16) as pool:
        threads = [
            pool.submit(lambda share=share: [spend(house.platform, item, LEGS[name]) for item, name in share])
            for share in shares[8:]
        ]
    assert all(thread.result() is not None for thread in threads)
    for process in processes:
        process.join(timeout=PATIENCE)
        assert process.exitcode == 0
        process.close()
    house.ledger_is_whole()
    books = {name: spent for name, (spent, *_) in house.books().items()}
    assert books[EDITION] == books[POPULATION] == 30 * UNIT
    assert books["project:bills"] + books["project:water"] == 30 * UNIT
    assert max(books["project:bills"], books["project:water"]) <= 20 * UNIT
    charged = house.rows(Charge, Charge.state == ChargeState.CHARGED)
    assert len(charged) == 30
    assert len(house.rows(Charge)) == 30  # who was refused has left nothing


def test_fifty_threads_in_each_of_eight_processes_spend_up_to_the_cap(house: House) -> None:
    add_project(house, "water")
    racing.run(house, Race(8, 50, 400, edition=60, population=80, project=50))


def test_amounts_that_do_not_divide_a_cap_stop_below_it(house: House) -> None:
    caps(house, edition=1_000, population=1_000, bills=10, water=1)
    items = questions(house, [str(n) for n in range(16)], price=3 * UNIT)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda item: spend(house.platform, item, LEGS["bills"]), items))
    assert sum(done) == 3
    assert house.account("project:bills").spent == 9 * UNIT
    house.ledger_is_whole()


def test_one_question_asked_by_eight_at_once_is_charged_once(house: House) -> None:
    items = questions(house, [str(n) for n in range(8)], question="the same")
    start = Barrier(8)

    def ask(item: str) -> bool:
        with transaction(house.platform.application) as tx:
            ledger.reserve(tx, WORKER, tx.get_one(Item, item), LEGS["bills"])
        start.wait()  # all of them hold the whole price now
        with transaction(house.platform.application) as tx:
            ledger.charge(tx, tx.get_one(Item, item))
        with transaction(house.platform.application) as tx:
            return ledger.store_answer(tx, tx.get_one(Item, item), f"answer of {item}") == f"answer of {item}"

    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(ask, items))
    assert sum(first) == 1  # one answer counts, for all
    assert Counter(charge.state for charge in house.rows(Charge)) == {
        ChargeState.DONE: 1,
        ChargeState.VOID: 7,
    }
    assert {name: row[:2] for name, row in house.books().items()} == dict.fromkeys(LEGS["bills"], (UNIT, 0))
    charged = [entry.nano_rho for entry in house.rows(LedgerEntry, LedgerEntry.kind == "CHARGE")]
    assert sorted(charged) == [0] * 21 + [UNIT] * 3
    house.ledger_is_whole()


def test_a_charge_raced_by_a_withdrawal_is_one_of_the_two(house: House) -> None:
    items = questions(house, [str(n) for n in range(12)])
    for item in items:
        with transaction(house.platform.application) as tx:
            ledger.reserve(tx, WORKER, tx.get_one(Item, item), LEGS["bills"])

    def charge(item: str) -> None:
        try:
            with transaction(house.platform.application) as tx:
                ledger.charge(tx, tx.get_one(Item, item))
        except Refused as refused:
            assert refused.code == "not_reserved"  # noqa: PT017 - any other refusal is a fault here

    def void(item: str) -> None:
        with transaction(house.platform.application) as tx:
            ledger.void(tx, WORKER, [item])

    with ThreadPoolExecutor(8) as pool:
        for item in items:
            pool.submit(charge, item)
            pool.submit(void, item)
    states = Counter(charge.state for charge in house.rows(Charge))
    assert sum(states.values()) == 12
    assert set(states) <= {ChargeState.CHARGED, ChargeState.VOID}
    spent = states[ChargeState.CHARGED] * UNIT
    assert {row[:2] for name, row in house.books().items() if name in LEGS["bills"]} == {(spent, 0)}
    house.ledger_is_whole()


def test_exact_releases_race_for_the_last_ones_as_well(house: House) -> None:
    with transaction(house.platform.application) as tx:
        tx.get_one(Account, POPULATION).exact_releases_cap = 4
    items = questions(house, [str(n) for n in range(12)])

    def charge(item: str) -> bool:
        try:
            with transaction(house.platform.application) as tx:
                row = tx.get_one(Item, item)
                row.cells = 1
                ledger.charge_exact(tx, row, LEGS["bills"])
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(charge, items)) == 4
    assert house.account(POPULATION).exact_releases == 4
    house.ledger_is_whole()


def test_balances_under_lock_are_read_anew_though_they_were_looked_at_before(house: House) -> None:
    house.set_cap("project:bills", UNIT)
    one, other = questions(house, ["one", "other"])
    with transaction(house.platform.application) as tx:
        looked_at = tx.scalars(select(Account)).all()
        assert spend(house.platform, one, LEGS["bills"])
        with pytest.raises(Refused) as caught:
            ledger.reserve(tx, WORKER, tx.get_one(Item, other), LEGS["bills"])
        assert caught.value.code == "over_budget"
        assert looked_at


def test_the_database_itself_refuses_what_a_faulty_check_lets_through(house: House) -> None:
    """The last line: a constraint on the account's own row, whatever the code above it believes."""
    house.set_cap("project:bills", UNIT)
    items = questions(house, ["one", "two"])
    let_everything_through(house)
    assert spend(house.platform, items[0], LEGS["bills"])
    with pytest.raises(IntegrityError, match="never_overspent"):
        spend(house.platform, items[1], LEGS["bills"])
    house.ledger_is_whole()
