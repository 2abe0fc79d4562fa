"""Data: synthesise, split, ingest, link, extract."""

from pathlib import Path
from typing import Annotated

import typer

from tre.cli.acting import AS, JSON, About, acting
from tre.cli.project import text_of
from tre.cli.speak import say, show_one
from tre.domain.audit import Event
from tre.domain.contracts import parse_contract
from tre.linkage.split import split as split_source
from tre.services import data, projects
from tre.services.data import Delivery
from tre.synthesis import parse_recipe
from tre.synthesis import synthesise as make_population

app = typer.Typer(name="data", help="Data on its way in.", no_args_is_help=True)
Contract = Annotated[Path, typer.Option(help="The data contract of this source.")]
Edition = Annotated[str, typer.Option(help="Which delivery this is, for example 2016-05.")]
Out = Annotated[Path, typer.Option(help="A folder to make.")]


@app.command()
def synthesise(
    out: Out,
    *,
    people: Annotated[int, typer.Option(min=500, help="How many people to invent.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same bytes.")] = 1,
    recipe: Annotated[Path, typer.Option(help="What they are like.")] = Path(
        "projects/fuel-poverty/synthetic.toml"
    ),
    as_json: JSON = False,
) -> None:
    """Invent people and what seven sources know about them; the truth is kept apart."""
    summary = make_population(people, seed, out, parse_recipe(text_of(recipe)))
    show_one({"people": summary.people, "households": summary.households, **summary.rows}, as_json=as_json)


@app.command()
def split(
    source: Annotated[Path, typer.Argument(help="The source, Parquet or CSV.")],
    contract: Contract,
    out: Out,
    as_json: JSON = False,
) -> None:
    """Split one source at its owner's: identifiers and payload part here, under a random key."""
    report = split_source(source, parse_contract(text_of(contract), contract.name), out)
    show_one(
        {
            "dataset": report.dataset,
            "rows": report.rows,
            "identifiers": report.identifiers,
            "payload": report.payload,
            "row_keys": report.row_keys,
            "kept_back": list(report.kept_back),
            "not_known": report.not_known,
            "outside": report.outside,
        },
        as_json=as_json,
    )


@app.command()
def register(contract: Contract, edition: Edition, person: AS = None) -> None:
    """Register one edition of a dataset with its contract."""
    text = text_of(contract)
    with acting(person) as act:
        known = act.do(lambda tx, actor: projects.register_dataset(tx, actor, text, edition))
    say(f"Registered {known.dataset}@{edition}.")


@app.command()
def ingest(
    dataset: Annotated[str, typer.Argument(help="The dataset's name.")],
    edition: Edition,
    *,
    identifiers: Annotated[Path, typer.Option(help="The identifier half, for the linkage role only.")],
    payload: Annotated[Path, typer.Option(help="The payload half, for the extract role only.")],
    person: AS = None,
    as_json: JSON = False,
) -> None:
    """Take in both halves of a delivery, each by the one role that may see it."""
    delivery = Delivery(dataset, edition, identifiers, payload)
    with acting(person) as act:
        about = About(Event.DELIVERY_REFUSED, f"dataset:{dataset}@{edition}")
        answer = act.carry_out(lambda tx, actor: data.ingest(tx, actor, [delivery]), about)
    show_one(answer, as_json=as_json)


@app.command()
def link(
    retrain: Annotated[bool, typer.Option(help="Train the model anew.")] = False,
    person: AS = None,
    as_json: JSON = False,
) -> None:
    """Link everything that has been delivered into persons."""
    with acting(person) as act:
        answer = act.carry_out(lambda tx, actor: data.link(tx, actor, retrain=retrain))
    show_one(answer, as_json=as_json)


@app.command()
def extract(
    project: Annotated[str, typer.Option(help="The project's identifier.")],
    person: AS = None,
    as_json: JSON = False,
) -> None:
    """Build a project's extract, with study ids that no other project uses."""
    with acting(person) as act:
        answer = act.carry_out(lambda tx, actor: data.extract(tx, act.platform, actor, project))
    show_one(answer, as_json=as_json)
