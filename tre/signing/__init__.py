"""Ed25519 keys, signed notes and checkpoints in the C2SP forms. The key never comes from what it verifies.

The private key is one line in a file that its owner alone may read. A checkpoint is signed only when it is shown to agree
with the one published last: whoever keeps an old checkpoint can be sure that the log has only grown since.
"""

from tre.signing.checkpoints import CheckpointSigner, open_checkpoint, open_note, sign_checkpoint
from tre.signing.files import create_key, load_key, load_verification_key
from tre.signing.keys import SigningKey, VerificationKey, parse_signing_key, parse_verification_key

__all__ = [
    "CheckpointSigner",
    "SigningKey",
    "VerificationKey",
    "create_key",
    "load_key",
    "load_verification_key",
    "open_checkpoint",
    "open_note",
    "parse_signing_key",
    "parse_verification_key",
    "sign_checkpoint",
]
