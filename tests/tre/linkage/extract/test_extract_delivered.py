"""An extract and its audit table are there whole and for good, or not at all."""

import errno
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tre.linkage.extracts import build
from tre.domain.errors import BadInput, Unavailable
from tre.linkage import extract_files


def test_extract_is_read_only(payloads: dict[str, Path], tmp_path: Path) -> None:
    report = build(payloads, tmp_path)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o555
    assert stat.S_IMODE(report.tables["linked"].path.stat().st_mode) == 0o444
    assert stat.S_IMODE(report.audit.path.stat().st_mode) == 0o400


def test_extract_is_never_overwritten(payloads: dict[str, Path], tmp_path: Path) -> None:
    before = build(payloads, tmp_path).tables["linked"].path.read_bytes()
    with pytest.raises(BadInput) as refusal:
        build(payloads, tmp_path)
    assert refusal.value.code == "extract_exists"
    assert (tmp_path / "out" / "linked.parquet").read_bytes() == before


def test_crash_between_audit_table_and_extract_is_mended_by_building_again(
    payloads: dict[str, Path], tmp_path: Path
) -> None:
    whole = build(payloads, tmp_path)
    (tmp_path / "out").rename(tmp_path / "gone")
    assert build(payloads, tmp_path).audit.digest == whole.audit.digest


def test_audit_table_of_other_people_is_not_replaced(payloads: dict[str, Path], tmp_path: Path) -> None:
    audit = tmp_path / "vault" / "audit.parquet"
    audit.parent.mkdir()
    audit.write_bytes(b"of another extract")
    with pytest.raises(BadInput) as refusal:
        build(payloads, tmp_path)
    assert refusal.value.code == "extract_audit_differs"
    assert audit.read_bytes() == b"of another extract"
    assert not (tmp_path / "out").exists()


def left_behind(folder: Path) -> list[str]:
    return sorted(
        path.name for path in folder.rglob("*") if "partial" in path.name or path.name.startswith("out")
    )


FULL_DISK = """
import resource, sys
from pathlib import Path
import pyarrow as pa
from tre.domain.errors import TreError
from tre.linkage.extract_files import deliver
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
folder = Path(sys.argv[1])
small, large = (pa.table({"study_id": [str(n * 7919) for n in range(size)]}) for size in (10, 100000))
try:
    deliver({"small": small, "large": large}, small, out=folder / "out", audit=folder / "audit.parquet")
except TreError as fault:
    print(fault.code)
"""


def test_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[4]
    answer = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True, cwd=root
    )
    assert answer.stdout.strip() == "extract_disk_full"
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_placed_takes_the_audit_table_back(
    payloads: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = extract_files._place

    def broken(draft: Path, target: Path) -> None:
        if target.name == "out":
            raise PermissionError(13, "not allowed")
        place(draft, target)

    monkeypatch.setattr(extract_files, "_place", broken)
    with pytest.raises(Unavailable) as refusal:
        build(payloads, tmp_path)
    assert refusal.value.code == "extract_disk_refused"
    assert not (tmp_path / "vault" / "audit.parquet").exists()
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("target", ["out", "audit.parquet"])
def test_disk_that_fills_while_placing_leaves_nothing_behind(
    payloads: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    place = extract_files._place

    def full(draft: Path, wanted: Path) -> None:
        if wanted.name == target:
            raise OSError(errno.ENOSPC, "no space left")
        place(draft, wanted)

    monkeypatch.setattr(extract_files, "_place", full)
    with pytest.raises(Unavailable) as refusal:
        build(payloads, tmp_path)
    assert refusal.value.code == "extract_disk_full"
    assert list((tmp_path / "vault").iterdir()) == []
    assert left_behind(tmp_path) == []
