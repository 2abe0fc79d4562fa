"""Starting the whole platform, watching it, and stopping all of it together."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from tre.cli import demo as demonstration
from tre.cli.speak import say
from tre.domain.errors import Misused, Unavailable
from tre.services import hub, workspaces
from tre.services.platform import Platform, opened
from tre.settings import Settings, read_settings

STOP_SECONDS: Final = 30.0
START_SECONDS: Final = 600.0
PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the platform.

    Attributes:
        command: how it is started; in the hub's own folder where `is_hub`.
        is_up: does it do its work now?
    """

    command: Sequence[str]
    is_up: Callable[[], bool]
    is_hub: bool = False


def parts_of(platform: Platform) -> Mapping[str, Part]:
    """Every part, in the order in which they are started."""
    settings, sockets = platform.settings, workspaces.runtime(platform)
    module = (sys.executable, "-m")
    config = Path(__file__).parents[2] / "hub_config" / "jupyterhub_config.py"
    gateway = (
        "--runtime",
        str(sockets),
        "--portal",
        hub.portal_origin(settings),
        "--hub",
        hub.hub_origin(settings),
    )
    page = ("--portal-page", "/projects/{project}/workspace?open=1")
    return {
        "portal": Part((*module, "tre.web"), lambda: _listens(settings.portal_host, settings.portal_port)),
        "worker": Part((*module, "tre.worker"), lambda: True),
        "workspaces": Part(
            (*module, "tre.worker.workspaces"), lambda: hub.answers_at(sockets / "members.sock", "/healthz")
        ),
        "gateway": Part(
            (*module, "hub_config.gateway", *gateway, *page),
            lambda: (
                hub.answers_at(sockets / "gateway.sock", "/workspaces")
                and (sockets / "gateway.json").exists()
            ),
        ),
        "hub": Part(
            (*module, "jupyterhub", "-f", str(config)),
            lambda: (
                hub.answers_at(sockets / "hub.sock", "/hub/api/")
                and _listens(hub.LOOPBACK, settings.hub_port)
            ),
            is_hub=True,
        ),
    }


NAMES: Final = ("portal", "worker", "workspaces", "gateway", "hub")


def up(
    only: Annotated[
        str | None, typer.Option(help=f"Start only one part: database, {', '.join(NAMES)}.")
    ] = None,
) -> None:
    """Start database, portal, worker, workspaces, gateway and hub, and keep them running until told to stop."""
    if only is not None and only not in {*NAMES, "database"}:
        raise Misused(
            "no_such_part", f"There is no part '{only}'. Name one of: database, {', '.join(NAMES)}."
        )
    settings = read_settings()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with opened(settings) as platform:
        say("Database is up.")
        running: dict[str, subprocess.Popen[bytes]] = {}
        try:
            wanted = {name: part for name, part in parts_of(platform).items() if only in {None, name}}
            begun = time.monotonic()
            for name, part in wanted.items():
                running[name] = _start(platform, part)
            for name, part in wanted.items():
                _wait_for(name, part, running, begun)
            _greet(settings, running)
            _watch(running)
        except (KeyboardInterrupt, SystemExit):
            say("Stopping.")
        finally:
            _stop(running)


def _start(platform: Platform, part: Part) -> subprocess.Popen[bytes]:
    """Start one part, tied to this process."""
    folder = hub.write_plan(platform) if part.is_hub else None
    return subprocess.Popen(part.command, cwd=folder, preexec_fn=_die_with_us(os.getpid()))  # noqa: PLW1509 - one thread


def _wait_for(name: str, part: Part, running: Mapping[str, subprocess.Popen[bytes]], begun: float) -> None:
    """Wait until a part is up, and say so.

    Raises:
        Unavailable: it, or another one, ended instead; or it takes too long.
    """
    _must_run(running)
    while not part.is_up():
        _must_run(running)
        if time.monotonic() - begun > START_SECONDS:
            raise Unavailable(
                "part_slow", f"The {name} did not start within {START_SECONDS:.0f} s. See above."
            )
        time.sleep(0.2)
    say(f"{name.capitalize()} is up ({time.monotonic() - begun:.1f} s).")


def _die_with_us(parent: int) -> Callable[[], None]:
    """What a child does before it becomes a part: ask the kernel to end it when we end, however that comes."""
    library = ctypes.CDLL(None)

    def tie() -> None:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def _greet(settings: Settings, running: Mapping[str, object]) -> None:
    if "portal" in running:
        say(f"Portal: {hub.portal_origin(settings)}/")
        say(demonstration.accounts_text(settings))


def _must_run(running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Raise when a part has ended by itself, which none should."""
    for name, process in running.items():
        if process.poll() is not None:
            raise Unavailable(
                "part_ended", f"The {name} ended ({process.returncode}). See its messages above."
            )


def _watch(running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Wait until a part ends by itself."""
    while True:
        _must_run(running)
        time.sleep(0.5)


def _stop(running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Stop the parts, the last one first: hub and gateway before the workspaces behind them."""
    for process in reversed(list(running.values())):
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
