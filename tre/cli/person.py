"""People: add, accredit, suspend, show, list."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from tre.cli.acting import AS, JSON, acting
from tre.cli.speak import say, show, show_one
from tre.db.tables import Person
from tre.domain.people import AccreditationKind, Capability, PersonId
from tre.services import people, views

app = typer.Typer(name="person", help="People and their accreditation.", no_args_is_help=True)
Who = Annotated[str, typer.Argument(metavar="PERSON", help="The person's identifier.")]


@app.command()
def add(
    person_id: Who,
    name: Annotated[str, typer.Option(help="The person's name.")],
    organisation: Annotated[str, typer.Option(help="Who they work for.")],
    *,
    capability: Annotated[
        list[Capability] | None, typer.Option(help="What they may do; may be repeated.")
    ] = None,
    supervisor: Annotated[str | None, typer.Option(help="Who supervises them.")] = None,
    person: AS = None,
) -> None:
    """Add a person."""
    row = Person(id=person_id, name=name, organisation=organisation, supervisor_id=supervisor)
    with acting(person) as act:
        act.do(lambda tx, actor: people.add(tx, actor, row, frozenset(capability or ())))
    say(f"Added {person_id}.")


@app.command()
def accredit(
    person_id: Who,
    kind: Annotated[AccreditationKind, typer.Option(help="Which accreditation.")] = AccreditationKind.FULL,
    person: AS = None,
) -> None:
    """Accredit a person from now on: full for five years, provisional for three."""
    now = datetime.now(UTC)
    with acting(person) as act:
        act.do(lambda tx, actor: people.accredit(tx, actor, PersonId(person_id), kind, starts=now))
    say(f"Accredited {person_id}.")


@app.command()
def suspend(person_id: Who, person: AS = None) -> None:
    """Suspend a person's accreditation from now on."""
    with acting(person) as act:
        act.do(lambda tx, actor: people.suspend(tx, actor, PersonId(person_id)))
    say(f"Suspended {person_id}.")


@app.command()
def reinstate(person_id: Who, person: AS = None) -> None:
    """Lift the suspension of a person's accreditation."""
    with acting(person) as act:
        act.do(lambda tx, actor: people.reinstate(tx, actor, PersonId(person_id)))
    say(f"Reinstated {person_id}.")


@app.command(name="show")
def show_(person_id: Who, as_json: JSON = False) -> None:
    """Show one person."""
    with acting(None) as act:
        record = act.observe(lambda tx: views.person(tx, PersonId(person_id)))
    show_one(record, as_json=as_json)


@app.command(name="list")
def list_(as_json: JSON = False) -> None:
    """List all people."""
    with acting(None) as act:
        rows = act.observe(views.people_list)
    show(rows, ("id", "name", "organisation", "capabilities", "accredited"), as_json=as_json)
