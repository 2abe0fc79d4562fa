"""An end that the data owner declares to be set by a rule may be shown; one that a run made up may not."""

import hashlib
import tomllib
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from disclosure import Statistic, Verdict
from tre.db.tables import Extract
from tre.domain.contracts import Contract, parse_contract
from tre.domain.declared import Faulty
from tre.domain.manifest import parse_manifest
from tre.services.dictionary import noise_dictionary, policy_of, structural_ends
from tre.services.outputs.judging import Question, Table, answer

PROJECT = Path(__file__).parents[3] / "projects" / "fuel-poverty"
TEXT = (PROJECT / "project.toml").read_text()
MANIFEST = parse_manifest(TEXT)
TEXTS = {path.stem: path.read_text() for path in (PROJECT / "contracts").glob("*.toml")}
LEAST = Statistic.table(
    "linked", by=["part"], measures={"least": ("min", "kwh")}, unit="study_id", margins=False
)


def contracts(old: str = "", new: str = "") -> dict[str, Contract]:
    found = {}
    for text in TEXTS.values():
        dataset = tomllib.loads(text)["dataset"]
        found[dataset] = parse_contract(
            text.replace(old, new) if old and dataset == "energy_accounts" else text
        )
    return found


def kwh_line() -> str:
    """The line of the contract that holds the upper bound of energy use."""
    section = TEXTS["energy_accounts"].split("[columns.annual_kwh]")[1].split("[columns.")[0]
    return next(line for line in section.splitlines() if line.startswith("source"))


KWH = '[linkage.columns.annual_kwh]\nfrom = ["energy_accounts.annual_kwh"]\nreduce = "sum"\n'


def test_a_manifest_declares_ends_after_reduction_and_the_project_judges_by_them() -> None:
    assert structural_ends(MANIFEST, contracts()) == []
    declared = parse_manifest(TEXT.replace(KWH, f"{KWH}structural = [0]\n"))
    ends = structural_ends(declared, contracts())
    assert ends == [["annual_kwh", 0]]
    table = declared.linkage.table
    policy = policy_of(declared, Extract(tables={table: {"structural_ends": ends}}))
    assert policy.structural_ends == (("annual_kwh", 0),)
    assert replace(policy, structural_ends=()) == declared.policy
    assert policy_of(declared, Extract(tables={table: {}})) == declared.policy
    assert (
        noise_dictionary(declared, contracts()).to_json() == noise_dictionary(MANIFEST, contracts()).to_json()
    )


def test_a_column_taken_over_as_it_is_keeps_the_ends_that_its_contract_declares() -> None:
    manifest = parse_manifest(
        TEXT.replace(
            "[linkage.columns.deceased]",
            '[linkage.columns.most]\nfrom = ["energy_accounts.annual_kwh"]\nreduce = "max"\n\n[linkage.columns.deceased]',
        )
    )
    line = kwh_line()
    assert structural_ends(manifest, contracts()) == []
    assert structural_ends(manifest, contracts(line, f"{line}\nstructural = [0]")) == [["most", 0]]


def test_an_end_outside_of_the_bounds_is_a_fault() -> None:
    line = kwh_line()
    with pytest.raises(Faulty, match="structural"):
        contracts(line, f"{line}\nstructural = [-5]")


def rows(folder: Path) -> Table:
    """Two parts of fifty people; in one of them a single person uses nothing."""
    people = [f"s{number}" for number in range(100)]
    data = pd.DataFrame({"study_id": people, "part": ["north", "south"] * 50, "kwh": [0, 5] + [5, 5] * 49})
    path, audit = folder / "linked.parquet", folder / "audit.parquet"
    data.assign(kwh=data["kwh"] + data.index // 2).to_parquet(path)
    pd.DataFrame({"study_id": people, "audit_key": people}).to_parquet(audit)
    return Table(path, hashlib.sha256(path.read_bytes()).hexdigest(), audit, "edition")


@pytest.mark.parametrize("is_derived", [False, True])
def test_a_declared_end_passes_in_the_extract_and_never_in_rows_that_a_run_made(
    tmp_path: Path, *, is_derived: bool
) -> None:
    ends = (("kwh", 0), ("kwh", 5))
    policy = replace(MANIFEST.policy, structural_ends=ends)
    table = rows(tmp_path)
    plain = answer(Question(LEAST, MANIFEST.policy, table, is_derived=is_derived), [], b"key").report
    assert plain.verdict is Verdict.FAIL
    assert plain.cells["least"].tolist() == [0, 5]
    declared = answer(Question(LEAST, policy, table, is_derived=is_derived), [], b"key").report
    assert declared.verdict is (Verdict.FAIL if is_derived else Verdict.PASS)
