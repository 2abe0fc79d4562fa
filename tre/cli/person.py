"""People: add, trust, suspend, show, list. What makes somebody trusted is proposed by one admin, agreed by another."""

from datetime import datetime
from typing import Annotated

import typer

from tre.cli.acting import AS, JSON, acting
from tre.cli.speak import say, show, show_one
from tre.db.engine import Transaction
from tre.db.tables import Person
from tre.domain.appointments import DECLARATION, AppointmentDecision, Evidence
from tre.domain.people import AccreditationKind, Actor, Capability, PersonId
from tre.services import appointments, people, supervision, views

app = typer.Typer(name="person", help="People and their accreditation.", no_args_is_help=True)
REASON = Annotated[str, typer.Option(help="Why; it stands in the record.")]
Who = Annotated[str, typer.Argument(metavar="PERSON", help="The person's identifier.")]


@app.command()
def add(
    person_id: Who,
    name: Annotated[str, typer.Option(help="The person's name.")],
    organisation: Annotated[str, typer.Option(help="Who they work for.")],
    *,
    capability: Annotated[
        list[Capability] | None, typer.Option(help="Propose that they may do this; may be repeated.")
    ] = None,
    supervisor: Annotated[str | None, typer.Option(help="Who supervises them.")] = None,
    person: AS = None,
) -> None:
    """Add a person. What they are to be trusted with is proposed, and waits for another admin."""
    row = Person(id=person_id, name=name, organisation=organisation, supervisor_id=supervisor)
    wishes = [appointments.capability(PersonId(person_id), word) for word in capability or ()]

    def work(tx: Transaction, actor: Actor) -> list[int]:
        people.add(tx, actor, row)
        return [appointments.propose(tx, actor, wish, reason="On joining").id for wish in wishes]

    with acting(person) as act:
        made = act.do(work)
    say(f"Added {person_id}.")
    for proposal in made:
        _say_proposed(proposal)


@app.command()
def grant(person_id: Who, capability: Capability, reason: REASON, person: AS = None) -> None:
    """Propose that a person may do something on the whole platform."""
    _propose(appointments.capability(PersonId(person_id), capability), reason, person)


@app.command()
def accredit(
    person_id: Who,
    trained_on: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="When training was passed.")
    ],
    qualification: Annotated[str, typer.Option(help="The degree, or years of quantitative research.")],
    agreement: Annotated[str, typer.Option(help="Reference of their organisation's agreement.")],
    *,
    kind: Annotated[AccreditationKind, typer.Option(help="Which accreditation.")] = AccreditationKind.FULL,
    declaration: Annotated[
        str, typer.Option(help="The edition of the declaration they signed.")
    ] = DECLARATION,
    reason: REASON = "The application is complete",
    person: AS = None,
) -> None:
    """Propose to accredit a person: full for five years, provisional for three, from when another admin agrees."""
    evidence = Evidence(trained_on.date(), qualification, declaration, agreement)
    _propose(appointments.accreditation(PersonId(person_id), kind, evidence), reason, person)


@app.command()
def suspend(person_id: Who, person: AS = None) -> None:
    """Suspend a person's accreditation from now on. One admin suffices."""
    with acting(person) as act:
        act.do(lambda tx, actor: people.suspend(tx, actor, PersonId(person_id)))
    say(f"Suspended {person_id}.")


@app.command()
def reinstate(person_id: Who, reason: REASON, person: AS = None) -> None:
    """Propose to lift the suspension of a person's accreditation."""
    _propose(appointments.reinstatement(PersonId(person_id)), reason, person)


@app.command()
def decide(
    proposal: Annotated[int, typer.Argument(metavar="PROPOSAL", help="Its number.")],
    decision: AppointmentDecision,
    reason: REASON,
    person: AS = None,
) -> None:
    """Agree to or refuse another admin's proposal, or withdraw one's own."""
    with acting(person) as act:
        act.do(lambda tx, actor: appointments.decide(tx, actor, proposal, decision, reason=reason))
    say(f"Proposal {proposal}: {decision}.")


@app.command()
def proposals(as_json: JSON = False) -> None:
    """List what is proposed for people, and how it ended."""
    with acting(None) as act:
        rows = act.observe(appointments.listing)
    show(rows, ("id", "person", "appointment", "proposed_by", "decision", "decided_by"), as_json=as_json)


@app.command()
def supervise(
    person_id: Who,
    end: Annotated[bool, typer.Option("--end", help="No longer answer for them.")] = False,
    person: AS = None,
) -> None:
    """Accept to answer for a provisional researcher whom you supervise."""
    service = supervision.end if end else supervision.accept
    with acting(person) as act:
        act.do(lambda tx, actor: service(tx, actor, PersonId(person_id)))
    say(f"You {'no longer ' if end else ''}answer for {person_id}.")


@app.command(name="first-admin")
def first_admin(
    person_id: Who,
    name: Annotated[str, typer.Option(help="The person's name.")],
    organisation: Annotated[str, typer.Option(help="Who they work for.")],
) -> None:
    """Name an admin, as the operator of this machine, while there are fewer than two."""
    row = Person(id=person_id, name=name, organisation=organisation)
    with acting(None) as act:
        act.operate(lambda tx: appointments.name_admin(tx, row))
    say(f"{person_id} is an admin.")


def _propose(wish: appointments.Wish, reason: str, person: str | None) -> None:
    with acting(person) as act:
        made = act.do(lambda tx, actor: appointments.propose(tx, actor, wish, reason=reason).id)
    _say_proposed(made)


def _say_proposed(proposal: int) -> None:
    say(f"Proposed ({proposal}). Another admin agrees with: tre person decide {proposal} agree --reason TEXT")


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
