"""Wherever in a log of whatever size a release stands, both verifiers find it there and nowhere else."""

import json
from pathlib import Path

import pytest

from tests.tre.vault.bundles import ORIGIN, House
from tests.verifier.releases import ENTRIES, FILES, Release, body
from tre.signing import create_key

SIZES = range(1, 8)


def released_at(root: Path, index: int, size: int) -> Release:
    """A genuine release whose body is the entry `index` of a log that had `size` entries when it was signed."""
    root.mkdir()
    release = Release(root, create_key(root / "key", ORIGIN))
    House(root, release.key).publish(body(), FILES, before=ENTRIES[:index], after=ENTRIES[: size - index - 1])
    release.key_file.write_text(release.key.verification_key.vkey)
    return release


def claim(folder: Path, genuine: str, index: int) -> None:
    """Let the receipt claim another place for the same body."""
    value = json.loads(genuine)
    header, _, rest = value["proof"].split("\n", 2)
    value["proof"] = f"{header}\nindex {index}\n{rest}"
    spelled = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    (folder / "receipt.json").write_text(spelled)


@pytest.mark.parametrize("size", SIZES)
def test_a_release_is_genuine_at_its_own_place_and_at_no_other(tmp_path: Path, size: int) -> None:
    for index in range(size):
        release = released_at(tmp_path / str(index), index, size)
        genuine = (release.bundle / "receipt.json").read_text()
        for claimed in range(size + 1):
            claim(release.bundle, genuine, claimed)
            is_there = claimed == index
            assert release.answers(release.bundle) == (is_there, is_there), f"{index} as {claimed} of {size}"


@pytest.mark.parametrize("other", [[], "text", None, 1, True], ids=["list", "text", "null", "number", "true"])
def test_a_body_that_is_no_object_is_refused_by_both(release: Release, copy: Path, other: object) -> None:
    value = json.loads((copy / "receipt.json").read_bytes())
    value["body"] = other
    (copy / "receipt.json").write_text(
        json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    )
    assert release.answers(copy) == (False, False)
