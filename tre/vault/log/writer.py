"""The one writer of the log.

Entries are written and synced before a checkpoint is signed, the checkpoint before it is published. An entry that no
checkpoint covers was never logged: after a crash it is cut off and written again. The database gives indices first, in
committed order; `append` with the same `start` may then be repeated for ever.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from tre.domain.checkpoint import Checkpoint, ConsistencyProof, InclusionProof
from tre.domain.errors import BadInput, Refused
from tre.domain.tree import Tree, leaf_hash
from tre.vault.log.reader import CHECKPOINT, ENTRIES, State, read_note, read_state
from tre.vault.storage import (
    Disk,
    Failpoint,
    ensure_directory,
    locked,
    one_sentence,
    place,
    unbroken,
    write_all,
    write_new,
)


class Signer(Protocol):
    """Signs what agrees with the last published checkpoint, and opens what it has signed."""

    @property
    def origin(self) -> str:
        """The name of the log."""

    def sign(self, checkpoint: Checkpoint, *, published: str | None, proof: Sequence[bytes]) -> str:
        """The signed note, or `Refused` where the two do not agree."""

    def open(self, note: str) -> Checkpoint:
        """The checkpoint in a note that this signer has signed."""


class TransparencyLog:
    """The one writer of a log. A second one waits, so a sequencer that was started twice does no harm."""

    def __init__(
        self,
        folder: Path,
        published: Path,
        signer: Signer,
        *,
        disk: Disk | None = None,
        failpoint: Failpoint = unbroken,
    ) -> None:
        """Name the folder of the log and the file of the published checkpoint; nothing is read or written yet.

        The failpoint is called after each step: `log.written`, `log.signed`, `log.checkpointed`, `log.published`.
        """
        self._folder, self._published, self._signer = folder, published, signer
        self._disk, self._failpoint = disk or Disk(), failpoint
        self._state: State | None = None

    def begin(self) -> None:
        """Begin an empty log, or go on with the one that is there.

        Raises:
            Refused: entries or a published checkpoint are there, but no checkpoint: the log was damaged, not new.
            Unavailable: the disk is full or failed.
        """
        with one_sentence("the log was not begun"):
            ensure_directory(self._disk, self._folder)
            ensure_directory(self._disk, self._published.parent)
            with self._locked():
                if not self._checkpoint.exists():
                    self._write_first()
                self._publish(self._current().note)

    def append(self, entries: Sequence[bytes], *, start: int) -> str:
        """Log entries from index `start` on; those that stand there already are compared, not repeated.

        Args:
            entries: bytes without a line end, not empty.
            start: index of the first; at most the size of the log.

        Returns:
            The signed checkpoint that covers them.

        Raises:
            BadInput: an entry is empty or has a line end.
            Refused: the log is shorter than `start`, holds other entries there, or disagrees with the published checkpoint.
            Unavailable: the disk is full or failed; append again.
        """
        if not all(entries) or any(b"\n" in entry for entry in entries):
            raise BadInput(
                "entry_malformed", "A log entry is one line of canonical JSON; encode it before it is logged."
            )
        with one_sentence("the entries were not logged"), self._locked():
            state = self._current()
            fresh = _not_yet_in(state.tree, entries, start)
            if fresh:
                state = self._extended(state, fresh)
            self._publish(state.note)
            return state.note

    def proof(self, index: int) -> InclusionProof:
        """The proof of one entry, in the tree that ends with it: the same whenever it is asked for.

        Raises:
            BadInput: the log has no such entry.
            Refused, Unavailable: as for `append`.
        """
        with one_sentence("the proof was not made"), self._locked():
            tree = self._current().tree
            published = self._read_published()
            size = index + 1
            checkpoint = Checkpoint(self._signer.origin, size, tree.root(size))
            agreement = tree.consistency_proof(size, self._signer.open(published).size)
            note = self._signer.sign(checkpoint, published=published, proof=agreement)
            return InclusionProof(index, tree.inclusion_proof(index, size), note)

    def consistency(self, old: int) -> ConsistencyProof:
        """The proof that the log has only grown since it had `old` entries.

        Raises:
            BadInput: the log never had that size.
            Refused, Unavailable: as for `append`.
        """
        with one_sentence("the proof was not made"), self._locked():
            state = self._current()
            return ConsistencyProof(old, state.tree.consistency_proof(old, state.tree.size), state.note)

    @property
    def size(self) -> int:
        """How many entries are logged.

        Raises:
            Refused, Unavailable: as for `append`.
        """
        with one_sentence("the log was not read"), self._locked():
            return self._current().tree.size

    @property
    def _checkpoint(self) -> Path:
        return self._folder / CHECKPOINT

    @property
    def _entries(self) -> Path:
        return self._folder / ENTRIES

    def _locked(self) -> AbstractContextManager[None]:
        return locked(self._folder)

    def _write_first(self) -> None:
        if self._published.exists() or (self._entries.exists() and self._entries.stat().st_size):
            raise Refused(
                "log_damaged", "The log has lost its checkpoint; restore the log before anything is logged."
            )
        if not self._entries.exists():
            write_new(self._disk, self._entries, [])
            self._disk.sync_directory(self._folder)
        note = self._signer.sign(Checkpoint(self._signer.origin, 0, Tree().root()), published=None, proof=())
        place(self._disk, self._checkpoint, [note.encode()])

    def _current(self) -> State:
        """The log as its checkpoint states it, shown to agree with the published one; read again only if another wrote it."""
        note = read_note(self._checkpoint)
        if self._state is None or self._state.note != note:
            self._state = read_state(self._entries, note, self._signer.open(note))
        state = self._state
        if not self._published.exists() and state.tree.size == 0:
            return state
        published = self._signer.open(self._read_published())
        if published.size > state.tree.size or state.tree.root(published.size) != published.root:
            raise Refused(
                "log_rolled_back",
                "The log is older than, or differs from, its published checkpoint; restore the log.",
            )
        return state

    def _read_published(self) -> str:
        if not self._published.exists():
            raise Refused(
                "published_missing",
                "The published checkpoint is missing; bring it back before anything is signed.",
            )
        return read_note(self._published)

    def _extended(self, state: State, fresh: Sequence[bytes]) -> State:
        # The tree grows in place: if anything fails from here on, the next call reads the log again.
        self._state = None
        tree = state.tree
        data = b"".join(entry + b"\n" for entry in fresh)
        self._write_tail(state.end, data)
        self._failpoint("log.written")
        for entry in fresh:
            tree.append(leaf_hash(entry))
        checkpoint = Checkpoint(self._signer.origin, tree.size, tree.root())
        published = self._read_published()
        agreement = tree.consistency_proof(self._signer.open(published).size, tree.size)
        note = self._signer.sign(checkpoint, published=published, proof=agreement)
        self._failpoint("log.signed")
        place(self._disk, self._checkpoint, [note.encode()])
        self._failpoint("log.checkpointed")
        self._state = State(note, tree, state.end + len(data))
        return self._state

    def _write_tail(self, end: int, data: bytes) -> None:
        descriptor = self._disk.extend(self._entries)
        try:
            self._disk.truncate(descriptor, end)
            write_all(self._disk, descriptor, data)
            self._disk.sync(descriptor)
        finally:
            self._disk.close(descriptor)

    def _publish(self, note: str) -> None:
        if not self._published.exists() or read_note(self._published) != note:
            place(self._disk, self._published, [note.encode()])
            self._failpoint("log.published")


def _not_yet_in(tree: Tree, entries: Sequence[bytes], start: int) -> Sequence[bytes]:
    """The entries that the log does not hold yet; those that it holds must be the same."""
    if not 0 <= start <= tree.size:
        raise Refused(
            "log_behind", "The log has fewer entries than the database has numbered; restore the log."
        )
    present = entries[: tree.size - start]
    if any(tree.leaf(start + number) != leaf_hash(entry) for number, entry in enumerate(present)):
        raise Refused(
            "log_diverged",
            "The log holds other entries than the database at these indices; restore one of them.",
        )
    return entries[len(present) :]
