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
from tre.domain.people import Actor
from tre.services import runs
from tre.services.outputs import asking

POLL_SECONDS = 0.5
Project = Annotated[str, typer.Option(help="The project's identifier.")]


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
    person: AS = None,
    as_json: JSON = False,
) -> None:
    """Compute the platform's verdict on a statistic. A FAIL is an answer too: exit code 0."""
    text = text_of(spec)
    with acting(person) as act:
        report = act.look(lambda tx, actor: _inspection(tx, act, actor, project=project, text=text)).report()
    if as_json:
        show_json(json.loads(report.to_json()))
        return
    say(f"{report.verdict.name}: {len(report.cells)} cells, {int(report.cells['unsafe'].sum())} unsafe.")
    rows = [
        {"rule": each.rule, "cells": len(each.cells), "finding": each.sentence} for each in report.findings
    ]
    show(rows, ("rule", "cells", "finding"), as_json=False)


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


def _inspection(tx: Transaction, act: Acting, actor: Actor, *, project: str, text: str) -> asking.Inspection:
    if actor is OPERATOR:
        return asking.operators_inspection(tx, project, text, platform=act.platform)
    return asking.inspection(tx, actor, project, text, platform=act.platform)


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
