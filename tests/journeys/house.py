"""A whole platform in a folder of its own, used by its command line as a person would.

Loading the command line takes seconds, so one process loads it and every command runs in a fork of that process:
with arguments, environment, standard streams and exit code of its own, as a shell would start it.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tre.db import embedded
from tre.db.embedded import Places

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "projects" / "fuel-poverty"
NOTEBOOK = PROJECT / "notebooks" / "fuel_poverty.ipynb"
CONTRACTS, EDITION = sorted((PROJECT / "contracts").glob("*.toml")), "2016-05"
ADMIN, AUTHOR, COLLEAGUE = "frank.osei", "ada.okafor", "ben.hughes"
CHECKERS = ("chidi.eze", "dilys.morgan")
SECONDS = 600
Spec = Callable[..., Path]

forks = get_context("forkserver")
forks.set_forkserver_preload(["tre.cli", "tre.cli.run", "tre.linkage.split"])


@dataclass(frozen=True, slots=True)
class Said:
    """What one command answered.

    Attributes:
        code: its exit code.
        out: data, from standard output.
        err: words, from standard error.
    """

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:  # whatever the command printed as JSON
        """Standard output, which must be JSON and nothing else."""
        return json.loads(self.out)


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Nothing of the environment that the tests run in but where programs and temporary files lie."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    return {**kept, "TRE_HOME": str(home), **(more or {})}


def command(
    home: Path, words: Sequence[str], *, more: Mapping[str, str] | None = None, stdin: str = ""
) -> Said:
    """Run `tre` with these words and this home."""
    folder = Path(tempfile.mkdtemp(prefix="tre-said-"))
    (folder / "in").write_text(stdin)
    process = forks.Process(target=_become, args=(list(words), environment(home, more), str(folder)))
    process.start()
    process.join(SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
    said = Said(process.exitcode or 0, (folder / "out").read_text(), (folder / "err").read_text())
    process.close()
    shutil.rmtree(folder)
    return said


def _become(words: list[str], variables: dict[str, str], folder: str) -> None:
    """In the fork: be the command."""
    os.setsid()  # no terminal to ask for passwords
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(variables)
    for number, (name, flags) in enumerate(
        [("in", os.O_RDONLY), ("out", os.O_WRONLY | os.O_CREAT), ("err", os.O_WRONLY | os.O_CREAT)]
    ):
        os.dup2(os.open(f"{folder}/{name}", flags, 0o600), number)
    sys.stdin = os.fdopen(0, "r")
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.argv = ["tre", *words]
    from tre.cli import main

    main()


def people_of(home: Path, *, project: bool = False) -> None:
    """Make an empty platform in `home` and add the invented people; on request also the contracts and the project."""
    process = forks.Process(target=_settle, args=(str(home), project))
    process.start()
    process.join(SECONDS)
    assert process.exitcode == 0


def _settle(home: str, project: bool) -> None:
    from tre.cli.demo_people import add_people
    from tre.db.engine import transaction
    from tre.db.folders import private_folder
    from tre.domain.people import PersonId
    from tre.services import people, projects
    from tre.services.platform import opened
    from tre.settings import read_settings

    with opened(read_settings({"TRE_HOME": home})) as platform:
        private_folder(platform.home / "demo")
        with transaction(platform.application) as tx:
            add_people(tx, platform, PROJECT / "people.toml")
            admin = people.actor_of(tx, PersonId(ADMIN))
            for contract in CONTRACTS if project else ():
                projects.register_dataset(tx, admin, contract.read_text(), EDITION)
            if project:
                projects.apply(tx, admin, (PROJECT / "project.toml").read_text())


@dataclass(frozen=True, slots=True)
class House:
    """One platform.

    Attributes:
        home: its folder.
    """

    home: Path

    def tre(self, *words: object, stdin: str = "", **variables: str) -> Said:
        """Run one command; capital keywords are environment variables."""
        return command(self.home, [str(word) for word in words], more=variables, stdin=stdin)

    def must(self, *words: object, **variables: str) -> Said:
        """Run one command that has to succeed."""
        said = self.tre(*words, **variables)
        assert said.code == 0, f"tre {' '.join(map(str, words))}: {said.err}{said.out}"
        return said

    def data(self, *words: object, **variables: str) -> Any:  # whatever the command printed as JSON
        """Run one reading command that has to succeed and return its data."""
        return self.must(*words, "--json", **variables).data

    def program(self, *words: object, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run one command as a program of its own, from nothing."""
        return subprocess.run(
            [sys.executable, "-m", "tre.cli", *map(str, words)],
            env=environment(self.home, variables),
            cwd=ROOT,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def work(self, **variables: str) -> Said:
        """Let the worker do everything that waits."""
        return self.tre("worker", "--until-idle", **variables)

    def worked(self) -> None:
        """Let the worker do everything that waits, without fault."""
        said = self.work()
        assert said.code == 0, said.err

    def submit(self, spec: Path, *words: object) -> str:
        """Submit one table of the project as its author; return the request's name."""
        asked = ("request", "submit", spec, "--project", "fuel-poverty", "--context", "For the test.")
        return str(self.data(*asked, *words, "--as", AUTHOR)["id"])

    def vote(self, request: str) -> None:
        """Let both checkers approve."""
        for checker in CHECKERS:
            self.must("request", "vote", request, "approve", "--reason", "As planned.", "--as", checker)

    def bundle(self, request: str) -> Path:
        """Where the bundle of a released request lies."""
        record = self.data("request", "show", request)
        assert record["state"] == "RELEASED", (record["state"], record["problem"])
        return self.home / "releases" / str(record["release"]["id"])

    def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:  # whatever the database holds
        """Ask the database as its administrator."""
        url = embedded.database_of(Places(self.home.resolve())).administrator.set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
            return connection.execute(sql.SQL(query), values).fetchall()

    def audited(self, event: str, **detail: str) -> int:
        """How many lines of the audit log are of this kind, with these details."""
        query = (
            "SELECT count(*) FROM core.audit_event WHERE event = %(event)s AND detail @> %(detail)s::jsonb"
        )
        return int(self.rows(query, event=event, detail=json.dumps(detail))[0][0])

    def budget(self) -> dict[str, dict[str, int]]:
        """Every account by its name."""
        return {row["account"]: row for row in self.data("budget", "show")}

    def start(self) -> None:
        """Keep the database running, so that commands need not start it."""
        embedded.start(self.home)

    def stop(self) -> None:
        """Stop the database."""
        embedded.stop(self.home)

    def copy(self) -> "House":
        """A second house with everything as it is in this one, whose database must be at rest."""
        folder = Path(tempfile.mkdtemp(prefix="tre-"))
        subprocess.run(["cp", "-a", f"{self.home}/.", str(folder)], check=True)
        (folder / "database" / "lock").unlink(missing_ok=True)
        return House(folder)

    def remove(self) -> None:
        """Stop the database and remove everything."""
        self.stop()
        shutil.rmtree(self.home)

    def kill_database(self) -> None:
        """Kill the database's first process, as a power cut would."""
        process = embedded.running_process(Places(self.home.resolve()).data)
        assert process is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
