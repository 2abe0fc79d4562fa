"""A genuine release, and both verifiers to ask about it: the platform's and the stand-alone script. They share no code."""

import importlib.util
import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType

from tests.tre.vault.bundles import House, body_of
from tre.domain.receipt import Body, Charge, ReleasedItem, Source
from tre.signing import SigningKey, open_checkpoint
from tre.vault.bundle import verify_bundle

SCRIPT = Path(__file__).parents[2] / "verifier" / "verify.py"
FILES = {
    "chart.svg": b"<svg/>",
    "disclosure.json": b'{"verdict":"PASS"}',
    "empty.txt": b"",
    "table.csv": b"a,n\nx,12\n",
}
ENTRIES = [b'{"event":%d}' % number for number in range(11)]


def load_script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("stand_alone_verifier", SCRIPT)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


VERIFIER = load_script()


@dataclass(frozen=True, slots=True)
class Release:
    """A genuine release and the key that signed its log."""

    root: Path
    key: SigningKey

    @property
    def bundle(self) -> Path:
        return self.root / "releases" / "release-1"

    @property
    def key_file(self) -> Path:
        return self.root / "log.vkey"

    def answers(self, folder: Path) -> tuple[bool, bool]:
        """What the platform and the script say: is it genuine?"""
        ours = verify_bundle(folder, partial(open_checkpoint, key=self.key.verification_key)) == ()
        try:
            VERIFIER.check_bundle([folder], VERIFIER.read_key(self.key_file))
        except VERIFIER.NotGenuine:
            return ours, False
        return ours, True


def body() -> Body:
    """A body in which every list holds something, and most hold two things to swap."""
    return replace(
        body_of("release-1", FILES),
        reviewers=("reviewer-2", "reviewer-5", "reviewer-e"),
        items=(ReleasedItem("item-1", "exact", "5" * 64), ReleasedItem("item-2", "noisy", "6" * 64)),
        charges=(Charge("edition:linked@1", "nano_rho", 5_000_000), Charge("project:p", "cells", 4)),
        sources=(Source("linked@1", "7" * 64),),
    )


def made(root: Path, key: SigningKey) -> Release:
    """Publish the release and the key that its log is signed with."""
    House(root, key).publish(body(), FILES, before=ENTRIES[:6])
    (root / "log.vkey").write_text(f"{key.verification_key.vkey}\n")
    return Release(root, key)


def logged_as_is(root: Path, key: SigningKey, leaf: bytes) -> Release:
    """Make a bundle around a leaf that the real log has signed, whatever it says: no rule of ours has read it."""
    log = House(root, key).log
    log.begin()
    log.append([ENTRIES[0], leaf], start=0)
    found = Release(root, key)
    found.bundle.mkdir(parents=True)
    proof = json.dumps(log.proof(1).encode(), ensure_ascii=False).encode()
    (found.bundle / "receipt.json").write_bytes(b'{"body":' + leaf + b',"proof":' + proof + b"}")
    found.key_file.write_text(key.verification_key.vkey)
    for file in json.loads(leaf)["files"]:
        if "/" not in file["name"]:
            (found.bundle / file["name"]).write_bytes(FILES.get(file["name"], FILES["chart.svg"]))
    return found
