"""Reading and verifying the log as an auditor does: everything is hashed again, nothing that is stored is believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from tre.domain.bundle import Fault, OpenCheckpoint
from tre.domain.checkpoint import Checkpoint
from tre.domain.errors import BadInput, Refused, TreError
from tre.domain.tree import Tree, leaf_hash
from tre.vault.storage import locked, one_sentence, regular_file

ENTRIES: Final = "entries"
CHECKPOINT: Final = "checkpoint"

_LONGEST_NOTE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class State:
    """The log as its checkpoint states it.

    Attributes:
        note: the signed checkpoint.
        tree: the tree over its entries.
        end: where those entries end in their file, in bytes.
    """

    note: str
    tree: Tree
    end: int


def entries(folder: Path, start: int = 0, stop: int | None = None) -> tuple[bytes, ...]:
    """The lines of the log from index `start` to before `stop`; they are not verified, and some may not be signed yet.

    Raises:
        Unavailable: the log could not be read.
    """
    lock = locked(folder, exclusive=False)
    with one_sentence("the log was not read"), lock, regular_file(folder / ENTRIES) as file:
        return tuple(line[:-1] for line in islice(file, start, stop) if line.endswith(b"\n"))


def verify_log(
    folder: Path, published: Path, open_checkpoint: OpenCheckpoint, *, witnessed: Sequence[str] = ()
) -> tuple[Fault, ...]:
    """Why a log is not to be trusted; empty when it is.

    Args:
        folder: the log's folder.
        published: the file of the checkpoint that was published last.
        open_checkpoint: verifies a signed checkpoint with a key that does not come from the log.
        witnessed: signed checkpoints that others have kept, from receipts for example; the log must still agree with them.

    Raises:
        Unavailable: the log could not be read; then nothing is known about it.
    """
    with one_sentence("the log was not verified"), locked(folder, exclusive=False):
        try:
            note = read_note(folder / CHECKPOINT)
            state = read_state(folder / ENTRIES, note, open_checkpoint(note))
            tail = (folder / ENTRIES).stat().st_size - state.end
            kept = [read_note(published), *witnessed]
        except TreError as error:
            return (Fault(error.code, error.sentence),)
    faults = [fault for old in kept if (fault := _disagreement(state.tree, old, open_checkpoint))]
    if tail:
        faults.append(
            Fault(
                "log_tail",
                "Entries stand in the log that no checkpoint covers; start the worker to log them again.",
            )
        )
    return tuple(faults)


def read_note(path: Path) -> str:
    """The text of a signed note in a file.

    Raises:
        Refused: it is missing, too long, or no text: the log was damaged.
    """
    if not path.exists():
        raise Refused(
            "log_damaged", f"The log has lost its {path.name}; restore the log before anything is logged."
        )
    with regular_file(path) as file:
        data = file.read(_LONGEST_NOTE)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _damaged() from None


def read_state(path: Path, note: str, checkpoint: Checkpoint) -> State:
    """Read the entries that a checkpoint covers and hash them again.

    Raises:
        Refused: there are fewer, or others than the checkpoint states.
        OSError: the file cannot be read.
    """
    tree, end = Tree(), 0
    if not path.exists():
        raise _damaged()
    with regular_file(path) as file:
        for line in islice(file, checkpoint.size):
            tree.append(leaf_hash(line[:-1]))
            end += len(line)
            if not line.endswith(b"\n"):
                raise _damaged()
    if tree.size != checkpoint.size or tree.root() != checkpoint.root:
        raise _damaged()
    return State(note, tree, end)


def _disagreement(tree: Tree, note: str, open_checkpoint: OpenCheckpoint) -> Fault | None:
    try:
        old = open_checkpoint(note)
    except BadInput as error:
        return Fault(error.code, error.sentence)
    if old.size <= tree.size and tree.root(old.size) == old.root:
        return None
    sentence = "The log is older than, or differs from, a checkpoint that was published; restore the log."
    return Fault("log_rolled_back", sentence)


def _damaged() -> Refused:
    return Refused(
        "log_damaged", "The log's entries are not those that its checkpoint states; restore the log."
    )
