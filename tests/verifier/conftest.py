"""A genuine release to spoil, forged ones beside it, and the script as anybody runs it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.tre.vault.bundles import ORIGIN
from tests.verifier.releases import SCRIPT, VERIFIER, Release, logged_as_is, made
from tre.signing import SigningKey, create_key


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    root = tmp_path_factory.mktemp("release")
    return made(root, create_key(root / "key", ORIGIN))


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
    return lambda leaf: logged_as_is(tmp_path, create_key(tmp_path / "key", ORIGIN), leaf)


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
