"""The ledger, as it stands."""

from typing import Annotated

import typer

from tre.cli.acting import JSON, acting
from tre.cli.speak import show
from tre.db.engine import Transaction
from tre.services import projects, views

app = typer.Typer(name="budget", help="The privacy budget and the exact account.", no_args_is_help=True)
COLUMNS = ("account", "cap", "spent", "reserved", "remaining", "exact_releases", "exact_cells")


@app.command(name="show")
def show_(
    project: Annotated[
        str | None, typer.Option(help="Accounts that this project's releases are posted to.")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Accounts of this dataset's editions.")] = None,
    as_json: JSON = False,
) -> None:
    """Show accounts: nano-rho in integers, exact releases and cells."""

    def read(tx: Transaction) -> list[views.View]:
        if project is not None:
            return views.budget(tx, projects.accounts_of(projects.manifest_of(tx, project)))
        return views.budget(tx, None if dataset is None else views.dataset_accounts(tx, dataset))

    with acting(None) as act:
        rows = act.observe(read)
    show(rows, COLUMNS, as_json=as_json)
