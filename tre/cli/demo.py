"""`tre demo`: the whole main job on invented people, from seven raw source files to a verified release."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tre.cli.demo_outputs import Outputs
from tre.cli.demo_people import accounts_text, add_people
from tre.cli.demo_stages import Story
from tre.cli.speak import say
from tre.db.engine import Transaction, transaction
from tre.domain.contracts import parse_contract
from tre.domain.errors import NotFound
from tre.domain.manifest import parse_manifest
from tre.domain.people import Actor, PersonId
from tre.linkage.split import split
from tre.services import data, people, projects
from tre.services.data import Delivery
from tre.services.platform import Platform, opened
from tre.settings import Settings
from tre.synthesis import parse_recipe, synthesise

PROJECT: Final = "fuel-poverty"
ADMIN: Final = PersonId("frank.osei")
SEED: Final = 2026

__all__ = ["accounts_text", "run"]


def run(settings: Settings, count: int) -> None:
    """Run every stage; what an earlier demo in this home has done already is kept.

    Raises:
        TreError: a stage failed; what was done stays, and the demo can be run again.
    """
    folder = project_folder()
    with opened(settings) as platform:
        story = Story(platform.home / "demo")
        if not _has_extract(platform):
            _bring_data(platform, story, folder, count)
        else:
            say("The data of an earlier demo are here; going on with them. `make clean` removes them.")
        outputs = Outputs(platform, story, PROJECT, folder / "notebooks" / "fuel_poverty.ipynb")
        outputs.tell()
        story.finish(outputs.released, outputs.bundle)


def project_folder() -> Path:
    """Where the worked project lies: beside the packages in a checkout.

    Raises:
        NotFound: this is not a checkout.
    """
    folder = Path(__file__).resolve().parents[2] / "projects" / PROJECT
    if not folder.is_dir():
        raise NotFound(
            "no_worked_project", f"There is no {folder}. Run the demo from a checkout of the repository."
        )
    return folder


def _has_extract(platform: Platform) -> bool:
    with transaction(platform.application) as tx:
        try:
            projects.extract_of(tx, PROJECT)
        except NotFound:
            return False
    return True


def _bring_data(platform: Platform, story: Story, folder: Path, count: int) -> None:
    """Everything up to the project's extract; what an earlier demo that was cut off has written is used again."""
    sources, halves = platform.home / "demo" / "sources", platform.home / "demo" / "halves"
    with story.stage("Invent people and what seven sources know of them") as counts:
        recipe = parse_recipe((folder / "synthetic.toml").read_text())
        if not sources.exists():
            counts.update(synthesise(count, SEED, sources, recipe).rows)
    with story.stage("Add people, contracts and the project") as counts:
        counts.update(_set_up(platform, folder))
    contracts = {path.stem: parse_contract(path.read_text(), path.name) for path in _contracts(folder)}
    with story.stage("Split each source at its owner's into identifiers and payload") as counts:
        for name, contract in contracts.items():
            if not (halves / name).exists():
                counts[name] = split(sources / f"{name}.parquet", contract, halves / name).rows
    with story.stage("Ingest: identifiers to the linkage role, payload to the extract role") as counts:
        counts.update(_ingest(platform, {name: halves / name for name in contracts}))
    with story.stage("Link records into persons") as counts:
        counts.update(_carried_out(platform, data.link))
    with story.stage("Make study ids and build the project's extract") as counts:
        counts.update(_carried_out(platform, lambda tx, admin: data.extract(tx, platform, admin, PROJECT)))


def _set_up(platform: Platform, folder: Path) -> dict[str, object]:
    with transaction(platform.application) as tx:
        added = add_people(tx, platform, folder / "people.toml")
        admin = people.actor_of(tx, ADMIN)
        for path in _contracts(folder):
            projects.register_dataset(tx, admin, path.read_text(), _edition(folder))
        changes = projects.apply(tx, admin, (folder / "project.toml").read_text())
    return {"people": added, "contracts": len(_contracts(folder)), "project_changes": len(changes)}


def _ingest(platform: Platform, halves: dict[str, Path]) -> dict[str, object]:
    edition = _edition(project_folder())
    deliveries = [
        Delivery(name, edition, half / "identifiers.parquet", half / "payload.parquet")
        for name, half in halves.items()
    ]
    answer = _carried_out(platform, lambda tx, admin: data.ingest(tx, admin, deliveries))
    return {"deliveries": len(deliveries), **_rows(answer["rows"])}


def _rows(by_name: object) -> dict[str, object]:
    """How many rows, in all, of a stage's answer."""
    return {"rows": sum(by_name.values())} if isinstance(by_name, dict) else {}


def _carried_out(platform: Platform, plan: Callable[[Transaction, Actor], data.Work]) -> data.Answer:
    """Plan in one transaction, then let the separated roles work outside of it."""
    with transaction(platform.application) as tx:
        work = plan(tx, people.actor_of(tx, ADMIN))
    return data.carry_out(platform, work)


def _contracts(folder: Path) -> list[Path]:
    return sorted((folder / "contracts").glob("*.toml"))


def _edition(folder: Path) -> str:
    return parse_manifest((folder / "project.toml").read_text()).datasets[0].edition
