"""Folders and secret files that only their owner may read: made so, and refused when found otherwise."""

import os
import stat
import threading
from pathlib import Path
from typing import Final

from tre.domain.errors import BadInput, NotFound

PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def private_folder(path: Path, owner: int | None = None) -> Path:
    """Make the folder `path` if it is missing and check that nobody but `owner` may enter it.

    Args:
        path: the folder; its parents are made private too where they are missing.
        owner: the user id that it must belong to; by default the one that runs this process.

    Raises:
        BadInput: `folder_not_private`, it exists, but is a link, open to others, or another account's.
    """
    wanted = os.geteuid() if owner is None else owner
    if not path.parent.exists():
        private_folder(path.parent)
    try:
        path.mkdir(mode=PRIVATE_FOLDER)
    except FileExistsError:
        pass
    else:
        path.chmod(PRIVATE_FOLDER)  # the umask may have taken bits away
        if wanted != os.geteuid():
            os.chown(path, wanted, wanted)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise BadInput("folder_not_private", f"{path} must be a folder, not a link or a file: move it away.")
    _refuse_if_open(path, found, wanted)
    return path


def _refuse_if_open(path: Path, found: os.stat_result, owner: int) -> None:
    """Refuse what belongs to another account or lets others in."""
    if found.st_uid != owner:
        raise BadInput(
            "folder_not_private",
            f"{path} belongs to the account with number {found.st_uid}, not {owner}: "
            "run as the account that made it, or choose another TRE_HOME.",
        )
    if found.st_mode & _OTHERS:
        raise BadInput(
            "folder_not_private", f"{path} is open to other accounts: close it with `chmod go= {path}`."
        )


def write_secret(path: Path, secret: str) -> None:
    """Write a new secret file that only this account may read, whole or not at all.

    Raises:
        FileExistsError: it is there already; a secret is never overwritten.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret)
        file.flush()
        os.fsync(descriptor)
    try:
        path.hardlink_to(part)  # unlike a rename, a link never replaces a secret that another process wrote
    finally:
        part.unlink()


def read_secret(path: Path) -> str:
    """Read a secret file.

    Raises:
        NotFound: `secret_missing`, there is no such file.
        BadInput: `folder_not_private`, it is a link, open to others, or another account's.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        raise NotFound("secret_missing", f"The secret {path} is missing: run `tre up` once.") from None
    if not stat.S_ISREG(found.st_mode):
        raise BadInput("folder_not_private", f"The secret {path} must be a plain file: move it away.")
    _refuse_if_open(path, found, os.geteuid())
    return path.read_text(encoding="utf-8")
