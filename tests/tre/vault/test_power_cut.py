"""When the power fails: what was acknowledged is there, and what is there is whole.

Kill -9 does not show a missing sync, as the kernel keeps what was written. The forgetful disk does: a disk like it
without one of our syncs loses acknowledged data, which the last test makes sure of.
"""

import hashlib
from pathlib import Path

import pytest

from tre.vault.bundle import verify_bundle
from tre.vault.log import entries, verify_log
from tre.vault.objects import ObjectStore
from tre.vault.storage import unbroken

SEEDS = range(20)
STEPS = (
    "object.renamed",
    "log.written",
    "log.checkpointed",
    "log.published",
    "bundle.receipt",
    "bundle.renamed",
)


def released(house_on, root: Path, disk, failpoint) -> list[str]:
    """Run a release until it is done or ends; say what was acknowledged."""
    acknowledged: list[str] = []
    house = house_on(root, disk, failpoint)
    try:
        acknowledged.append(house.objects.put(b"acknowledged"))
        house.release()
        acknowledged.append("release")
    except disk.crash:
        pass
    return acknowledged


@pytest.mark.parametrize("step", [*STEPS, "never"])
def test_what_was_acknowledged_survives_and_what_is_there_is_whole(
    tmp_path, house_on, forgetful_disk, contents, step
):
    expected = contents(house_on(tmp_path / "twin").release())
    for seed in SEEDS:
        root = tmp_path / f"{seed}-before"
        disk, seen = forgetful_disk(root), []

        def stop(name: str, seen: list[str] = seen) -> None:
            seen.append(name)
            if name == step and seen.count(name) == 2 - (not name.startswith("object")):
                raise forgetful_disk.crash

        acknowledged = released(house_on, root, disk, stop)
        after = tmp_path / f"{seed}-after"
        disk.power_cut(seed, after)
        house = house_on(after)
        assert house.objects.damaged() == ()
        assert house.objects.get(acknowledged[0]) == b"acknowledged"
        bundle = after / "releases" / "release-1"
        if "release" in acknowledged:
            assert bundle.is_dir()
        if bundle.is_dir():
            assert verify_bundle(bundle, house.open) == ()
        assert contents(house.release()) == expected
        assert verify_log(after / "log", house.published, house.open) == ()
        assert len(entries(after / "log")) == 3


def _does_nothing(disk, place) -> None:
    """In the place of a sync."""


def forgetful_without(forgetful_disk, method: str):
    """A disk that leaves out one kind of sync."""
    return type("Without", (forgetful_disk,), {method: _does_nothing})


@pytest.mark.parametrize("method", ["sync", "sync_directory"])
def test_this_test_sees_a_missing_sync(tmp_path, house_on, forgetful_disk, method: str):
    lost = 0
    for seed in SEEDS:
        root, after = tmp_path / f"{seed}-before", tmp_path / f"{seed}-after"
        disk = forgetful_without(forgetful_disk, method)(root)
        acknowledged = released(house_on, root, disk, unbroken)
        disk.power_cut(seed, after)
        house = house_on(after)
        whole = [
            name
            for name in acknowledged[:1]
            if house.objects.has(name) and name not in house.objects.damaged()
        ]
        lost += not whole
    assert lost > 5


def test_a_folder_that_a_dead_process_made_is_made_safe(tmp_path, forgetful_disk):
    digest = hashlib.sha256(b"content").hexdigest()
    for seed in SEEDS:
        before, after = tmp_path / f"{seed}-before", tmp_path / f"{seed}-after"
        before.mkdir()
        disk = forgetful_disk(before)
        ObjectStore(before / "vault", disk=disk)
        disk.make_directory(before / "vault" / "objects" / digest[:2])  # and dies before it is synced
        ObjectStore(before / "vault", disk=disk).put(b"content")
        disk.power_cut(seed, after)
        assert ObjectStore(after / "vault").get(digest) == b"content"
