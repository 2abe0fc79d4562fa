"""The work of the three roles that never meet. Each function runs as its role, in a confined process of its own.

linkage: identifiers and spine. pseudonyms: spine and keys. extract: payload and, for a moment, row keys with study ids.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psycopg import sql
from sqlalchemy import delete, select

from tre.db.address import Role
from tre.db.bulk import copy_in, copy_out
from tre.db.engine import Transaction
from tre.db.tables import (
    Extract,
    IdentifierDelivery,
    LinkageRun,
    PayloadDelivery,
    PopulationKey,
    ProjectKey,
    SpineRow,
    StudyMap,
)
from tre.domain import canonical
from tre.domain.audit import Event
from tre.domain.contracts import Contract, parse_contract
from tre.domain.errors import BadInput, NotFound
from tre.domain.manifest import parse_manifest
from tre.domain.people import Actor, PersonId
from tre.linkage import pseudonyms
from tre.linkage.deidentify import inspect_identifiers, inspect_payload
from tre.linkage.extract import ExtractPlan, build_extract
from tre.linkage.match import TrainedModel, link
from tre.linkage.model import LinkageSettings
from tre.linkage.spine import extend
from tre.services import audit
from tre.services.dictionary import linked_dictionary
from tre.services.stages import INCOMING, OUTGOING, VAULT
from tre.vault.sealed import seal, unseal_to

Arguments = Mapping[str, Any]  # what another process said in JSON; each stage reads the keys it knows
Answer = dict[str, object]
KEY_BYTES: Final = 32
WORKING: Final = Path("/tmp")  # noqa: S108 - inside a confinement: private, in memory, gone with the process


@dataclass(frozen=True, slots=True)
class Work:
    """One stage: as whom it runs and what it does."""

    role: Role
    work: Callable[[Transaction, Arguments], Answer]


def receive_identifiers(tx: Transaction, arguments: Arguments) -> Answer:
    """Take one delivery's identifier half: inspect it, seal it, remember its key.

    Raises:
        BadInput: the half is not what its contract says; nothing is kept.
    """
    contract = parse_contract(arguments["contract"])
    report = inspect_identifiers(_incoming(arguments), contract)
    return _receive(tx, arguments, IdentifierDelivery(), contract, report.rows)


def receive_payload(tx: Transaction, arguments: Arguments) -> Answer:
    """Take one delivery's payload half: inspect it, seal it, remember its key.

    Raises:
        BadInput: the half is not what its contract says; nothing is kept.
    """
    contract = parse_contract(arguments["contract"])
    report = inspect_payload(_incoming(arguments), contract)
    return {**_receive(tx, arguments, PayloadDelivery(), contract, report.rows), "outside": report.outside}


def link_records(tx: Transaction, arguments: Arguments) -> Answer:
    """Link every identifier delivery that is held into persons, keeping the person ids of the run before.

    Raises:
        NotFound: nothing has been delivered.
    """
    deliveries = _held(tx, IdentifierDelivery)
    halves = {row.dataset: _unsealed(row) for row in deliveries}
    known = tx.scalar(select(LinkageRun).order_by(LinkageRun.ran_at.desc()).limit(1))
    trained = None if known is None or arguments.get("retrain") else TrainedModel(**known.model)
    found = link(halves, LinkageSettings(), model=trained)
    editions = {row.dataset: row.edition for row in deliveries}
    change = extend(found.clusters, _previous_spine(tx))
    tx.execute(delete(SpineRow))
    rows = change.spine
    labels = [editions[name] for name in rows.column("dataset").to_pylist()]
    copy_in(tx, "linkage.spine", rows.append_column("edition", [labels]))
    quality = {"records": found.records, "pairs": found.pairs, "persons": change.kept + change.new}
    tx.add(
        LinkageRun(
            id=secrets.token_hex(8),
            population=arguments["population"],
            deliveries={row.id: row.digest for row in deliveries},
            model={"design": found.model.design, "parameters": found.model.parameters},
            quality={**quality, "pairs_by_bits": [list(pair) for pair in found.pairs_by_bits]},
        )
    )
    audit.record(tx, _actor(arguments), Event.LINKAGE_RUN, f"population:{arguments['population']}", **quality)
    return {**quality, "kept": change.kept, "merged": len(change.merged), "split": len(change.split)}


def make_pseudonyms(tx: Transaction, arguments: Arguments) -> Answer:
    """Make the study ids and audit keys of one project, and leave them for the extract to fetch."""
    project = arguments["project"]
    keys = _keys(tx, project, arguments["population"])
    wanted = sql.SQL(", ").join(
        sql.SQL("({}, {})").format(sql.Literal(name), sql.Literal(edition))
        for name, edition in arguments["editions"].items()
    )
    columns = ("dataset", "row_key", "person_id")
    query = sql.SQL(
        "SELECT dataset, replace(row_key::text, '-', ''), person_id::text FROM linkage.spine WHERE (dataset, edition) IN ({})"
    )
    spine = copy_out(tx, query.format(wanted), columns)
    mapped = pseudonyms.study_map(spine, *keys)
    tx.execute(delete(StudyMap).where(StudyMap.project_id == project))
    copy_in(tx, "pseudonyms.study_map", mapped.append_column("project_id", [[project] * mapped.num_rows]))
    audit.record(tx, _actor(arguments), Event.PSEUDONYMS_MADE, f"project:{project}", rows=mapped.num_rows)
    return {"rows": mapped.num_rows}


def build(tx: Transaction, arguments: Arguments) -> Answer:
    """Build one project's extract from payload and study ids, and drop the study map.

    Raises:
        NotFound: a payload delivery is missing, or no study ids were made.
    """
    manifest = parse_manifest(arguments["manifest"])
    contracts = {name: parse_contract(text) for name, text in arguments["contracts"].items()}
    editions = {each.name: each.edition for each in manifest.datasets}
    held = {
        row.dataset: row for row in _held(tx, PayloadDelivery) if editions.get(row.dataset) == row.edition
    }
    missing = sorted(editions.keys() - held.keys())
    if missing:
        raise NotFound(
            "no_delivery", f"No payload of {', '.join(missing)} has been delivered. Ingest it first."
        )
    mapped = _study_map(tx, manifest.id)
    payloads = {name: _unsealed(row) for name, row in held.items()}
    name, outgoing = f"{manifest.id}-{secrets.token_hex(6)}", Path(OUTGOING)
    report = build_extract(
        payloads,
        mapped,
        ExtractPlan.of(manifest),
        out=outgoing / name,
        audit=outgoing / f"{name}.audit.parquet",
    )
    tx.execute(delete(StudyMap).where(StudyMap.project_id == manifest.id))
    tables = {
        table: {
            "path": f"{manifest.id}/{name}/{written.path.name}",
            "digest": written.digest,
            "rows": written.rows,
        }
        for table, written in report.tables.items()
    }
    tables[manifest.linkage.table]["dictionary"] = linked_dictionary(manifest, contracts).to_json()
    digest = canonical.digest({table: written.digest for table, written in report.tables.items()})
    tx.add(
        Extract(
            id=name,
            project_id=manifest.id,
            population=arguments["population"],
            editions=editions,
            tables=tables,
            digest=digest,
        )
    )
    audit.record(tx, _actor(arguments), Event.EXTRACT_BUILT, f"project:{manifest.id}", extract=digest)
    rows = {table: written.rows for table, written in report.tables.items()}
    return {"extract": name, "digest": digest, "tables": rows, "unlinked": dict(report.unlinked)}


STAGES: Final[Mapping[str, Work]] = {
    "receive-identifiers": Work(Role.LINKAGE, receive_identifiers),
    "link": Work(Role.LINKAGE, link_records),
    "pseudonyms": Work(Role.PSEUDONYMS, make_pseudonyms),
    "receive-payload": Work(Role.EXTRACT, receive_payload),
    "extract": Work(Role.EXTRACT, build),
}
"""Every stage by name. A stage's process logs in as the stage's role, so it cannot do another role's work."""


