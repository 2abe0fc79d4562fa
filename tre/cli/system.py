"""The platform itself: demo, up, worker, status, doctor, fsck, login."""

import os
import signal
import subprocess
import sys
import time
from typing import Annotated

import typer

from tre.cli import demo as demonstration
from tre.cli.acting import JSON, acting, ask_password
from tre.cli.speak import say, show, show_json, warn
from tre.domain.errors import Misused, Refused, Unavailable
from tre.services import health, records, signin
from tre.services.platform import opened
from tre.settings import read_settings

PARTS = {"portal": "tre.web", "worker": "tre.worker"}
STOP_SECONDS = 15.0


def add_to(app: typer.Typer) -> None:
    """Add the verbs that stand by themselves."""
    for verb in (up, demo, status, doctor, worker, fsck, login):
        app.command(name=verb.__name__)(verb)


def demo(
    people: Annotated[int, typer.Option(min=1_000, help="How many people to invent.")] = 20_000,
) -> None:
    """Run the whole main job on invented people: seven raw sources in, a verified release out."""
    demonstration.run(read_settings(), people)


def up(
    only: Annotated[
        str | None, typer.Option(help=f"Start only one part: database, {', '.join(PARTS)}.")
    ] = None,
) -> None:
    """Start database, portal and worker, and keep them running until told to stop."""
    if only is not None and only not in {*PARTS, "database"}:
        raise Misused(
            "no_such_part", f"There is no part '{only}'. Name one of: database, {', '.join(PARTS)}."
        )
    settings = read_settings()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with opened(settings):
        say("Database is up.")
        wanted = [name for name in PARTS if only in {None, name}]
        parts = {name: subprocess.Popen([sys.executable, "-m", PARTS[name]]) for name in wanted}
        try:
            if "portal" in parts:
                say(f"Portal: http://{settings.portal_name}:{settings.portal_port}/")
                say(demonstration.accounts_text(settings))
            _watch(parts)
        except (KeyboardInterrupt, SystemExit):
            say("Stopping.")
        finally:
            _stop(parts)


def worker(
    until_idle: Annotated[bool, typer.Option(help="Return when nothing is left to do.")] = False,
) -> None:
    """Do the platform's jobs: checks, trusted runs, releases, the log."""
    command = [sys.executable, "-m", "tre.worker", *(["--until-idle"] if until_idle else [])]
    os.execv(sys.executable, command)  # noqa: S606 - no shell; the worker takes our place, so signals reach it


def status(as_json: JSON = False) -> None:
    """Show whether each part of the platform is at work."""
    rows = health.status(read_settings())
    show(rows, ("part", "up", "sentence"), as_json=as_json)
    if not all(row["up"] for row in rows):
        raise typer.Exit(1)


def doctor(as_json: JSON = False) -> None:
    """Name each thing that is missing on this machine and how to mend it."""
    rows = health.examine(read_settings())
    show(rows, ("check", "ok", "sentence", "mend"), as_json=as_json)
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)


def fsck(as_json: JSON = False) -> None:
    """Check that objects, log, ledger and bundles are whole."""
    with acting(None) as act:
        faults = act.observe(lambda tx: records.faults(tx, act.platform))
        faults += [f"Object {name} is damaged on disk." for name in act.platform.objects.damaged()]
    if as_json:
        show_json(faults)
    for fault in [] if as_json else faults:
        warn(fault)
    if faults:
        raise typer.Exit(1)
    say("Everything is whole.")


def login(person: Annotated[str, typer.Argument(metavar="PERSON", help="Who you are.")]) -> None:
    """Sign in and print a personal token for TRE_TOKEN, valid for twelve hours."""
    password = ask_password()
    with acting(None) as act:
        token = act.sign_in(lambda tx: signin.token_for(tx, person, password))
    if token is None:
        raise Refused(
            "sign_in_failed", "Name and password do not go together, or the account waits. Try again later."
        )
    print(token)  # noqa: T201 - this is the data


def _watch(parts: dict[str, subprocess.Popen[bytes]]) -> None:
    """Wait until a part ends by itself, which none should."""
    while True:
        for name, process in parts.items():
            if process.poll() is not None:
                raise Unavailable(
                    "part_ended", f"The {name} ended ({process.returncode}). See its messages above."
                )
        time.sleep(0.5)


def _stop(parts: dict[str, subprocess.Popen[bytes]]) -> None:
    for process in parts.values():
        process.terminate()
    for process in parts.values():
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
