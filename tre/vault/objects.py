"""Files by the SHA-256 of their bytes: written once, checked at every reading, never changed."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from tre.domain.errors import BadInput, NotFound, Refused
from tre.vault.storage import (
    Disk,
    Failpoint,
    chunks_of,
    ensure_directory,
    one_sentence,
    regular_file,
    unbroken,
    write_new,
)

STALE_SECONDS: Final = 24 * 60 * 60
"""Age in seconds at which a staged file is certainly nobody's any more. Source: research, security section 3.3."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class ObjectStore:
    """A content-addressed store in one folder.

    `put` returns only when the object would survive a power cut, so a database row may then name its digest.
    """

    def __init__(self, root: Path, *, disk: Disk | None = None, failpoint: Failpoint = unbroken) -> None:
        self._stage, self._objects = root / "stage", root / "objects"
        self._disk, self._failpoint = disk or Disk(), failpoint
        with one_sentence(f"the object store {root} was not opened"):
            for folder in (root, self._stage, self._objects):
                ensure_directory(self._disk, folder)
        self._safe_folders: set[str] = set()

    def put(self, source: bytes | BinaryIO, *, limit: int | None = None) -> str:
        """Store bytes, or what is left of a stream; the same bytes are stored once.

        Args:
            source: what to store.
            limit: most bytes to accept; no limit by default.

        Returns:
            The digest, in hexadecimal.

        Raises:
            BadInput: more than `limit` bytes.
            Unavailable: the disk is full or failed; nothing was stored.
            Refused: an object of this digest is there but damaged.
        """
        stream = BytesIO(source) if isinstance(source, bytes) else source
        staged = self._stage / secrets.token_hex(16)
        counted = _Counted(chunks_of(stream), limit)
        with one_sentence("the file was not stored"):
            write_new(self._disk, staged, counted)
            try:
                self._failpoint("object.synced")
                self._settle(staged, counted.digest)
            finally:
                with suppress(OSError):
                    self._disk.remove(staged)
        return counted.digest

    def put_file(self, path: Path, *, beneath: Path | None = None, limit: int | None = None) -> str:
        """Store a file that somebody else may have made: no link is followed, only a regular file is read.

        Args:
            path: the file.
            beneath: a trusted folder that it must lie in; folders between are not followed if they are links.
            limit: most bytes to accept.

        Raises:
            BadInput: not a regular file there, or larger than `limit`.
            Unavailable, Refused: as for `put`; also where the file cannot be read.
        """
        with one_sentence(f"{path.name} was not stored"), regular_file(path, beneath=beneath) as file:
            return self.put(file, limit=limit)

    def has(self, digest: str) -> bool:
        """Is there an object of this digest? It is not checked: `get` and `check` do that."""
        return self._path(digest).is_file()

    def get(self, digest: str) -> bytes:
        """The bytes of an object.

        Raises:
            NotFound: there is none.
            Refused: its bytes have changed.
        """
        return b"".join(self.chunks(digest))

    def chunks(self, digest: str) -> Iterator[bytes]:
        """The bytes of an object in pieces; whoever uses them before the end must take them back if this raises.

        Raises:
            NotFound, Refused: as for `get`; `Refused` comes after the last piece.
        """
        path, hasher = self._path(digest), hashlib.sha256()
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise _damaged(digest)
        if not path.exists():
            raise NotFound(
                "object_missing", f"There is no object {digest} in the store; restore it, or store it again."
            )
        with one_sentence("the object was not read"), regular_file(path) as file:
            for chunk in chunks_of(file):
                hasher.update(chunk)
                yield chunk
        if hasher.hexdigest() != digest:
            raise _damaged(digest)

    def check(self, digest: str) -> Path:
        """Re-hash an object and say where it lies, for a reader in our own process that needs a path.

        Raises:
            NotFound, Refused: as for `get`.
        """
        for _ in self.chunks(digest):
            pass
        return self._path(digest)

    def digests(self) -> Iterator[str]:
        """The digests of all objects, in order."""
        for folder in sorted(self._objects.iterdir()):
            yield from sorted(entry.name for entry in folder.iterdir())

    def damaged(self) -> tuple[str, ...]:
        """The names under which something else lies than an object of that digest; what `tre fsck` reports."""
        return tuple(name for name in self.digests() if not self._is_sound(name))

    def sweep(self, now: float) -> int:
        """Remove staged files that a crash left behind more than a day before `now` (seconds since 1970); say how many."""
        with one_sentence("old staged files were not removed"):
            stale = [path for path in self._stage.iterdir() if now - path.lstat().st_mtime > STALE_SECONDS]
            for path in stale:
                self._disk.remove(path)
        return len(stale)

    def _is_sound(self, name: str) -> bool:
        try:
            self.check(name)
        except (BadInput, NotFound, Refused):
            return False
        return True

    def _settle(self, staged: Path, digest: str) -> None:
        target = self._path(digest)
        self._ensure_folder(target.parent)
        if target.is_symlink() or target.exists():
            # Whoever stored it first may have died before syncing the folder, so this goes on to sync it too.
            self.check(digest)
        else:
            self._disk.rename(staged, target)
            self._failpoint("object.renamed")
        self._disk.sync_directory(target.parent)
        self._failpoint("object.stored")

    def _ensure_folder(self, folder: Path) -> None:
        """Once in each process, as another that made the folder may have died before syncing it."""
        if folder.name not in self._safe_folders:
            ensure_directory(self._disk, folder)
            self._safe_folders.add(folder.name)

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise BadInput(
                "digest_malformed",
                "A digest is 64 hexadecimal digits; use the one that was given at storing.",
            )
        return self._objects / digest[:2] / digest


class _Counted:
    """Pieces that are hashed and counted on their way to the disk."""

    def __init__(self, chunks: Iterable[bytes], limit: int | None) -> None:
        self._chunks, self._limit, self._size = chunks, limit, 0
        self._hasher = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._size += len(chunk)
            if self._limit is not None and self._size > self._limit:
                raise BadInput(
                    "file_too_large",
                    f"The file has more than {self._limit:,} bytes; hand over a smaller one.",
                )
            self._hasher.update(chunk)
            yield chunk

    @property
    def digest(self) -> str:
        return self._hasher.hexdigest()


def _damaged(digest: str) -> Refused:
    return Refused(
        "object_damaged",
        f"The object {digest} has changed on disk: nothing uses it. Restore it and run tre fsck.",
    )
