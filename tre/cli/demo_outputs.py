"""The second half of the demo: a trusted run, refusals, two reviewers, signed releases."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import select

from disclosure import Statistic
from disclosure.errors import DisclosureError
from tre.cli.acting import Acting
from tre.cli.demo_stages import Story
from tre.cli.run import trusted_run
from tre.db.engine import Transaction, transaction
from tre.db.tables import Request
from tre.domain.errors import Refused, TreError, Unavailable
from tre.domain.ledger import ExactReason
from tre.domain.outputs import Decision, Mode, State
from tre.domain.people import Actor, PersonId
from tre.services import people
from tre.services.outputs import show, vote
from tre.services.outputs.submit import Ask, Submission, submit
from tre.services.platform import Platform
from tre.services.records import receipt_faults

AUTHOR: Final = "ada.okafor"
CHECKERS: Final = ("chidi.eze", "dilys.morgan")
STANDARD: Final = 5_000_000
"""Nano-rho of the standard precision: rho 0.005, sigma 10 per person-count cell."""
TOO_MUCH: Final = 200_000_000
"""Nano-rho that is twice the project's whole budget."""


@dataclass(slots=True)
class Outputs:
    """The demo's outputs, from the trusted run to the verified bundles."""

    platform: Platform
    story: Story
    project: str
    notebook: Path
    released: list[str] = field(default_factory=list)
    bundle: dict[str, Path] = field(default_factory=dict)

    def tell(self) -> None:
        """Run every stage that follows the extract."""
        run_worker()
        with self.story.stage("Run the notebook again, trusted, in the sandbox") as counts:
            counts.update(self._run())
        noisy = self._noisy()
        waiting = self._in_review([*self._of_run(str(counts["run"])), noisy])
        self._refusals(noisy)
        with self.story.stage("Two output checkers, without ties, vote") as counts:
            counts["requests"] = len(waiting)
            for request in waiting:
                for checker in CHECKERS:
                    self._vote(request, checker)
        with self.story.stage("Charge, draw noise once, log, sign and publish") as counts:
            run_worker()
            counts["releases"] = len(waiting)
        with self.story.stage("Verify each receipt against the platform's key") as counts:
            for request in waiting:
                self._verify(request)
            counts["verified"] = len(self.bundle)

    def _run(self) -> dict[str, object]:
        record = trusted_run(
            Acting(self.platform, AUTHOR, None), self.project, self.notebook.read_bytes(), {}
        )
        if record["status"] != "ok":
            raise Unavailable("demo_run_failed", f"The demo's notebook did not run: {record['sentence']}")
        return {"run": record["id"], "notebook": str(record["notebook_digest"])[:12]}

    def _of_run(self, run: str) -> list[str]:
        with transaction(self.platform.application) as tx:
            return list(
                tx.scalars(select(Request.id).where(Request.run_id == run).order_by(Request.created_at))
            )

    def _in_review(self, requests: list[str]) -> list[str]:
        """Those that wait for votes; tell what the machine has returned."""
        waiting = []
        for request in requests:
            record = self._look(request)
            if record["state"] == State.IN_REVIEW:
                waiting.append(request)
            else:
                self.story.refused(str(record["title"]), Refused("returned", str(record["problem"])))
        return waiting

    def _look(self, request: str) -> show.View:
        with transaction(self.platform.application) as tx:
            return show.request_view(tx, people.actor_of(tx, PersonId(AUTHOR)), request)

    def _noisy(self) -> str:
        """Ask for a noisy table: numbers of account holders by age, sex and means of payment."""
        statistic = Statistic.table(
            "linked", by=["age_band", "sex", "prepayment"], unit="study_id", title="Prepayment by age and sex"
        )
        with self.story.stage("Ask for a table with noise; reserve its budget") as counts:
            request = self._submit("Prepayment by age and sex", _noisy_ask(statistic, STANDARD))
            counts["nano_rho"] = STANDARD
            run_worker()
        return request

    def _refusals(self, noisy: str) -> None:
        """Try what must not work, and tell what is said."""
        self._try_failing()
        wide = Statistic.table("linked", by=["region"], unit="study_id", title="Account holders by region")
        try:
            self._submit("Account holders by region", _noisy_ask(wide, TOO_MUCH))
        except (TreError, DisclosureError) as error:
            self.story.refused("A table that costs more than the project has left", error)
        try:
            self._vote(noisy, AUTHOR)
        except TreError as error:
            self.story.refused("The author approves their own request", error)

    def _try_failing(self) -> None:
        fine = Statistic.table(
            "linked",
            by=["age_band", "region", "benefit_any"],
            unit="study_id",
            title="Benefits by age and region",
        )
        ask = Ask(fine.to_json(), fine.title, Mode.EXACT, reason=ExactReason.METHOD_CHECK)
        request = self._submit("Benefits by age and region", ask)
        run_worker()
        record = self._look(request)
        item = record["items"][0]  # type: ignore[index]  # the view holds a list there
        rules = ", ".join(f"{each['rule']} in {each['cells']} cells" for each in item["findings"])
        self.story.refused(
            "An exact table with cells of too few people", Refused("fails", f"{record['problem']} ({rules})")
        )

    def _submit(self, title: str, ask: Ask) -> str:
        context = (
            "Account holders in the linked energy accounts, 2016; for the project's report on prepayment."
        )
        submission = Submission(self.project, title, context, (ask,))

        def work(tx: Transaction, actor: Actor) -> str:
            return submit(tx, actor, submission).id

        return Acting(self.platform, AUTHOR, None).do(work)

    def _vote(self, request: str, person: str) -> State:
        reason = "Population, thresholds and context are as planned."
        return Acting(self.platform, person, None).do(
            lambda tx, actor: vote.cast(tx, actor, request, Decision.APPROVE, reason=reason)
        )

    def _verify(self, request: str) -> None:
        with transaction(self.platform.application) as tx:
            release = show.release_of(tx, people.actor_of(tx, PersonId(AUTHOR)), request)
        bundle = self.platform.releases / release
        faults = receipt_faults(bundle, self.platform.public_key)
        if faults:
            raise Unavailable("demo_receipt", f"The receipt of {release} does not verify: {faults[0]}")
        self.released.append(request)
        self.bundle[request] = bundle


def run_worker() -> None:
    """Let the worker do everything that waits.

    Raises:
        Unavailable: it was killed or failed. Running the demo again, or the worker, goes on where it stopped.
    """
    done = subprocess.run([sys.executable, "-m", "tre.worker", "--until-idle"], check=False)
    if done.returncode != 0:
        raise Unavailable(
            "worker_ended",
            f"The worker ended with {done.returncode} before its work was done. Nothing is lost: run "
            "`tre worker --until-idle`, or this demo again, and it goes on where it stopped.",
        )


def _noisy_ask(statistic: Statistic, nano_rho: int) -> Ask:
    return Ask(statistic.to_json(), statistic.title, Mode.NOISY, nano_rho=nano_rho)
