"""The linkage role: identifiers in, spine out. It never sees payload, and no key but those of its own deliveries."""

import secrets
from datetime import date
from typing import TYPE_CHECKING, Any

from psycopg import sql
from sqlalchemy import delete, select

from tre.db.bulk import copy_in, copy_out
from tre.db.engine import Transaction
from tre.db.tables import IdentifierDelivery, LinkageRun, SpineRow
from tre.domain.audit import Event
from tre.domain.contracts import parse_contract
from tre.linkage.deidentify import inspect_identifiers
from tre.services import audit
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

if TYPE_CHECKING:
    from tre.linkage.match import Linkage


def examine_identifiers(tx: Transaction, arguments: Arguments) -> Answer:
    """Say whether the identifier halves of one or more deliveries can be taken; nothing is kept.

    Raises:
        BadInput: a half is not what its contract says, or another one of its edition is here already.
    """
    for half in named(arguments):
        is_here(tx, IdentifierDelivery, half)
        inspect_identifiers(half.path, parse_contract(half.contract))
    return {}


def receive_identifiers(tx: Transaction, arguments: Arguments) -> Answer:
    """Take the identifier halves of one or more deliveries, all or none; one that is here already stays.

    Raises:
        BadInput: a half is not what its contract says; nothing is kept.
    """
    halves = named(arguments)
    rows = {
        half.dataset: inspect_identifiers(half.path, parse_contract(half.contract)).rows for half in halves
    }
    for half in halves:
        row = IdentifierDelivery(dataset=half.dataset, edition=half.edition, rows=rows[half.dataset])
        receive(tx, actor_of(arguments), row, half)
    return {"rows": rows}


def link_records(tx: Transaction, arguments: Arguments) -> Answer:
    """Link every identifier delivery that is held into persons, keeping the person ids of the run before.

    Raises:
        NotFound: nothing has been delivered.
    """
    # Splink is slow to load, and receiving does not need it.
    from tre.linkage.match import TrainedModel, link  # noqa: PLC0415
    from tre.linkage.model import LinkageSettings  # noqa: PLC0415
    from tre.linkage.spine import extend  # noqa: PLC0415

    deliveries = held(tx, IdentifierDelivery)
    halves = {row.dataset: unsealed(row) for row in deliveries}
    known = tx.scalar(select(LinkageRun).order_by(LinkageRun.ran_at.desc()).limit(1))
    trained = None if known is None or arguments.get("retrain") else TrainedModel(**known.model)
    born_by = arguments["adult_born_by"]
    settings = LinkageSettings(
        adults_only=frozenset(arguments["adults_only"]),
        adult_born_by=None if born_by is None else date.fromisoformat(born_by),
    )
    found = link(halves, settings, model=trained)
    editions = {row.dataset: row.edition for row in deliveries}
    change = extend(found.clusters, _previous_spine(tx))
    tx.execute(delete(SpineRow))
    rows = change.spine
    labels = [editions[name] for name in rows.column("dataset").to_pylist()]
    copy_in(tx, "linkage.spine", rows.append_column("edition", [labels]))
    quality = {"records": found.records, "pairs": found.pairs, "persons": change.kept + change.new}
    _note(tx, arguments["population"], deliveries, found)
    audit.record(
        tx,
        actor_of(arguments),
        Event.LINKAGE_RUN,
        f"population:{arguments['population']}",
        records=found.records,
        persons=quality["persons"],
    )
    return {**quality, "kept": change.kept, "merged": len(change.merged), "split": len(change.split)}


def _note(tx: Transaction, population: str, deliveries: list[IdentifierDelivery], found: "Linkage") -> None:
    """Keep the model and what the run came to, so that the next run need not train and anybody can compare."""
    tx.add(
        LinkageRun(
            id=secrets.token_hex(8),
            population=population,
            deliveries={row.id: row.digest for row in deliveries},
            model={"design": found.model.design, "parameters": found.model.parameters},
            quality={
                "records": found.records,
                "pairs": found.pairs,
                "pairs_by_bits": [list(pair) for pair in found.pairs_by_bits],
            },
        )
    )


def _previous_spine(tx: Transaction) -> Any:  # an Arrow table, which has no types
    query = sql.SQL("SELECT dataset, replace(row_key::text, '-', ''), person_id::text FROM linkage.spine")
    return copy_out(tx, query.format(), ("dataset", "row_key", "person_id"))
