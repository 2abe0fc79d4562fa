"""Trusted runs and checks on a project's data."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from tre.cli.acting import AS, JSON, OPERATOR, Acting, acting
from tre.cli.project import text_of
from tre.cli.speak import say, show, show_json, warn
from tre.db.engine import Transaction
from tre.domain.errors import BadInput, Misused
from tre.domain.outputs import Method, Protection
from tre.domain.outputs.protection import USUAL_BASE
from tre.domain.people import Actor
from tre.services import runs
from tre.services.outputs import asking

POLL_SECONDS = 0.5
Project = Annotated[str, typer.Option(help="The project's identifier.")]
PROTECT = Annotated[
    str | None, typer.Option(help=f"How an exact table is protected before it leaves: {', '.join(Method)}.")
]
BASE = Annotated[
    int | None, typer.Option(help=f"To what counts are rounded; {USUAL_BASE} if you do not say.")
]


def add_to(app: typer.Typer) -> None:
    """Add the verbs that stand by themselves."""
    app.command(name="run")(run)
    app.command(name="check")(check)


def run(
    notebook: Annotated[Path, typer.Argument(metavar="NOTEBOOK", help="The notebook, .ipynb.")],
    project: Project,
    parameter: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE, the value in JSON; may be repeated.")
    ] = None,
    *,
    person: AS = None,
    as_json: JSON = False,
) -> None:
    """Run a notebook again, trusted: in a clean sandbox on the project's extract."""
    try:
        content = notebook.read_bytes()
    except OSError:
        raise BadInput("no_such_file", f"{notebook} cannot be read. Check its name and rights.") from None
    with acting(person) as act:
        record = trusted_run(act, project, content, _parameters(parameter or []))
    if as_json:
        show_json(record)
    elif record["status"] == "ok":
        say(f"{record['id']} ended well. {record['sentence']}")
    else:
        warn(str(record["sentence"]))
    if record["status"] != "ok":
        raise typer.Exit(1)


def check(
    spec: Annotated[Path, typer.Argument(metavar="SPEC.json", help="A statistic, as Statistic.to_json().")],
    project: Project,
    *,
    protect: PROTECT = None,
    base: BASE = None,
    person: AS = None,
    as_json: JSON = False,
) -> None:
    """Compute the platform's verdict on a statistic, protected if you say how. A FAIL is an answer too: exit code 0."""
    text, protection = text_of(spec), protection_of(protect, base)

    def prepared(tx: Transaction, actor: Actor) -> asking.Inspection:
        return _inspection(tx, act, actor, asked=(project, text, protection))

    with acting(person) as act:
        judged = act.look(prepared).judged()
    report = judged.report
    if as_json:
        show_json(json.loads(report.to_json()))
        return
    say(f"{report.verdict.name}: {len(report.cells)} cells, {int(report.cells['unsafe'].sum())} unsafe.")
    rows = [
        {"rule": each.rule, "cells": len(each.cells), "finding": each.sentence} for each in report.findings
    ]
    show(rows, ("rule", "cells", "finding"), as_json=False)
    if protection is not None:
        say("What would leave:")
        say(judged.printed.decode().rstrip())


def protection_of(method: str | None, base: int | None) -> Protection | None:
    """Read how a table is to be protected.

    Raises:
        BadInput: there is no such way.
        Misused: a base was given for nothing.
    """
    if method is None and base is not None:
        raise Misused("base_of_nothing", "--base belongs to --protect. Say how the table is protected.")
    return None if method is None else Protection.asked(method, base)


def trusted_run(
    act: Acting, project: str, notebook: bytes, parameters: dict[str, object]
) -> dict[str, object]:
    """Ask for a run and wait until it has ended; a worker is started if none is at work."""
    objects = act.platform.objects
    asked = act.do(
        lambda tx, actor: runs.ask(
            tx, actor, project, notebook=notebook, parameters=parameters, objects=objects
        )
    )
    worker = subprocess.Popen([sys.executable, "-m", "tre.worker", "--until-idle"], stderr=subprocess.DEVNULL)
    try:
        while asked.id in act.observe(runs.unfinished) and (worker.poll() or 0) >= 0:  # below: it was killed
            time.sleep(POLL_SECONDS)
    finally:
        worker.wait()
    return act.look(lambda tx, actor: runs.view(tx, actor, asked.id))


def _inspection(
    tx: Transaction, act: Acting, actor: Actor, *, asked: tuple[str, str, Protection | None]
) -> asking.Inspection:
    project, text, protection = asked
    if actor is OPERATOR:
        return asking.operators_inspection(tx, project, text, platform=act.platform, protection=protection)
    return asking.inspection(tx, actor, project, text, platform=act.platform, protection=protection)


def _parameters(given: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise Misused("parameter", f"Write a parameter as NAME=VALUE, not '{each}'.")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found
