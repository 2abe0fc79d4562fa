"""Writing an extract: everything or nothing, read-only, with digests."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from tre.domain.errors import BadInput, Unavailable

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Written:
    """One file that was written.

    Attributes:
        path: where it is.
        digest: SHA-256 of its bytes, hexadecimal.
        rows: how many it holds.
    """

    path: Path
    digest: str
    rows: int


def deliver(
    tables: Mapping[str, pa.Table], people: pa.Table, *, out: Path, audit: Path
) -> tuple[dict[str, Written], Written]:
    """Write `tables` into the new folder `out` and `people` to the new file `audit`.

    The audit table is put in place first: an extract whose people cannot be told apart from another project's must
    never exist. The same tables give the same bytes.

    Raises:
        BadInput: `extract_exists`, the folder is there already; `extract_audit_differs`, the audit file is there and
            is of other people. The same one is what a crash between the two left behind, and is replaced.
        Unavailable: the disk is full or refuses; nothing is left behind.
    """
    if out.exists():
        raise BadInput(
            "extract_exists", "This extract was built before and is never overwritten; build a new edition."
        )
    with _drafts(out, audit) as (folder, file):
        folder.mkdir(mode=0o700, parents=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        written = {
            name: _write(table, folder / f"{name}.parquet", mode=0o444) for name, table in tables.items()
        }
        audited = _write(people, file, mode=0o400)
        _sync(folder)
        folder.chmod(0o555)
        _check_left_over(audit, audited)
        _place(file, audit)
        try:
            _place(folder, out)
        except OSError:
            audit.unlink()
            raise
    placed = {
        name: Written(out / each.path.name, each.digest, each.rows) for name, each in sorted(written.items())
    }
    return placed, Written(audit, audited.digest, audited.rows)


@contextmanager
def _drafts(out: Path, audit: Path) -> Iterator[tuple[Path, Path]]:
    """Names beside the targets, on the same disk; whatever is left under them at the end is removed."""
    mark = f".partial-{secrets.token_hex(8)}"
    folder, file = out.with_name(out.name + mark), audit.with_name(audit.name + mark)
    try:
        yield folder, file
    except OSError as fault:
        if fault.errno in _FULL:
            raise Unavailable(
                "extract_disk_full",
                "The disk is full; nothing was written. Make room and build the extract again.",
            ) from fault
        raise Unavailable(
            "extract_disk_refused",
            "The disk refused to write the extract and nothing was kept; see `tre doctor` and build it again.",
        ) from fault
    finally:
        if folder.exists():
            folder.chmod(0o700)
            shutil.rmtree(folder)
        file.unlink(missing_ok=True)


def _check_left_over(audit: Path, audited: Written) -> None:
    if audit.exists() and _digest(audit) != audited.digest:
        raise BadInput(
            "extract_audit_differs",
            "An audit table of other people stands where this extract's would go; build the extract as a new edition.",
        )


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return file_digest(source, "sha256").hexdigest()


def _write(table: pa.Table, path: Path, *, mode: int) -> Written:
    with path.open("xb") as sink:
        # Without metadata and statistics of its own: the same rows give the same bytes.
        pq.write_table(table.replace_schema_metadata(None), sink, compression="zstd", store_schema=False)
        sink.flush()
        os.fchmod(sink.fileno(), mode)
        os.fsync(sink.fileno())
    return Written(path, _digest(path), table.num_rows)


def _place(draft: Path, target: Path) -> None:
    draft.rename(target)
    _sync(target.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
