"""The embedded PostgreSQL: made, started and stopped by the platform in its own folder.

It listens on one socket in a private folder and on no network address; every role needs a password there.
"""

import contextlib
import fcntl
import os
import secrets
import shlex
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from tre.db import configuration, sockets
from tre.db.address import DRIVER, PASSWORD_FILE, Database
from tre.db.binaries import find_binaries
from tre.db.confined import Launcher, Layout, launcher
from tre.db.folders import private_folder, read_secret, write_secret
from tre.domain.errors import Unavailable

ADMINISTRATOR: Final = "postgres"
DATABASE: Final = "tre"
UNFINISHED: Final = "data.unfinished"
_START_SECONDS: Final = 60
_SETTLE_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Places:
    """Where an embedded server lives.

    Attributes:
        home: the platform's home, `TRE_HOME`, as an absolute path.
    """

    home: Path

    @property
    def folder(self) -> Path:
        """The folder of everything that belongs to the server."""
        return self.home / "database"

    @property
    def secrets(self) -> Path:
        """The folder with one folder of secrets per role."""
        return self.home / "secrets"

    @property
    def layout(self) -> Layout:
        """The folders that the server itself sees."""
        return Layout(
            cluster=self.folder / "cluster",
            configuration=self.folder / "configuration",
            socket=sockets.socket_folder(self.folder),
        )

    @property
    def data(self) -> Path:
        """The server's data directory."""
        return self.folder / "cluster" / "data"


def start(home: Path) -> Database:
    """Start the server of `home`, making it first where there is none; safe to call twice or after a crash.

    Returns:
        The address of the database `tre` on it (which `tre.db.installation.install` fills).

    Raises:
        Unavailable: `postgres_missing`, `postgres_unstartable`; the sentence says how to mend it.
        BadInput: `folder_not_private`, a folder or password is open to others or another account's.
    """
    places = Places(home.resolve())
    private_folder(places.folder)
    with _only_one(places.folder / "lock"):
        programs = _prepared(places)
        if not places.data.exists():
            _create(places, programs)
        if running_process(places.data) is None:
            _launch(places, programs)
    return database_of(places)


def stop(home: Path) -> None:
    """Stop the server of `home` and wait for its end; no fault if there is none.

    Raises:
        Unavailable: `postgres_unstoppable`, it still runs after two minutes.
    """
    places = Places(home.resolve())
    if not places.folder.exists():
        return
    with _only_one(places.folder / "lock"):
        process = running_process(places.data)
        if process is not None:
            _end(places, process)
        if not places.layout.socket.is_relative_to(places.folder):
            with contextlib.suppress(OSError):  # it never was, or a killed server's socket is still in it
                places.layout.socket.rmdir()


def _end(places: Places, process: int) -> None:
    """Tell the server to roll back, write and leave, and wait until it has gone."""
    os.kill(process, signal.SIGINT)  # PostgreSQL's fast shutdown
    if not _until(lambda: running_process(places.data) is None, _STOP_SECONDS):
        raise Unavailable(
            "postgres_unstoppable",
            f"The embedded PostgreSQL (process {process}) did not stop: see {_log(places)}.",
        )


def database_of(places: Places) -> Database:
    """Return the address of the server's database.

    Raises:
        NotFound: `secret_missing`, no server was ever made here.
    """
    url = URL.create(
        DRIVER,
        username=ADMINISTRATOR,
        password=read_secret(_administrator_password(places)),
        database=DATABASE,
        query={"host": str(places.layout.socket)},
    )
    return Database(url, places.secrets)


def running_process(data: Path) -> int | None:
    """Return the number of the server process that works in the folder `data`, or None.

    A pid file alone proves nothing after a crash: its number may be another program's by now. The server
    stands in its data directory, and no other account can stand in a private folder.
    """
    try:
        process = int((data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        stands_in = Path(f"/proc/{process}/cwd").stat()
    except (OSError, ValueError):
        return None
    return process if os.path.samestat(stands_in, data.stat()) else None


def _prepared(places: Places) -> Launcher:
    """Make the folders and our files in them, and return what starts the server's programs."""
    programs = launcher(find_binaries(), places.layout)
    private_folder(places.secrets)
    layout = places.layout
    for folder in (layout.cluster, layout.configuration, layout.socket):
        private_folder(folder, programs.account)
    if places.data.exists():
        private_folder(places.data, programs.account)
    configuration.write(layout.configuration, programs.inside, programs.account)
    return programs


def _create(places: Places, programs: Launcher) -> None:
    """Make the server's data directory, whole or not at all."""
    password_file = _administrator_password(places)
    private_folder(password_file.parent)
    if not password_file.exists():
        write_secret(password_file, secrets.token_urlsafe(32))
    cluster = places.layout.cluster
    configuration.remove_unfinished(cluster / UNFINISHED)
    with configuration.first_password(cluster, read_secret(password_file), programs.account) as name:
        done = programs.run(
            "initdb",
            f"--pgdata={programs.inside.cluster / UNFINISHED}",
            f"--username={ADMINISTRATOR}",
            f"--pwfile={programs.inside.cluster / name}",
            *configuration.INITDB,
        )
    if done.returncode != 0:
        raise Unavailable(
            "postgres_unstartable",
            f"The embedded PostgreSQL could not make its files in {cluster}: {_last_line(done.stderr)}.",
        )
    (cluster / UNFINISHED).rename(places.data)


def _launch(places: Places, programs: Launcher) -> None:
    """Start the server on its data directory and wait until it answers.

    After a crash, processes of the killed server may need a moment to notice and to leave.
    """
    inside = programs.inside
    (places.data / "postmaster.pid").unlink(missing_ok=True)  # nobody works here: see running_process
    arguments = (
        f"--pgdata={inside.cluster / 'data'}",
        f"--log={inside.cluster / 'server.log'}",
        f"--timeout={_START_SECONDS}",
        f"--options=-c config_file={shlex.quote(str(inside.configuration / configuration.SERVER_FILE))}",
        "--wait",
        "start",
    )
    if not _until(lambda: programs.run("pg_ctl", *arguments).returncode == 0, _SETTLE_SECONDS):
        raise Unavailable(
            "postgres_unstartable", f"The embedded PostgreSQL did not start: see {_log(places)}."
        )


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Let one process at a time start or stop the server; the lock falls with the process."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _until(is_done: Callable[[], bool], seconds: float) -> bool:
    """Ask until the answer is yes, or until time is up."""
    end = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _administrator_password(places: Places) -> Path:
    return places.secrets / ADMINISTRATOR / PASSWORD_FILE


def _log(places: Places) -> Path:
    return places.layout.cluster / "server.log"


def _last_line(text: str) -> str:
    return text.strip().rsplit("\n", 1)[-1] or "it said nothing"
