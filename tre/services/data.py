"""Data on its way in, seen from the platform: it hands each piece of work to the one role that may do it."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from tre.db.address import Role
from tre.db.engine import Transaction
from tre.domain.errors import BadInput, TreError
from tre.domain.people import Actor
from tre.services import people, projects, stages
from tre.services.platform import Platform
from tre.services.stages import Stage

Answer = dict[str, object]
ADULT_YEARS: Final = 18
"""When a person is of age, in years. Source: Family Law Reform Act 1969, section 1."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One edition of one dataset as its owner hands it over, split at source.

    Attributes:
        dataset: its name.
        edition: which delivery this is.
        identifiers: the identifier half, for the linkage role only.
        payload: the payload half, for the extract role only.
    """

    dataset: str
    edition: str
    identifiers: Path
    payload: Path


@dataclass(frozen=True, slots=True)
class Work:
    """Stages to carry out outside of any transaction of ours: they may take hours.

    Attributes:
        rounds: one after another; the stages of one round side by side.
        undo: what to run when a round is refused, if anything has to be taken back.
    """

    rounds: tuple[tuple[Stage, ...], ...]
    undo: Stage | None = None


def carry_out(platform: Platform, work: Work) -> Answer:
    """Run the stages of some work and return what they answered, all together.

    Raises:
        TreError: what a stage refused; the rounds after it have not begun.
    """
    answers: Answer = {}
    try:
        for stages_at_once in work.rounds:
            with ThreadPoolExecutor(len(stages_at_once)) as pool:
                for answer in list(pool.map(lambda stage: stages.run(platform, stage), stages_at_once)):
                    answers |= answer
    except TreError:
        if work.undo is not None:
            stages.run(platform, work.undo)
        raise
    return answers


def ingest(tx: Transaction, actor: Actor, deliveries: Sequence[Delivery]) -> Work:
    """Hand both halves of deliveries to the two roles that may each see one; both examine before either keeps any.

    Raises:
        Refused: `actor` is not an admin.
        NotFound: an edition is not registered.
        BadInput: a half is not a file.
    """
    people.must_be_admin(actor)
    for half in (path for each in deliveries for path in (each.identifiers, each.payload)):
        if not half.is_file():
            raise BadInput("no_such_file", f"{half} is not a file. Name a half that `tre data split` made.")
    told = [
        {
            "contract": projects.contract_text(tx, each.dataset, each.edition),
            "edition": each.edition,
            "file": f"{each.dataset}.parquet",
        }
        for each in deliveries
    ]
    halves: dict[Role, Mapping[Path, str]] = {
        Role.LINKAGE: {each.identifiers: f"{each.dataset}.parquet" for each in deliveries},
        Role.EXTRACT: {each.payload: f"{each.dataset}.parquet" for each in deliveries},
    }

    def both(verb: str) -> tuple[Stage, ...]:
        asked = {"deliveries": told, "actor": actor.id}
        named = {Role.LINKAGE: f"{verb}_identifiers", Role.EXTRACT: f"{verb}_payload"}
        return tuple(Stage(role, name, asked, incoming=halves[role]) for role, name in named.items())

    return Work((both("examine"), both("receive")))


def link(tx: Transaction, actor: Actor, *, retrain: bool = False) -> Work:
    """Link everything that has been delivered into persons.

    Raises:
        Refused: `actor` is not an admin.
    """
    people.must_be_admin(actor)
    adults = [contract for contract in projects.contracts(tx) if contract.adults_only]
    asked = {
        "population": projects.POPULATION,
        "retrain": retrain,
        "actor": actor.id,
        "adults_only": sorted(contract.dataset for contract in adults),
        "adult_born_by": min((_adult_born_by(each.reference_date) for each in adults), default=None),
    }
    return Work(((Stage(Role.LINKAGE, "link_records", asked),),))


def _adult_born_by(day: date) -> str:
    """The latest birthday of somebody who is of age on `day`, in ISO form; born on 29 February counts from 1 March."""
    try:
        return day.replace(year=day.year - ADULT_YEARS).isoformat()
    except ValueError:
        return day.replace(year=day.year - ADULT_YEARS, day=28).isoformat()


def extract(tx: Transaction, platform: Platform, actor: Actor, project_id: str) -> Work:
    """Build a project's extract: keys in one role, payload in another, the map between them dropped.

    Raises:
        Refused: `actor` is not an admin.
        NotFound: there is no such project.
    """
    people.must_be_admin(actor)
    project = projects.must_exist(tx, project_id)
    manifest = projects.manifest_of(tx, project_id)
    editions = {each.name: each.edition for each in manifest.datasets}
    contracts = {name: projects.contract_text(tx, name, edition) for name, edition in editions.items()}
    asked = {
        "population": projects.POPULATION,
        "actor": actor.id,
        "project": project_id,
        "editions": editions,
    }
    built = {**asked, "manifest": project.manifest, "contracts": contracts}
    outgoing = platform.extracts / project_id
    return Work(
        (
            (Stage(Role.PSEUDONYMS, "make_pseudonyms", asked),),
            (Stage(Role.EXTRACT, "build_extract", built, outgoing=outgoing),),
        ),
        undo=Stage(Role.PSEUDONYMS, "forget_pseudonyms", asked),
    )
