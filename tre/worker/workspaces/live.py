"""What a notebook may ask of the platform while somebody works in it: the same words as in a run, done at once."""

from dataclasses import dataclass
from pathlib import Path

from disclosure import Statistic
from tre import wire
from tre.db.engine import Transaction, read_only, transaction
from tre.db.tables import Request, Run
from tre.domain.errors import NotFound, Refused
from tre.domain.people import Actor, PersonId
from tre.sandbox.confinement import MEBIBYTE
from tre.services import people, projects, runs, workspaces
from tre.services.dictionary import policy_of
from tre.services.outputs import show, vote
from tre.services.outputs.submit import Submission, submit
from tre.services.platform import Platform
from tre.worker.asked import asks_of
from tre.worker.workspace import Workspace


@dataclass(slots=True, kw_only=True)
class LiveWorkspace(Workspace):
    """Answers the kernels of one person's workspace. Rights are looked at again at each request.

    Attributes:
        person: whose workspace it is.
    """

    person: PersonId

    def __call__(self, verb: str, payload: dict[str, object]) -> dict[str, object]:
        """Answer one request.

        Raises:
            TreError, DisclosureError: with the sentence that the notebook shows.
        """
        with read_only(self.platform.application) as tx:
            workspaces.must_be_allowed(tx, self.person, self.extract.project_id)
        return Workspace.__call__(self, verb, payload)

    def _submit(self, asked: wire.SubmitRequest) -> wire.RequestAnswer:
        mine = sorted({Statistic.from_json(text).source for text in asked.items} & self.registered.keys())
        if mine:
            raise Refused(
                "needs_run",
                f"'{mine[0]}' is a table that you made: only a trusted run can have it released. "
                "Load the extension with `%load_ext tre`, put `%%run` in a cell of its own, and run that cell.",
            )
        submission = Submission(
            project=self.extract.project_id, title=asked.title, context=asked.context, asks=asks_of(asked)
        )
        with transaction(self.platform.application) as tx:
            request = submit(tx, self._actor(tx), submission).id
        return self._seen(request)

    def _status(self, asked: wire.RequestReference) -> wire.RequestAnswer:
        return self._seen(asked.id)

    def _withdraw(self, asked: wire.RequestReference) -> wire.RequestAnswer:
        with transaction(self.platform.application) as tx:
            actor = self._actor(tx)
            self._own(show.found(tx, actor, asked.id))
            vote.withdraw(tx, actor, asked.id)
        return self._seen(asked.id)

    def _run(self, asked: wire.RunRequest) -> wire.RunAnswer:
        with transaction(self.platform.application) as tx:
            run = runs.ask(
                tx,
                self._actor(tx),
                self.extract.project_id,
                notebook=asked.notebook.encode(),
                parameters=dict(asked.parameters),
                objects=self.platform.objects,
            ).id
        return self._ran(run)

    def _run_status(self, asked: wire.RunReference) -> wire.RunAnswer:
        return self._ran(asked.id)

    def _ran(self, run_id: str) -> wire.RunAnswer:
        with read_only(self.platform.application) as tx:
            run = tx.get(Run, run_id)
            if run is None or run.project_id != self.extract.project_id:
                raise NotFound("no_such_run", f"This project has no run '{run_id:.60}'.")
            return wire.RunAnswer(id=run.id, status=run.status, sentence=run.sentence or "")

    def _seen(self, request_id: str) -> wire.RequestAnswer:
        with read_only(self.platform.application) as tx:
            actor = self._actor(tx)
            self._own(show.found(tx, actor, request_id))
            return request_answer(show.request_view(tx, actor, request_id))

    def _own(self, request: Request) -> None:
        """Let pass what belongs to this project; another project's is nobody's here.

        Raises:
            NotFound: it belongs to another one.
        """
        if request.project_id != self.extract.project_id:
            raise NotFound("no_such_request", f"This project has no request '{request.id:.60}'.")

    def _actor(self, tx: Transaction) -> Actor:
        return people.actor_of(tx, self.person)


def request_answer(view: dict[str, object]) -> wire.RequestAnswer:
    """Write a request in the agreed shape."""
    items = view["items"] if isinstance(view["items"], list) else []
    shapes = tuple(
        wire.ItemShape(
            number=place, outcome=str(item["verdict"] or item["mode"]).lower(), sentence=str(item["title"])
        )
        for place, item in enumerate(items, start=1)
    )
    return wire.RequestAnswer(
        id=str(view["id"]), title=str(view["title"]), state=str(view["state"]), items=shapes
    )


def live_workspace(platform: Platform, person: PersonId, project_id: str, own: Path) -> LiveWorkspace:
    """Make what answers the kernels of a workspace, for the project's newest extract.

    Raises:
        NotFound: the project has no extract yet.
    """
    with read_only(platform.application) as tx:
        manifest = projects.manifest_of(tx, project_id)
        extract = projects.extract_of(tx, project_id)
    return LiveWorkspace(
        platform,
        f"workspace:{project_id}",
        extract,
        policy_of(manifest, extract),
        projects.accounts_of(manifest),
        folder=own,
        largest=manifest.limits.output_mebibytes * MEBIBYTE,
        person=person,
    )
