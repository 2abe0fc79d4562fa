"""The same main job, command by command, on an independent population of the same seven sources, unchanged.

Its linkage is scored on the platform's own spine, read as the linkage role reads it.
"""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text

from tests.journeys.house import (
    ADMIN,
    AUTHOR,
    CONTRACTS,
    EDITION,
    NOTEBOOK,
    PROJECT,
    ROOT,
    House,
    Spec,
    people_of,
)
from tests.journeys.test_demo import stand_alone
from tre.db import embedded
from tre.db.address import Role
from tre.db.engine import engine_for, read_only

pytestmark = [pytest.mark.timeout(1200), pytest.mark.sandbox]
SOURCES = ROOT.parent / "shared" / "data" / "uk_admin"


@dataclass(frozen=True, slots=True)
class Linked:
    """The house after its linkage, and where its owners keep what was split."""

    house: House
    halves: Path
    answer: Any  # JSON


@pytest.fixture(scope="module")
def linked(sandboxed: None) -> Iterator[Linked]:
    if not SOURCES.is_dir():
        pytest.skip(f"shared data absent: {SOURCES.name} does not lie beside this project")
    house = House(Path(tempfile.mkdtemp(prefix="tre-")))
    people_of(house.home)
    house.start()
    halves = house.home / "owner"
    for contract in CONTRACTS:
        source, out = SOURCES / f"{contract.stem}.parquet", halves / contract.stem
        split = house.data("data", "split", source, "--contract", contract, "--out", out)
        assert split["rows"] > 0
        house.must("data", "register", "--contract", contract, "--edition", EDITION, "--as", ADMIN)
    house.must("project", "apply", PROJECT / "project.toml", "--as", ADMIN)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda each: ingested(house, halves / each.stem), CONTRACTS))
    assert all(next(iter(answer["rows"].values())) > 0 for answer in answers)
    answer = house.data("data", "link", "--as", ADMIN)
    yield Linked(house, halves, answer)
    house.remove()


def ingested(house: House, half: Path) -> Any:  # JSON
    return house.data(
        *("data", "ingest", half.name, "--edition", EDITION, "--identifiers", half / "identifiers.parquet"),
        *("--payload", half / "payload.parquet", "--as", ADMIN),
    )


@pytest.fixture(scope="module")
def extract(linked: Linked) -> Any:  # JSON
    return linked.house.data("data", "extract", "--project", "fuel-poverty", "--as", ADMIN)


def spine(linked: Linked) -> pd.DataFrame:
    """Every record with the person that the platform took it for and the person that it is."""
    database = embedded.database_of(embedded.Places(linked.house.home.resolve()))
    engine = engine_for(database, Role.LINKAGE)
    with read_only(engine) as tx:
        rows = tx.execute(
            text("SELECT dataset, replace(row_key::text, '-', ''), person_id::text FROM linkage.spine")
        ).all()
    engine.dispose()
    found = pd.DataFrame(rows, columns=["dataset", "row_key", "person"])
    owned = []
    for name in found["dataset"].unique():
        keys = pd.read_parquet(linked.halves / name / "owner" / "row_keys.parquet")
        owned.append(keys.merge(pd.read_parquet(SOURCES / "truth" / f"{name}.parquet"), on="record_id"))
        nino = pd.read_parquet(SOURCES / f"{name}.parquet")
        with_nino = nino.loc[nino["nino"].notna(), "record_id"] if "nino" in nino else []
        owned[-1]["nino"] = owned[-1]["record_id"].isin(with_nino)
    return found.merge(pd.concat(owned), on="row_key", validate="one_to_one")


def pairs(records: pd.DataFrame, who: str) -> pd.DataFrame:
    one, other = (records[records["dataset"] == name] for name in ("tax_records", "dwp_benefits"))
    return one.merge(other, on=who, suffixes=("_tax", "_dwp"))[
        ["row_key_tax", "row_key_dwp", "nino_tax", "nino_dwp"]
    ]


def scores(found: pd.DataFrame, true: pd.DataFrame) -> tuple[float, float]:
    """Precision and F1 of pairs."""
    both = len(found.merge(true, on=["row_key_tax", "row_key_dwp"]))
    precision, recall = both / len(found), both / len(true)
    return precision, 2 * precision * recall / (precision + recall)


def test_tax_to_benefits_on_the_platforms_own_spine(linked: Linked, record_property: Any) -> None:
    records = spine(linked)
    found, true = pairs(records, "person"), pairs(records, "person_id")
    precision, f1 = scores(found, true)
    record_property("precision", precision)
    record_property("f1", f1)
    print(f"tax to benefits: precision {precision:.4f}, F1 {f1:.4f}, pairs {len(true)}")
    assert precision >= 0.99
    assert f1 >= 0.97
    blind = [each[~(each["nino_tax"] & each["nino_dwp"])] for each in (found, true)]
    precision, f1 = scores(*blind)
    print(f"where one side has no NINO: precision {precision:.4f}, F1 {f1:.4f}, pairs {len(blind[1])}")
    assert precision >= 0.99
    assert f1 >= 0.97


def test_every_record_of_all_seven_sources_is_in_the_spine_once(linked: Linked) -> None:
    records = spine(linked)
    rows = {each.stem: len(pd.read_parquet(SOURCES / f"{each.stem}.parquet")) for each in CONTRACTS}
    assert records.groupby("dataset").size().to_dict() == rows
    assert linked.answer["records"] == sum(rows.values())


def test_linking_again_keeps_every_person(linked: Linked) -> None:
    before = spine(linked).set_index("row_key")["person"]
    again = linked.house.data("data", "link", "--as", ADMIN)
    assert again["kept"] == again["persons"] == linked.answer["persons"]
    after = spine(linked).set_index("row_key")["person"]
    assert after.sort_index().equals(before.sort_index())


def test_same_project_notebook_and_contracts_lead_to_verified_releases(
    linked: Linked, extract: Any, spec: Spec
) -> None:
    house = linked.house
    assert extract["tables"]["linked"] > 1_000
    run = house.data("run", NOTEBOOK, "--project", "fuel-poverty", "--as", AUTHOR)
    assert run["status"] == "ok", run["sentence"]
    exact = [row["id"] for row in house.data("request", "list") if row["title"].startswith("Prepayment,")]
    noisy = house.submit(spec("age_band", "sex"), "--title", "Noisy", "--precision", "standard")
    house.worked()
    for request in (*exact, noisy):
        house.vote(request)
    house.worked()
    assert len(exact) == 1
    for request in (*exact, noisy):
        bundle = house.bundle(request)
        house.must("receipt", "verify", bundle)
        done = stand_alone(bundle, house.home / "keys" / "receipts.vkey")
        assert done.returncode == 0, done.stderr
    house.must("audit", "verify")
    assert house.budget()["project:fuel-poverty"]["spent"] == 5_000_000
