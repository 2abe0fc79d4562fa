"""The few disk operations that the vault uses, in one replaceable place, and the order that makes them survive a power cut.

Write, sync the file, rename, sync the directory: only then is a file there for good. Tests put a disk in place of `Disk`
that fails at the n-th call, or forgets what was not synced.
"""

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from tre.domain.errors import BadInput, Refused, Unavailable

CHUNK: Final = 1024 * 1024
"""Bytes read or written at once."""

Failpoint: TypeAlias = Callable[[str], None]
"""Called with a step's name when it is done; a test or `TRE_FAILPOINT` ends the process there."""

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def unbroken(step: str) -> None:
    """The failpoint of normal running: nothing fails at any step."""


class Disk:
    """The real disk. Each method is one system call and raises `OSError` as that does."""

    def create(self, path: Path) -> int:
        """Make a new file, readable by its owner alone, and open it for writing."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def extend(self, path: Path) -> int:
        """Open an existing file for writing at its end."""
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)

    def write(self, descriptor: int, data: memoryview) -> int:
        """Write some of the bytes; say how many."""
        return os.write(descriptor, data)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut an open file off after `size` bytes."""
        os.ftruncate(descriptor, size)

    def sync(self, descriptor: int) -> None:
        """Wait until an open file's bytes are on the medium."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """Close an open file."""
        os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Give a file or folder another name; a file of that name is replaced."""
        source.rename(target)

    def remove(self, path: Path) -> None:
        """Remove one file."""
        path.unlink()

    def make_directory(self, path: Path) -> None:
        """Make one folder, open to its owner alone."""
        path.mkdir(mode=0o700)

    def remove_directory(self, path: Path) -> None:
        """Remove one empty folder."""
        path.rmdir()

    def sync_directory(self, path: Path) -> None:
        """Wait until the names in a folder are on the medium."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def one_sentence(what: str) -> Iterator[None]:
    """Turn what a disk says into one sentence. `what` finishes "... was not".

    Raises:
        Unavailable: disk full, or any other failure of the disk; the work can be done again later.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise Unavailable(
                "disk_full", f"The disk is full: {what}. Free space and try again; nothing is lost."
            ) from error
        reason = error.strerror or "unknown fault"
        raise Unavailable(
            "disk_failed", f"The disk failed ({reason}): {what}. Look at the disk and try again."
        ) from error


@contextmanager
def locked(folder: Path, *, exclusive: bool = True) -> Iterator[None]:
    """Hold a folder; whoever else wants it waits. The lock ends with its process; readers may share it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def write_new(disk: Disk, path: Path, chunks: Iterable[bytes]) -> None:
    """Write a new file and sync it; the directory is the caller's to sync. A file that fails half-way is removed."""
    descriptor = disk.create(path)
    try:
        try:
            for chunk in chunks:
                write_all(disk, descriptor, chunk)
            disk.sync(descriptor)
        finally:
            disk.close(descriptor)
    except BaseException:
        with suppress(OSError):
            disk.remove(path)
        raise


def write_all(disk: Disk, descriptor: int, data: bytes) -> None:
    """Write every byte, however few the disk takes at once."""
    rest = memoryview(data)
    while rest:
        written = disk.write(descriptor, rest)
        if written <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rest = rest[written:]


def place(disk: Disk, target: Path, chunks: Iterable[bytes]) -> None:
    """Put a whole file in place, or leave what was there: staged beside the target, synced, renamed, directory synced."""
    staged = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    write_new(disk, staged, chunks)
    try:
        disk.rename(staged, target)
    except OSError:
        with suppress(OSError):
            disk.remove(staged)
        raise
    disk.sync_directory(target.parent)


def ensure_directory(disk: Disk, path: Path) -> None:
    """Make a folder unless it is there, for good in either case: whoever made it may have died before syncing."""
    try:
        disk.make_directory(path)
    except FileExistsError:
        if path.is_symlink() or not path.is_dir():
            raise Refused("not_a_folder", f"{path} is not a folder; move it away and try again.") from None
    disk.sync_directory(path.parent)


@contextmanager
def regular_file(path: Path, *, beneath: Path | None = None) -> Iterator[BinaryIO]:
    """Open a regular file for reading; no link is followed at its name, nor on the way to it from `beneath`.

    Raises:
        BadInput: it is a link, a folder, a pipe or a device, or does not lie beneath `beneath`.
        OSError: it is not there or cannot be read.
    """
    descriptor = _opened(path, beneath)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_regular(path)
    with os.fdopen(descriptor, "rb") as file:
        yield file


def chunks_of(file: BinaryIO, size: int = CHUNK) -> Iterator[bytes]:
    """The bytes of a file or pipe in pieces of exactly `size` bytes, the last one excepted."""
    while piece := _full_read(file, size):
        yield piece


def _full_read(file: BinaryIO, size: int) -> bytes:
    """A pipe gives what it has; a piece is complete unless the end has come."""
    parts: list[bytes] = []
    missing = size
    while missing and (part := file.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _opened(path: Path, beneath: Path | None) -> int:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        if beneath is None:
            return os.open(path, flags)
        return _opened_beneath(beneath, path.relative_to(beneath).parts, flags)
    except ValueError:
        raise _not_regular(path) from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
            raise _not_regular(path) from None
        raise


def _opened_beneath(folder: Path, parts: tuple[str, ...], flags: int) -> int:
    if not parts or ".." in parts:
        raise _not_regular(folder.joinpath(*parts))
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    for number, part in enumerate(parts, start=1):
        inner = flags if number == len(parts) else flags | os.O_DIRECTORY
        try:
            following = os.open(part, inner, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = following
    return descriptor


def _not_regular(path: Path) -> BadInput:
    return BadInput(
        "not_a_file",
        f"{path.name} is not a regular file in its folder; hand over the file itself, not a link.",
    )
