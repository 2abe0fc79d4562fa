"""Signed notes, checkpoints and proofs as text: C2SP signed-note, tlog-checkpoint, tlog-proof and tlog-witness.

A checkpoint says "the log of this origin has this many entries under this root". These formats are read and written by
other people's tools as well. Each parser accepts exactly what its encoder writes, so no byte can change unseen.
This file knows the shapes only; keys and signatures are `tre.signing`'s.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tre.domain import tree
from tre.domain.errors import BadInput

KEY_ID_SIZE: Final = 4
PROOF_HEADER: Final = "c2sp.org/tlog-proof@v1"
LARGEST_SIZE: Final = 2**63 - 1
"""Largest tree size and index, in entries. Source: C2SP tlog-checkpoint (64-bit readers)."""

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE_LINE: Final = re.compile(r"— ([^ \n]+) ([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note: who says to have signed, the first four bytes of the key's hash, and the signature."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """The line of the note, without its end. Source: C2SP signed-note."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.value).decode()}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures under it; nothing is verified yet.

    Attributes:
        text: what is signed; ends with a line end.
        signatures: one or more.
    """

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> str:
        """The note as it is written: text, an empty line, signature lines. Source: C2SP signed-note."""
        return f"{self.text}\n" + "".join(f"{signature.line()}\n" for signature in self.signatures)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log.

    Attributes:
        origin: the log's unique name, the same as its key's.
        size: entries in the log.
        root: 32 bytes, the Merkle root over them.
    """

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed. Source: C2SP tlog-checkpoint."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Shows that an entry stands in a log.

    Attributes:
        index: the entry's place, from 0.
        hashes: from the leaf's neighbour up to the root.
        checkpoint: the signed note whose tree the proof leads to, as text.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    def encode(self) -> str:
        """The proof as text. Source: C2SP tlog-proof."""
        lines = [PROOF_HEADER, f"index {self.index}", *_encoded(self.hashes)]
        return "".join(f"{line}\n" for line in lines) + f"\n{self.checkpoint}"


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """Shows that a log has only grown since it had `old` entries.

    Attributes:
        old: entries in the earlier log.
        hashes: the proof.
        checkpoint: the signed note of the later log, as text.
    """

    old: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    def encode(self) -> str:
        """The proof as text: what a witness is sent. Source: C2SP tlog-witness, add-checkpoint."""
        lines = [f"old {self.old}", *_encoded(self.hashes)]
        return "".join(f"{line}\n" for line in lines) + f"\n{self.checkpoint}"


def is_key_name(name: str) -> bool:
    """May a key or log be called that: not empty, no white space, no plus sign? Source: C2SP signed-note."""
    return bool(name) and name.isprintable() and not any(letter.isspace() or letter == "+" for letter in name)


def parse_note(text: str) -> Note:
    """Take a signed note apart.

    Raises:
        BadInput: it is no signed note.
    """
    head, separator, tail = text.rpartition("\n\n")
    lines = tail.split("\n")
    if not separator or len(lines) < 2 or lines.pop():
        raise _malformed("signed note")
    return Note(f"{head}\n", tuple(_signature(line) for line in lines))


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint; extension lines are not accepted, as this log writes none.

    Raises:
        BadInput: it is no checkpoint.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not is_key_name(lines[0]):
        raise _malformed("checkpoint")
    return Checkpoint(lines[0], _number(lines[1]), _decoded([lines[2]])[0])


def parse_inclusion_proof(text: str) -> InclusionProof:
    """Read a tlog-proof; `extra` lines are not accepted, as this log writes none.

    Raises:
        BadInput: it is no such proof.
    """
    head, separator, checkpoint = text.partition("\n\n")
    header, *lines = head.split("\n")
    if not separator or header != PROOF_HEADER or not lines:
        raise _malformed("inclusion proof")
    return InclusionProof(_labelled("index", lines[0]), _decoded(lines[1:]), checkpoint)


def parse_consistency_proof(text: str) -> ConsistencyProof:
    """Read a consistency proof in the form that a witness is sent.

    Raises:
        BadInput: it is no such proof.
    """
    head, separator, checkpoint = text.partition("\n\n")
    first, *lines = head.split("\n")
    if not separator:
        raise _malformed("consistency proof")
    return ConsistencyProof(_labelled("old", first), _decoded(lines), checkpoint)


def _signature(line: str) -> Signature:
    match = _SIGNATURE_LINE.fullmatch(line)
    blob = _bytes(match[2]) if match else b""
    if match is None or len(blob) <= KEY_ID_SIZE or not is_key_name(match[1]):
        raise _malformed("signature line")
    return Signature(match[1], blob[:KEY_ID_SIZE], blob[KEY_ID_SIZE:])


def _labelled(label: str, line: str) -> int:
    word, _, number = line.partition(" ")
    if word != label:
        raise _malformed(f"{label} line")
    return _number(number)


def _number(text: str) -> int:
    if not _DECIMAL.fullmatch(text) or int(text) > LARGEST_SIZE:
        raise _malformed("number of entries")
    return int(text)


def _encoded(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(one).decode() for one in hashes]


def _decoded(lines: Sequence[str]) -> tuple[bytes, ...]:
    hashes = tuple(_bytes(line) for line in lines)
    if any(len(one) != tree.HASH_SIZE for one in hashes):
        raise _malformed("hash")
    return hashes


def _bytes(text: str) -> bytes:
    """Standard base64 with padding; unused bits must be zero, or two texts would mean the same bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed("base64 text") from None
    if base64.b64encode(data).decode() != text:
        raise _malformed("base64 text")
    return data


def _malformed(what: str) -> BadInput:
    return BadInput(
        "note_malformed", f"The {what} is not in its C2SP form; fetch the receipt or checkpoint again."
    )
