"""Sealed files: AES-256-GCM in pieces of 4 MiB, for deliveries that wait on disk for the one role that may read them.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar 2015): each piece is sealed under its number and whether it is
the last, so pieces cannot be changed, dropped, repeated, swapped or cut off unseen. Every file has its own key, derived from
the role's key, a fresh salt and the purpose it was sealed for; a file sealed for one purpose does not open for another.

    TRESEAL1 | salt (32 bytes) | piece + tag (16 bytes) | piece + tag | ... | last piece + tag
"""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tre.domain.errors import BadInput, Refused
from tre.vault.storage import Disk, chunks_of, one_sentence, place, regular_file

KEY_SIZE: Final = 32
"""Length of a role's key, in bytes. Source: AES-256."""

PIECE: Final = 4 * 1024 * 1024
"""Plain bytes in each piece but the last: a reader holds two of them at most."""

MAGIC: Final = b"TRESEAL1"
_SALT_SIZE: Final = 32
_TAG_SIZE: Final = 16


def sealed_chunks(source: BinaryIO, key: bytes, label: str) -> Iterator[bytes]:
    """Seal a stream: header first, then piece after piece.

    Args:
        source: what to seal.
        key: 32 secret bytes.
        label: the purpose, for example `payload/energy_accounts`; opening needs the same.

    Raises:
        BadInput: the key is not 32 bytes long.
    """
    salt = os.urandom(_SALT_SIZE)
    cipher, header = _cipher(key, salt, label), MAGIC + salt
    yield header
    for number, (piece, is_last) in enumerate(_with_last(chunks_of(source, PIECE))):
        yield cipher.encrypt(_nonce(number, is_last=is_last), piece, header)


def opened_chunks(source: BinaryIO, key: bytes, label: str) -> Iterator[bytes]:
    """Open a sealed stream piece by piece; each piece is genuine, but only the end shows that none is missing.

    Raises:
        Refused: changed, cut off, sealed under another key or for another purpose.
        BadInput: the key is not 32 bytes long.
    """
    header = next(chunks_of(source, len(MAGIC) + _SALT_SIZE), b"")
    if len(header) != len(MAGIC) + _SALT_SIZE or not header.startswith(MAGIC):
        raise _broken()
    cipher = _cipher(key, header[len(MAGIC) :], label)
    for number, (piece, is_last) in enumerate(_with_last(chunks_of(source, PIECE + _TAG_SIZE))):
        try:
            plain = cipher.decrypt(_nonce(number, is_last=is_last), piece, header)
        except InvalidTag:
            raise _broken() from None
        # An empty last piece after others would be a second way to seal the same bytes.
        if not plain and number:
            raise _broken()
        yield plain


def seal(
    source: Path | bytes | BinaryIO, target: Path, *, key: bytes, label: str, disk: Disk | None = None
) -> None:
    """Seal a file, bytes or a stream into a file, which is there whole or not at all.

    Raises:
        BadInput: the key has a wrong length, or `source` is no regular file.
        Unavailable: it could not be read or written; nothing was.
    """
    where = disk or Disk()
    with one_sentence(f"{target.name} was not sealed"):
        if isinstance(source, Path):
            with regular_file(source) as file:
                place(where, target, sealed_chunks(file, key, label))
        else:
            stream = BytesIO(source) if isinstance(source, bytes) else source
            place(where, target, sealed_chunks(stream, key, label))


def unseal(path: Path, *, key: bytes, label: str) -> bytes:
    """The plain bytes of a sealed file, all of them genuine.

    Raises:
        Refused: changed, cut off, sealed under another key or for another purpose.
        BadInput: the key has a wrong length, or `path` is no regular file.
        Unavailable: it could not be read.
    """
    with one_sentence(f"{path.name} was not opened"), regular_file(path) as file:
        return b"".join(opened_chunks(file, key, label))


def unseal_to(path: Path, target: Path, *, key: bytes, label: str, disk: Disk | None = None) -> None:
    """Open a sealed file into a plain one, which appears only when every byte proved genuine.

    Raises:
        Refused, BadInput, Unavailable: as for `unseal`; no plain file is left.
    """
    with one_sentence(f"{path.name} was not opened"), regular_file(path) as file:
        place(disk or Disk(), target, opened_chunks(file, key, label))


def _with_last(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each piece and whether it is the last; an empty stream is one empty last piece."""
    piece = next(pieces, b"")
    for following in pieces:
        yield piece, False
        piece = following
    yield piece, True


def _cipher(key: bytes, salt: bytes, label: str) -> AESGCM:
    if len(key) != KEY_SIZE:
        raise BadInput(
            "key_length", f"A sealing key has {KEY_SIZE} bytes; make one with os.urandom({KEY_SIZE})."
        )
    info = b"tre sealed file v1\x00" + label.encode()
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_SIZE, salt=salt, info=info).derive(key))


def _nonce(number: int, *, is_last: bool) -> bytes:
    """Twelve bytes that no other piece under this file's key has: its number, and whether it is the last."""
    return number.to_bytes(11, "big") + bytes([is_last])


def _broken() -> Refused:
    return Refused(
        "seal_broken",
        "The sealed file was changed or cut off, or was sealed under another key or purpose: ask for it to be delivered again.",
    )
