"""Work for later: a job exists exactly when the transaction that asked for it was committed.

The queue is procrastinate's, in the schema `jobs` of our database. One worker runs at a time in a house (it is
also the log's one sequencer); a lock of the database sees to it. Jobs carry identifiers, never data.
"""

import asyncio
import functools
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import procrastinate
import psycopg
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job
from procrastinate.types import TimeDeltaParams
from procrastinate.worker import Worker
from psycopg.types.json import Jsonb
from sqlalchemy import URL, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tre.domain.errors import TreError, Unavailable

Arguments = Mapping[str, str | int]

_QUEUE: Final = "tre"
_ALREADY_WAITING: Final = "procrastinate_jobs_queueing_lock_idx_v1"
# One worker at a time. Advisory locks are numbers; this one spells "tre-work".
_LOCK: Final = int.from_bytes(b"tre-work", "big")
_LONGEST_WAIT: Final = 300  # seconds between two attempts, at most
_OPTIONS: Final = "-c search_path=jobs"
_ENQUEUE: Final = text(
    "SELECT unnest(jobs.procrastinate_defer_jobs_v1(ARRAY[ROW("
    ":queue, :task, 0, :alone, :once, :arguments, NULL)::jobs.procrastinate_job_to_defer_v1]))"
)
# A job that was running when its worker died runs again, unless it has used up its attempts (it may be what
# kills the worker) or the same work waits already.
_GIVE_UP: Final = (
    "UPDATE jobs.procrastinate_jobs job SET status = 'failed', attempts = attempts + 1"
    " WHERE status = 'doing' AND (attempts + 1 >= COALESCE((%s::jsonb ->> task_name)::int, 1) OR EXISTS ("
    "SELECT FROM jobs.procrastinate_jobs other WHERE other.queueing_lock = job.queueing_lock"
    " AND other.status = 'todo'))"
)
_AGAIN: Final = (
    "UPDATE jobs.procrastinate_jobs SET status = 'todo', attempts = attempts + 1, scheduled_at = NULL,"
    " worker_id = NULL WHERE status = 'doing'"
)


@dataclass(frozen=True, slots=True)
class Task:
    """Work that a worker knows how to do.

    Attributes:
        name: what `enqueue` calls it.
        run: the work; it may run twice, so it must be repeatable. Called with the job's arguments by name.
        attempts: how often it is tried before it counts as failed; a refusal is final at once.
        cron: when it runs by itself, in cron's five fields (a sixth one for seconds); then without arguments.
    """

    name: str
    run: Callable[..., None]
    attempts: int = 8
    cron: str | None = None


def enqueue(
    transaction: Session,
    task: str,
    arguments: Arguments,
    *,
    once: str | None = None,
    alone: str | None = None,
) -> int | None:
    """Ask for one job, as part of `transaction`: undone with it, visible to the worker when it is committed.

    Args:
        transaction: an open transaction of the application role.
        task: the name of a `Task`.
        arguments: identifiers; never data.
        once: no second job with this word may wait at the same time.
        alone: jobs with this word run one after another, in order.

    Returns:
        The job's number, or None if a job with the word `once` waits already.
    """
    values = {"queue": _QUEUE, "task": task, "alone": alone, "once": once}
    try:
        with transaction.begin_nested():
            found = transaction.execute(_ENQUEUE, {**values, "arguments": Jsonb(dict(arguments))})
            return int(found.scalar_one())
    except IntegrityError as fault:
        if _constraint(fault) == _ALREADY_WAITING:
            return None
        raise


def work(url: URL, tasks: Sequence[Task], *, forever: bool = True, handle_signals: bool = True) -> None:
    """Do the jobs, those first that a killed worker left half-done.

    Args:
        url: the address of the database for the application role.
        tasks: everything that can be asked for.
        forever: wait for more jobs until SIGINT or SIGTERM; otherwise return when nothing is left to do.
        handle_signals: stop well on these signals; only possible in a process's main thread.

    Raises:
        Unavailable: `worker_running`, another worker is at work; `worker_lost`, the database went away.
    """
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with _only_worker(conninfo) as lock:
        _resume(lock, tasks)
        app = _application(conninfo, tasks)
        app.run_worker(
            queues=[_QUEUE],
            wait=forever,
            install_signal_handlers=handle_signals,
            worker_middleware=[functools.partial(_while_alone, lock)],
            fetch_job_polling_interval=1.0,
        )
        if not _is_held(lock):
            raise _lost()


