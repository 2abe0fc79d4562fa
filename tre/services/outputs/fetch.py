"""Handing out a published bundle, file by file: the bytes come from the vault and are hashed again on the way."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import select

from tre.db.engine import Transaction
from tre.db.tables import Publication, Release, Request
from tre.domain import receipt as receipts
from tre.domain.errors import NotFound
from tre.domain.outputs import State
from tre.domain.people import Actor
from tre.domain.receipt import RECEIPT_NAME, ReleasedFile
from tre.services.outputs import show
from tre.vault.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class Bundle:
    """A published release.

    Attributes:
        release: its identifier.
        receipt: digest of its receipt.
        files: every file of it, the receipt last.
    """

    release: str
    receipt: str
    files: tuple[ReleasedFile, ...]


def bundle(tx: Transaction, actor: Actor, request_id: str, objects: ObjectStore) -> Bundle:
    """List the files of a published release.

    Raises:
        NotFound: nothing has been released, or `actor` may not know.
        Refused: the stored receipt is damaged.
    """
    request = show.found(tx, actor, request_id)
    release = tx.scalar(select(Release).where(Release.request_id == request.id))
    publication = None if release is None else tx.get(Publication, release.id)
    if request.state != State.RELEASED or publication is None:
        raise _not_released(request)
    content = objects.get(publication.receipt_digest)
    itself = ReleasedFile(RECEIPT_NAME, hashlib.sha256(content).hexdigest(), len(content))
    known = receipts.decode(content).body.files
    return Bundle(publication.release_id, publication.receipt_digest, (*known, itself))


def file(tx: Transaction, actor: Actor, request_id: str, name: str, *, objects: ObjectStore) -> bytes:
    """Fetch one file of a published release, and record that it was fetched.

    Raises:
        NotFound: there is no such file, nothing has been released, or `actor` may not know.
        Refused: the stored bytes are not the ones that were released.
    """
    found = bundle(tx, actor, request_id, objects)
    wanted = next((each for each in found.files if each.name == name), None)
    if wanted is None:
        names = ", ".join(each.name for each in found.files)
        raise NotFound("no_such_file", f"Release '{found.release}' has no such file. It has: {names}.")
    content = objects.get(wanted.sha256)
    show.release_of(tx, actor, request_id)
    return content


def _not_released(request: Request) -> NotFound:
    return NotFound(
        "not_released", f"Request '{request.id}' is {request.state}: there is nothing to fetch yet."
    )
