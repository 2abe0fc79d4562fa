"""Jobs: exist with their transaction, are done once at a time, outlive a killed worker, quote no data."""

import logging
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.waiting import PATIENCE, until
from tre.db.address import Database, Role
from tre.db.engine import Transaction, read_only, transaction
from tre.domain.errors import Refused, Unavailable
from tre.queue import Task, enqueue, work

PROJECT = Path(__file__).parents[2]
ADVISORY = "FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND datname = current_database()"


def jobs(engine: Engine) -> list[tuple[str, str, int]]:
    """Name, state and attempts of every job."""
    with read_only(engine) as tx:
        rows = tx.execute(
            text("SELECT task_name, status::text, attempts FROM jobs.procrastinate_jobs ORDER BY id")
        )
        return [(row[0], row[1], row[2]) for row in rows]


@pytest.fixture
def do(database: Database) -> Callable[..., None]:
    """Does every job that waits."""

    def run(*tasks: Task) -> None:
        work(database.url(Role.APPLICATION), tasks, forever=False, handle_signals=False)

    return run


def test_a_job_exists_once_its_transaction_is_committed(application: Engine, do: Callable[..., None]) -> None:
    done: list[str] = []

    def publish(release_id: str) -> None:
        done.append(release_id)

    with transaction(application) as tx:
        assert enqueue(tx, "publish", {"release_id": "r1"}) == 1
        assert jobs(application) == []
    assert jobs(application) == [("publish", "todo", 0)]
    do(Task("publish", publish))
    assert done == ["r1"]
    assert jobs(application) == [("publish", "succeeded", 1)]


def test_no_job_is_left_by_a_transaction_that_was_undone(application: Engine) -> None:
    def ask_and_fail(tx: Transaction) -> None:
        enqueue(tx, "publish", {"release_id": "r1"})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction(application) as tx:
        ask_and_fail(tx)
    assert jobs(application) == []


def test_a_job_asked_for_twice_waits_once_and_the_transaction_goes_on(application: Engine) -> None:
    with transaction(application) as tx:
        assert enqueue(tx, "sequence", {}, once="sequence") is not None
    with transaction(application) as tx:
        assert enqueue(tx, "sequence", {}, once="sequence") is None
        tx.execute(text("INSERT INTO core.person (id, name, organisation) VALUES ('p', 'A', 'B')"))
    assert len(jobs(application)) == 1
    with read_only(application) as tx:
        assert tx.execute(text("SELECT count(*) FROM core.person")).scalar_one() == 1


def test_arguments_arrive_as_they_were_given(application: Engine, do: Callable[..., None]) -> None:
    seen: list[object] = []
    with transaction(application) as tx:
        enqueue(tx, "note", {"word": "it's; DROP TABLE \" ünï", "number": 2**53}, alone="note")
    do(Task("note", lambda word, number: seen.extend([word, number])))
    assert seen == ["it's; DROP TABLE \" ünï", 2**53]


def test_what_a_rule_refused_is_not_tried_again(application: Engine, do: Callable[..., None]) -> None:
    def refuse() -> None:
        raise Refused("no", "No.")

    with transaction(application) as tx:
        enqueue(tx, "refused", {})
    do(Task("refused", refuse))
    assert jobs(application) == [("refused", "failed", 1)]


@pytest.mark.parametrize("fault", [Unavailable("disk_full", "Full."), ZeroDivisionError()])
def test_what_may_pass_is_tried_again_later(
    application: Engine, do: Callable[..., None], fault: Exception
) -> None:
    def fail() -> None:
        raise fault

    with transaction(application) as tx:
        enqueue(tx, "unlucky", {})
    do(Task("unlucky", fail))
    assert jobs(application) == [("unlucky", "todo", 1)]
    with read_only(application) as tx:
        later = tx.execute(text("SELECT scheduled_at > now() FROM jobs.procrastinate_jobs")).scalar_one()
    assert later is True


def test_attempts_come_to_an_end(application: Engine, do: Callable[..., None]) -> None:
    def fail() -> None:
        raise Unavailable("down", "Down.")

    with transaction(application) as tx:
        enqueue(tx, "hopeless", {})
    do(Task("hopeless", fail, attempts=1))
    assert jobs(application) == [("hopeless", "failed", 1)]


