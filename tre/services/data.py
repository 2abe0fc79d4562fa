"""Data on its way in, seen from the platform: it hands each piece of work to the one role that may do it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from tre.db.address import Role
from tre.db.engine import Transaction
from tre.db.folders import private_folder
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


def ingest(tx: Transaction, platform: Platform, actor: Actor, deliveries: Sequence[Delivery]) -> Answer:
    """Hand both halves of deliveries to the two roles that may each see one; each role keeps all or none.

    Raises:
        Refused: `actor` is not an admin.
        BadInput: a half is not what the contract says.
    """
    people.must_be_admin(actor)
    contracts = {each.dataset: projects.contract_text(tx, each.dataset, each.edition) for each in deliveries}

    def asked(stage: str, role: Role, halves: Mapping[str, Path]) -> Answer:
        told = [
            {"contract": contracts[each.dataset], "edition": each.edition, "file": f"{each.dataset}.parquet"}
            for each in deliveries
        ]
        files = {path: f"{dataset}.parquet" for dataset, path in halves.items()}
        return stages.run(
            platform, Stage(role, stage, {"deliveries": told, "actor": actor.id}, incoming=files)
        )

    identifiers = {each.dataset: each.identifiers for each in deliveries}
    payload = {each.dataset: each.payload for each in deliveries}
    return asked("receive_identifiers", Role.LINKAGE, identifiers) | asked(
        "receive_payload", Role.EXTRACT, payload
    )


def link(tx: Transaction, platform: Platform, actor: Actor, *, retrain: bool = False) -> Answer:
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
    return stages.run(platform, Stage(Role.LINKAGE, "link_records", asked))


def _adult_born_by(day: date) -> str:
    """The latest birthday of somebody who is of age on `day`, in ISO form; born on 29 February counts from 1 March."""
    try:
        return day.replace(year=day.year - ADULT_YEARS).isoformat()
    except ValueError:
        return day.replace(year=day.year - ADULT_YEARS, day=28).isoformat()


def extract(tx: Transaction, platform: Platform, actor: Actor, project_id: str) -> Answer:
    """Build a project's extract: keys in one role, payload in another, the map between them dropped.

    Raises:
        Refused: `actor` is not an admin.
        NotFound: there is no such project, or a delivery is missing.
    """
    people.must_be_admin(actor)
    project = projects.must_exist(tx, project_id)
    manifest = projects.manifest_of(tx, project_id)
    editions = {each.name: each.edition for each in manifest.datasets}
    common = {"population": projects.POPULATION, "actor": actor.id}
    asked = {**common, "project": project_id, "editions": editions}
    stages.run(platform, Stage(Role.PSEUDONYMS, "make_pseudonyms", asked))
    contracts = {name: projects.contract_text(tx, name, edition) for name, edition in editions.items()}
    outgoing = private_folder(platform.extracts / project_id)
    asked = {**common, "manifest": project.manifest, "contracts": contracts}
    return stages.run(platform, Stage(Role.EXTRACT, "build_extract", asked, outgoing=outgoing))
