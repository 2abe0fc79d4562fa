"""Projects as code: plan and apply a manifest; and what a project has to work with."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from tre.db.engine import Transaction
from tre.db.tables import Account, AuditEvent, Dataset, Extract, Membership, Project
from tre.domain.audit import Event
from tre.domain.contracts import Contract, parse_contract
from tre.domain.declared import Faulty
from tre.domain.errors import NotFound, Refused
from tre.domain.ledger import AccountId, AccountKind
from tre.domain.manifest import Manifest, contract_faults, parse_manifest
from tre.domain.people import Actor, PersonId
from tre.domain.projects import ProjectState, research_gateway
from tre.services import audit, ledger, people

POPULATION: Final = "residents"
"""The one population whose persons the spine knows. Every dataset that is linked belongs to it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that applying a manifest would do: `add`, `change` or `end`, and to what."""

    verb: str
    subject: str
    sentence: str


def register_dataset(tx: Transaction, actor: Actor, contract_text: str, edition: str) -> Contract:
    """Register one edition of a dataset with its contract; the same again changes nothing.

    Raises:
        Faulty: the contract has faults.
        Refused: `actor` is not an admin, or the edition has been delivered under another contract.
    """
    people.must_be_admin(actor)
    contract = parse_contract(contract_text)
    digest = hashlib.sha256(contract_text.encode()).hexdigest()
    people.must_exist(tx, PersonId(contract.owner))
    known = tx.get(Dataset, (contract.dataset, edition)) or Dataset(id=contract.dataset, edition=edition)
    if known.contract_digest != digest:
        _must_be_undelivered(tx, contract.dataset, edition)
        known.owner_id, known.contract, known.contract_digest = contract.owner, contract_text, digest
        tx.add(known)
        tx.flush()
        ledger.open_account(tx, edition_account(contract.dataset, edition), AccountKind.EDITION)
        audit.record(
            tx, actor, Event.DATASET_REGISTERED, f"dataset:{contract.dataset}@{edition}", contract=digest
        )
    return contract


def _must_be_undelivered(tx: Transaction, dataset: str, edition: str) -> None:
    """The contract is what the owner agreed to when they delivered; nobody changes it under their data."""
    came = select(AuditEvent.id).where(
        AuditEvent.subject == f"dataset:{dataset}@{edition}", AuditEvent.event == Event.DELIVERY_RECEIVED
    )
    if tx.scalar(came.limit(1)) is not None:
        raise Refused(
            "contract_fixed",
            f"Edition '{edition}' of '{dataset}' has been delivered under its contract. Deliver a new edition under the new one.",
        )


def plan(tx: Transaction, text: str) -> list[Change]:
    """Say what applying a manifest would change, without changing anything.

    Raises:
        Faulty: the manifest has faults, all of them named.
        Refused: a gateway does not open a workspace.
        NotFound: it names a dataset edition or a person that nobody has registered.
    """
    manifest = checked_manifest(tx, text)
    project = tx.get(Project, manifest.id)
    changes = []
    if project is None:
        changes.append(Change("add", f"project:{manifest.id}", manifest.title))
    elif project.manifest != text:
        changes.append(
            Change("change", f"project:{manifest.id}", "The manifest differs from the applied one.")
        )
    wanted = {(member.person, member.role) for member in manifest.members}
    held = {(row.person_id, row.role) for row in _members(tx, manifest.id)}
    changes += [Change("add", f"member:{who}", f"{role} from now on") for who, role in sorted(wanted - held)]
    changes += [Change("end", f"member:{who}", f"{role} until now") for who, role in sorted(held - wanted)]
    missing = [name for name, _ in _accounts(manifest) if tx.get(Account, name) is None]
    return changes + [Change("add", f"account:{name}", "a new account of the ledger") for name in missing]


def apply(tx: Transaction, actor: Actor, text: str) -> list[Change]:
    """Make the project what its manifest says; the same again changes nothing.

    Raises:
        Refused: `actor` is not an admin, or a gateway does not open a workspace.
        Faulty: the manifest has faults.
    """
    people.must_be_admin(actor)
    changes = plan(tx, text)
    manifest = parse_manifest(text)
    if not changes:
        return []
    project = tx.get(Project, manifest.id) or Project(id=manifest.id, state=ProjectState.OPEN)
    project.title, project.manifest = manifest.title, text
    project.manifest_digest = hashlib.sha256(text.encode()).hexdigest()
    project.starts_on, project.ends_on = manifest.starts, manifest.ends
    tx.add(project)
    tx.flush()
    _apply_members(tx, actor, manifest)
    for account, kind in _accounts(manifest):
        ledger.open_account(tx, account, kind, manifest.budget if kind is AccountKind.PROJECT else None)
    audit.record(tx, actor, Event.PROJECT_APPLIED, f"project:{manifest.id}", manifest=project.manifest_digest)
    return changes


def checked_manifest(tx: Transaction, text: str) -> Manifest:
    """Read a manifest and check it against what is registered: gateways, dataset editions, people.

    Raises:
        Faulty, Refused, NotFound: as for `plan`.
    """
    manifest = parse_manifest(text)
    for code in (manifest.gateway, *(each.gateway for each in manifest.datasets)):
        research_gateway(code)
    contracts = {each.name: contract_of(tx, each.name, each.edition) for each in manifest.datasets}
    if faults := contract_faults(manifest, contracts):
        raise Faulty("manifest", f"The manifest of '{manifest.id}'", faults)
    for member in manifest.members:
        people.must_exist(tx, member.person)
    return manifest


def contract_of(tx: Transaction, dataset: str, edition: str) -> Contract:
    """Return the registered contract of one edition.

    Raises:
        NotFound: nobody has registered it.
    """
    return parse_contract(contract_text(tx, dataset, edition))


def contract_text(tx: Transaction, dataset: str, edition: str) -> str:
    """Return the registered contract of one edition as it was written.

    Raises:
        NotFound: nobody has registered it.
    """
    row = tx.get(Dataset, (dataset, edition))
    if row is None:
        raise NotFound(
            "no_such_dataset",
            f"Nobody has registered edition '{edition}' of dataset '{dataset}'. Register its contract first.",
        )
    return row.contract


def contracts(tx: Transaction) -> list[Contract]:
    """Every registered contract."""
    return [parse_contract(text) for text in tx.scalars(select(Dataset.contract).order_by(Dataset.id))]


def must_exist(tx: Transaction, project_id: str) -> Project:
    """Return the project.

    Raises:
        NotFound: there is none of that name.
    """
    project = tx.get(Project, project_id)
    if project is None:
        raise NotFound("no_such_project", f"There is no project '{project_id}'. See `tre project list`.")
    return project


def manifest_of(tx: Transaction, project_id: str) -> Manifest:
    """Return the manifest that was applied last."""
    return parse_manifest(must_exist(tx, project_id).manifest)


def extract_of(tx: Transaction, project_id: str) -> Extract:
    """Return the newest extract of a project.

    Raises:
        NotFound: none has been built yet.
    """
    query = select(Extract).where(Extract.project_id == project_id).order_by(Extract.built_at.desc()).limit(1)
    found = tx.scalar(query)
    if found is None:
        raise NotFound(
            "no_extract", f"Project '{project_id}' has no extract yet. An admin runs `tre data extract`."
        )
    return found


def accounts_of(manifest: Manifest) -> list[str]:
    """Return every account that a release of this project is posted to."""
    return sorted(name for name, _ in _accounts(manifest))


def accounts_behind(extract: Extract) -> list[str]:
    """Return every account that a release from this extract is posted to, whatever the manifest says by now."""
    editions = (edition_account(name, edition) for name, edition in extract.editions.items())
    return sorted({f"project:{extract.project_id}", f"population:{extract.population}", *editions})


def edition_account(dataset: str, edition: str) -> AccountId:
    """Name the account of one edition of one dataset."""
    return AccountId(f"edition:{dataset}@{edition}")


def _accounts(manifest: Manifest) -> list[tuple[AccountId, AccountKind]]:
    return [
        (AccountId(f"project:{manifest.id}"), AccountKind.PROJECT),
        (AccountId(f"population:{POPULATION}"), AccountKind.POPULATION),
        *((edition_account(each.name, each.edition), AccountKind.EDITION) for each in manifest.datasets),
    ]


def _members(tx: Transaction, project_id: str) -> Iterable[Membership]:
    return tx.scalars(
        select(Membership).where(Membership.project_id == project_id, Membership.until_at.is_(None))
    )


def _apply_members(tx: Transaction, actor: Actor, manifest: Manifest) -> None:
    wanted = {member.person: member.role for member in manifest.members}
    for row in list(_members(tx, manifest.id)):
        if wanted.get(PersonId(row.person_id)) == row.role:
            wanted.pop(PersonId(row.person_id))
            continue
        row.until_at = audit.clock(tx)
        audit.record(tx, actor, Event.MEMBER_REMOVED, f"project:{manifest.id}", person=row.person_id)
    tx.flush()
    for person, role in wanted.items():
        tx.add(Membership(project_id=manifest.id, person_id=person, role=role))
        audit.record(tx, actor, Event.MEMBER_ADDED, f"project:{manifest.id}", person=person, role=role)
