"""What no extract is built from: a plan, a map or a payload with a fault. Each is named, and no value is shown."""

import traceback
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tre.linkage.extracts import ENERGY, LINKAGE, MAP, PLAN, build, column
from tre.domain.errors import BadInput
from tre.domain.manifest import Linkage, LinkedColumn, Reduction
from tre.linkage import extract
from tre.linkage.extract import ExtractPlan
from tre.linkage.reduction import Sorts, linked_query


@pytest.mark.parametrize(
    "changed",
    [
        pa.concat_tables([MAP, MAP.slice(0, 1).set_column(2, "study_id", pa.array(["s-bob"]))]),
        pa.concat_tables([MAP, MAP.slice(0, 1)]),
        MAP.set_column(3, "audit_key", pa.array(["same"] * MAP.num_rows)),
        MAP.set_column(3, "audit_key", pa.array([f"a-{place}" for place in range(MAP.num_rows)])),
        MAP.set_column(2, "study_id", pa.array([None] * MAP.num_rows, pa.string())),
    ],
)
def test_map_that_confuses_people_is_refused(
    payloads: dict[str, Path], tmp_path: Path, changed: pa.Table
) -> None:
    with pytest.raises(BadInput) as refusal:
        build(payloads, tmp_path, study_map=changed)
    assert refusal.value.code == "extract_map_ambiguous"
    assert not (tmp_path / "out").exists()


def test_column_that_is_not_approved_is_refused_by_name() -> None:
    with pytest.raises(BadInput) as refusal:
        ExtractPlan(LINKAGE, {"energy": ("region",), "benefits": ("weekly", "region")})
    assert refusal.value.code == "extract_not_approved"
    assert "energy.kwh" in refusal.value.sentence


def test_dataset_that_is_not_approved_is_refused_even_for_existence() -> None:
    linkage = replace(LINKAGE, columns=(column("dead", Reduction.EXISTS, "deaths"),))
    with pytest.raises(BadInput, match="deaths, which the project is not approved for"):
        ExtractPlan(linkage, {"energy": ("kwh",)})


@pytest.mark.parametrize(
    ("linkage", "code"),
    [
        (replace(LINKAGE, base="tax"), "extract_base"),
        (replace(LINKAGE, table="energy"), "extract_name_twice"),
    ],
)
def test_plan_with_a_fault_is_refused(linkage: Linkage, code: str) -> None:
    with pytest.raises(BadInput) as refusal:
        ExtractPlan(linkage, PLAN.approved)
    assert refusal.value.code == code


@pytest.mark.parametrize("name", ["row_key", "study_id", "audit_key", "person_id"])
def test_key_is_no_column(name: str) -> None:
    with pytest.raises(BadInput) as refusal:
        ExtractPlan(LINKAGE, {"energy": ("region", "kwh", name), "benefits": ("weekly", "region")})
    assert refusal.value.code == "extract_reserved_name"
    renamed = replace(LINKAGE, columns=(column(name, Reduction.MAX, "energy.kwh"),))
    with pytest.raises(BadInput, match=name):
        ExtractPlan(renamed, PLAN.approved)


def test_payload_that_is_missing_is_named(payloads: dict[str, Path], tmp_path: Path) -> None:
    del payloads["benefits"]
    with pytest.raises(BadInput, match="no payload half of benefits"):
        build(payloads, tmp_path)


@pytest.mark.parametrize(
    ("table", "code", "named"),
    [
        (ENERGY.drop_columns(["kwh"]), "extract_column_missing", "kwh"),
        (ENERGY.drop_columns(["row_key"]), "extract_column_missing", "row_key"),
        (pa.concat_tables([ENERGY, ENERGY]), "extract_row_key_repeated", "energy"),
    ],
)
def test_payload_that_does_not_fit_is_named(
    payloads: dict[str, Path], tmp_path: Path, *, table: pa.Table, code: str, named: str
) -> None:
    pq.write_table(table, payloads["energy"])
    with pytest.raises(BadInput) as refusal:
        build(payloads, tmp_path)
    assert refusal.value.code == code
    assert named in refusal.value.sentence


def test_unreadable_payload_shows_none_of_its_bytes(payloads: dict[str, Path], tmp_path: Path) -> None:
    payloads["energy"].write_bytes(b"ann,12345\n" * 9)
    with pytest.raises(BadInput) as refusal:
        build(payloads, tmp_path)
    assert refusal.value.code == "extract_unreadable"
    assert "12345" not in "".join(traceback.format_exception(refusal.value))


@pytest.mark.parametrize(
    "wrong",
    [
        column("region", Reduction.FIRST, "energy.region", absent=0),
        column("kwh", Reduction.FIRST, "energy.kwh", absent="none"),
        column("kwh", Reduction.FIRST, "energy.kwh", "energy.region"),
        column("region", Reduction.SUM, "energy.region"),
        column("on_benefit", Reduction.EXISTS, "benefits", absent="no"),
    ],
)
def test_column_that_mixes_types_is_refused_without_showing_a_value(
    payloads: dict[str, Path], tmp_path: Path, wrong: LinkedColumn
) -> None:
    with pytest.raises(BadInput) as refusal:
        build(payloads, tmp_path, plan=replace(PLAN, linkage=replace(LINKAGE, columns=(wrong,))))
    assert refusal.value.code == "extract_types"
    assert wrong.name in refusal.value.sentence
    assert "Wales" not in "".join(traceback.format_exception(refusal.value))


def test_query_that_would_give_a_person_two_rows_is_refused(
    payloads: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last guard: no declared column makes such a query, so one is put in its place."""

    def doubled(linkage: Linkage, sorts: Sorts) -> str:
        query = linked_query(linkage, sorts)
        return f"({query}) union all ({query})"

    monkeypatch.setattr(extract, "linked_query", doubled)
    with pytest.raises(BadInput) as refusal:
        build(payloads, tmp_path)
    assert refusal.value.code == "extract_person_twice"
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "vault").exists()
