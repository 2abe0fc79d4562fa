"""The worked project's own files, and its extract made from an invented population through the real stages."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from tre.domain.contracts import Contract, parse_contract
from tre.domain.manifest import Manifest, parse_manifest
from tre.linkage.extract import ExtractPlan, build_extract
from tre.linkage.pseudonyms import new_population_key, new_project_key, study_map
from tre.linkage.spine import build_spine
from tre.linkage.split import SplitReport, split
from tre.synthesis import parse_recipe, synthesise

FOLDER = Path(__file__).parents[2] / "projects" / "fuel-poverty"
PEOPLE = 20_000


@dataclass(frozen=True, slots=True)
class Worked:
    """The project: its folder, what it declares, and the folder of its extract (None where none was made)."""

    folder: Path
    manifest: Manifest
    contracts: dict[str, Contract]
    extract: Path


@pytest.fixture(scope="session")
def folder() -> Path:
    return FOLDER


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    return parse_manifest((FOLDER / "project.toml").read_text())


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    found = [parse_contract(path.read_text(), path.name) for path in (FOLDER / "contracts").glob("*.toml")]
    return {contract.dataset: contract for contract in found}


@pytest.fixture(scope="session")
def worked(
    tmp_path_factory: pytest.TempPathFactory, manifest: Manifest, contracts: dict[str, Contract]
) -> Worked:
    """Sources, split and extract are the real ones; who is who is taken from the truth, so that it is quick."""
    place = tmp_path_factory.mktemp("worked")
    synthesise(PEOPLE, 20_160_531, place / "sources", parse_recipe((FOLDER / "synthetic.toml").read_text()))
    halves = {
        name: split(place / "sources" / f"{name}.parquet", contract, place / "halves" / name)
        for name, contract in contracts.items()
    }
    clusters = pa.concat_tables([_true_clusters(place, name, half) for name, half in halves.items()])
    people = study_map(build_spine(clusters), new_project_key(), new_population_key())
    payloads = {name: half.payload for name, half in halves.items()}
    plan = ExtractPlan.of(manifest)
    build_extract(payloads, people, plan, out=place / "extract", audit=place / "audit.parquet")
    return Worked(FOLDER, manifest, contracts, place / "extract")


def _true_clusters(place: Path, name: str, half: SplitReport) -> pa.Table:
    truth = pd.read_parquet(place / "sources" / "truth" / f"{name}.parquet")
    known = pd.read_parquet(half.row_keys).merge(truth, on="record_id", validate="one_to_one")
    cluster = known["person_id"].str[1:].astype("int64")
    frame = pd.DataFrame({"dataset": name, "row_key": known["row_key"], "cluster": cluster})
    return pa.Table.from_pandas(frame, preserve_index=False)
