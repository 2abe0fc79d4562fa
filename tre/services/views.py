"""What operators and pages show of people, projects and budgets: plain records, read in one transaction."""

from collections.abc import Sequence

from sqlalchemy import select

from tre.db.engine import Transaction
from tre.db.tables import Account, AccreditationRow, Extract, Granted, Membership, Person, Project
from tre.domain.people import PersonId
from tre.services import audit, ledger, people, projects

View = dict[str, object]


def person(tx: Transaction, person_id: PersonId) -> View:
    """One person with capabilities, accreditations and roles."""
    row = people.must_exist(tx, person_id)
    accreditations = tx.scalars(select(AccreditationRow).where(AccreditationRow.person_id == person_id))
    roles = tx.scalars(select(Membership).where(Membership.person_id == person_id))
    return {
        **_person(tx, row),
        "accreditations": [
            {
                "kind": each.kind,
                "starts": each.starts_at,
                "ends": each.ends_at,
                "suspended": each.suspended_at,
            }
            for each in accreditations
        ],
        "roles": [
            {"project": each.project_id, "role": each.role, "from": each.from_at, "until": each.until_at}
            for each in roles
        ],
    }


def people_list(tx: Transaction) -> list[View]:
    """Everybody, a line each."""
    return [_person(tx, row) for row in tx.scalars(select(Person).order_by(Person.id))]


def project(tx: Transaction, project_id: str) -> View:
    """One project with its people, extract and budget."""
    row = projects.must_exist(tx, project_id)
    members = tx.scalars(select(Membership).where(Membership.project_id == row.id).order_by(Membership.id))
    extracts = tx.scalars(select(Extract).where(Extract.project_id == row.id).order_by(Extract.built_at))
    return {
        **_project(row),
        "manifest_digest": row.manifest_digest,
        "members": [
            {"person": each.person_id, "role": each.role, "from": each.from_at, "until": each.until_at}
            for each in members
        ],
        "extracts": [{"id": each.id, "digest": each.digest, "built_at": each.built_at} for each in extracts],
        "budget": budget(tx, projects.accounts_of(projects.manifest_of(tx, row.id))),
    }


def project_list(tx: Transaction) -> list[View]:
    """All projects, a line each."""
    return [_project(row) for row in tx.scalars(select(Project).order_by(Project.id))]


def budget(tx: Transaction, accounts: Sequence[str] | None = None) -> list[View]:
    """Accounts of the ledger, a line each: nano-rho and atto-delta in integers, and the exact account beside them."""
    return [
        {
            "account": each.account,
            "cap": each.cap,
            "spent": each.spent,
            "reserved": each.reserved,
            "remaining": each.remaining,
            "delta_cap": each.delta_cap,
            "delta_spent": each.delta_spent,
            "delta_reserved": each.delta_reserved,
            "exact_releases": each.exact_releases,
            "exact_cells": each.exact_cells,
            "exact_releases_cap": each.exact_releases_cap,
            "exact_cells_cap": each.exact_cells_cap,
        }
        for each in ledger.balances(tx, accounts)
    ]


def dataset_accounts(tx: Transaction, dataset: str) -> list[str]:
    """Every account of any edition of a dataset."""
    return list(
        tx.scalars(select(Account.id).where(Account.id.startswith(f"edition:{dataset}@", autoescape=True)))
    )


def _person(tx: Transaction, row: Person) -> View:
    granted = tx.scalars(
        select(Granted.capability).where(Granted.person_id == row.id).order_by(Granted.capability)
    )
    return {
        "id": row.id,
        "name": row.name,
        "organisation": row.organisation,
        "supervisor": row.supervisor_id,
        "capabilities": list(granted),
        "accredited": people.is_accredited(tx, PersonId(row.id), audit.clock(tx)),
    }


def _project(row: Project) -> View:
    return {
        "id": row.id,
        "title": row.title,
        "state": row.state,
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat(),
    }
