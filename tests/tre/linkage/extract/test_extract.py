"""What an extract holds: declared columns of approved sources, one row a person, and nothing that leads back."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tre.linkage.extracts import ENERGY, LINKAGE, MAP, PEOPLE, PLAN, build, column
from tre.domain.manifest import Reduction, parse_manifest
from tre.linkage.extract import ExtractPlan


def test_each_person_of_the_base_has_one_row_reduced_as_declared(
    payloads: dict[str, Path], tmp_path: Path
) -> None:
    report = build(payloads, tmp_path)
    assert pq.read_table(report.tables["linked"].path).to_pylist() == [
        {
            "study_id": "s-ann",
            "region": "Wales",
            "kwh": 500,
            "largest": 400,
            "weekly": 10.1 + 0.2,
            "on_benefit": True,
        },
        {
            "study_id": "s-bob",
            "region": "Scotland",
            "kwh": 200,
            "largest": 200,
            "weekly": 0.0,
            "on_benefit": True,
        },
        {
            "study_id": "s-cyd",
            "region": "London",
            "kwh": 300,
            "largest": 300,
            "weekly": 0.0,
            "on_benefit": False,
        },
    ]
    assert report.tables["linked"].rows == 3
    assert report.unlinked == {"benefits": 0, "energy": 0}


def test_only_declared_columns_leave(payloads: dict[str, Path], tmp_path: Path) -> None:
    report = build(payloads, tmp_path, plan=replace(PLAN, with_datasets=True))
    columns = {name: pq.read_schema(each.path).names for name, each in report.tables.items()}
    assert columns == {
        "linked": ["study_id", "region", "kwh", "largest", "weekly", "on_benefit"],
        "energy": ["study_id", "region", "kwh"],
        "benefits": ["study_id", "weekly", "region"],
    }


def test_row_keys_and_other_columns_are_nowhere_in_the_files(
    payloads: dict[str, Path], tmp_path: Path
) -> None:
    report = build(payloads, tmp_path, plan=replace(PLAN, with_datasets=True))
    for each in (*report.tables.values(), report.audit):
        values = {value for row in pq.read_table(each.path).to_pylist() for value in row.values()}
        assert values.isdisjoint(PEOPLE)
        assert values.isdisjoint({"x", "y", "z", "w"})


def test_no_workspace_file_holds_an_audit_key(payloads: dict[str, Path], tmp_path: Path) -> None:
    report = build(payloads, tmp_path, plan=replace(PLAN, with_datasets=True))
    for each in report.tables.values():
        assert "audit_key" not in pq.read_schema(each.path).names
    assert report.audit.path.parent != tmp_path / "out"
    people = pq.read_table(report.audit.path)
    assert people.column_names == ["study_id", "audit_key"]
    assert sorted(people["study_id"].to_pylist()) == ["s-ann", "s-bob", "s-cyd", "s-dai"]


def test_row_order_does_not_follow_the_source(payloads: dict[str, Path], tmp_path: Path) -> None:
    table = pq.read_table(payloads["energy"])
    first = build(payloads, tmp_path / "a", plan=replace(PLAN, with_datasets=True))
    pq.write_table(table.take([3, 1, 2, 0]), payloads["energy"])
    second = build(payloads, tmp_path / "b", plan=replace(PLAN, with_datasets=True))
    assert {name: each.digest for name, each in first.tables.items()} == {
        name: each.digest for name, each in second.tables.items()
    }


def test_same_inputs_give_the_same_bytes_and_digests_are_true(
    payloads: dict[str, Path], tmp_path: Path
) -> None:
    first, second = (build(payloads, tmp_path / name) for name in "ab")
    assert first.tables["linked"].digest == second.tables["linked"].digest
    assert first.audit.digest == second.audit.digest
    for each in (*first.tables.values(), first.audit):
        assert sha256(each.path.read_bytes()).hexdigest() == each.digest


def test_payload_rows_that_the_map_does_not_know_are_left_out_and_counted(
    payloads: dict[str, Path], tmp_path: Path
) -> None:
    report = build(payloads, tmp_path, study_map=MAP.slice(1))
    assert report.unlinked == {"benefits": 0, "energy": 1}


def test_row_keys_of_one_dataset_open_no_other(payloads: dict[str, Path], tmp_path: Path) -> None:
    confused = MAP.set_column(0, "dataset", pa.array(["benefits"] * MAP.num_rows))
    report = build(payloads, tmp_path, study_map=confused)
    assert report.tables["linked"].rows == 0
    assert report.unlinked["energy"] == 4


def test_sums_keep_a_type_that_pandas_knows(payloads: dict[str, Path], tmp_path: Path) -> None:
    schema = pq.read_schema(build(payloads, tmp_path).tables["linked"].path)
    assert schema.field("kwh").type == pa.int64()
    assert schema.field("weekly").type == pa.float64()
    assert schema.field("on_benefit").type == pa.bool_()


def test_hostile_names_are_only_names(payloads: dict[str, Path], tmp_path: Path) -> None:
    name = 'k"wh; drop table map; --'
    pq.write_table(ENERGY.rename_columns(["row_key", "region", name, "secret_note"]), payloads["energy"])
    linkage = replace(LINKAGE, columns=(column(name, Reduction.SUM, f"energy.{name}"),))
    plan = ExtractPlan(linkage, {"energy": (name,), "benefits": ()})
    found = pq.read_table(build(payloads, tmp_path, plan=plan).tables["linked"].path)
    assert found.column(name).to_pylist() == [500, 200, 300]


@pytest.mark.parametrize("name", ["map", "base", "given_map", "keys", "study_map", "payload", "select"])
def test_dataset_may_have_any_name(payloads: dict[str, Path], tmp_path: Path, name: str) -> None:
    kwh = column("kwh", Reduction.SUM, f"{name}.kwh")
    plan = ExtractPlan(replace(LINKAGE, base=name, columns=(kwh,)), {name: ("kwh",)}, with_datasets=True)
    study_map = MAP.slice(0, 4).set_column(0, "dataset", pa.array([name] * 4))
    report = build({name: payloads["energy"]}, tmp_path, plan=plan, study_map=study_map)
    assert pq.read_table(report.tables["linked"].path).column("kwh").to_pylist() == [500, 200, 300]


def test_plan_of_the_worked_project_asks_for_its_approved_columns_only() -> None:
    project = Path(__file__).resolve().parents[4] / "projects" / "fuel-poverty" / "project.toml"
    manifest = parse_manifest(project.read_text(encoding="utf-8"))
    plan = ExtractPlan.of(manifest)
    assert plan.linkage == manifest.linkage
    assert plan.approved == {dataset.name: dataset.columns for dataset in manifest.datasets}
    assert not plan.with_datasets
