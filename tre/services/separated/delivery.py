"""What the two receiving roles do alike with a delivery: inspect, seal, remember its key, open again."""

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from tre.db.engine import Transaction
from tre.db.tables import IdentifierDelivery, PayloadDelivery
from tre.domain.audit import Event
from tre.domain.errors import BadInput, NotFound
from tre.domain.people import Actor, PersonId
from tre.services import audit
from tre.services.stages import INCOMING, VAULT
from tre.vault.sealed import seal, unseal_to

Arguments = Mapping[str, Any]  # what another process said in JSON; each stage reads the keys it knows
Answer = dict[str, object]
KEY_BYTES: Final = 32
WORKING: Final = Path("/tmp")  # noqa: S108 - inside a confinement: private, in memory, gone with the process


def receive(tx: Transaction, actor: Actor, row: IdentifierDelivery | PayloadDelivery, half: Path) -> None:
    """Seal one inspected half under a key of its own and remember the key where only this role can read it.

    Raises:
        BadInput: this edition has been delivered already.
    """
    kind = type(row)
    known = tx.scalar(select(kind).where(kind.dataset == row.dataset, kind.edition == row.edition))
    if known is not None:
        raise BadInput(
            "delivered_already",
            f"Edition '{row.edition}' of '{row.dataset}' is here already. Deliver a new edition.",
        )
    row.id, row.data_key = secrets.token_hex(8), secrets.token_bytes(KEY_BYTES)
    with half.open("rb") as stream:
        row.digest = hashlib.file_digest(stream, "sha256").hexdigest()
    seal(half, _sealed(row), key=row.data_key, label=_label(row))
    tx.add(row)
    audit.record(
        tx,
        actor,
        Event.DELIVERY_RECEIVED,
        f"dataset:{row.dataset}@{row.edition}",
        rows=row.rows,
        half=_label(row),
    )


def held(
    tx: Transaction, kind: type[Any]
) -> list[Any]:  # one of the two delivery tables, which share no base
    """The deliveries that are here and not destroyed.

    Raises:
        NotFound: there are none.
    """
    rows = tx.scalars(select(kind).where(kind.data_key.is_not(None)).order_by(kind.dataset)).all()
    if not rows:
        raise NotFound("nothing_delivered", "Nothing has been delivered yet. Run `tre data ingest` first.")
    return list(rows)


def unsealed(row: IdentifierDelivery | PayloadDelivery) -> Path:
    """Open a delivery into this process's private memory.

    Raises:
        NotFound: it has been destroyed.
        Refused: its bytes have changed.
    """
    target = WORKING / f"{row.dataset}.parquet"
    if row.data_key is None:
        raise NotFound(
            "delivery_destroyed", f"The delivery of '{row.dataset}' has been destroyed. Deliver it again."
        )
    unseal_to(_sealed(row), target, key=row.data_key, label=_label(row))
    return target


def incoming(name: str) -> Path:
    """Where a file that was handed to this process lies."""
    return Path(INCOMING) / Path(name).name


def actor_of(arguments: Arguments) -> Actor:
    """Who asked for this stage; the platform has checked that they may."""
    return Actor(PersonId(arguments["actor"]))


def _sealed(row: IdentifierDelivery | PayloadDelivery) -> Path:
    return Path(VAULT) / f"{row.id}.sealed"


def _label(row: IdentifierDelivery | PayloadDelivery) -> str:
    return f"{row.__table__.schema}:{row.id}"