def test_an_unknown_job_fails_and_the_worker_goes_on(application: Engine, do: Callable[..., None]) -> None:
    done: list[int] = []
    with transaction(application) as tx:
        enqueue(tx, "unheard-of", {})
        enqueue(tx, "known", {})
    do(Task("known", lambda: done.append(1)))
    assert done == [1]
    assert jobs(application)[0] == ("unheard-of", "failed", 1)


def test_a_crash_is_logged_without_the_words_that_quote_data(
    application: Engine, do: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    def crash() -> None:
        raise ValueError("CANARY")

    with transaction(application) as tx:
        enqueue(tx, "crash", {})
    caplog.set_level(logging.DEBUG)
    do(Task("crash", crash))
    assert "crashed with ValueError at crash" in caplog.text
    assert "CANARY" not in caplog.text


WORKER = """
import os, sys, time
from pathlib import Path
from sqlalchemy import make_url
from tre.queue import Task, work
folder = Path(sys.argv[2])

def slow(name):
    (folder / f"{name}-{os.getpid()}").touch()
    time.sleep(1000)

def tick():
    (folder / "ticked").touch()

def poison():
    os.kill(os.getpid(), 9)

tasks = [Task("slow", slow), Task("tick", tick, cron="* * * * * *"), Task("poison", poison, attempts=2)]
work(make_url(sys.argv[1]), tasks)
"""


@pytest.fixture
def worker(
    database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[], subprocess.Popen[str]]:
    """Starts a worker process."""
    url = database.url(Role.APPLICATION).render_as_string(hide_password=False)

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-c", WORKER, url, tmp_path], cwd=PROJECT, text=True)
        request.addfinalizer(lambda: (process.kill(), process.wait()))
        return process

    return start


def test_the_job_of_a_killed_worker_is_done_by_the_next_one_at_once(
    application: Engine,
    administrator: Engine,
    do: Callable[..., None],
    worker: Callable[[], subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    done: list[str] = []

    def take(name: str) -> None:
        done.append(name)

    with transaction(application) as tx:
        enqueue(tx, "slow", {"name": "job"}, once="slow", alone="slow")
    process = worker()
    until(lambda: list(tmp_path.glob("job-*")))
    assert ("slow", "doing", 0) in jobs(application)
    process.kill()
    process.wait()
    until(lambda: nobody_works(administrator))
    do(Task("slow", take))
    assert done == ["job"]
    assert ("slow", "succeeded", 2) in jobs(application)


def nobody_works(administrator: Engine) -> bool:
    """Has the server noticed that the worker is gone?"""
    with administrator.connect() as connection:
        locks = text(f"SELECT count(*) {ADVISORY}")
        return connection.execute(locks).scalar_one() == 0


def test_a_second_worker_is_refused_while_one_works(
    do: Callable[..., None], worker: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    worker()
    until((tmp_path / "ticked").exists)
    with pytest.raises(Unavailable, match="Another worker") as caught:
        do()
    assert caught.value.code == "worker_running"


def test_a_worker_does_periodic_work_and_leaves_well_when_told(
    worker: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = worker()
    until((tmp_path / "ticked").exists)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


def test_a_job_that_kills_its_worker_each_time_is_given_up(
    application: Engine, administrator: Engine, worker: Callable[[], subprocess.Popen[str]]
) -> None:
    with transaction(application) as tx:
        enqueue(tx, "poison", {})
    for _ in range(2):
        assert worker().wait(PATIENCE) == -signal.SIGKILL
        until(lambda: nobody_works(administrator))
    worker()
    until(lambda: ("poison", "failed", 2) in jobs(application))


def test_a_worker_that_lost_its_lock_does_no_further_job(
    application: Engine, administrator: Engine, do: Callable[..., None]
) -> None:
    done: list[int] = []

    def cut() -> None:
        done.append(1)
        with administrator.connect() as connection:
            connection.execute(text(f"SELECT pg_terminate_backend(pid) {ADVISORY}"))

    with transaction(application) as tx:
        enqueue(tx, "cut", {})
        enqueue(tx, "after", {})
    with pytest.raises(Unavailable, match="lost the database") as caught:
        do(Task("cut", cut), Task("after", lambda: done.append(2)))
    assert caught.value.code == "worker_lost"
    assert done == [1]
    assert jobs(application)[1][1] == "todo"


def test_a_worker_without_a_database_says_so(database: Database) -> None:
    nowhere = database.url(Role.APPLICATION).set(query={"host": "/nowhere"})
    with pytest.raises(Unavailable, match="cannot reach the database"):
        work(nowhere, (), forever=False, handle_signals=False)
