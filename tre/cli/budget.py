"""The ledger as it stands, its statements, and changes of caps."""

from pathlib import Path
from typing import Annotated

import typer

from tre.cli.acting import AS, JSON, About, acting
from tre.cli.speak import say, show, show_json
from tre.db.engine import Transaction
from tre.domain.audit import Event
from tre.domain.caps import CapDecision, CapUnit
from tre.domain.errors import Misused
from tre.services import caps, projects, statements, views
from tre.services.outputs import idle
from tre.services.statements import Format, Subject

app = typer.Typer(name="budget", help="The privacy budget and the exact account.", no_args_is_help=True)
raising = typer.Typer(
    name="raise", help="Another cap for an account: always two people.", no_args_is_help=True
)
app.add_typer(raising)
COLUMNS = ("account", "cap", "spent", "reserved", "remaining", "exact_releases", "exact_cells")
PROPOSALS = ("id", "account", "unit", "before", "after", "proposed_by", "decision", "decided_by", "reason")
PROJECT = Annotated[
    str | None, typer.Option("--project", help="Accounts that this project's releases are posted to.")
]
DATASET = Annotated[str | None, typer.Option("--dataset", help="Accounts of this dataset's editions.")]
Account = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="Such as project:NAME; see `tre budget show`.")
]
Proposal = Annotated[int, typer.Argument(metavar="PROPOSAL", help="Its number; see `tre budget raise list`.")]
Reason = Annotated[str, typer.Option(help="Why.")]


@app.command(name="show")
def show_(project: PROJECT = None, dataset: DATASET = None, as_json: JSON = False) -> None:
    """Show accounts: nano-rho in integers, exact releases and cells."""

    def read(tx: Transaction) -> list[views.View]:
        if project is not None:
            return views.budget(tx, projects.accounts_of(projects.manifest_of(tx, project)))
        return views.budget(tx, None if dataset is None else views.dataset_accounts(tx, dataset))

    with acting(None) as act:
        rows = act.observe(read)
    show(rows, COLUMNS, as_json=as_json)


@app.command()
def statement(
    project: PROJECT = None,
    dataset: DATASET = None,
    population: Annotated[str | None, typer.Option(help="The account of this population.")] = None,
    form: Annotated[Format, typer.Option("--format", help="Of the statement.")] = Format.JSON,
    *,
    as_json: JSON = False,
    out: Annotated[Path | None, typer.Option(help="Write it to this file instead of the screen.")] = None,
) -> None:
    """Write what has been spent of a project's, a dataset's or a population's accounts, line by line and over time."""
    named = {
        Subject.PROJECT: project,
        Subject.DATASET: dataset,
        Subject.POPULATION: population,
    }
    chosen = [(subject, name) for subject, name in named.items() if name is not None]
    wanted = Format.JSON if as_json else form
    if len(chosen) != 1:
        raise Misused("one_subject", "Name one of --project, --dataset and --population.")
    with acting(None) as act:
        text = act.observe(lambda tx: statements.written(statements.of(tx, *chosen[0]), wanted))
    if out is None:
        print(text, end="")  # noqa: T201 - this is the data
    else:
        out.write_text(text, encoding="utf-8")
        say(f"Written to {out}.")


@app.command()
def expire(person: AS = None, as_json: JSON = False) -> None:
    """Give back what requests hold on which nobody has worked for 30 days; the worker does it every night."""
    with acting(person) as act:
        names = act.do(idle.expire)
    if as_json:
        show_json(names)
    else:
        say(f"{len(names)} requests were returned to their authors.")


@raising.command()
def propose(
    account: Account,
    reason: Reason,
    to: Annotated[int, typer.Option(help="The cap that is wanted.")],
    *,
    unit: Annotated[CapUnit, typer.Option(help="What the cap counts.")] = CapUnit.NANO_RHO,
    lower: Annotated[bool, typer.Option("--lower", help="A lower cap is meant.")] = False,
    person: AS = None,
    as_json: JSON = False,
) -> None:
    """Propose another cap. Nothing changes before another eligible person approves it."""
    wish = caps.Wish(account, unit, to, lower=lower)
    with acting(person) as act:
        number = act.do(lambda tx, actor: caps.propose(tx, actor, wish, reason=reason).id, _refused(account))
    if as_json:
        show_json({"proposal": number})
    else:
        say(f"Proposed as {number}. Somebody else decides: `tre budget raise approve {number}`.")


@raising.command()
def approve(proposal: Proposal, reason: Reason, person: AS = None) -> None:
    """Approve somebody else's proposal; the cap is changed at once, and releases that waited for room go on."""
    _decide(proposal, CapDecision.APPROVE, reason, person)
    say("Approved. The cap is changed.")


@raising.command()
def refuse(proposal: Proposal, reason: Reason, person: AS = None) -> None:
    """Refuse somebody else's proposal."""
    _decide(proposal, CapDecision.REFUSE, reason, person)
    say("Refused. The cap stays.")


@raising.command()
def withdraw(proposal: Proposal, reason: Reason, person: AS = None) -> None:
    """Withdraw your own proposal."""
    _decide(proposal, CapDecision.WITHDRAW, reason, person)
    say("Withdrawn. The cap stays.")


@raising.command(name="list")
def list_(
    account: Annotated[str | None, typer.Option(help="Only this account's.")] = None, as_json: JSON = False
) -> None:
    """List proposals and how they ended, newest first."""
    with acting(None) as act:
        rows = act.observe(lambda tx: caps.listing(tx, account))
    show(rows, PROPOSALS, as_json=as_json)


def _decide(proposal: int, decision: CapDecision, reason: str, person: str | None) -> None:
    with acting(person) as act:
        act.do(
            lambda tx, actor: caps.decide(tx, actor, proposal, decision, reason=reason),
            _refused(f"proposal {proposal}"),
        )


def _refused(about: str) -> About:
    return About(Event.COMMAND_REFUSED, f"account:{about}")
