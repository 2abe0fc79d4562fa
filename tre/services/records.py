"""Whether the platform's own records agree with each other: log, checkpoint, database, ledger, bundles."""

from pathlib import Path

from sqlalchemy import func, select

from tre.db.engine import Transaction
from tre.db.tables import AuditEvent, LogEntry, Publication
from tre.domain.checkpoint import Checkpoint
from tre.domain.errors import NotFound
from tre.services import caps, ledger
from tre.services.leaves import leaf_of
from tre.services.platform import Platform
from tre.signing import load_verification_key, open_checkpoint
from tre.vault.bundle import verify_bundle
from tre.vault.log import entries, verify_log


def faults(tx: Transaction, platform: Platform) -> list[str]:
    """Everything that does not agree, a sentence each; empty when all is well."""
    return [*_log_faults(tx, platform), *_ledger_faults(tx), *_bundle_faults(tx, platform)]


def receipt_faults(path: Path, key: Path) -> list[str]:
    """Why a bundle does not verify against a key, a sentence each; empty when it does.

    Args:
        path: the bundle's folder or its `receipt.json`.
        key: the file with the verification key. It must not lie in the bundle.

    Raises:
        NotFound: there is no key to verify with.
        BadInput: the key lies in the bundle or is not a key.
    """
    if not key.is_file():
        raise NotFound(
            "no_key", f"There is no key at {key}. Name the file that the platform gave you with --key."
        )
    folder = (path if path.is_dir() else path.parent).resolve()
    if key.resolve().is_relative_to(folder):
        raise NotFound(
            "key_in_bundle", "A key that comes with the bundle proves nothing. Use the platform's own."
        )
    return [fault.sentence for fault in verify_bundle(path, _opener(key))]


def _opener(key_file: Path) -> "Opener":
    return Opener(key_file)


class Opener:
    """Opens signed checkpoints with one key."""

    def __init__(self, key_file: Path) -> None:
        self._key = load_verification_key(key_file)

    def __call__(self, note: str) -> Checkpoint:
        """Return the checkpoint of a note that this key signed.

        Raises:
            BadInput: it did not.
        """
        return open_checkpoint(note, self._key)


def _log_faults(tx: Transaction, platform: Platform) -> list[str]:
    every = select(LogEntry.leaf).order_by(LogEntry.index)
    if not platform.log.exists():  # no worker has run yet
        missing = tx.scalar(every.limit(1)) is not None
        return ["The log is missing from the disk; restore it."] if missing else []
    published = platform.home / "published" / "checkpoint"
    found = [fault.sentence for fault in verify_log(platform.log, published, _opener(platform.public_key))]
    logged = entries(platform.log)  # before the database is asked: a worker numbers first and logs later
    numbered = tx.scalars(every).all()
    if list(logged) != list(numbered[: len(logged)]):
        found.append("The log on disk holds other entries than the database; restore one of them.")
    return found + _event_faults(tx, platform)


def _event_faults(tx: Transaction, platform: Platform) -> list[str]:
    """Whether each logged event still says in the database what it said when it was logged."""
    key = platform.pseudonym_key()
    pairs = select(LogEntry, AuditEvent).join(AuditEvent, AuditEvent.id == LogEntry.audit_event_id)
    found, read = [], 0
    for entry, event in tx.execute(pairs.order_by(LogEntry.index)):
        read += 1
        if entry.leaf != leaf_of(event, key):
            found.append(
                f"Audit event {event.id} ({event.event}) was changed after it was logged; find out who did it."
            )
    if read != tx.scalar(select(func.count()).select_from(LogEntry)):
        found.append("Audit events are missing that the log holds; find out who removed them.")
    return found


def _ledger_faults(tx: Transaction) -> list[str]:
    summed = [f"Account '{name}' differs from the sum of its postings." for name in ledger.faults(tx)]
    return summed + [
        f"The cap of account '{name}' is not the one that two people agreed on." for name in caps.faults(tx)
    ]


def _bundle_faults(tx: Transaction, platform: Platform) -> list[str]:
    opener = _opener(platform.public_key)
    found = []
    for name in tx.scalars(select(Publication.release_id).order_by(Publication.release_id)):
        problems = verify_bundle(platform.releases / name, opener)
        found += [f"Release '{name}': {problem.sentence}" for problem in problems]
    return found