def _receive(
    tx: Transaction,
    arguments: Arguments,
    row: IdentifierDelivery | PayloadDelivery,
    contract: Contract,
    rows: int,
) -> Answer:
    key = secrets.token_bytes(KEY_BYTES)
    row.id, row.dataset, row.edition = secrets.token_hex(8), contract.dataset, arguments["edition"]
    row.rows, row.data_key = rows, key
    with _incoming(arguments).open("rb") as stream:
        row.digest = hashlib.file_digest(stream, "sha256").hexdigest()
    known = tx.scalar(
        select(type(row)).where(type(row).dataset == row.dataset, type(row).edition == row.edition)
    )
    if known is not None:
        raise BadInput(
            "delivered_already",
            f"Edition '{row.edition}' of '{row.dataset}' is here already. Deliver a new edition.",
        )
    seal(_incoming(arguments), Path(VAULT) / f"{row.id}.sealed", key=key, label=_label(row))
    tx.add(row)
    audit.record(
        tx, _actor(arguments), Event.DELIVERY_RECEIVED, f"dataset:{row.dataset}@{row.edition}", rows=rows
    )
    return {"delivery": row.id, "rows": rows}


def _held(
    tx: Transaction, kind: type[Any]
) -> list[Any]:  # one of the two delivery tables, which share no base
    rows = tx.scalars(select(kind).where(kind.data_key.is_not(None)).order_by(kind.dataset)).all()
    if not rows:
        raise NotFound("nothing_delivered", "Nothing has been delivered yet. Run `tre data ingest` first.")
    return list(rows)


