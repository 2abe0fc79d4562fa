"""The command line: `tre NOUN VERB`. Each verb parses, opens one transaction, calls one service, prints."""

import sys

import typer

from disclosure.errors import DisclosureError
from tre.cli import audit, budget, data, person, project, receipt, request, run, system
from tre.cli.speak import warn
from tre.domain.errors import TreError

app = typer.Typer(
    name="tre",
    help="A trusted research environment: linked data in, checked and signed statistics out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for noun in (project, person, data, request, budget, receipt, audit):
    app.add_typer(noun.app)
system.add_to(app)
run.add_to(app)


def main() -> None:
    """Run one command. Exit 0 when it is done, 1 when it was refused or failed, 2 when it was called wrongly."""
    try:
        app()
    except TreError as error:
        warn(error.sentence)
        sys.exit(error.exit_code)
    except DisclosureError as error:
        warn(error.sentence)
        sys.exit(1)
