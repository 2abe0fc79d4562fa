"""A worker killed at any step of a release, and started again: one charge, one answer, one bundle, one leaf."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from tests.builders import PRICE, House, carry_out
from tests.waiting import PATIENCE, until
from tre.db.engine import read_only
from tre.db.tables import Account, Charge, LedgerEntry, LogEntry, Publication, Release
from tre.domain.audit import Event
from tre.domain.ledger import ChargeState
from tre.domain.outputs import State
from tre.services import records

STEPS = (
    "charged",
    "drawn",
    "stored",
    "sealed",
    "log.written",
    "log.signed",
    "log.checkpointed",
    "log.published",
    "logged",
    "bundle.begun",
    "bundle.file",
    "bundle.files",
    "bundle.receipt",
    "bundle.synced",
    "bundle.renamed",
    "bundle.published",
    "published",
    "released",
)
"""Every step at which a release can be killed, in order."""
ACCOUNTS = ("edition:accounts@2016", "population:residents", "project:bills")


FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["tests.builders"])


def killed(house: House, request: str, step: str) -> None:
    """Let another process carry out the release and die at a step, as by `kill -9`."""
    address = house.platform.database.administrator.render_as_string(hide_password=False)
    words = (house.platform.home, address, request, step)
    process = FORK.Process(target=carry_out, args=words)
    process.start()
    process.join(timeout=PATIENCE)
    assert process.exitcode == -signal.SIGKILL, f"nothing calls the step {step}"
    process.close()


def is_sound(house: House, request: str) -> None:
    """What holds at every moment, also right after a kill."""
    house.ledger_is_whole()
    verified = not house.bundle(request).exists() or not records.receipt_faults(
        house.bundle(request), house.platform.public_key
    )
    assert verified
    if house.state(request) is State.RELEASED:
        assert house.bundle(request).exists()
        assert len(house.rows(Publication)) == 1
    spent = {one.id: one.spent for one in house.rows(Account)}
    assert set(spent.values()) <= {0, PRICE}
    if house.bundle(request).exists():
        assert spent == dict.fromkeys(ACCOUNTS, PRICE)  # nothing leaves before it is paid for


def is_released_once(house: House, request: str) -> bytes:
    """What holds at the end; the receipt's bytes."""
    is_sound(house, request)
    assert house.state(request) is State.RELEASED
    assert house.books() == dict.fromkeys(ACCOUNTS, (PRICE, 0, 1, 5))
    kinds = sorted(entry.kind for entry in house.rows(LedgerEntry))
    assert kinds == ["CHARGE"] * 3 + ["EXACT"] * 3 + ["RESERVE"] * 3
    assert [charge.state for charge in house.rows(Charge)] == [ChargeState.RELEASED]
    for event in (Event.BUDGET_CHARGED, Event.EXACT_CHARGED, Event.RELEASED, Event.PUBLISHED):
        assert len(house.events(event)) == 1, event
    assert len(house.rows(Publication)) == 1
    (released,) = house.events(Event.RELEASED)
    leaves = [entry.leaf for entry in house.rows(LogEntry)]
    assert leaves.count(str(released.receipt).encode()) == 1
    with read_only(house.platform.application) as tx:
        assert records.faults(tx, house.platform) == []
    assert [path.name for path in house.platform.releases.iterdir()] == [f"release-{request}"]
    return (house.bundle(request) / "receipt.json").read_bytes()


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_releases_exactly_once_when_it_starts_again(
    house: House, step: str
) -> None:
    request = house.approved(house.noisy(), house.exact(title="Exact"))
    killed(house, request, step)
    is_sound(house, request)
    answers = [charge.answer_digest for charge in house.rows(Charge)]
    house.worker(lambda _step: None).release(request)
    receipt = is_released_once(house, request)
    if answers != [None]:
        assert [charge.answer_digest for charge in house.rows(Charge)] == answers  # drawn once
    house.worker(lambda _step: None).release(request)
    assert is_released_once(house, request) == receipt


def test_a_release_calls_every_step_and_no_other(house: House) -> None:
    steps: list[str] = []
    request = house.approved()
    house.worker(steps.append).release(request)
    assert list(dict.fromkeys(steps)) == list(STEPS)


def test_a_worker_killed_at_each_step_in_turn_still_releases_once(house: House) -> None:
    """The same release is killed again and again, each time a step further."""
    request = house.approved(house.noisy(), house.exact(title="Exact"))
    receipts = set()

    class Killed(BaseException):
        pass

    for step in STEPS:

        def kill(reached: str, step: str = step) -> None:
            if reached == step:
                raise Killed

        try:
            house.worker(kill).release(request)
        except Killed:
            is_sound(house, request)
        bundle = house.bundle(request) / "receipt.json"
        if bundle.exists():
            receipts.add(bundle.read_bytes())
    house.jobs.release(request)
    receipts.add(is_released_once(house, request))
    assert len(receipts) == 1


def test_the_receipt_of_a_killed_release_says_the_time_of_its_charge(house: House) -> None:
    request = house.approved()
    killed(house, request, "sealed")
    house.jobs.release(request)
    body = json.loads((house.bundle(request) / "receipt.json").read_text())["body"]
    (release,) = house.rows(Release)
    assert body["released_at"] == int(release.released_at.timestamp())


def platform_environment(house: House) -> dict[str, str]:
    address = house.platform.database.administrator.render_as_string(hide_password=False)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("TRE_")},
        "TRE_HOME": str(house.platform.home),
        "TRE_DATABASE_URL": address.replace("postgresql+psycopg", "postgresql"),
    }


def test_the_whole_worker_killed_in_a_release_does_it_once_when_started_again(house: House) -> None:
    """The real process with its queue: what it was doing when it was killed is done again by the next one."""
    request = house.approved(house.noisy(), house.exact(title="Exact"))
    command = [sys.executable, "-m", "tre.worker", "--until-idle"]
    environment = platform_environment(house)
    first = subprocess.run(
        command, env=environment | {"TRE_FAILPOINT": "stored"}, check=False, timeout=PATIENCE
    )
    assert first.returncode == -signal.SIGKILL
    assert house.state(request) is State.APPROVED
    second = subprocess.run(command, env=environment, check=False, timeout=PATIENCE)
    assert second.returncode == 0
    is_released_once(house, request)


def test_a_second_worker_is_refused_while_one_is_at_work(house: House) -> None:
    command = [sys.executable, "-m", "tre.worker"]
    environment = platform_environment(house)
    first = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        request = house.approved(house.noisy(), house.exact(title="Exact"))

        def is_released() -> bool:
            assert first.poll() is None, "the worker has ended"
            return house.state(request) is State.RELEASED

        until(is_released, "the release")
        second = subprocess.run(
            command, env=environment, check=False, timeout=PATIENCE, capture_output=True, text=True
        )
        assert second.returncode == 1
        assert second.stderr.strip() == "Another worker is at work in this house: stop it first."
        assert first.poll() is None
    finally:
        first.terminate()
        first.communicate(timeout=PATIENCE)
    is_released_once(house, request)
