"""The worked project shows what it is there to show: tables that pass, and one that must stay inside."""

from pathlib import Path
from typing import Protocol

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from disclosure import Policy, Statistic, Verdict, assess
from tre.domain.contracts import Contract
from tre.domain.manifest import Manifest, linked_dictionary
from tre.domain.published import Levels
from tre.sandbox.bubblewrap import prove
from tre.sandbox.notebook import Run, RunStatus, run_notebook


class Worked(Protocol):
    """What the fixture gives."""

    folder: Path
    manifest: Manifest
    contracts: dict[str, Contract]
    extract: Path


@pytest.fixture(scope="module")
def linked(worked: Worked) -> pd.DataFrame:
    return pd.read_parquet(worked.extract / "linked.parquet")


def verdict(linked: pd.DataFrame, *by: str, measure: tuple[str, str] | None = None) -> Verdict:
    measures = {"value": measure} if measure else None
    stat = Statistic.table("linked", by=list(by), measures=measures, unit="study_id")
    return assess(stat, linked, Policy.preset("standard")).verdict


def test_linked_table_has_one_row_for_each_account_holder(worked: Worked, linked: pd.DataFrame) -> None:
    assert linked["study_id"].is_unique
    assert 8_000 < len(linked) < 9_500
    assert set(linked.columns) == {"study_id"} | {column.name for column in worked.manifest.linkage.columns}


def test_every_level_in_the_data_is_published(worked: Worked, linked: pd.DataFrame) -> None:
    for name, known in linked_dictionary(worked.manifest, worked.contracts).items():
        if isinstance(known, Levels):
            assert set(linked[name].dropna()) <= set(known.values), name
            assert linked[name].notna().all(), name


@pytest.mark.parametrize(
    "measure", [None, ("sum", "annual_kwh"), ("mean", "annual_kwh"), ("sum", "arrears"), ("mean", "arrears")]
)
def test_main_table_passes(linked: pd.DataFrame, measure: tuple[str, str] | None) -> None:
    assert verdict(linked, "region", "prepayment", measure=measure) is Verdict.PASS


def test_too_fine_a_table_fails(linked: pd.DataFrame) -> None:
    assert verdict(linked, "region", "age_band", "benefit_any") is Verdict.FAIL


def test_extract_holds_no_identifier(worked: Worked) -> None:
    files = [path.name for path in worked.extract.iterdir()]
    assert files == ["linked.parquet"]
    names = set(pq.read_schema(worked.extract / "linked.parquet").names)
    assert names.isdisjoint({"row_key", "record_id", "person_id", "audit_key", "postcode", "dob", "nino"})


class Platform:
    """Answers the notebook as the platform does, with the real judge over the real tables."""

    def __init__(self, extract: Path, outputs: Path) -> None:
        self._tables = {"linked": extract / "linked.parquet"}
        self._outputs = outputs
        self.verdicts: dict[str, Verdict] = {}
        self.submitted: dict[str, object] = {}

    def answer(self, verb: str, payload: dict[str, object]) -> dict[str, object]:
        if verb == "tables":
            names = duckdb.read_parquet(str(self._tables["linked"])).columns
            columns = [{"name": name, "type": "", "description": ""} for name in names]
            table = {"name": "linked", "file": "linked.parquet", "unit": "study_id", "columns": columns}
            return {"project": "fuel-poverty", "tables": [table]}
        if verb == "register":
            self._tables[str(payload["name"])] = self._outputs / str(payload["file"])
            return {"name": payload["name"]}
        if verb == "check":
            stat = Statistic.from_json(str(payload["statistic"]))
            found = assess(stat, self._tables[stat.source], Policy.preset("standard"))
            self.verdicts[stat.digest] = found.verdict
            return {"verdict": found.verdict.name, "findings": [], "columns": [], "rows": []}
        assert verb == "submit"
        self.submitted = payload
        return {"id": "R1", "title": payload["title"], "state": "SUBMITTED", "items": []}


@pytest.mark.sandbox
def test_notebook_runs_in_the_sandbox_and_asks_only_for_what_is_safe(worked: Worked, tmp_path: Path) -> None:
    faults = prove()
    if faults:
        pytest.skip("machine: " + "; ".join(f"{fault.sentence} {fault.mend}" for fault in faults))
    platform = Platform(worked.extract, tmp_path / "outputs")
    notebook = (worked.folder / "notebooks" / "fuel_poverty.ipynb").read_bytes()
    result = run_notebook(Run(notebook=notebook, data=worked.extract, folder=tmp_path), platform.answer)
    assert result.status is RunStatus.OK, (result.sentence, result.failed_cell)
    asked = platform.submitted["items"]
    assert isinstance(asked, list)
    digests = [Statistic.from_json(item).digest for item in asked]
    assert len(digests) == 4
    assert {platform.verdicts[digest] for digest in digests} == {Verdict.PASS}
    inside = [found for digest, found in platform.verdicts.items() if digest not in digests]
    assert inside == [Verdict.FAIL]
    assert platform.submitted["reason"] == "comparison_with_published"
    derived = pd.read_parquet(tmp_path / "outputs" / "derived.parquet")
    assert set(derived["study_id"]) == set(pd.read_parquet(worked.extract / "linked.parquet")["study_id"])
    assert derived["low_income_high_cost"].sum() > 100
