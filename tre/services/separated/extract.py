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
from tre.domain.manifest import Manifest, parse_manifest
from tre.linkage import extract
from tre.linkage.deidentify import inspect_payload
from tre.linkage.extract import ExtractPlan, ExtractReport
from tre.services import audit
from tre.services.dictionary import noise_dictionary, structural_ends
from tre.services.separated.delivery import (
    Answer,
    Arguments,
    actor_of,
    held,
    is_here,
    named,
    receive,
    unsealed,
)
from tre.services.stages import OUTGOING


def examine_payload(tx: Transaction, arguments: Arguments) -> Answer:
    """Say whether the payload halves of one or more deliveries can be taken; nothing is kept.

    Raises:
        BadInput: a half is not what its contract says, or another one of its edition is here already.
    """
    for half in named(arguments):
        is_here(tx, PayloadDelivery, half)
        inspect_payload(half.path, parse_contract(half.contract))
    return {}


def receive_payload(tx: Transaction, arguments: Arguments) -> Answer:
    """Take the payload halves of one or more deliveries, all or none; one that is here already stays.

    Raises:
        BadInput: a half is not what its contract says; nothing is kept.
    """
    halves = named(arguments)
    reports = {half.dataset: inspect_payload(half.path, parse_contract(half.contract)) for half in halves}
    for half in halves:
        rows = reports[half.dataset].rows
        row = PayloadDelivery(dataset=half.dataset, edition=half.edition, rows=rows)
        receive(tx, actor_of(arguments), row, half)
    return {
        "rows": {name: report.rows for name, report in reports.items()},
        "outside": {name: report.outside for name, report in reports.items()},
    }


def build_extract(tx: Transaction, arguments: Arguments) -> Answer:
    """Build one project's extract from payload and study ids, and drop the study map.

    Raises:
        NotFound: a payload delivery is missing, or no study ids were made.
    """
    manifest = parse_manifest(arguments["manifest"])
    contracts = {name: parse_contract(text) for name, text in arguments["contracts"].items()}
    payloads = {row.dataset: unsealed(row) for row in _deliveries(tx, manifest)}
    name, outgoing = f"{manifest.id}-{secrets.token_hex(6)}", Path(OUTGOING)
    report = extract.build_extract(
        payloads,
        _study_map(tx, manifest.id),
        ExtractPlan.of(manifest),
        out=outgoing / name,
        audit=outgoing / f"{name}.audit.parquet",
    )
    tx.execute(delete(StudyMap).where(StudyMap.project_id == manifest.id))
    row = _extract(name, manifest, report)
    row.population = arguments["population"]
    row.tables[manifest.linkage.table]["dictionary"] = noise_dictionary(manifest, contracts).to_json()
    row.tables[manifest.linkage.table]["structural_ends"] = structural_ends(manifest, contracts)
    tx.add(row)
    audit.record(tx, actor_of(arguments), Event.EXTRACT_BUILT, f"project:{manifest.id}", extract=row.digest)
    rows = {table: written.rows for table, written in report.tables.items()}
    return {"extract": name, "digest": row.digest, "tables": rows, "unlinked": dict(report.unlinked)}


def _extract(name: str, manifest: Manifest, report: ExtractReport) -> Extract:
    """Describe an extract: where each table lies, relative to the folder of all projects, and what it hashes to."""
    return Extract(
        id=name,
        project_id=manifest.id,
        editions={each.name: each.edition for each in manifest.datasets},
        tables={
            table: {
                "path": f"{manifest.id}/{name}/{written.path.name}",
                "digest": written.digest,
                "rows": written.rows,
            }
            for table, written in report.tables.items()
        },
        digest=canonical.digest({table: written.digest for table, written in report.tables.items()}),
    )


def _deliveries(tx: Transaction, manifest: Manifest) -> list[PayloadDelivery]:
    """The deliveries of the editions that a manifest names.

    Raises:
        NotFound: one is missing.
    """
    editions = {each.name: each.edition for each in manifest.datasets}
    here = [row for row in held(tx, PayloadDelivery) if editions.get(row.dataset) == row.edition]
    missing = sorted(editions.keys() - {row.dataset for row in here})
    if missing:
        raise NotFound(
            "no_delivery", f"No payload of {', '.join(missing)} has been delivered. Ingest it first."
        )
    return here


def _study_map(tx: Transaction, project: str) -> Any:  # an Arrow table, which has no types
    query = sql.SQL(
        "SELECT dataset, replace(row_key::text, '-', ''), study_id, audit_key FROM pseudonyms.study_map WHERE project_id = {}"
    ).format(sql.Literal(project))
    mapped = copy_out(tx, query, ("dataset", "row_key", "study_id", "audit_key"))
    if not mapped.num_rows:
        raise NotFound("no_study_ids", f"No study ids were made for project '{project}'. Make them first.")
    return mapped