def _unsealed(row: IdentifierDelivery | PayloadDelivery) -> Path:
    target = WORKING / f"{row.dataset}.parquet"
    if row.data_key is None:
        raise NotFound(
            "delivery_destroyed", f"The delivery of '{row.dataset}' has been destroyed. Deliver it again."
        )
    unseal_to(Path(VAULT) / f"{row.id}.sealed", target, key=row.data_key, label=_label(row))
    return target


def _label(row: IdentifierDelivery | PayloadDelivery) -> str:
    return f"{row.__table__.schema}:{row.id}"


def _previous_spine(tx: Transaction) -> Any:  # an Arrow table, which has no types
    query = sql.SQL("SELECT dataset, replace(row_key::text, '-', ''), person_id::text FROM linkage.spine")
    return copy_out(tx, query.format(), ("dataset", "row_key", "person_id"))


def _keys(
    tx: Transaction, project: str, population: str
) -> tuple[pseudonyms.ProjectKey, pseudonyms.PopulationKey]:
    mine, shared = tx.get(ProjectKey, project), tx.get(PopulationKey, population)
    if mine is None:
        mine = ProjectKey(project_id=project, key=pseudonyms.new_project_key().secret)
        tx.add(mine)
    if shared is None:
        shared = PopulationKey(population=population, key=pseudonyms.new_population_key().secret)
        tx.add(shared)
    if mine.key is None:
        raise NotFound(
            "project_key_destroyed", f"The key of project '{project}' has been destroyed; it is closed."
        )
    tx.flush()
    return pseudonyms.ProjectKey(mine.key), pseudonyms.PopulationKey(shared.key)


def _study_map(tx: Transaction, project: str) -> Any:  # an Arrow table, which has no types
    query = sql.SQL(
        "SELECT dataset, replace(row_key::text, '-', ''), study_id, audit_key FROM pseudonyms.study_map WHERE project_id = {}"
    ).format(sql.Literal(project))
    mapped = copy_out(tx, query, ("dataset", "row_key", "study_id", "audit_key"))
    if not mapped.num_rows:
        raise NotFound("no_study_ids", f"No study ids were made for project '{project}'. Make them first.")
    return mapped


def _incoming(arguments: Arguments) -> Path:
    return Path(INCOMING) / Path(arguments["file"]).name


def _actor(arguments: Arguments) -> Actor:
    return Actor(PersonId(arguments["actor"]))
