"""The worker's jobs. Each step opens its own transaction and may be repeated after a crash."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from disclosure.errors import DisclosureError
from tre.db.engine import transaction
from tre.domain import receipt as receipts
from tre.domain.canonical import decode, encode
from tre.domain.errors import TreError
from tre.domain.people import WORKER
from tre.queue import Task
from tre.services import accreditation
from tre.services.outputs import charging, check, idle, judging, release
from tre.services.platform import Platform
from tre.vault.bundle import Publisher
from tre.worker.runs import Runs
from tre.worker.sequencer import Sequencer

CRASHED: Final = "The check crashed before it had a verdict; it is tried again, and an admin should look."

STOPPED: Final = (
    "The release stopped before its end; nothing is lost, it is tried again, and an admin should look."
)


@dataclass(frozen=True, slots=True)
class Jobs:
    """What the worker does for one platform.

    Attributes:
        platform: whose work it is.
        sequencer: the log's one writer.
        reached: called after each step of a release; kills the process where a failpoint is set.
    """

    platform: Platform
    sequencer: Sequencer
    reached: Callable[[str], None]

    def tasks(self) -> tuple[Task, ...]:
        """Every job by the name under which services ask for it."""
        return (
            Task("check", self.check),
            Task("release", self.release),
            Task(
                "run", Runs(self.platform).run, attempts=2
            ),  # the second only notes that the first was cut off
            Task("log", self.sequencer.catch_up, cron="* * * * * */5"),
            Task("check_again", self.check_again, cron="0 * * * *"),
            Task("sweep", self.sweep, cron="* * * * * */30"),
            Task("expire", self.expire, cron="17 3 * * *"),
        )

    def check(self, request_id: str) -> None:
        """Judge every exact item of a request; a check that cannot run leaves it waiting in CHECK_ERROR."""
        engine = self.platform.application
        with transaction(engine) as tx:
            tasks = check.start(tx, request_id, self.platform.extracts)
        if tasks is None:
            return
        self.reached("check_started")
        try:
            judgements = judging.judge(tasks, self.platform)
        except (TreError, DisclosureError) as error:
            with transaction(engine) as tx:
                check.fail(tx, request_id, error.sentence, error.code)
            return
        except Exception:  # told and raised again; the words of the error may quote data
            with transaction(engine) as tx:
                check.fail(tx, request_id, CRASHED)
            raise
        with transaction(engine) as tx:
            check.finish(tx, request_id, judgements, self.platform.objects)

    def release(self, request_id: str) -> None:
        """Carry out an approved release: charge, draw once, fix the bytes, log, publish."""
        try:
            self._release(request_id)
        except (TreError, DisclosureError) as error:
            self._held_up(request_id, error.sentence)
            raise
        except Exception:  # told and raised again; the words of the error may quote data
            self._held_up(request_id, STOPPED)
            raise

    def check_again(self) -> None:
        """Try again what could not be checked: every hour, and whenever a worker starts."""
        with transaction(self.platform.application) as tx:
            check.again(tx)

    def sweep(self) -> None:
        """Notice accreditations that have lapsed, suspend what depended on them; ask again for releases that wait."""
        with transaction(self.platform.application) as tx:
            accreditation.sweep(tx)
        with transaction(self.platform.application) as tx:
            release.waiting(tx)

    def expire(self) -> None:
        """Give back what idle requests hold, once a day."""
        with transaction(self.platform.application) as tx:
            idle.expire(tx, WORKER)

    def _release(self, request_id: str) -> None:
        engine, objects = self.platform.application, self.platform.objects
        self._judge_again(request_id)
        with transaction(engine) as tx:
            if not charging.charge_with_others(tx, request_id):
                return
        self.reached("charged")
        with transaction(engine) as tx:
            draws = release.to_draw(tx, request_id, self.platform.extracts)
            noisy = release.is_noisy(tx, request_id)
        for task in draws:
            answer = release.drawn(task)
            self.reached("drawn")
            with transaction(engine) as tx:
                release.store(tx, task.item, answer, objects)
            self.reached("stored")
        with transaction(engine) as tx:
            line = release.seal(tx, request_id, objects, self.platform.pseudonym_key())
        self.reached("sealed")
        self._publish(request_id, line.id, line.receipt or "", noisy=noisy)

    def _held_up(self, request_id: str, sentence: str) -> None:
        with transaction(self.platform.application) as tx:
            release.trouble(tx, request_id, sentence)

    def _judge_again(self, request_id: str) -> None:
        """Compare with what has been released since the check; a request that fails now goes back to its author."""
        engine, objects = self.platform.application, self.platform.objects
        with transaction(engine) as tx:
            tasks = release.stale(tx, request_id, self.platform.extracts)
        if tasks:
            judgements = judging.judge(tasks, self.platform)
            with transaction(engine) as tx:
                release.judged_again(tx, request_id, judgements, objects)

    def _publish(self, request_id: str, event_id: int, body: str, *, noisy: bool) -> None:
        proof = self.sequencer.prove(event_id)
        self.reached("logged")
        receipt = receipts.decode(encode({"body": decode(body.encode()), "proof": proof.encode()}))
        if noisy:
            _wait_for_tick()
        Publisher(self.platform.releases, self.platform.objects, failpoint=self.reached).publish(receipt)
        self.reached("published")
        digest = self.platform.objects.put(receipt.encode())
        with transaction(self.platform.application) as tx:
            release.done(tx, request_id, digest)
        self.reached("released")


def _wait_for_tick() -> None:
    """Wait for the next whole second, so that the time of an answer says nothing about its noise."""
    time.sleep(1.0 - time.time() % 1.0)
