"""What stands in the transparency log for an audit event: its leaf. The log is public, so people have pseudonyms there."""

import json

from tre.db.tables import AuditEvent
from tre.domain import canonical
from tre.domain.receipt import salted_digest


def leaf_of(event: AuditEvent, pseudonym_key: bytes) -> bytes:
    """Return the leaf of one event: a release's is its receipt's body; any other's names people by pseudonym only."""
    if event.receipt is not None:
        return event.receipt.encode()
    subject = event.subject
    if subject.startswith("person:"):
        subject = f"person:{pseudonym(subject.removeprefix('person:'), pseudonym_key)}"
    record: dict[str, canonical.Json] = {
        "format": "tre-event/1",
        "event": event.event,
        "actor": pseudonym(event.actor, pseudonym_key),
        "subject": subject,
        "at": int(event.at.timestamp()),
        "detail": salted_digest(pseudonym_key, json.dumps(event.detail, sort_keys=True)),
    }
    return canonical.encode(record)


def pseudonym(person: str, key: bytes) -> str:
    """Return the name under which a person stands in the public log."""
    return salted_digest(key, person)[:32]
