"""The platform itself: demo, up, worker, status, doctor, fsck, login."""

import os
import sys
from typing import Annotated

import typer

from tre.cli import demo as demonstration
from tre.cli.acting import JSON, acting, ask_password
from tre.cli.speak import say, show, show_json, warn
from tre.cli.up import up
from tre.domain.errors import Refused
from tre.services import health, records, signin
from tre.settings import read_settings


def add_to(app: typer.Typer) -> None:
    """Add the verbs that stand by themselves."""
    for verb in (up, demo, status, doctor, worker, fsck, login):
        app.command(name=verb.__name__)(verb)


def demo(
    people: Annotated[int, typer.Option(min=1_000, help="How many people to invent.")] = 20_000,
) -> None:
    """Run the whole main job on invented people: seven raw sources in, a verified release out."""
    demonstration.run(read_settings(), people)


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
