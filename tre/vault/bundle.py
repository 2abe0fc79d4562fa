"""Release bundles: a folder with the released files and `receipt.json`, there whole or not at all.

The receipt alone decides what is written, so publishing it twice writes the same bytes, and after a crash it is done again.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tre.domain.bundle import Fault, Found, OpenCheckpoint, faults
from tre.domain.errors import BadInput, Refused, TreError
from tre.domain.receipt import LARGEST_RECEIPT, RECEIPT_NAME, Receipt, ReleasedFile
from tre.vault.objects import ObjectStore
from tre.vault.storage import (
    Disk,
    Failpoint,
    chunks_of,
    ensure_directory,
    locked,
    one_sentence,
    regular_file,
    unbroken,
    write_new,
)


@dataclass(frozen=True, slots=True)
class Publisher:
    """Writes bundles into one folder from one object store.

    Attributes:
        releases: the folder; one bundle per release, named by the release's identifier.
        objects: where the released files lie by digest.
        disk: the disk to write to.
        failpoint: called after each step: `bundle.begun`, `bundle.file`, `bundle.files`, `bundle.receipt`,
            `bundle.synced`, `bundle.renamed`, `bundle.published`.
    """

    releases: Path
    objects: ObjectStore
    disk: Disk = field(default_factory=Disk)
    failpoint: Failpoint = unbroken

    def publish(self, receipt: Receipt) -> Path:
        """Write the bundle that this receipt states, unless it is there already; say where it lies.

        Raises:
            Refused: another bundle of this name is there, an object has changed on disk, or has another length than stated.
            NotFound: an object that the receipt names is missing.
            Unavailable: the disk is full or failed. In all cases nothing is published and the work can be done again.
        """
        name = receipt.body.release
        with one_sentence(f"the bundle of release {name} was not published"):
            ensure_directory(self.disk, self.releases)
            with locked(self.releases):
                return self._publish(receipt, self.releases / name)

    def _publish(self, receipt: Receipt, target: Path) -> Path:
        if target.is_symlink() or target.exists():
            self._must_be(receipt, target)
        else:
            staged = target.with_name(f".tmp-{target.name}")
            with self._cleared(staged):
                self._fill(receipt, staged)
                self.disk.rename(staged, target)
            self.failpoint("bundle.renamed")
        # Whoever renamed it may have died before this.
        self.disk.sync_directory(self.releases)
        self.failpoint("bundle.published")
        return target

    def _fill(self, receipt: Receipt, folder: Path) -> None:
        self.disk.make_directory(folder)
        self.failpoint("bundle.begun")
        for file in receipt.body.files:
            write_new(self.disk, folder / file.name, self._stated(file))
            self.failpoint("bundle.file")
        self.failpoint("bundle.files")
        write_new(self.disk, folder / RECEIPT_NAME, [receipt.encode()])
        self.failpoint("bundle.receipt")
        self.disk.sync_directory(folder)
        self.failpoint("bundle.synced")

    def _stated(self, file: ReleasedFile) -> Iterator[bytes]:
        """The bytes of a file, hashed again on their way out, and counted."""
        size = 0
        for chunk in self.objects.chunks(file.sha256):
            size += len(chunk)
            yield chunk
        if size != file.bytes:
            raise Refused(
                "file_size", f"{file.name} has another length than its receipt states; nothing was published."
            )

    @contextmanager
    def _cleared(self, staged: Path) -> Iterator[None]:
        """Remove what a crash left under the staging name, and what a failure leaves now."""
        self._remove(staged)
        try:
            yield
        except (OSError, TreError):
            self._remove(staged)
            raise

    def _remove(self, staged: Path) -> None:
        if staged.is_dir() and not staged.is_symlink():
            for path in staged.iterdir():
                self.disk.remove(path)
            self.disk.remove_directory(staged)
        elif staged.is_symlink() or staged.exists():
            self.disk.remove(staged)

    def _must_be(self, receipt: Receipt, target: Path) -> None:
        data, found, odd = _contents(target)
        stated = {file.name: Found(file.sha256, file.bytes) for file in receipt.body.files}
        if odd or data != receipt.encode() or found != stated:
            raise Refused(
                "bundle_differs",
                f"Another bundle lies at {target}; nothing was replaced. Look at it with tre fsck.",
            )


def verify_bundle(path: Path, open_checkpoint: OpenCheckpoint) -> tuple[Fault, ...]:
    """Why a bundle is not a genuine release; empty when it is.

    Args:
        path: the bundle's folder or its `receipt.json`.
        open_checkpoint: verifies a signed checkpoint with a key that does not come from the bundle.

    Raises:
        Unavailable: the bundle could not be read; then nothing is known about it.
    """
    folder = path.parent if path.name == RECEIPT_NAME else path
    if not folder.is_dir():
        return (
            Fault(
                "bundle_missing",
                f"{folder} is not a bundle's folder; name the folder that holds {RECEIPT_NAME}.",
            ),
        )
    with one_sentence(f"the bundle {folder} was not verified"):
        data, found, odd = _contents(folder)
    if data is None:
        return (
            *odd,
            Fault("receipt_missing", f"There is no {RECEIPT_NAME} in the bundle; fetch the bundle again."),
        )
    return (*odd, *faults(data, found, open_checkpoint))


def _contents(folder: Path) -> tuple[bytes | None, dict[str, Found], list[Fault]]:
    """The receipt's bytes, what else lies there, and what should lie in no bundle (links, folders, pipes)."""
    data: bytes | None = None
    found: dict[str, Found] = {}
    odd: list[Fault] = []
    for path in sorted(folder.iterdir()):
        try:
            with regular_file(path) as file:
                if path.name == RECEIPT_NAME:
                    data = file.read(LARGEST_RECEIPT + 1)
                else:
                    hasher, size = hashlib.sha256(), 0
                    for chunk in chunks_of(file):
                        hasher.update(chunk)
                        size += len(chunk)
                    found[path.name] = Found(hasher.hexdigest(), size)
        except BadInput:
            odd.append(
                Fault("file_odd", f"{path.name!r} is not a regular file; a bundle holds nothing else.")
            )
    return data, found, odd
