"""Projects as code: plan, apply, show, list."""

from pathlib import Path
from typing import Annotated

import typer

from tre.cli.acting import AS, JSON, acting
from tre.cli.speak import say, show, show_one
from tre.domain.errors import BadInput
from tre.services import projects, views

app = typer.Typer(name="project", help="Projects as code.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(metavar="FILE", help="The project's manifest, project.toml.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The project's identifier.")]
COLUMNS = ("verb", "subject", "sentence")


@app.command()
def plan(file: File, as_json: JSON = False) -> None:
    """Show what applying a manifest would change. Changes nothing."""
    with acting(None) as act:
        changes = act.observe(lambda tx: projects.plan(tx, text_of(file)))
    show([vars_of(change) for change in changes], COLUMNS, as_json=as_json)
    if not changes:
        say("Nothing to change.")


@app.command()
def apply(file: File, person: AS = None, as_json: JSON = False) -> None:
    """Make the project what its manifest says. The same again changes nothing."""
    text = text_of(file)
    with acting(person) as act:
        changes = act.do(lambda tx, actor: projects.apply(tx, actor, text))
    show([vars_of(change) for change in changes], COLUMNS, as_json=as_json)
    say("Applied." if changes else "Nothing to change.")


@app.command(name="show")
def show_(name: Name, as_json: JSON = False) -> None:
    """Show one project."""
    with acting(None) as act:
        record = act.observe(lambda tx: views.project(tx, name))
    show_one(record, as_json=as_json)


@app.command(name="list")
def list_(as_json: JSON = False) -> None:
    """List all projects."""
    with acting(None) as act:
        rows = act.observe(views.project_list)
    show(rows, ("id", "title", "state", "starts_on", "ends_on"), as_json=as_json)


def text_of(file: Path) -> str:
    """Return the text of a file.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadInput("no_such_file", f"{file} cannot be read as text. Check its name and rights.") from None


def vars_of(change: projects.Change) -> dict[str, object]:
    """Return a change as a row."""
    return {"verb": change.verb, "subject": change.subject, "sentence": change.sentence}
