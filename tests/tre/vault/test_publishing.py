"""A bundle is there whole or not at all, the same bytes however often and after whatever crash it is published."""

import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tre.domain.errors import NotFound, Refused, Unavailable
from tre.domain.receipt import Receipt, ReleasedFile, decode
from tre.vault.bundle import verify_bundle

STEPS = (
    "object.synced",
    "object.renamed",
    "object.stored",
    "log.written",
    "log.signed",
    "log.checkpointed",
    "log.published",
    "bundle.begun",
    "bundle.file",
    "bundle.files",
    "bundle.receipt",
    "bundle.synced",
    "bundle.renamed",
    "bundle.published",
)


def visible(releases: Path) -> list[str]:
    return sorted(path.name for path in releases.iterdir() if not path.name.startswith("."))


def test_a_bundle_verifies_and_holds_the_files_and_its_receipt(house, contents):
    bundle = house.release()
    assert bundle == house.root / "releases" / "release-1"
    assert sorted(contents(bundle)) == ["disclosure.json", "receipt.json", "table-1.csv"]
    assert verify_bundle(bundle, house.open) == verify_bundle(bundle / "receipt.json", house.open) == ()
    assert {path.stat().st_mode & 0o777 for path in bundle.iterdir()} == {0o600}


def test_publishing_twice_changes_nothing(house, contents):
    bundle = house.release()
    before, stamps = contents(bundle), [path.stat().st_mtime_ns for path in bundle.iterdir()]
    assert house.release() == bundle
    assert contents(bundle) == before
    assert [path.stat().st_mtime_ns for path in bundle.iterdir()] == stamps


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_then_a_retry_gives_the_same_bytes(
    tmp_path, house_on, crash, contents, step: str
):
    expected = contents(house_on(tmp_path / "twin").release())

    def stop(name: str) -> None:
        if name == step:
            raise crash

    with pytest.raises(crash):
        house_on(tmp_path / "house", failpoint=stop).release()
    releases = tmp_path / "house" / "releases"
    if releases.is_dir():
        assert visible(releases) == (["release-1"] if step in ("bundle.renamed", "bundle.published") else [])
    assert contents(house_on(tmp_path / "house").release()) == expected
    assert [path.name for path in releases.iterdir()] == ["release-1"]


@pytest.mark.parametrize("kind", ["error", "crash"])
def test_a_disk_that_fails_at_any_call_shows_no_half_bundle(tmp_path, house_on, faulty_disk, contents, kind):
    expected = contents(house_on(tmp_path / "twin").release())
    for at in range(1, 200):
        root = tmp_path / str(at)
        disk = faulty_disk(most=40)
        broken = house_on(root, disk)
        disk.at, disk.fault = (
            disk.calls + at,
            faulty_disk.crash() if kind == "crash" else OSError(28, "No space left on device"),
        )
        try:
            broken.release()
        except (faulty_disk.crash, Unavailable):
            if (root / "releases").is_dir():
                assert visible(root / "releases") in ([], ["release-1"])
                for name in visible(root / "releases"):
                    assert contents(root / "releases" / name) == expected
        assert contents(house_on(root).release()) == expected
        if disk.calls < disk.at:
            break
    assert at > 40


KILLED = """
import os, signal, sys
from pathlib import Path
from tre.domain.receipt import decode
from tre.vault.bundle import Publisher
from tre.vault.objects import ObjectStore

root, step = Path(sys.argv[1]), sys.argv[2]
receipt = decode((root / "receipt.json").read_bytes())
kill = lambda name: name == step and os.kill(os.getpid(), signal.SIGKILL)
Publisher(root / "releases", ObjectStore(root / "vault"), failpoint=kill).publish(receipt)
"""


def test_kill_9_at_any_step_then_a_retry_gives_the_same_bytes(tmp_path: Path, house_on, contents):
    bundle = house_on(tmp_path / "twin").release()
    for step in (one for one in STEPS if one.startswith("bundle.")):
        root = tmp_path / step
        house = house_on(root)
        for name in ("disclosure.json", "table-1.csv"):
            house.objects.put((bundle / name).read_bytes())
        shutil.copy(bundle / "receipt.json", root / "receipt.json")
        killed = subprocess.run([sys.executable, "-c", KILLED, root, step], check=False)
        assert killed.returncode == -signal.SIGKILL
        receipt = decode((root / "receipt.json").read_bytes())
        assert contents(house.publisher.publish(receipt)) == contents(bundle)
        assert [path.name for path in (root / "releases").iterdir()] == ["release-1"]


