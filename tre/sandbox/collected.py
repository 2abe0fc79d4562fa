"""Take what a sandbox left behind: regular files only, never following a link that it made."""

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\- ]{0,119}")
CHUNK_BYTES: Final = 1 << 20
MOST_FILES: Final = 1000
"""Most files taken from one run. Source: ours."""


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file that a run wrote. Its name and content are the author's claim.

    Attributes:
        name: a plain file name.
        path: where it lies on this machine.
        size: in bytes.
        digest: SHA-256 of its bytes, in hexadecimal.
    """

    name: str
    path: Path
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Collected:
    """All that lay in one folder.

    Attributes:
        files: the usable ones, by name.
        ignored: how many entries are no plain files (links, folders, sockets, odd names, too many).
    """

    files: tuple[OutputFile, ...]
    ignored: int


def collect(folder: Path) -> Collected:
    """List the regular files directly in `folder`. The sandbox that wrote them must be over."""
    files: list[OutputFile] = []
    ignored = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            taken = take(folder / entry.name) if len(files) < MOST_FILES else None
            if taken is None:
                ignored += 1
            else:
                files.append(taken)
    return Collected(tuple(sorted(files, key=lambda file: file.name)), ignored)


def read_plain(path: Path, most: int) -> bytes | None:
    """The bytes of a regular file, or None when it is something else, unreadable or longer than `most` bytes."""
    number = _opened(path)
    if number is None:
        return None
    with os.fdopen(number, "rb") as file:
        content = file.read(most + 1)
    return content if len(content) <= most else None


def take(path: Path) -> OutputFile | None:
    """Describe one plain file, or None when it is something else; what is inside is still the author's."""
    number = _opened(path) if PLAIN_NAME.fullmatch(path.name) else None
    if number is None:
        return None
    with os.fdopen(number, "rb") as file:
        digest, size = hashlib.sha256(), 0
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return OutputFile(path.name, path, size, digest.hexdigest())


def _opened(path: Path) -> int | None:
    """Open a regular file with one name only, without following a link or waiting for a pipe."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    found = os.fstat(number)
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
        return number
    os.close(number)
    return None
