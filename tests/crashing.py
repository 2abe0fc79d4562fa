"""Kills a process at its n-th statement to the database, as `kill -9` does, whatever it is doing there."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import event

from tests.builders import AUTHOR, OTHER_SENIOR, SENIOR, House, open_platform
from tests.waiting import PATIENCE
from tre.domain.caps import CapDecision
from tre.domain.people import WORKER
from tre.services import caps
from tre.services.outputs import idle
from tre.services.outputs import vote as voting

FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["tests.crashing"])

BILLS = "project:bills"
CAP = 100_000_000


def reserve(house: House, _subject: str) -> None:
    house.submit(house.noisy(where="region == 'East'"))


def void(house: House, request: str) -> None:
    house.act(AUTHOR, voting.withdraw, request)


def expire(house: House, _subject: str) -> None:
    house.do(idle.expire, WORKER)


def propose(house: House, _subject: str) -> None:
    higher = house.account(BILLS).cap + 1
    house.act(SENIOR, caps.propose, caps.Wish(BILLS, caps.CapUnit.NANO_RHO, higher), reason="More")


def approve(house: House, proposal: str) -> None:
    house.act(OTHER_SENIOR, caps.decide, int(proposal), CapDecision.APPROVE, reason="So be it")


def release(house: House, request: str) -> None:
    house.jobs.release(request)


WORK: dict[str, Callable[[House, str], None]] = {
    work.__name__: work for work in (reserve, void, expire, propose, approve, release)
}
"""Everything that moves something on the ledger."""


def die_at(home: Path, address: str, name: str, *words: object) -> None:
    """Do one piece of work in this process and die at a statement; other processes call this."""
    subject, statement = str(words[0]), int(str(words[1]))
    platform = open_platform(home, address)
    left = [statement]

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(platform.application, "before_cursor_execute", count)
    event.listen(platform.application, "commit", count)
    WORK[name](House(platform), subject)
    platform.application.dispose()


def crashed(house: House, name: str, subject: str, statement: int) -> bool:
    """Let another process do the work and die at a statement; False if it came to its end before that."""
    address = house.platform.database.administrator.render_as_string(hide_password=False)
    process = FORK.Process(target=die_at, args=(house.platform.home, address, name, subject, statement))
    process.start()
    process.join(timeout=PATIENCE)
    code = process.exitcode
    process.close()
    if code not in {0, -signal.SIGKILL}:
        raise AssertionError(f"{name} ended with {code} at statement {statement}")
    return code != 0
