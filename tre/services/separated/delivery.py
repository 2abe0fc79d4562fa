"""What the two receiving roles do alike with a delivery: find, seal, remember its key, open again."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Half:
    """One half of a delivery as it was handed to this process.

    Attributes:
        dataset: its name.
        edition: which delivery this is.
        contract: the text of its contract.
        path: the file.
    """

    dataset: str
    edition: str
    contract: str
    path: Path


def named(arguments: Arguments) -> list[Half]:
    """The halves that a stage was told of."""
    return [
        Half(Path(each["file"]).stem, each["edition"], each["contract"], _incoming(each["file"]))
        for each in arguments["deliveries"]
    ]


def is_here(tx: Transaction, kind: type[Any], half: Half) -> bool:  # one of the two delivery tables
    """Has this role these very bytes already, as after a crash between the two roles?

    Raises:
        BadInput: this edition has been delivered with other bytes.
    """
    known = tx.scalar(select(kind.digest).where(kind.dataset == half.dataset, kind.edition == half.edition))
    if known is not None and known != _digest(half.path):
        raise BadInput(
            "delivered_already",
            f"Edition '{half.edition}' of '{half.dataset}' is here already. Deliver a new edition.",
        )
    return known is not None


def receive(tx: Transaction, actor: Actor, row: IdentifierDelivery | PayloadDelivery, half: Half) -> None:
    """Seal one inspected half under a key of its own and remember the key where only this role can read it.

    Raises:
        BadInput: this edition has been delivered already, with other bytes.
    """
    if is_here(tx, type(row), half):
        return
    row.id, row.data_key = secrets.token_hex(8), secrets.token_bytes(KEY_BYTES)
    row.digest = _digest(half.path)
    seal(half.path, _sealed(row), key=row.data_key, label=_label(row))
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
    query = select(kind).where(kind.data_key.is_not(None))
    rows = tx.scalars(query.order_by(kind.dataset, kind.received_at)).all()
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


def actor_of(arguments: Arguments) -> Actor:
    """Who asked for this stage; the platform has checked that they may."""
    return Actor(PersonId(arguments["actor"]))


def _incoming(name: str) -> Path:
    return Path(INCOMING) / Path(name).name


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sealed(row: IdentifierDelivery | PayloadDelivery) -> Path:
    return Path(VAULT) / f"{row.id}.sealed"


def _label(row: IdentifierDelivery | PayloadDelivery) -> str:
    return f"{row.__table__.schema}:{row.id}"
