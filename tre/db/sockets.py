"""Where the embedded server's socket lies."""

import hashlib
import os
import stat
from pathlib import Path
from typing import Final

# sockaddr_un.sun_path in Linux's <linux/un.h> holds 108 bytes, the last one a zero.
LONGEST: Final = 107
_FILE: Final = ".s.PGSQL.5432"
RUNTIME: Final = Path("/run/user")
TEMPORARY: Final = Path("/tmp")  # noqa: S108  a folder of our own is made in it, and its owner is checked


def fits(folder: Path, name: str = _FILE) -> bool:
    """Is the path of a socket in `folder` short enough for the kernel, and one path to PostgreSQL's clients?

    They take what stands between commas for one host each.
    """
    return len(os.fsencode(folder / name)) <= LONGEST and b"," not in os.fsencode(folder)


def socket_folder(folder: Path, name: str = _FILE) -> Path:
    """Return the folder for the sockets of a server whose files are in `folder`; the longest is called `name`.

    It lies beside the server's files where that path can be used, otherwise under a short folder of
    the machine, under a name that is the same for the same server each time.
    """
    beside = folder / "socket"
    if fits(beside, name):
        return beside
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    own = RUNTIME / str(os.geteuid())
    return (own if _is_mine(own) else TEMPORARY) / f"tre-{os.geteuid()}-{name}"


def _is_mine(folder: Path) -> bool:
    """Does `folder` belong to this account, and to it alone?"""
    try:
        found = folder.lstat()
    except OSError:
        return False
    mode = found.st_mode
    return stat.S_ISDIR(mode) and found.st_uid == os.geteuid() and not mode & (stat.S_IRWXG | stat.S_IRWXO)
