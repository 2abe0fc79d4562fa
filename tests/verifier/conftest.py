"""A genuine release, and both verifiers to ask about it: the platform's and the stand-alone script. They share no code."""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from tre.domain.receipt import Body, Charge, Receipt, ReleasedFile, ReleasedItem, Source
from tre.signing import CheckpointSigner, SigningKey, create_key, open_checkpoint
from tre.vault.bundle import Publisher, verify_bundle
from tre.vault.log import TransparencyLog
from tre.vault.objects import ObjectStore

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
    """A genuine release, the key that signed its log, and a key of somebody else."""

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
    files = tuple(
        ReleasedFile(name, hashlib.sha256(FILES[name]).hexdigest(), len(FILES[name])) for name in FILES
    )
    return Body(
        release="release-1",
        request="request-1",
        project="fuel-poverty",
        released_at=1_790_000_000,
        manifest="1" * 64,
        policy="2" * 64,
        environment="3" * 64,
        title="4" * 64,
        reviewers=("reviewer-2", "reviewer-5", "reviewer-é".replace("é", "e")),
        files=files,
        items=(ReleasedItem("item-1", "exact", "5" * 64), ReleasedItem("item-2", "noisy", "6" * 64)),
        charges=(Charge("edition:linked@1", "nano_rho", 5_000_000), Charge("project:p", "cells", 4)),
        sources=(Source("linked@1", "7" * 64),),
    )


def made(root: Path, key: SigningKey) -> Release:
    log = TransparencyLog(root / "log", root / "published" / "checkpoint", CheckpointSigner(key))
    log.begin()
    log.append([*ENTRIES[:6], body().leaf()], start=0)
    objects = ObjectStore(root / "vault")
    for content in FILES.values():
        objects.put(content)
    Publisher(root / "releases", objects).publish(Receipt(body(), log.proof(6)))
    (root / "log.vkey").write_text(f"{key.verification_key.vkey}\n")
    return Release(root, key)


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    root = tmp_path_factory.mktemp("release")
    return made(root, create_key(root / "key", "tre.example/log"))


@pytest.fixture
def copy(release: Release, tmp_path: Path) -> Path:
    """A copy of the bundle to spoil."""
    return Path(shutil.copytree(release.bundle, tmp_path / "copy"))


@pytest.fixture
def release_by() -> Callable[[Path, SigningKey], Release]:
    """Makes the same release in another place, with another key."""
    return made


@pytest.fixture
def logged(tmp_path: Path) -> Callable[[bytes], Release]:
    """Makes a bundle whose body, whatever it is, the real log has signed."""

    def bundle(leaf: bytes) -> Release:
        key = create_key(tmp_path / "key", "tre.example/log")
        log = TransparencyLog(tmp_path / "log", tmp_path / "published" / "checkpoint", CheckpointSigner(key))
        log.begin()
        log.append([ENTRIES[0], leaf], start=0)
        found = Release(tmp_path, key)
        found.bundle.mkdir(parents=True)
        receipt = (
            b'{"body":'
            + leaf
            + b',"proof":'
            + json.dumps(log.proof(1).encode(), ensure_ascii=False).encode()
            + b"}"
        )
        (found.bundle / "receipt.json").write_bytes(receipt)
        found.key_file.write_text(key.verification_key.vkey)
        for file in json.loads(leaf)["files"]:
            if "/" not in file["name"]:
                (found.bundle / file["name"]).write_bytes(FILES.get(file["name"], FILES["chart.svg"]))
        return found

    return bundle


@pytest.fixture
def run() -> Callable[..., tuple[int, str, str]]:
    """The script as anybody runs it, without this project on its path: exit code, stdout, stderr."""

    def script(*words: str | Path) -> tuple[int, str, str]:
        command = [sys.executable, "-I", SCRIPT, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env={})
        return done.returncode, done.stdout, done.stderr

    return script


@pytest.fixture
def verifier() -> ModuleType:
    return VERIFIER
