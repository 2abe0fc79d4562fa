"""Output requests: submit, list, show, vote, withdraw, fetch. Only the worker releases."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from disclosure.dp import PRECISIONS
from tre.cli.acting import ACCESS, AS, JSON, OPERATOR, About, acting
from tre.cli.project import text_of
from tre.cli.run import BASE, PROTECT, protection_of
from tre.cli.speak import say, show, show_json, show_one
from tre.db.engine import Transaction, transaction
from tre.domain.audit import Event
from tre.domain.errors import BadInput, Misused, Refused, Unavailable
from tre.domain.ledger import ExactReason
from tre.domain.outputs import ChartKind, Decision, Mode, Picture, State
from tre.domain.people import Actor
from tre.services import projects, records
from tre.services.outputs import pricing
from tre.services.outputs import show as shown
from tre.services.outputs import vote as voting
from tre.services.outputs.admission import default_mode
from tre.services.outputs.asking import Precision, ask_for
from tre.services.outputs.submit import Ask, Submission
from tre.services.outputs.submit import submit as submit_request

app = typer.Typer(name="request", help="Output requests.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The request's identifier.")]
Reason = Annotated[str, typer.Option(help="Why. The author reads it when the request is decided.")]
CHART = Annotated[
    str | None, typer.Option(help=f"The chart that goes with each table: {', '.join(ChartKind)}.")
]
DEFAULT_PRECISION = "standard"


@app.command()
def submit(
    spec: Annotated[list[Path], typer.Argument(metavar="SPEC.json...", help="As Statistic.to_json().")],
    project: Annotated[str, typer.Option(help="The project's identifier.")],
    title: Annotated[str, typer.Option(help="What the request is called.")],
    context: Annotated[str, typer.Option(help="What it is for and whom it describes.")],
    *,
    mode: Annotated[
        Mode | None, typer.Option(help="With noise or exact; by default as the data's regime says.")
    ] = None,
    rho: Annotated[float | None, typer.Option(help="Cost of each noisy table, in rho.")] = None,
    epsilon: Annotated[float | None, typer.Option(help="The same in epsilon.")] = None,
    precision: Annotated[str | None, typer.Option(help=f"Or one of: {', '.join(PRECISIONS)}.")] = None,
    reason: Annotated[ExactReason, typer.Option(help="Why it must be exact.")] = ExactReason.UNSTATED,
    protect: PROTECT = None,
    base: BASE = None,
    chart: CHART = None,
    run: Annotated[str | None, typer.Option(help="The trusted run whose tables are asked about.")] = None,
    again: Annotated[str | None, typer.Option(help="The returned request that this replaces.")] = None,
    person: AS = None,
    as_json: JSON = False,
) -> None:
    """Submit statistics for checking, review and release."""
    texts, picture = [text_of(path) for path in spec], None if chart is None else Picture.from_text(chart)
    chosen, protection = Precision(rho=rho, epsilon=epsilon, name=precision), protection_of(protect, base)

    def work(tx: Transaction, actor: Actor) -> str:
        exact_reason = reason if (mode or default_mode(tx, project)) is Mode.EXACT else None
        asked = [_ask(tx, project, text, exact_reason=exact_reason, chosen=chosen) for text in texts]
        asks = tuple(replace(one, protection=protection, picture=picture) for one in asked)
        return submit_request(tx, actor, Submission(project, title, context, asks, run=run, again=again)).id

    with acting(person) as act:
        request = act.do(work, About(Event.REQUEST_REFUSED, f"project:{project}"))
        record = act.observe(lambda tx: shown.request_view(tx, OPERATOR, request))
    if as_json:
        show_json(record)
    else:
        say(f"Submitted as {request}. The worker checks it next; see `tre request show {request}`.")


@app.command()
def price(
    spec: Annotated[Path, typer.Argument(metavar="SPEC.json", help="As Statistic.to_json().")],
    project: Annotated[str, typer.Option(help="The project's identifier.")],
    *,
    rho: Annotated[float | None, typer.Option(help="At this cost, in rho.")] = None,
    epsilon: Annotated[float | None, typer.Option(help="Or at this epsilon.")] = None,
    precision: Annotated[str | None, typer.Option(help=f"Or one of: {', '.join(PRECISIONS)}.")] = None,
    person: AS = None,
    as_json: JSON = False,
) -> None:
    """Say what a noisy release would cost, what would be left, and how near it would be. Nothing is spent.

    Without a precision every one of the menu is shown.
    """
    text, chosen = text_of(spec), Precision(rho=rho, epsilon=epsilon, name=precision)
    with acting(person) as act:
        rows = act.look(lambda tx, actor: pricing.prices(tx, actor, project, text, precision=chosen))
    shown_columns = (
        "precision",
        "nano_rho",
        "epsilon",
        "half_width_95",
        "relative_error_95",
        "remaining_after",
        "affordable",
    )
    show(rows, shown_columns, as_json=as_json)


@app.command(name="list")
def list_(
    project: Annotated[str | None, typer.Option(help="Only this project's.")] = None,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    person: AS = None,
    as_json: JSON = False,
) -> None:
    """List requests, newest first."""
    with acting(person) as act:
        rows = act.look(lambda tx, actor: shown.listing(tx, actor, project=project, state=state))
    show(rows, ("id", "project", "author", "title", "state"), as_json=as_json)


@app.command(name="show")
def show_(request_id: Id, person: AS = None, as_json: JSON = False) -> None:
    """Show one request: items, verdicts, findings, votes as far as they are open, history."""
    with acting(person) as act:
        record = act.look(lambda tx, actor: shown.request_view(tx, actor, request_id))
    show_one(record, as_json=as_json)


@app.command()
def vote(
    request_id: Id,
    decision: Annotated[Decision, typer.Argument(help="What you say of this version.")],
    reason: Reason,
    *,
    person: AS = None,
    as_json: JSON = False,
) -> None:
    """Cast one sealed vote on the request's present version."""
    with acting(person) as act:
        state = act.do(
            lambda tx, actor: voting.cast(tx, actor, request_id, decision, reason=reason),
            About(Event.VOTE_REFUSED, f"request:{request_id}"),
        )
    if as_json:
        show_json({"request": request_id, "state": state})
    else:
        say(f"Your vote is in. The request is {state}.")


