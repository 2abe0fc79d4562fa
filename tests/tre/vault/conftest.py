"""A small house on a sound disk or a failing one, and the failing disks themselves."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tre.vault.bundles import ORIGIN, House
from tests.tre.vault.disks import Crash, FaultyDisk, ForgetfulDisk, HastyDisk
from tre.signing import SigningKey, create_key
from tre.vault.storage import Disk, unbroken


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return create_key(tmp_path_factory.mktemp("key") / "key", ORIGIN)


@pytest.fixture
def house(tmp_path: Path, key: SigningKey) -> House:
    """A house on a sound disk."""
    return House(tmp_path, key)


@pytest.fixture
def house_on(key: SigningKey) -> Callable[..., House]:
    """Builds a house in a folder, on a disk, with a failpoint."""

    def build(root: Path, disk: Disk | None = None, failpoint: Callable[[str], None] = unbroken) -> House:
        root.mkdir(exist_ok=True)
        return House(root, key, disk or HastyDisk(), failpoint)

    return build


@pytest.fixture
def faulty_disk() -> type[FaultyDisk]:
    return FaultyDisk


@pytest.fixture
def forgetful_disk() -> type[ForgetfulDisk]:
    return ForgetfulDisk


@pytest.fixture
def crash() -> type[Crash]:
    return Crash


@pytest.fixture
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Every file below a folder and its bytes."""

    def read(folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return read
