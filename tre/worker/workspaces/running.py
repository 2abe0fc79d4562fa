"""The workspaces that run now: one thread and one sandbox each."""

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tre.db.engine import read_only, transaction
from tre.domain.audit import Event
from tre.domain.errors import TreError, Unavailable
from tre.domain.manifest import Manifest
from tre.domain.people import PersonId
from tre.domain.workspaces import hub_name
from tre.sandbox.channel_socket import channel_at
from tre.sandbox.confinement import MEBIBYTE, Completed, Ending, Limits
from tre.sandbox.lab import Lab, listening_at, run_lab
from tre.services import projects, workspaces
from tre.services.platform import Platform
from tre.worker.workspaces.live import live_workspace
from tre.worker.workspaces.template import NAME, start_here

MOST: Final = 64
"""Most workspaces at once. Source: ours; a class of thirty was measured on two cores."""

CPU_SECONDS: Final = 7 * 24 * 3600
"""Processor time of one process of a workspace, in seconds. Source: ours, the longest life of a workspace."""

FEWEST_PROCESSES: Final = 256
"""Processes and threads that a workspace has at least: a server and a few kernels, with the threads of their libraries.
Source: ours, measured."""

STOP_SECONDS: Final = 20.0

SENTENCES: Final = {
    Ending.EXITED: "The workspace's server ended by itself; start it again.",
    Ending.WALL_CLOCK: "The workspace ran for as long as one may; start it again.",
    Ending.MEMORY: "The workspace was stopped: its programs held more memory than the project may. Use less, start again.",
    Ending.DISK: "The workspace was stopped: the disk of this machine is nearly full. Tell the operators.",
    Ending.QUOTA: "The workspace was stopped: its folders are over their quota. Start it, delete files at once.",
    Ending.STOPPED: "The workspace was stopped.",
}


@dataclass(slots=True)
class Server:
    """One workspace's server.

    Attributes:
        person: whose it is.
        project: of which project.
        target: the socket that it answers on.
        sentence: why it is over; empty while it runs.
    """

    person: PersonId
    project: str
    target: Path
    sentence: str = ""
    stopping: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None


@dataclass(slots=True)
class Servers:
    """All of one platform.

    Attributes:
        platform: whose they are.
        on_fault: told of a fault of ours in answering a kernel.
    """

    platform: Platform
    on_fault: Callable[[Exception], None]
    _running: dict[tuple[str, str], Server] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, person: PersonId, project: str, base_url: str) -> Server:
        """Start a workspace, or return the one that runs already.

        Raises:
            Refused, NotFound: the person may not be in it now.
            Unavailable: too many run, or one of this name is still ending.
        """
        with transaction(self.platform.application) as tx:
            workspaces.must_be_allowed(tx, person, project)
        with self._lock:
            known = self._running.get((person, project))
            if known is not None and not known.over.is_set():
                if known.stopping.is_set():
                    raise Unavailable(
                        "still_stopping", "The workspace is just being stopped; try again in a moment."
                    )
                return known
            if sum(not one.over.is_set() for one in self._running.values()) >= MOST:
                raise Unavailable(
                    "workspaces_full", f"{MOST} workspaces run already; try again when one has ended."
                )
            server = Server(
                person, project, workspaces.runtime(self.platform) / "w" / _socket_name(person, project)
            )
            server.thread = threading.Thread(target=self._run, args=(server, base_url), name="workspace")
            self._running[person, project] = server
            server.thread.start()
        return server

    def find(self, person: PersonId, project: str) -> Server | None:
        """The workspace, running or ended, if there has been one."""
        with self._lock:
            return self._running.get((person, project))

    def running(self) -> list[Server]:
        """Those that run now."""
        with self._lock:
            return [one for one in self._running.values() if not one.over.is_set()]

    def stop(self, server: Server) -> None:
        """Kill everything in a workspace and wait until it is gone."""
        server.stopping.set()
        server.over.wait(STOP_SECONDS)

    def stop_all(self) -> None:
        """Stop every workspace; nothing of any is left afterwards."""
        for server in self.running():
            server.stopping.set()
        for server in self.running():
            server.over.wait(STOP_SECONDS)

    def _run(self, server: Server, base_url: str) -> None:
        """The thread of one workspace; the kernel kills the sandbox with it."""
        try:
            done = self._served(server, base_url)
            server.sentence = SENTENCES[done.ending]
            self._record(server, Event.WORKSPACE_STOPPED, ending=str(done.ending), seconds=int(done.seconds))
        except TreError as error:
            server.sentence = error.sentence
            self._record(server, Event.WORKSPACE_STOPPED, ending=error.code, seconds=0)
        except Exception as fault:  # noqa: BLE001 - told and ended: what failed must not be taken for running
            server.sentence = "The platform failed to run the workspace; tell its operators."
            self.on_fault(fault)
        finally:
            server.over.set()

    def _served(self, server: Server, base_url: str) -> Completed:
        with read_only(self.platform.application) as tx:
            manifest = projects.manifest_of(tx, server.project)
            extract = projects.extract_of(tx, server.project)
        folders = workspaces.folders(self.platform, server.person, server.project)
        handler = live_workspace(self.platform, server.person, server.project, folders.own)
        data = (self.platform.extracts / next(iter(extract.tables.values()))["path"]).parent
        channel, packages = server.target.with_suffix(".c"), self.platform.settings.packages
        with listening_at(server.target) as listening, channel_at(channel, handler, self.on_fault):
            lab = Lab(
                base_url=base_url,
                listening=listening,
                channel=channel,
                data=data,
                home=folders.home,
                shared=folders.shared,
                outputs=folders.outputs,
                template={NAME: start_here(manifest, extract)},
                limits=limits_of(manifest),
                account=folders.account,
                group=folders.group,
                packages=packages and packages.absolute(),
            )
            self._record(server, Event.WORKSPACE_STARTED, data=extract.digest)
            done = run_lab(lab, server.stopping.is_set)
        _keep_words(folders.own / "server.log", done)
        return done

    def _record(self, server: Server, event: Event, **detail: str | int) -> None:
        with transaction(self.platform.application) as tx:
            workspaces.record(tx, event, server.person, server.project, **detail)


def _keep_words(file: Path, done: Completed) -> None:
    """Keep what the server said, for operators; it is the researcher's, and goes into no log of the platform."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(f"{done.ending} {done.returncode}\n".encode() + done.stdout + done.stderr)


def limits_of(manifest: Manifest) -> Limits:
    """What a workspace of a project may use: what a run may, for as long as somebody works in it."""
    limits = manifest.limits
    memory = limits.memory_mebibytes * MEBIBYTE
    return Limits(
        cpu_seconds=CPU_SECONDS,
        resident_bytes=memory,
        file_bytes=limits.output_mebibytes * MEBIBYTE,
        processes=max(limits.processes, FEWEST_PROCESSES),
    )


@contextlib.contextmanager
def servers_of(platform: Platform, on_fault: Callable[[Exception], None]) -> Iterator[Servers]:
    """The workspaces of a platform, all of them stopped when the block is left."""
    made = Servers(platform, on_fault)
    try:
        yield made
    finally:
        made.stop_all()


def _socket_name(person: PersonId, project: str) -> str:
    return hashlib.sha256(f"{hub_name(person)}/{project}".encode()).hexdigest()[:16] + ".s"
