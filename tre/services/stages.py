"""Running one separated role's work in a process of its own that can open nothing but what that role needs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL

from tre.db.address import Role
from tre.db.folders import private_folder
from tre.domain.errors import BadInput, NotFound, Refused, TreError, Unavailable
from tre.sandbox.bubblewrap import confine, python_inside
from tre.sandbox.confinement import GIBIBYTE, MEBIBYTE, Confinement, Ending, Limits
from tre.services.platform import Platform

VAULT, SECRETS, INCOMING, OUTGOING, DATABASE = "/vault", "/secrets", "/incoming", "/outgoing", "/database"
"""Where a role's own folder, its secrets, one delivery, its results and the database's socket lie inside."""

LIMITS = Limits(
    memory_bytes=64 * GIBIBYTE,  # address space, which DuckDB reserves freely; what is held is bounded below
    resident_bytes=8 * GIBIBYTE,
    file_bytes=64 * GIBIBYTE,
    processes=512,
    temporary_bytes=4 * GIBIBYTE,
    output_bytes=16 * MEBIBYTE,
)
WALL_SECONDS = 6 * 3600.0
"""Longest run of one stage, in seconds: a national linkage takes hours, nothing takes longer than a night."""

ANSWERED = (0, 3)
"""Exit codes of a stage that has said its answer or its refusal; any other, such as a crash, has said nothing."""

ERRORS = {error.__name__: error for error in (TreError, Refused, NotFound, BadInput, Unavailable)}


@dataclass(frozen=True, slots=True)
class Stage:
    """One piece of work of one role.

    Attributes:
        role: as whom it runs.
        name: what `tre.worker.stage` calls it.
        arguments: what it is told; identifiers and texts, never data.
        incoming: files that it may read, such as deliveries, and their names inside.
        outgoing: a folder that it may write results to.
    """

    role: Role
    name: str
    arguments: Mapping[str, object]
    incoming: Mapping[Path, str] = field(default_factory=dict)
    outgoing: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def run(platform: Platform, stage: Stage) -> dict[str, object]:
    """Run a stage and return what it answers.

    Raises:
        TreError: what the stage refused, in its own words; or that it ended in a way it should not.
    """
    if stage.outgoing is not None:
        private_folder(stage.outgoing)
    done = confine(
        [python_inside(), "-m", "tre.worker.stage", stage.name],
        confinement_of(platform, stage),
        standard_input=json.dumps({"database": _address(platform), "arguments": stage.arguments}).encode(),
    )
    if done.ending is not Ending.EXITED or done.returncode not in ANSWERED:
        raise Unavailable(
            "stage_failed",
            f"The stage {stage.name} of role {stage.role.folder} did not end well "
            f"({done.ending}, {done.returncode}; {_last_line(done.stderr)}). Nothing was kept. "
            "See `tre doctor`, then run it again.",
        )
    answer: dict[str, object] = json.loads(done.stdout)
    if "code" in answer:
        kind = ERRORS.get(str(answer["kind"]), TreError)
        raise kind(str(answer["code"]), str(answer["sentence"]))
    return answer


def confinement_of(platform: Platform, stage: Stage) -> Confinement:
    """What a role's process can open: its own vault folder, its secrets, the database, and what it is handed."""
    url = platform.database.administrator
    socket = _socket(platform)
    read_only = {platform.role_secrets(stage.role): f"{SECRETS}/{stage.role.folder}"}
    if socket is not None:
        read_only[socket] = f"{DATABASE}/{socket.name}"
    read_only |= {path.resolve(): f"{INCOMING}/{name}" for path, name in stage.incoming.items()}
    writable = {platform.role_folder(stage.role): VAULT}
    if stage.outgoing is not None:
        writable[stage.outgoing.resolve()] = OUTGOING
    return Confinement(
        read_only=read_only,
        writable=writable,
        environment={
            "TRE_HOME": "/vault",
            "HOME": "/tmp",  # noqa: S108 - inside: private, in memory
            "PYTHONDONTWRITEBYTECODE": "1",
            **stage.environment,
        },
        network=url.host is not None,
        limits=LIMITS,
        wall_seconds=WALL_SECONDS,
    )


def _last_line(words: bytes) -> str:
    """What a stage said last: the kind and place of its crash, never a value (see `tre.worker.stage`)."""
    said = words.decode(errors="replace").strip().splitlines()
    return said[-1][:200] if said else "it said nothing"


def _address(platform: Platform) -> str:
    """The database's address without account or password: a role logs in with its own secret."""
    url = platform.database.administrator
    # Not `set(password=None)`: that would leave the administrator's password where it is.
    bare = URL.create(url.drivername, "role", None, url.host, url.port, url.database, url.query)
    if _socket(platform) is not None:
        bare = bare.update_query_dict({"host": DATABASE})
    return bare.render_as_string(hide_password=False)


def _socket(platform: Platform) -> Path | None:
    """The database's socket where it has one; only this file is handed in, not its folder."""
    url = platform.database.administrator
    folder = url.query.get("host")
    if url.host is not None or not isinstance(folder, str) or not folder.startswith("/"):
        return None
    return Path(folder) / f".s.PGSQL.{url.port or 5432}"
