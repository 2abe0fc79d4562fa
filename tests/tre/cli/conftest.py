"""A small platform: people, contracts and the project are there, data are not; and a few invented sources beside it."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys.house import CONTRACTS, PROJECT, House, people_of
from tre.sandbox.bubblewrap import prove


@dataclass(frozen=True, slots=True)
class Owner:
    """What the owner of `tax_records` has: the source, its contract, its halves, and the folder of all that."""

    folder: Path
    source: Path
    contract: Path
    identifiers: Path
    payload: Path


@pytest.fixture(scope="session")
def small() -> Iterator[House]:
    house = House(Path(tempfile.mkdtemp(prefix="tre-")))
    people_of(house.home, project=True)
    house.start()
    yield house
    house.remove()


@pytest.fixture(scope="session")
def sandboxed() -> None:
    """Skips where no sandbox can be had: every separated role runs in one."""
    if faults := prove():
        pytest.skip("machine: " + "; ".join(f"{fault.sentence} {fault.mend}" for fault in faults))


@pytest.fixture(scope="session")
def owner(small: House, tmp_path_factory: pytest.TempPathFactory) -> Owner:
    folder = tmp_path_factory.mktemp("owner")
    made = small.data(
        *("data", "synthesise", "--people", 500, "--seed", 3, "--out", folder / "sources"),
        *("--recipe", PROJECT / "synthetic.toml"),
    )
    assert made["tax_records"] > 50
    contract = next(path for path in CONTRACTS if path.stem == "tax_records")
    source, halves = folder / "sources" / "tax_records.parquet", folder / "halves"
    split = small.data("data", "split", source, "--contract", contract, "--out", halves)
    return Owner(folder, source, contract, Path(split["identifiers"]), Path(split["payload"]))
