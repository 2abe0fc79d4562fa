"""The one sequencer: gives committed audit events their index in the transparency log, signs, and proves."""

from collections.abc import Callable

from sqlalchemy import func, select

from tre.db.engine import transaction
from tre.db.tables import AuditEvent, LogEntry
from tre.domain.checkpoint import InclusionProof
from tre.domain.errors import Refused
from tre.services.leaves import leaf_of
from tre.services.platform import Platform
from tre.signing import CheckpointSigner
from tre.vault.log import TransparencyLog

MOST_AT_ONCE = 1_000
"""Most events of one checkpoint. Source: research on the audit log, section 2."""


class Sequencer:
    """Writes the log of one platform. Only the worker, of which there is one, makes one of these."""

    def __init__(self, platform: Platform, failpoint: Callable[[str], None]) -> None:
        self._platform = platform
        self._pseudonym_key = platform.pseudonym_key()
        published = platform.home / "published" / "checkpoint"
        signer = CheckpointSigner(platform.signing_key())
        self._log = TransparencyLog(platform.log, published, signer, failpoint=failpoint)
        self._log.begin()

    def catch_up(self) -> None:
        """Number every committed event that has no index yet, and log it. May be repeated for ever.

        Raises:
            Refused: the log holds more than the database has numbered: an older database was restored.
        """
        while self._number():
            pass
        with transaction(self._platform.application) as tx:
            size = self._log.size
            start = max(
                size - 1, 0
            )  # the last one that is logged is compared: a log that parted earlier ends otherwise
            leaves = tx.scalars(
                select(LogEntry.leaf).where(LogEntry.index >= start).order_by(LogEntry.index)
            ).all()
        if start + len(leaves) > size:
            self._log.append(leaves, start=start)

    def prove(self, audit_event_id: int) -> InclusionProof:
        """Return the proof that one event stands in the log, logging it first if need be.

        Raises:
            Refused: the log holds something else at the event's index.
        """
        self.catch_up()
        with transaction(self._platform.application) as tx:
            entry = tx.execute(select(LogEntry).where(LogEntry.audit_event_id == audit_event_id)).scalar_one()
        self._log.append([entry.leaf], start=entry.index)  # it is there: compared, not written
        return self._log.proof(entry.index)

    def _number(self) -> bool:
        """Number some events, in an order of our own: identity values are not commit order."""
        with transaction(self._platform.application) as tx:
            size = tx.scalar(select(func.coalesce(func.max(LogEntry.index) + 1, 0))) or 0
            self._must_hold_no_more_than(size)
            numbered = select(LogEntry.audit_event_id)
            fresh = select(AuditEvent).where(AuditEvent.id.not_in(numbered)).order_by(AuditEvent.id)
            events = tx.scalars(fresh.limit(MOST_AT_ONCE)).all()
            for index, event in enumerate(events, start=size):
                tx.add(
                    LogEntry(index=index, audit_event_id=event.id, leaf=leaf_of(event, self._pseudonym_key))
                )
        return bool(events)

    def _must_hold_no_more_than(self, numbered: int) -> None:
        """Indices are given in the database first. One that is given twice would prove another event than it says."""
        if self._log.size > numbered:
            raise Refused(
                "database_behind",
                "The log holds more entries than the database has numbered: an older database was restored. Restore the "
                "newer one before anything is logged or released.",
            )
