"""Data on its way in, seen from the platform: it hands each piece of work to the one role that may do it."""

from dataclasses import dataclass
from pathlib import Path

from tre.db.address import Role
from tre.db.engine import Transaction
from tre.db.folders import private_folder
from tre.domain.people import Actor
from tre.services import people, projects, stages
from tre.services.platform import Platform
from tre.services.stages import Stage

Answer = dict[str, object]


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


def ingest(tx: Transaction, platform: Platform, actor: Actor, delivery: Delivery) -> Answer:
    """Hand both halves of a delivery to the two roles that may each see one.

    Raises:
        Refused: `actor` is not an admin.
        BadInput: a half is not what the contract says.
    """
    people.must_be_admin(actor)
    contract = projects.contract_text(tx, delivery.dataset, delivery.edition)
    asked = {"contract": contract, "edition": delivery.edition, "actor": actor.id}
    halves = (
        (Role.LINKAGE, "receive-identifiers", delivery.identifiers),
        (Role.EXTRACT, "receive-payload", delivery.payload),
    )
    answer: Answer = {"dataset": delivery.dataset, "edition": delivery.edition}
    for role, name, half in halves:
        said = stages.run(platform, Stage(role, name, {**asked, "file": half.name}, incoming=half))
        answer |= said
    return answer


def link(platform: Platform, actor: Actor, *, retrain: bool = False) -> Answer:
    """Link everything that has been delivered into persons.

    Raises:
        Refused: `actor` is not an admin.
    """
    people.must_be_admin(actor)
    asked = {"population": projects.POPULATION, "retrain": retrain, "actor": actor.id}
    return stages.run(platform, Stage(Role.LINKAGE, "link", asked))


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
    stages.run(platform, Stage(Role.PSEUDONYMS, "pseudonyms", asked))
    contracts = {name: projects.contract_text(tx, name, edition) for name, edition in editions.items()}
    outgoing = private_folder(platform.extracts / project_id)
    asked = {**common, "manifest": project.manifest, "contracts": contracts}
    return stages.run(platform, Stage(Role.EXTRACT, "extract", asked, outgoing=outgoing))
