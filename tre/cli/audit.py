"""The audit log: show and verify."""

from typing import Annotated

import typer

from tre.cli.acting import JSON, acting
from tre.cli.speak import say, show, warn
from tre.db.engine import Transaction
from tre.services import audit, records

app = typer.Typer(name="audit", help="The audit log.", no_args_is_help=True)


@app.command(name="show")
def show_(
    subject: Annotated[
        str | None, typer.Option(help="Only lines about this, for example request:ID.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """Show the newest lines."""

    def read(tx: Transaction) -> list[dict[str, object]]:
        return [
            {
                "id": each.id,
                "at": each.at,
                "event": each.event,
                "actor": each.actor,
                "subject": each.subject,
                "detail": each.detail,
            }
            for each in audit.lines(tx, subject=subject)
        ]

    with acting(None) as act:
        rows = act.observe(read)
    show(rows, ("id", "at", "event", "actor", "subject"), as_json=as_json)


@app.command()
def verify() -> None:
    """Recompute the transparency log and the ledger, and compare them with what the database says."""
    with acting(None) as act:
        faults = act.observe(lambda tx: records.faults(tx, act.platform))
    for fault in faults:
        warn(fault)
    if faults:
        raise typer.Exit(1)
    say("The log, its checkpoint, the database and the ledger agree.")