def _application(conninfo: str, tasks: Sequence[Task]) -> procrastinate.App:
    """Tell procrastinate what we can do."""
    connector = procrastinate.PsycopgConnector(conninfo=conninfo, kwargs={"options": _OPTIONS}, max_size=4)
    app = procrastinate.App(connector=connector)
    for task in tasks:
        known = app.task(name=task.name, queue=_QUEUE, retry=_Patience(max_attempts=task.attempts))(
            _reporting(task)
        )
        if task.cron is not None:
            app.periodic(cron=task.cron)(known)
    return app


def _reporting(task: Task) -> Callable[..., None]:
    """Wrap the work so that a crash is told by its place in the code, not by words that may quote data."""

    def run(timestamp: int | None = None, **arguments: str | int) -> None:  # noqa: ARG001  cron's, not ours
        try:
            task.run(**arguments)
        except TreError:
            raise
        except Exception as fault:  # noqa: BLE001  raised again, in words of ours
            place = traceback.extract_tb(fault.__traceback__)[-1]
            raise TreError(
                "job_crashed",
                f"The job {task.name} crashed with {type(fault).__name__} at {place.name}, line {place.lineno} "
                "of its file: look there, or retry it.",
            ) from None

    return run


class _Patience(procrastinate.RetryStrategy):
    """Tries again after 2, 4, 8, ... seconds; what a rule refused or input spoilt stays so."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision | None:
        is_final = isinstance(exception, TreError) and not _is_passing(exception)
        if is_final or (self.max_attempts and job.attempts + 1 >= self.max_attempts):
            return None
        return procrastinate.RetryDecision(
            retry_in=TimeDeltaParams(seconds=min(2 ** (job.attempts + 1), _LONGEST_WAIT))
        )


def _is_passing(fault: TreError) -> bool:
    """May this fault be gone at the next attempt?"""
    return isinstance(fault, Unavailable) or fault.code == "job_crashed"


@contextmanager
def _only_worker(conninfo: str) -> Iterator[psycopg.Connection]:
    """Hold the house's worker lock; the database takes it back when this process dies."""
    try:
        connection = psycopg.connect(conninfo, autocommit=True, options=_OPTIONS)
    except psycopg.OperationalError:
        raise Unavailable(
            "database_unreachable", "The worker cannot reach the database: see `tre doctor`."
        ) from None
    with connection:
        found = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
        if found != (True,):
            raise Unavailable("worker_running", "Another worker is at work in this house: stop it first.")
        yield connection


def _resume(lock: psycopg.Connection, tasks: Sequence[Task]) -> None:
    """Put back what a killed worker was doing. We hold the lock, so nobody is doing it now."""
    attempts = Jsonb({task.name: task.attempts for task in tasks})
    with lock.transaction():
        lock.execute(_GIVE_UP, (attempts,))
        lock.execute(_AGAIN)


async def _while_alone(
    lock: psycopg.Connection, call_next: Callable[[], Awaitable[None]], _context: JobContext, worker: Worker
) -> None:
    """Do a job only while the worker lock is ours; otherwise another worker may be doing it."""
    if not await asyncio.to_thread(_is_held, lock):
        worker.stop()  # type: ignore[no-untyped-call]  # procrastinate leaves it untyped
        raise _lost()
    await call_next()


def _is_held(lock: psycopg.Connection) -> bool:
    """Is the connection that holds the lock still there?"""
    try:
        lock.execute("SELECT")
    except psycopg.OperationalError:
        return False
    return True


def _lost() -> Unavailable:
    return Unavailable(
        "worker_lost", "The worker lost the database: start it again when `tre doctor` is content."
    )


def _constraint(fault: IntegrityError) -> str | None:
    """Return the name of the constraint that a statement broke."""
    return fault.orig.diag.constraint_name if isinstance(fault.orig, psycopg.Error) else None
