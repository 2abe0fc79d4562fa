"""What the embedded server is told: its settings and who may log in. Written anew at every start."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tre.db.confined import Layout
from tre.db.folders import PRIVATE_FILE

SERVER_FILE: Final = "server.conf"
ACCESS_FILE: Final = "access.conf"
ACCOUNTS_FILE: Final = "accounts"

INITDB: Final = (
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    # The builtin provider sorts the same on every machine; the system's collations differ between releases.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--data-checksums",
    "--no-instructions",
)

SETTINGS: Final = (
    ("listen_addresses", ""),
    # The folder around the socket is private; the socket itself is handed, alone, to confined processes of ours.
    ("unix_socket_permissions", "0777"),
    ("password_encryption", "scram-sha-256"),
    # An acknowledged charge must survive a crash (research: 13 of 3,000 were lost with it off).
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("synchronous_commit", "on"),
    ("max_connections", "100"),
    ("shared_buffers", "64MB"),
    ("max_wal_size", "512MB"),
    ("timezone", "UTC"),
    # The server's log may hold events, never a value: no statement, no parameter, no DETAIL line.
    ("log_statement", "none"),
    ("log_min_error_statement", "panic"),
    ("log_min_duration_statement", "-1"),
    ("log_parameter_max_length", "0"),
    ("log_parameter_max_length_on_error", "0"),
    ("log_error_verbosity", "terse"),
    ("log_timezone", "UTC"),
)

ACCESS: Final = "local all all scram-sha-256\n"


def server_settings(inside: Layout) -> str:
    """Return the server's configuration file, for a server that sees its folders at `inside`."""
    places = (
        # PostgreSQL splits this one at commas unless a name stands in double quotes.
        ("unix_socket_directories", '"' + str(inside.socket).replace('"', '""') + '"'),
        ("hba_file", str(inside.configuration / ACCESS_FILE)),
    )
    return "".join(f"{name} = {_quoted(value)}\n" for name, value in (*SETTINGS, *places))


def write(folder: Path, inside: Layout, owner: int) -> None:
    """Write the server's files into `folder` and hand them to the account `owner`."""
    accounts = f"tre-database:x:{owner}:{owner}::/nonexistent:/usr/sbin/nologin\n"
    for name, text in (
        (SERVER_FILE, server_settings(inside)),
        (ACCESS_FILE, ACCESS),
        (ACCOUNTS_FILE, accounts),
    ):
        part = _handed_over(folder / f".{name}", text, owner)
        part.rename(folder / name)


@contextlib.contextmanager
def first_password(folder: Path, password: str, owner: int) -> Iterator[str]:
    """Give the name of a file in `folder` with the administrator's first password; it is gone afterwards."""
    file = _handed_over(folder / ".first-password", password + "\n", owner)
    try:
        yield file.name
    finally:
        file.unlink()


def _handed_over(path: Path, text: str, owner: int) -> Path:
    """Write a file that only the account `owner` may read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        if owner != os.geteuid():
            os.fchown(descriptor, owner, owner)
    return path


def remove_unfinished(folder: Path) -> None:
    """Remove what a crash in the middle of the first start left behind."""
    if folder.exists():
        shutil.rmtree(folder)


def _quoted(value: str) -> str:
    """Return `value` as PostgreSQL's configuration files quote it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
