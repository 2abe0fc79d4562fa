"""The extract role: payload and, for a moment, row keys with study ids in; a project's extract out. It sees no key."""

import secrets
from pathlib import Path
from typing import Any

from psycopg import sql
from sqlalchemy import delete

from tre.db.bulk import copy_out
from tre.db.engine import Transaction
from tre.db.tables import Extract, PayloadDelivery, StudyMap
from tre.domain import canonical
from tre.domain.audit import Event
from tre.domain.contracts import parse_contract
from tre.domain.errors import NotFound
from tre.domain.manifest import parse_manifest
from tre.linkage import extract
from tre.linkage.deidentify import inspect_payload
from tre.linkage.extract import ExtractPlan
from tre.services import audit
from tre.services.dictionary import noise_dictionary
from tre.services.separated.delivery import Answer, Arguments, actor_of, held, incoming, receive, unsealed
from tre.services.stages import OUTGOING


def receive_payload(tx: Transaction, arguments: Arguments) -> Answer:
    """Take the payload halves of one or more deliveries, all or none.

    Raises:
        BadInput: a half is not what its contract says; nothing is kept.
    """
    rows: Answer = {}
    outside: Answer = {}
    for each in arguments["deliveries"]:
        contract, half = parse_contract(each["contract"]), incoming(each["file"])
        report = inspect_payload(half, contract)
        row = PayloadDelivery(dataset=contract.dataset, edition=each["edition"], rows=report.rows)
        receive(tx, actor_of(arguments), row, half)
        rows[contract.dataset], outside[contract.dataset] = report.rows, report.outside
    return {"rows": rows, "outside": outside}


def build_extract(tx: Transaction, arguments: Arguments) -> Answer:
    """Build one project's extract from payload and study ids, and drop the study map.

    Raises:
        NotFound: a payload delivery is missing, or no study ids were made.
    """
    manifest = parse_manifest(arguments["manifest"])
    contracts = {name: parse_contract(text) for name, text in arguments["contracts"].items()}
    editions = {each.name: each.edition for each in manifest.datasets}
    here = {row.dataset: row for row in held(tx, PayloadDelivery) if editions.get(row.dataset) == row.edition}
    missing = sorted(editions.keys() - here.keys())
    if missing:
        raise NotFound(
            "no_delivery", f"No payload of {', '.join(missing)} has been delivered. Ingest it first."
        )
    mapped = _study_map(tx, manifest.id)
    payloads = {name: unsealed(row) for name, row in here.items()}
    name, outgoing = f"{manifest.id}-{secrets.token_hex(6)}", Path(OUTGOING)
    report = extract.build_extract(
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
    tables[manifest.linkage.table]["dictionary"] = noise_dictionary(manifest, contracts).to_json()
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
    audit.record(tx, actor_of(arguments), Event.EXTRACT_BUILT, f"project:{manifest.id}", extract=digest)
    rows = {table: written.rows for table, written in report.tables.items()}
    return {"extract": name, "digest": digest, "tables": rows, "unlinked": dict(report.unlinked)}


def _study_map(tx: Transaction, project: str) -> Any:  # an Arrow table, which has no types
    query = sql.SQL(
        "SELECT dataset, replace(row_key::text, '-', ''), study_id, audit_key FROM pseudonyms.study_map WHERE project_id = {}"
    ).format(sql.Literal(project))
    mapped = copy_out(tx, query, ("dataset", "row_key", "study_id", "audit_key"))
    if not mapped.num_rows:
        raise NotFound("no_study_ids", f"No study ids were made for project '{project}'. Make them first.")
    return mapped
