"""Receipts: verify."""

from pathlib import Path
from typing import Annotated

import typer

from tre.cli.speak import say, warn
from tre.services.records import receipt_faults
from tre.settings import read_settings

app = typer.Typer(name="receipt", help="Receipts of releases.", no_args_is_help=True)


@app.callback()
def _receipt() -> None:
    """Receipts of releases."""


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="A bundle's folder, or its receipt.json.")],
    key: Annotated[
        Path | None, typer.Option(help="The platform's verification key. Never from the bundle.")
    ] = None,
) -> None:
    """Verify a bundle: every file, the inclusion proof and the signature."""
    faults = receipt_faults(path, key or read_settings().home / "keys" / "receipts.vkey")
    for fault in faults:
        warn(fault)
    if faults:
        raise typer.Exit(1)
    say(f"{path} is a genuine release: every file, its place in the log and the signature are right.")
