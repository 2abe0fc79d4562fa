import stat
import subprocess
import sys
import traceback
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tre.domain.errors import BadInput, Unavailable
from tre.domain.manifest import Linkage, LinkedColumn, Reduction, SourceColumn, parse_manifest
from tre.linkage import extract_files
from tre.linkage.extract import ExtractPlan, ExtractReport, build_extract

ENERGY = pa.table(
    {
        "row_key": ["e1", "e2", "e3", "e4"],
        "region": ["Wales", None, "London", "Wales"],
        "kwh": pa.array([100, 200, 300, 400], pa.int64()),
        "secret_note": ["x", "y", "z", "w"],
    }
)
BENEFITS = pa.table(
    {
        "row_key": ["b1", "b2", "b3", "b4"],
        "weekly": [10.1, 0.2, None, 99.0],
        "region": ["Scotland", "Scotland", "Scotland", "Scotland"],
    }
)
# Ann has two accounts and two benefits, Bob one account and a benefit without amount, Cyd an account, Dai a benefit.
PEOPLE = {
    "e1": "ann",
    "e2": "bob",
    "e3": "cyd",
    "e4": "ann",
    "b1": "ann",
    "b2": "ann",
    "b3": "bob",
    "b4": "dai",
}
MAP = pa.table(
    {
        "dataset": ["energy" if key.startswith("e") else "benefits" for key in PEOPLE],
        "row_key": list(PEOPLE),
        "study_id": [f"s-{person}" for person in PEOPLE.values()],
        "audit_key": [f"a-{person}" for person in PEOPLE.values()],
    }
)


def column(
    name: str, reduce: Reduction, *sources: str, absent: str | float | bool | None = None
) -> LinkedColumn:
    parts = [source.partition(".") for source in sources]
    return LinkedColumn(
        name, reduce, tuple(SourceColumn(dataset, name or None) for dataset, _, name in parts), absent, None
    )


LINKAGE = Linkage(
    base="energy",
    table="linked",
    population=100,
    population_source="invented",
    columns=(
        column("region", Reduction.FIRST, "energy.region", "benefits.region", absent="not known"),
        column("kwh", Reduction.SUM, "energy.kwh"),
        column("largest", Reduction.MAX, "energy.kwh"),
        column("weekly", Reduction.SUM, "benefits.weekly", absent=0.0),
        column("on_benefit", Reduction.EXISTS, "benefits", absent=False),
    ),
)
PLAN = ExtractPlan(LINKAGE, {"energy": ("region", "kwh"), "benefits": ("weekly", "region")})


@pytest.fixture
def payloads(tmp_path: Path) -> dict[str, Path]:
    paths = {}
    for dataset, table in (("energy", ENERGY), ("benefits", BENEFITS)):
        paths[dataset] = tmp_path / f"{dataset}-payload.parquet"
        pq.write_table(table, paths[dataset])
    return paths


def build(
    payloads: Mapping[str, Path], folder: Path, *, plan: ExtractPlan = PLAN, study_map: pa.Table = MAP
) -> ExtractReport:
    return build_extract(
        payloads, study_map, plan, out=folder / "out", audit=folder / "vault" / "audit.parquet"
    )


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


def test_extract_is_read_only(payloads: dict[str, Path], tmp_path: Path) -> None:
    report = build(payloads, tmp_path)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o555
    assert stat.S_IMODE(report.tables["linked"].path.stat().st_mode) == 0o444
    assert stat.S_IMODE(report.audit.path.stat().st_mode) == 0o400


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


def test_sums_keep_a_type_that_pandas_knows(payloads: dict[str, Path], tmp_path: Path) -> None:
    schema = pq.read_schema(build(payloads, tmp_path).tables["linked"].path)
    assert schema.field("kwh").type == pa.int64()
    assert schema.field("weekly").type == pa.float64()
    assert schema.field("on_benefit").type == pa.bool_()


@pytest.mark.parametrize("name", ["row_key", "study_id", "audit_key", "person_id"])
def test_key_is_no_column(name: str) -> None:
    with pytest.raises(BadInput) as refusal:
        ExtractPlan(LINKAGE, {"energy": ("region", "kwh", name), "benefits": ("weekly", "region")})
    assert refusal.value.code == "extract_reserved_name"
    renamed = replace(LINKAGE, columns=(column(name, Reduction.MAX, "energy.kwh"),))
    with pytest.raises(BadInput, match=name):
        ExtractPlan(renamed, PLAN.approved)


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


def test_extract_is_never_overwritten(payloads: dict[str, Path], tmp_path: Path) -> None:
    before = build(payloads, tmp_path).tables["linked"].path.read_bytes()
    with pytest.raises(BadInput) as refusal:
        build(payloads, tmp_path)
    assert refusal.value.code == "extract_exists"
    assert (tmp_path / "out" / "linked.parquet").read_bytes() == before


def test_crash_between_audit_table_and_extract_is_mended_by_building_again(
    payloads: dict[str, Path], tmp_path: Path
) -> None:
    whole = build(payloads, tmp_path)
    (tmp_path / "out").rename(tmp_path / "gone")
    assert build(payloads, tmp_path).audit.digest == whole.audit.digest


def test_audit_table_of_other_people_is_not_replaced(payloads: dict[str, Path], tmp_path: Path) -> None:
    audit = tmp_path / "vault" / "audit.parquet"
    audit.parent.mkdir()
    audit.write_bytes(b"of another extract")
    with pytest.raises(BadInput) as refusal:
        build(payloads, tmp_path)
    assert refusal.value.code == "extract_audit_differs"
    assert audit.read_bytes() == b"of another extract"
    assert not (tmp_path / "out").exists()


def left_behind(folder: Path) -> list[str]:
    return sorted(
        path.name for path in folder.rglob("*") if "partial" in path.name or path.name.startswith("out")
    )


FULL_DISK = """
import resource, sys
from pathlib import Path
import pyarrow as pa
from tre.domain.errors import TreError
from tre.linkage.extract_files import deliver
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
folder = Path(sys.argv[1])
small, large = (pa.table({"study_id": [str(n * 7919) for n in range(size)]}) for size in (10, 100000))
try:
    deliver({"small": small, "large": large}, small, out=folder / "out", audit=folder / "audit.parquet")
except TreError as fault:
    print(fault.code)
"""


def test_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    answer = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True, cwd=root
    )
    assert answer.stdout.strip() == "extract_disk_full"
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_placed_takes_the_audit_table_back(
    payloads: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = extract_files._place

    def broken(draft: Path, target: Path) -> None:
        if target.name == "out":
            raise PermissionError(13, "not allowed")
        place(draft, target)

    monkeypatch.setattr(extract_files, "_place", broken)
    with pytest.raises(Unavailable) as refusal:
        build(payloads, tmp_path)
    assert refusal.value.code == "extract_disk_refused"
    assert not (tmp_path / "vault" / "audit.parquet").exists()
    assert left_behind(tmp_path) == []


def test_plan_of_the_worked_project_asks_for_its_approved_columns_only() -> None:
    project = Path(__file__).resolve().parents[3] / "projects" / "fuel-poverty" / "project.toml"
    manifest = parse_manifest(project.read_text(encoding="utf-8"))
    plan = ExtractPlan.of(manifest)
    assert plan.linkage == manifest.linkage
    assert plan.approved == {dataset.name: dataset.columns for dataset in manifest.datasets}
    assert not plan.with_datasets
