"""Trusted runs: asked for, executed by the worker in the sandbox, their derived tables checked against the extract."""

import hashlib
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlalchemy import select

from tre.db.engine import Transaction
from tre.db.tables import Extract, Run
from tre.domain.audit import Event
from tre.domain.errors import BadInput, NotFound
from tre.domain.people import WORKER, Actor
from tre.queue import enqueue
from tre.sandbox.notebook import RunResult, RunStatus
from tre.services import audit, people, projects
from tre.services.outputs.facts import has_role, must_be_member
from tre.services.outputs.question import must_be_tellable
from tre.vault.objects import ObjectStore

QUEUED, RUNNING = "queued", "running"
NOTEBOOK_BYTES = 16 << 20
"""Largest notebook, in bytes. Source: ours, as in the sandbox."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A table that a run says it has made.

    Attributes:
        name: what statistics call it.
        path: where the file lies, outside of the sandbox.
        digest: what the run said its bytes hash to.
        unit: the column that names the person.
        rows_per_unit: the most rows of one person, as declared.
    """

    name: str
    path: Path
    digest: str
    unit: str
    rows_per_unit: int


def ask(  # noqa: PLR0913 - what a run is
    tx: Transaction,
    actor: Actor,
    project_id: str,
    *,
    notebook: bytes,
    parameters: dict[str, object],
    objects: ObjectStore,
) -> Run:
    """Ask for a trusted run of a notebook on the project's newest extract.

    Raises:
        Refused: `actor` is no accredited member of an open project.
        BadInput: the notebook is too large.
    """
    must_be_member(tx, actor, project_id)
    if len(notebook) > NOTEBOOK_BYTES:
        raise BadInput(
            "notebook_too_large", f"A notebook has at most {NOTEBOOK_BYTES:,} bytes; clear its outputs."
        )
    extract = projects.extract_of(tx, project_id)
    run = Run(
        id=f"run-{secrets.token_hex(6)}",
        project_id=project_id,
        person_id=actor.id,
        status=QUEUED,
        notebook_digest=objects.put(notebook),
        data_digest=extract.digest,
        parameters=parameters,
        tables={},
    )
    tx.add(run)
    tx.flush()
    audit.record(
        tx, actor, Event.RUN_STARTED, f"run:{run.id}", notebook=run.notebook_digest, data=extract.digest
    )
    enqueue(tx, "run", {"run_id": run.id}, once=f"run:{run.id}")
    return run


def view(tx: Transaction, actor: Actor, run_id: str) -> dict[str, object]:
    """Show a run to its project's people, and to checkers and auditors.

    Raises:
        NotFound: there is none, or `actor` may not know.
    """
    run = tx.get(Run, run_id)
    if run is None or not (
        has_role(tx, actor.id, run.project_id) or actor.capabilities & people.MAY_SEE_REQUESTS
    ):
        raise NotFound("no_such_run", f"There is no run '{run_id}'.")
    return {
        "id": run.id,
        "project": run.project_id,
        "person": run.person_id,
        "status": run.status,
        "sentence": run.sentence,
        "notebook_digest": run.notebook_digest,
        "environment_digest": run.environment_digest,
        "data_digest": run.data_digest,
        "tables": {name: table["rows"] for name, table in run.tables.items()},
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
    }


def unfinished(tx: Transaction) -> list[str]:
    """Runs that wait or are under way."""
    return list(tx.scalars(select(Run.id).where(Run.status.in_((QUEUED, RUNNING)))))


def finish(
    tx: Transaction, run_id: str, result: RunResult, *, tables: dict[str, object], objects: ObjectStore
) -> None:
    """Note how a run ended. What the notebook printed stays in the executed notebook, for its author only."""
    run = tx.get_one(Run, run_id)
    run.status, run.sentence, run.tables = result.status, result.sentence, tables
    run.environment_digest, run.finished_at = result.environment_digest, audit.clock(tx)
    run.executed_digest = None if result.executed is None else objects.put_file(result.executed)
    event = Event.RUN_FINISHED if result.status is RunStatus.OK else Event.RUN_FAILED
    audit.record(tx, WORKER, event, f"run:{run.id}", status=result.status, cells=result.cells)


def fail(tx: Transaction, run_id: str, sentence: str) -> None:
    """Note that a run could not be started or that what it left cannot be used."""
    run = tx.get_one(Run, run_id)
    run.status, run.sentence, run.finished_at = RunStatus.FAILED, sentence, audit.clock(tx)
    audit.record(tx, WORKER, Event.RUN_FAILED, f"run:{run.id}", status=RunStatus.FAILED)


def keep(derived: Derived, extract: Extract, extracts: Path, folder: Path) -> dict[str, object]:
    """Check one derived table against the extract and keep a copy of it for checks and votes.

    Args:
        derived: what the run says about it.
        extract: the extract that the run read.
        extracts: the folder of all projects' extracts.
        folder: where to keep the copy.

    Raises:
        BadInput: it is not the file that was registered, names people that the extract does not know, or has more rows
            of one person than declared.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = folder / f"{derived.name}.parquet"
    shutil.copyfile(derived.path, kept)
    kept.chmod(0o400)
    with kept.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != derived.digest:
        raise BadInput(
            "table_changed", f"The table '{derived.name}' changed after it was registered. Register it last."
        )
    rows = must_fit(kept, extract, extracts, derived)
    return {"path": str(kept.relative_to(extracts)), "digest": digest, "rows": rows, "unit": derived.unit}


def must_fit(table: Path, extract: Extract, extracts: Path, derived: Derived) -> int:
    """Check a derived table against the extract and return its rows.

    Raises:
        BadInput: it names people that the extract does not know, has more rows of one person than declared, has a
            column under a name of ours, or a text that is no label.
    """
    base = extracts / next(each for each in extract.tables.values() if "dictionary" in each)["path"]
    quoted = '"' + derived.unit.replace('"', '""') + '"'
    query = (
        f"SELECT count(*), count({quoted}), "  # noqa: S608 - a quoted column name
        f"count(*) FILTER ({quoted} IS NOT NULL AND CAST({quoted} AS VARCHAR) NOT IN "
        "(SELECT study_id FROM read_parquet($base))), "
        f"coalesce((SELECT max(c) FROM (SELECT count(*) c FROM read_parquet($kept) GROUP BY {quoted})), 0) "
        "FROM read_parquet($kept)"
    )
    try:
        with duckdb.connect() as connection:
            must_be_tellable(connection.read_parquet(str(table)))
            found = connection.execute(query, {"kept": str(table), "base": str(base)}).fetchall()
    except duckdb.Error:
        raise BadInput(
            "table_unreadable", f"The table '{derived.name}' is not Parquet with a column '{derived.unit}'."
        ) from None
    rows, named, strangers, most = found[0]
    if strangers or named != rows:
        raise BadInput(
            "unknown_people",
            f"The table '{derived.name}' has rows that belong to nobody in the extract. Keep study_id.",
        )
    if most > derived.rows_per_unit:
        raise BadInput(
            "too_many_rows", f"The table '{derived.name}' has more rows of one person than it declares."
        )
    return int(rows)
