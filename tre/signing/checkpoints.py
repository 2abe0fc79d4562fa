"""Signing checkpoints, and verifying what others have signed."""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tre.domain.checkpoint import Checkpoint, parse_checkpoint, parse_note
from tre.domain.errors import BadInput, Refused
from tre.domain.tree import EMPTY_ROOT, verify_consistency
from tre.signing.keys import SigningKey, VerificationKey


def open_note(note: str, key: VerificationKey) -> str:
    """The text of a note that this key has signed.

    Raises:
        BadInput: it is no note, or this key has not signed it.
    """
    parsed = parse_note(note)
    mine = [one for one in parsed.signatures if (one.name, one.key_id) == (key.name, key.key_id)]
    if len(mine) != 1:
        raise BadInput(
            "signature_missing",
            f"The key {key.name} has not signed this; use the key of the log that wrote it.",
        )
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(mine[0].value, parsed.text.encode())
    except InvalidSignature:
        raise BadInput(
            "signature_wrong", "The signature is not of this text: somebody has changed it."
        ) from None
    return parsed.text


def open_checkpoint(note: str, key: VerificationKey) -> Checkpoint:
    """The checkpoint of the key's own log that this key has signed.

    Raises:
        BadInput: not a note of this key, not a checkpoint, or of another log.
    """
    checkpoint = parse_checkpoint(open_note(note, key))
    if checkpoint.origin != key.name:
        raise BadInput("origin_wrong", "The checkpoint is another log's; use the key of that log.")
    return checkpoint


def sign_checkpoint(
    key: SigningKey, checkpoint: Checkpoint, *, published: str | None, proof: Sequence[bytes]
) -> str:
    """Sign a checkpoint that agrees with the one published last.

    Args:
        key: the log's key.
        checkpoint: what to sign; larger than the published one, equal, or an earlier state of the same log.
        published: the signed note that was published last; None only to begin a log, at size 0.
        proof: consistency proof from the smaller of the two to the larger.

    Raises:
        Refused: it is another log's, or does not agree: the log was rolled back or forked, and nothing is signed.
        BadInput: `published` is not a checkpoint of this key.
    """
    if checkpoint.origin != key.name:
        raise Refused("origin_wrong", "The checkpoint is another log's; sign it with the key of that log.")
    here = (checkpoint.size, checkpoint.root)
    before = (0, EMPTY_ROOT)
    if published is not None:
        last = open_checkpoint(published, key.verification_key)
        before = (last.size, last.root)
    elif checkpoint.size:
        raise Refused(
            "published_missing",
            "No published checkpoint to compare with; bring it back before anything is signed.",
        )
    if not verify_consistency(min(before, here), max(before, here), proof):
        raise Refused(
            "log_forked",
            "The log does not agree with its last published checkpoint; nothing was signed. Restore the log.",
        )
    return key.sign(checkpoint.text())


@dataclass(frozen=True, slots=True)
class CheckpointSigner:
    """Signs and opens the checkpoints of one log: what `tre.vault.log` is handed."""

    key: SigningKey

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self.key.name

    def sign(self, checkpoint: Checkpoint, *, published: str | None, proof: Sequence[bytes]) -> str:
        """See `sign_checkpoint`."""
        return sign_checkpoint(self.key, checkpoint, published=published, proof=proof)

    def open(self, note: str) -> Checkpoint:
        """See `open_checkpoint`."""
        return open_checkpoint(note, self.key.verification_key)