def test_a_full_disk_is_one_clear_sentence_and_leaves_no_bundle(house_on, tmp_path, faulty_disk):
    disk = faulty_disk()
    house = house_on(tmp_path / "house", disk)
    house.log.begin()
    disk.fault = OSError(28, "No space left on device")
    receipt = decode((house_on(tmp_path / "twin").release() / "receipt.json").read_bytes())
    for content in (b'{"verdict":"REVIEW"}', b"region,n\nEast,120\nWest,95\n"):
        house.objects.put(content)
    for after in range(3, 12):
        disk.at = disk.calls + after
        with pytest.raises(Unavailable) as refusal:
            house.publisher.publish(receipt)
        assert refusal.value.code == "disk_full"
        assert "release-1" in refusal.value.sentence
    assert visible(tmp_path / "house" / "releases") == []


def _receipt(house) -> Receipt:
    return decode((house.release() / "receipt.json").read_bytes())


def test_another_bundle_of_the_same_name_is_not_replaced(house, contents):
    receipt, bundle = _receipt(house), house.root / "releases" / "release-1"
    before = contents(bundle)
    with pytest.raises(Refused) as refusal:
        house.publisher.publish(replace(receipt, body=replace(receipt.body, request="other")))
    assert refusal.value.code == "bundle_differs"
    assert contents(bundle) == before
    (bundle / "table-1.csv").write_bytes(b"planted")
    with pytest.raises(Refused):
        house.publisher.publish(receipt)
    (bundle / "extra").mkdir()
    with pytest.raises(Refused):
        house.publisher.publish(receipt)


def test_a_link_in_the_place_of_a_bundle_is_not_followed(house, tmp_path):
    receipt = _receipt(house)
    bundle = house.root / "releases" / "release-1"
    bundle.rename(tmp_path / "moved")
    bundle.symlink_to(tmp_path / "nowhere")
    with pytest.raises((Refused, Unavailable)):
        house.publisher.publish(receipt)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("plant", ["file", "folder", "link"])
def test_whatever_lies_under_the_staging_name_is_cleared(house, tmp_path, plant: str, contents):
    receipt = _receipt(house)
    bundle = house.root / "releases" / "release-1"
    expected = contents(bundle)
    for path in bundle.iterdir():
        path.unlink()
    bundle.rmdir()
    staged = bundle.with_name(".tmp-release-1")
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "kept").write_bytes(b"kept")
    if plant == "file":
        staged.write_bytes(b"planted")
    elif plant == "link":
        staged.symlink_to(tmp_path / "target")
    else:
        staged.mkdir()
        (staged / "planted.csv").write_bytes(b"planted")
    assert contents(house.publisher.publish(receipt)) == expected
    assert (tmp_path / "target" / "kept").read_bytes() == b"kept"


def test_a_changed_or_missing_object_is_not_released(house, house_on, tmp_path):
    receipt = _receipt(house)
    for spoil, error in (
        (lambda path: path.write_bytes(b"planted"), Refused),
        (lambda path: path.unlink(), NotFound),
    ):
        other = house_on(tmp_path / spoil.__code__.co_names[0])
        for content in (b'{"verdict":"REVIEW"}', b"region,n\nEast,120\nWest,95\n"):
            digest = other.objects.put(content)
        spoil(other.objects.check(digest))
        with pytest.raises(error):
            other.publisher.publish(receipt)
        assert list((other.root / "releases").iterdir()) == []


def test_a_file_of_another_length_than_stated_is_not_released(house):
    receipt = _receipt(house)
    digest = receipt.body.files[0].sha256
    wrong = replace(receipt.body, release="release-2", files=(ReleasedFile("a.csv", digest, 19),))
    with pytest.raises(Refused) as refusal:
        house.publisher.publish(replace(receipt, body=wrong))
    assert refusal.value.code == "file_size"
    assert visible(house.root / "releases") == ["release-1"]


def test_two_publishers_at_once_write_one_bundle(house, house_on, contents):
    receipt = _receipt(house)
    expected = contents(house.root / "releases" / "release-1")
    for name in expected:
        (house.root / "releases" / "release-1" / name).unlink()
    (house.root / "releases" / "release-1").rmdir()
    start, done = threading.Barrier(6), []

    def publish() -> None:
        start.wait()
        done.append(house_on(house.root).publisher.publish(receipt))

    threads = [threading.Thread(target=publish) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 6
    assert contents(house.root / "releases" / "release-1") == expected


def test_a_bundle_that_is_not_there_is_a_fault(house, tmp_path):
    assert [fault.code for fault in verify_bundle(tmp_path / "absent", house.open)] == ["bundle_missing"]
    (tmp_path / "empty").mkdir()
    assert [fault.code for fault in verify_bundle(tmp_path / "empty", house.open)] == ["receipt_missing"]
