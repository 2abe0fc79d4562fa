"""Ed25519 keys in the C2SP note form: one line of text each."""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tre.domain.checkpoint import KEY_ID_SIZE, Note, Signature, is_key_name, parse_note
from tre.domain.errors import BadInput

ED25519: Final = b"\x01"
"""The signature type. Source: C2SP signed-note."""

KEY_SIZE: Final = 32
"""Length of a key of either kind, in bytes. Source: RFC 8032, section 5.1.5."""

_PRIVATE: Final = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key and the name of the log that signs with it.

    Attributes:
        name: the log's origin, for example `tre.example/log`.
        public: 32 bytes, Ed25519.
    """

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart. Source: C2SP signed-note."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_ID_SIZE]

    @property
    def vkey(self) -> str:
        """The key as one line of text, `name+id+key`. Source: C2SP signed-note."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key; it never shows itself in a text or a traceback."""

    name: str
    _private: Ed25519PrivateKey = field(repr=False)

    @property
    def verification_key(self) -> VerificationKey:
        """The public half, to be given to everyone who verifies."""
        raw = self._private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        return VerificationKey(self.name, raw)

    def sign(self, text: str) -> str:
        """A signed note over a text that ends with a line end; the same text always gives the same note.

        Raises:
            BadInput: the text cannot stand in a note.
        """
        signature = Signature(self.name, self.verification_key.key_id, self._private.sign(text.encode()))
        note = Note(text, (signature,)).encode()
        if not text.endswith("\n") or parse_note(note).text != text:
            raise BadInput(
                "note_malformed", "A text to be signed ends with one line end; add it and sign again."
            )
        return note

    def secret_line(self) -> str:
        """The private key as one line of text, for its file only. Source: the note format of Go's checksum database."""
        raw = self._private.private_bytes_raw()
        return f"{_PRIVATE}{self.name}+{self.verification_key.key_id.hex()}+{base64.b64encode(ED25519 + raw).decode()}"


def parse_verification_key(vkey: str) -> VerificationKey:
    """Read a public key from its line `name+id+key`.

    Raises:
        BadInput: it is no such line, or the id is another key's.
    """
    name, key_id, public = _split_key(vkey)
    key = VerificationKey(name, public)
    if key.key_id != key_id or key.vkey != vkey:
        raise malformed_key()
    return key


def parse_signing_key(line: str) -> SigningKey:
    """Read a private key from its line `PRIVATE+KEY+name+id+seed`.

    Raises:
        BadInput: it is no such line, or the id is another key's.
    """
    name, key_id, seed = _split_key(line.removeprefix(_PRIVATE))
    key = SigningKey(name, Ed25519PrivateKey.from_private_bytes(seed))
    if key.verification_key.key_id != key_id or key.secret_line() != line:
        raise malformed_key()
    return key


def _split_key(text: str) -> tuple[str, bytes, bytes]:
    parts = text.split("+", 2)
    try:
        name, key_id, blob = parts[0], bytes.fromhex(parts[1]), base64.b64decode(parts[2], validate=True)
    except (IndexError, ValueError, binascii.Error):
        raise malformed_key() from None
    if not is_key_name(name) or blob[:1] != ED25519 or len(blob) != KEY_SIZE + 1:
        raise malformed_key()
    return name, key_id, blob[1:]


def malformed_key() -> BadInput:
    """The error for a line or file that is not a key; it never repeats what it found."""
    return BadInput(
        "key_malformed",
        "This is not one line with a key in the C2SP note form; use the file that the log's owner gave.",
    )
