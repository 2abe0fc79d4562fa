"""The public register: projects, their people and what has been released. Read by everybody; nothing else is in it."""

from sqlalchemy import func, select

from tre.db.engine import Transaction
from tre.db.tables import Item, LedgerEntry, Membership, Person, Project, Publication, Release, Request
from tre.domain.manifest import Manifest, parse_manifest
from tre.domain.outputs import Mode, State
from tre.domain.projects import GATEWAYS

View = dict[str, object]


def register(tx: Transaction) -> list[View]:
    """Every project with its purpose, people, planned outputs and published releases."""
    return [_project(tx, row) for row in tx.scalars(select(Project).order_by(Project.id)).all()]


def _project(tx: Transaction, row: Project) -> View:
    manifest = parse_manifest(row.manifest)
    releases = _releases(tx, row.id)
    exact = sum(int(str(release["exact_items"])) for release in releases)
    items = exact + sum(int(str(release["noisy_items"])) for release in releases)
    return {
        "id": row.id,
        "title": row.title,
        "state": row.state,
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat(),
        "purpose": manifest.purpose,
        "public_benefit": manifest.public_benefit,
        "gateway": GATEWAYS[manifest.gateway].law,
        "accreditation": manifest.accreditation,
        "datasets": _datasets(manifest),
        "people": _people(tx, row.id),
        "planned_outputs": [each.title for each in manifest.planned_outputs],
        "exact_share": None if items == 0 else exact / items,
        "releases": releases,
    }


def _datasets(manifest: Manifest) -> list[str]:
    return [f"{each.name}, edition {each.edition}" for each in manifest.datasets]


def _people(tx: Transaction, project_id: str) -> list[View]:
    query = (
        select(Person.name, Person.organisation, Membership.role)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.project_id == project_id, Membership.until_at.is_(None))
        .order_by(Membership.id)
    )
    return [
        {"name": name, "organisation": organisation, "role": role}
        for name, organisation, role in tx.execute(query)
    ]


def _releases(tx: Transaction, project_id: str) -> list[View]:
    query = (
        select(Release, Publication, Request)
        .join(Publication, Publication.release_id == Release.id)
        .join(Request, Request.id == Release.request_id)
        .where(Request.project_id == project_id)
        .order_by(Publication.published_at.desc(), Release.id)
    )
    return [
        {
            "id": release.id,
            "published_at": publication.published_at.isoformat(timespec="seconds"),
            "revoked": request.state == State.REVOKED,
            "receipt": publication.receipt_digest,
            "nano_rho": _charged(tx, request),
            **_modes(tx, request),
        }
        for release, publication, request in tx.execute(query).all()
    ]


def _modes(tx: Transaction, request: Request) -> View:
    query = (
        select(Item.mode, func.count().label("items"))
        .where(Item.request_id == request.id, Item.version == request.version)
        .group_by(Item.mode)
    )
    counts = {row.mode: row.items for row in tx.execute(query)}
    return {"noisy_items": counts.get(Mode.NOISY, 0), "exact_items": counts.get(Mode.EXACT, 0)}


def _charged(tx: Transaction, request: Request) -> int:
    """What the release cost the project's own account, in nano-rho."""
    query = (
        select(func.coalesce(func.sum(LedgerEntry.nano_rho), 0))
        .join(Item, Item.id == LedgerEntry.item_id)
        .where(
            Item.request_id == request.id,
            LedgerEntry.kind == "CHARGE",
            LedgerEntry.account_id == f"project:{request.project_id}",
        )
    )
    return int(tx.scalar(query) or 0)
