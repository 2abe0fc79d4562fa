"""Keys in files. A private key's file is readable by its owner alone, or the key is not used."""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tre.domain.checkpoint import is_key_name
from tre.domain.errors import BadInput, Refused, Unavailable
from tre.signing.keys import (
    SigningKey,
    VerificationKey,
    malformed_key,
    parse_signing_key,
    parse_verification_key,
)

_LONGEST_KEY_FILE: Final = 4096


def create_key(path: Path, name: str) -> SigningKey:
    """Make a new key and write it to a file that only its owner may read; an existing file is never replaced.

    Raises:
        BadInput: the name has white space or a plus sign.
        Refused: the file exists.
        Unavailable: it cannot be written; no half-written key is left.
    """
    if not is_key_name(name):
        raise BadInput(
            "key_name",
            "A key's name is not empty and has neither white space nor a plus sign; choose another.",
        )
    key = SigningKey(name, Ed25519PrivateKey.generate())
    staged = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_new(staged, f"{key.secret_line()}\n".encode())
        os.link(staged, path)
        _sync_directory(path.parent)
    except FileExistsError:
        raise Refused(
            "key_exists", f"There is a key at {path} already; keep it, or name another file."
        ) from None
    except OSError as error:
        raise Unavailable(
            "key_unwritable", f"The key {path} could not be written: {error.strerror}."
        ) from None
    finally:
        staged.unlink(missing_ok=True)
    return key


def load_key(path: Path) -> SigningKey:
    """Read a private key.

    Raises:
        Unavailable: there is no such file, or it cannot be read.
        Refused: it is a link, no regular file, or others than its owner may read it.
        BadInput: it does not hold a key.
    """
    text, mode = _read_key_file(path)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Refused(
            "key_exposed", f"Others may read the key {path}: treat it as known, make a new one, chmod 600 it."
        )
    return parse_signing_key(text)


def load_verification_key(path: Path) -> VerificationKey:
    """Read a public key from a file with its one line.

    Raises:
        Unavailable, Refused, BadInput: as for `load_key`, but anyone may read it.
    """
    return parse_verification_key(_read_key_file(path)[0])


def _read_key_file(path: Path) -> tuple[str, int]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unavailable("key_unreadable", f"The key {path} could not be read: {error.strerror}.") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise Refused("key_unreadable", f"{path} is not a regular file; name the key file itself.")
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(_LONGEST_KEY_FILE)
    lines = data.decode("utf-8", "replace").split("\n")
    if len(lines) > 2 or lines[1:] not in ([], [""]):
        raise malformed_key()
    return lines[0], mode


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