@app.command()
def withdraw(request_id: Id, person: AS = None) -> None:
    """Withdraw your own request for good and give back what it holds."""
    with acting(person) as act:
        act.do(lambda tx, actor: voting.withdraw(tx, actor, request_id))
    say("Withdrawn.")


@app.command()
def fetch(
    request_id: Id,
    out: Annotated[Path, typer.Option(help="A folder that does not exist yet.")],
    person: AS = None,
) -> None:
    """Fetch the bundle of a released request."""
    if out.exists():
        raise BadInput("out_exists", f"{out} exists already. Name a folder that does not.")
    with acting(person) as act:
        with act.recorded(ACCESS), transaction(act.platform.application) as tx:
            release = shown.release_of(tx, act.reader(tx), request_id)
        copy_bundle(act.platform.releases / release, out, key=act.platform.public_key)
    say(f"Fetched to {out}. Check it with `tre receipt verify {out}`.")


def copy_bundle(bundle: Path, out: Path, *, key: Path) -> None:
    """Copy a bundle; the folder `out` is there whole and verified, or not at all.

    Raises:
        Refused: what lies in the releases' folder is not what was released.
        Unavailable: it could not be written.
    """
    partial = out.with_name(f".{out.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(bundle, partial)
        _must_verify(partial, bundle.name, key)
        partial.rename(out)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise Unavailable(
            "not_fetched",
            f"The bundle could not be written to {out} ({error.strerror or type(error).__name__}). "
            "Make room or name another folder, and fetch it again.",
        ) from None


def _ask(
    tx: Transaction, project: str, text: str, *, exact_reason: ExactReason | None, chosen: Precision
) -> Ask:
    if exact_reason is not None:
        if chosen != Precision():
            raise Misused(
                "precision_of_exact",
                "An exact release has no precision. Leave out --rho, --epsilon, --precision.",
            )
        return ask_for(text, exact_reason, None)
    population = projects.manifest_of(tx, project).linkage.population
    return ask_for(text, None, chosen.nano(population))


def _must_verify(copied: Path, release: str, key: Path) -> None:
    if faults := records.receipt_faults(copied, key):
        shutil.rmtree(copied, ignore_errors=True)
        raise Refused(
            "bundle_damaged",
            f"Release '{release}' does not verify, so nothing was fetched: {faults[0]} An admin runs `tre audit verify`.",
        )
