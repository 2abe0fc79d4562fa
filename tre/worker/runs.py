"""The job that executes one trusted run and submits what its notebook declared."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from disclosure.errors import DisclosureError
from tre import wire
from tre.db.engine import transaction
from tre.db.folders import private_folder
from tre.db.tables import Run
from tre.domain.audit import Event
from tre.domain.errors import BadInput, TreError
from tre.domain.manifest import Manifest, Parameter, ParameterType
from tre.domain.people import PersonId
from tre.sandbox import notebook, parameters
from tre.sandbox.confinement import MEBIBYTE, Limits
from tre.sandbox.notebook import RunResult, RunStatus
from tre.services import audit, people, projects, runs
from tre.services.outputs.submit import Submission, submit
from tre.services.platform import Platform
from tre.worker.asked import asks_of
from tre.worker.workspace import Workspace, workspace_of

TYPES = {
    ParameterType.INTEGER: parameters.ParameterType.INTEGER,
    ParameterType.NUMBER: parameters.ParameterType.NUMBER,
    ParameterType.TEXT: parameters.ParameterType.TEXT,
    ParameterType.BOOLEAN: parameters.ParameterType.BOOLEAN,
}

CUT_OFF: Final = (
    "The run was cut off when the platform stopped; nothing of it was kept. Run the notebook again."
)


@dataclass(frozen=True, slots=True)
class Runs:
    """Executes runs on one platform."""

    platform: Platform

    def run(self, run_id: str) -> None:
        """Execute one run. Whatever happens to it is noted; nothing is half-submitted.

        A run is executed once. One that was under way when its worker was killed has failed, and says so.
        """
        with transaction(self.platform.application) as tx:
            status = tx.get_one(Run, run_id, with_for_update=True).status
            if status == runs.RUNNING:
                runs.fail(tx, run_id, CUT_OFF)
        if status != runs.QUEUED:
            return
        try:
            self._run(run_id)
        except (TreError, DisclosureError) as error:
            with transaction(self.platform.application) as tx:
                runs.fail(tx, run_id, error.sentence)

    def _run(self, run_id: str) -> None:
        with transaction(self.platform.application) as tx:
            row = tx.get_one(Run, run_id)
            row.status = runs.RUNNING
            manifest = projects.manifest_of(tx, row.project_id)
        folder = private_folder(self.platform.home / "vault" / "runs" / run_id)
        workspace = workspace_of(self.platform, run_id, row.project_id, folder)
        try:
            result = notebook.run_notebook(self._asked(row, manifest, workspace, folder), workspace)
            tables = self._kept(result, workspace)
            with transaction(self.platform.application) as tx:
                runs.finish(tx, run_id, result, tables=tables, objects=self.platform.objects)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if result.status is RunStatus.OK:
            self._submit(row, workspace)

    def _asked(self, row: Run, manifest: Manifest, workspace: Workspace, folder: Path) -> notebook.Run:
        limits = manifest.limits
        first = next(iter(workspace.extract.tables.values()))
        defaults = {each.name: each.default for each in manifest.parameters}
        return notebook.Run(
            notebook=self.platform.objects.get(row.notebook_digest),
            data=(self.platform.extracts / first["path"]).parent,
            folder=folder,
            parameters={**defaults, **row.parameters},
            schema={each.name: _parameter(each) for each in manifest.parameters},
            wall_seconds=limits.wall_seconds,
            cell_seconds=limits.cell_seconds,
            limits=Limits(
                resident_bytes=limits.memory_mebibytes * MEBIBYTE,
                file_bytes=limits.output_mebibytes * MEBIBYTE,
                processes=limits.processes,
            ),
        )

    def _kept(self, result: RunResult, workspace: Workspace) -> dict[str, object]:
        """Keep the derived tables of a run that ended well, checked against the extract."""
        if result.status is not RunStatus.OK:
            return {}
        written = {file.name: file for file in result.outputs}
        folder = self.platform.extracts / workspace.extract.project_id / "runs" / workspace.run
        kept: dict[str, object] = {}
        for name, said in workspace.registered.items():
            if said.file not in written:
                raise BadInput(
                    "table_missing", f"The run registered '{name}' but left no such file in /outputs."
                )
            derived = runs.Derived(name, written[said.file].path, said.digest, said.unit, said.rows_per_unit)
            kept[name] = runs.keep(derived, workspace.extract, self.platform.extracts, folder)
        return kept

    def _submit(self, row: Run, workspace: Workspace) -> None:
        """Submit each request that the notebook declared; a refused one is noted with the run."""
        for asked in workspace.submitted:
            try:
                with transaction(self.platform.application) as tx:
                    actor = people.actor_of(tx, PersonId(row.person_id))
                    submit(tx, actor, _submission(row, asked))
            except (TreError, DisclosureError) as error:
                with transaction(self.platform.application) as tx:
                    tx.get_one(Run, row.id).sentence = f"'{asked.title}' was refused: {error.sentence}"
                    audit.record(tx, actor, Event.REQUEST_REFUSED, f"run:{row.id}", code=error.code)


def _submission(row: Run, asked: wire.SubmitRequest) -> Submission:
    return Submission(
        project=row.project_id,
        title=asked.title,
        context=asked.context,
        asks=asks_of(asked),
        run=row.id,
    )


def _parameter(declared: Parameter) -> parameters.Parameter:
    return parameters.Parameter(
        TYPES[declared.type], minimum=declared.least, maximum=declared.most, choices=declared.choices
    )
