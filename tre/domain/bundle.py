"""When a bundle of files is the release that its receipt states. The stand-alone `verifier` says the same in its own words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tre.domain import receipt, tree
from tre.domain.checkpoint import Checkpoint, parse_note
from tre.domain.errors import TreError
from tre.domain.receipt import Body, Receipt

OpenCheckpoint: TypeAlias = Callable[[str], Checkpoint]
"""Takes a signed note, verifies it with the key that the verifier holds, and returns its checkpoint or raises TreError."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a bundle or log is not to be trusted: a stable code for programs, a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in a bundle under some name: SHA-256 in hexadecimal, length in bytes."""

    sha256: str
    bytes: int


def faults(data: bytes, found: Mapping[str, Found], open_checkpoint: OpenCheckpoint) -> tuple[Fault, ...]:
    """Why the files found beside a receipt are not the release that it states; empty when they are.

    Args:
        data: the bytes of `receipt.json`.
        found: every other file of the bundle by name.
        open_checkpoint: verifies the signature with a key that does not come from the bundle.
    """
    try:
        stated = receipt.decode(data)
    except TreError as error:
        return (Fault(error.code, error.sentence),)
    return (*_file_faults(stated.body, found), *_log_faults(stated, open_checkpoint))


def _file_faults(body: Body, found: Mapping[str, Found]) -> list[Fault]:
    stated = {file.name: Found(file.sha256, file.bytes) for file in body.files}
    missing, extra = sorted(stated.keys() - found.keys()), sorted(found.keys() - stated.keys())
    changed = [name for name in sorted(stated.keys() & found.keys()) if stated[name] != found[name]]
    return [
        *(
            Fault("file_missing", f"{name} is stated in the receipt but missing from the bundle.")
            for name in missing
        ),
        *(Fault("file_extra", f"{name!r} is in the bundle but not stated in the receipt.") for name in extra),
        *(Fault("file_changed", f"{name} is not the file that was released.") for name in changed),
    ]


def _log_faults(stated: Receipt, open_checkpoint: OpenCheckpoint) -> list[Fault]:
    proof = stated.proof
    try:
        # A second signature would be bytes that this key cannot vouch for.
        if len(parse_note(proof.checkpoint).signatures) != 1:
            return [
                Fault(
                    "signature_extra",
                    "The checkpoint carries more than the one signature that a receipt has.",
                )
            ]
        checkpoint = open_checkpoint(proof.checkpoint)
    except TreError as error:
        return [Fault(error.code, error.sentence)]
    leaf = tree.leaf_hash(stated.body.leaf())
    if tree.verify_inclusion(leaf, proof.index, proof.hashes, size=checkpoint.size, root=checkpoint.root):
        return []
    return [Fault("not_in_log", "The proof does not lead from this receipt to the signed log.")]
