"""The split at the source: two halves that share a random key and nothing else, or nothing at all."""

import math
import os
import resource
import stat
import subprocess
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from tre.domain.contracts import Contract, parse_contract
from tre.domain.errors import BadInput, TreError, Unavailable
from tre.domain.regions import NOT_KNOWN
from tre.linkage.split import split

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data" / "uk_admin"

CONTRACT = """
dataset = "accounts"
title = "Accounts"
owner = "greta.lind"
unit = "one account"
reference_date = 2016-05-31
[columns.record_id]
class = "identifier"
kind = "record_id"
[columns.name]
class = "identifier"
kind = "given_name"
[columns.dob]
class = "identifier"
kind = "dob"
[columns.sex]
class = "identifier"
kind = "sex"
[columns.postcode]
class = "identifier"
kind = "postcode"
[columns.note]
class = "refused"
because = "free text"
[columns.kwh]
class = "payload"
type = "integer"
top_code = 900
round = 10
upper = 900
source = "meters"
[columns.owed]
class = "payload"
type = "decimal"
band = [10, 100]
source = "bands"
[columns.rate]
class = "payload"
type = "decimal"
top_code = 5
lower = 0
upper = 5
scale = 100
source = "tariff"
[columns.prepays]
class = "payload"
type = "boolean"
source = "yes or no"
[columns.kind]
class = "payload"
type = "string"
levels = ["gas", "it's \\"both\\""]
source = "list"
[columns.since]
class = "payload"
type = "date"
treatment = "month"
first = 2015-01-01
last = 2016-12-31
source = "months"
[derived.region]
rule = "region"
source = "regions"
[derived.age_band]
rule = "age_band"
band = [16, 65]
source = "ages"
[derived.gender]
rule = "sex"
source = "register"
"""

COLUMNS: dict[str, list[object]] = {
    "record_id": ["r1", "r2", "r3", "r4", "r5", "r6"],
    "name": ["Ada", " Ben ", "", None, "Zoe", "O'Neil"],
    "dob": ["2000-05-31", "2000-06-01", "1916-01-01", "2017-01-01", None, "1890-01-01"],
    "sex": ["F", "m", " FEMALE", None, "X", "male"],
    "postcode": ["BT1 1AA", "sw1a1aa", "ZE2 9JQ", "JE2 3AB", None, "B1 1AA"],
    "note": ["call her", None, None, None, None, None],
    "kwh": [4, 5, 14, 904, 10_000, None],
    "owed": [0.0, 10.0, 99.99, 100.0, None, math.nan],
    "rate": [1.25, 5.01, None, math.nan, 0.0, 1.0],
    "prepays": [True, False, None, True, False, True],
    "kind": ["gas", 'it\'s "both"', None, "gas", "gas", "gas"],
    "since": ["2015-03-31", "2016-12-01", None, "2015-01-01", "2015-01-01", "2015-01-01"],
}


@pytest.fixture
def contract() -> Contract:
    return parse_contract(CONTRACT)


def written(folder: Path, *, file_name: str = "accounts.parquet", **changes: list[object]) -> Path:
    path = folder / file_name
    pq.write_table(pa.table(COLUMNS | changes), path)
    return path


def rows_of(path: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(path).to_pylist()
    return rows


def by_record(out: Path, half: str) -> dict[object, dict[str, object]]:
    record = {row["row_key"]: row["record_id"] for row in rows_of(out / "owner" / "row_keys.parquet")}
    return {record[row["row_key"]]: row for row in rows_of(out / f"{half}.parquet")}


def test_halves_share_the_row_key_and_nothing_else(tmp_path: Path, contract: Contract) -> None:
    report = split(written(tmp_path), contract, tmp_path / "out")
    identifiers = pq.read_schema(report.identifiers).names
    payload = pq.read_schema(report.payload).names
    assert set(identifiers) & set(payload) == {"row_key"}
    assert identifiers == ["row_key", "given_name", "dob", "sex", "postcode"]
    assert pq.read_schema(report.row_keys).names == ["row_key", "record_id"]
    assert report.kept_back == ("note",)
    assert report.rows == 6


def test_payload_of_each_record_is_treated_as_declared(tmp_path: Path, contract: Contract) -> None:
    split(written(tmp_path), contract, tmp_path / "out")
    got = by_record(tmp_path / "out", "payload")
    column = {name: [got[f"r{number}"][name] for number in range(1, 7)] for name in got["r1"]}
    assert column["kwh"] == [0, 10, 10, 900, 900, None]
    assert column["owed"] == ["under 10", "10 to under 100", "10 to under 100", "100 and over", None, None]
    assert column["rate"] == [1.25, 5.0, None, None, 0.0, 1.0]
    assert column["prepays"] == [True, False, None, True, False, True]
    assert column["kind"] == ["gas", 'it\'s "both"', None, "gas", "gas", "gas"]
    assert column["since"] == ["2015-03", "2016-12", None, "2015-01", "2015-01", "2015-01"]
    assert column["region"] == [
        "Northern Ireland", "London", "Scotland", NOT_KNOWN, NOT_KNOWN, "West Midlands",
    ]  # fmt: skip
    assert column["age_band"] == ["16 to 64", "under 16", "65 and over", NOT_KNOWN, NOT_KNOWN, NOT_KNOWN]
    assert column["gender"] == ["female", "male", "female", NOT_KNOWN, NOT_KNOWN, "male"]


def test_identifiers_are_trimmed_and_empty_ones_missing(tmp_path: Path, contract: Contract) -> None:
    split(written(tmp_path), contract, tmp_path / "out")
    got = by_record(tmp_path / "out", "identifiers")
    assert [got[f"r{number}"]["given_name"] for number in range(1, 7)] == [
        "Ada",
        "Ben",
        None,
        None,
        "Zoe",
        "O'Neil",
    ]


def test_owner_learns_what_could_not_be_derived(tmp_path: Path, contract: Contract) -> None:
    report = split(written(tmp_path), contract, tmp_path / "out")
    assert report.not_known == {"region": 2, "age_band": 3, "gender": 2}


def test_owner_learns_which_numbers_lie_outside_their_bounds(tmp_path: Path, contract: Contract) -> None:
    rate = {"rate": [-1.0, 1.0, 1.0, 1.0, 1.0, 1.0]}
    report = split(written(tmp_path, **rate), contract, tmp_path / "out")
    assert report.outside == {"rate": 1}


def test_csv_gives_the_same_halves_as_parquet(tmp_path: Path, contract: Contract) -> None:
    split(written(tmp_path), contract, tmp_path / "one")
    finite = {"owed": [0.0, 10.0, 99.99, 100.0, None, None], "rate": [1.25, 5.01, None, None, 0.0, 1.0]}
    pacsv.write_csv(pa.table(COLUMNS | finite), tmp_path / "accounts.csv")
    split(tmp_path / "accounts.csv", contract, tmp_path / "two")
    for half in ("payload", "identifiers"):
        one, two = (by_record(tmp_path / out, half) for out in ("one", "two"))
        for record in one:
            assert {**one[record], "row_key": 0} == {**two[record], "row_key": 0}


def test_dates_and_whole_numbers_may_come_in_their_own_types(tmp_path: Path, contract: Contract) -> None:
    since = {"since": [date(2015, 3, 31)] * 6, "rate": [1, 2, 3, 4, 5, 0]}
    split(written(tmp_path, **since), contract, tmp_path / "out")
    assert by_record(tmp_path / "out", "payload")["r1"]["since"] == "2015-03"


def test_row_keys_are_new_at_each_delivery(tmp_path: Path, contract: Contract) -> None:
    source = written(tmp_path)
    keys = []
    for out in ("one", "two"):
        report = split(source, contract, tmp_path / out)
        keys.append({str(row["row_key"]) for row in rows_of(report.row_keys)})
    assert keys[0].isdisjoint(keys[1])
    assert all(len(key) == 32 and int(key, 16) >= 0 for key in keys[0] | keys[1])


def test_order_of_rows_tells_nothing(tmp_path: Path) -> None:
    contract = parse_contract((ROOT / "projects/fuel-poverty/contracts/school_census.toml").read_text())
    count = 2_000
    texts = ("first_name", "surname", "sex", "dob", "house_no", "street", "postcode")
    table = {
        "record_id": [f"r{number:05}" for number in range(count)],
        **{name: [f"{number}" for number in range(count)] for name in texts},
        "school_urn": list(range(count)),
        "free_school_meals": [True] * count,
        "absence_pct": [1.0] * count,
        "sen": [False] * count,
    }
    pq.write_table(pa.table(table), tmp_path / "school_census.parquet")
    report = split(tmp_path / "school_census.parquet", contract, tmp_path / "out")
    record = {row["row_key"]: str(row["record_id"]) for row in rows_of(report.row_keys)}
    orders = [
        [record[row["row_key"]] for row in rows_of(path)] for path in (report.identifiers, report.payload)
    ]
    source = sorted(orders[0])
    assert sorted(orders[1]) == source
    for one, two in ((source, orders[0]), (source, orders[1]), (orders[0], orders[1])):
        # Of 2,000 shuffled rows about one keeps its place.
        assert sum(left == right for left, right in zip(one, two, strict=True)) < 20
        assert sum(left < right for left, right in pairwise(one)) < count
    assert [record[row["row_key"]] for row in rows_of(report.row_keys)] != source


def test_halves_are_private_to_their_owner(tmp_path: Path, contract: Contract) -> None:
    report = split(written(tmp_path), contract, tmp_path / "out")
    for path in (report.identifiers, report.payload, report.row_keys):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "identifiers.parquet", "owner", "payload.parquet",
    ]  # fmt: skip


def refused(source: Path, contract: Contract, out: Path) -> TreError:
    before = sorted(out.parent.rglob("*"))
    with pytest.raises(TreError) as caught:
        split(source, contract, out)
    assert sorted(out.parent.rglob("*")) == before, "something was left behind"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"surprise": [1] * 6}, "undeclared_column", "surprise"),
        ({'x"; drop table staged; --': [1] * 6}, "undeclared_column", "drop table"),
        ({"record_id": ["r1"] * 2 + ["r3", "r4", "r5", "r6"]}, "duplicate_record_id", "record_id"),
        ({"record_id": [None, "r2", "r3", "r4", "r5", "r6"]}, "duplicate_record_id", "record_id"),
        ({"kwh": ["four"] * 6}, "wrong_type", "kwh"),
        ({"kwh": [1.5] * 6}, "wrong_type", "kwh"),
        ({"rate": [True] * 6}, "wrong_type", "rate"),
        ({"prepays": [1] * 6}, "wrong_type", "prepays"),
        ({"name": [7] * 6}, "wrong_type", "name"),
        ({"since": ["31/03/2015"] * 6}, "wrong_type", "since"),
        ({"since": ["2015-02-30"] * 6}, "wrong_type", "since"),
        ({"since": [7] * 6}, "wrong_type", "since"),
        ({"kind": ["Mr Secretname"] * 6}, "undeclared_value", "kind"),
        ({"kind": ["AB123456C"] * 6}, "identifier_in_payload", "kind"),
    ],
)
def test_source_that_breaks_its_contract_is_refused_whole(
    tmp_path: Path, contract: Contract, changes: dict[str, list[object]], code: str, words: str
) -> None:
    error = refused(written(tmp_path, **changes), contract, tmp_path / "out")
    assert error.code == code
    assert words in error.sentence
    for value in ("four", "31/03", "Secretname", "AB123456C", "r1 "):
        assert value not in error.sentence


def test_number_beyond_64_bits_is_refused_without_its_value(tmp_path: Path, contract: Contract) -> None:
    kwh = pa.array([2**64 - 1] * 6, pa.uint64())
    pq.write_table(pa.table(COLUMNS | {"kwh": kwh}), tmp_path / "accounts.parquet")
    error = refused(tmp_path / "accounts.parquet", contract, tmp_path / "out")
    assert error.code == "value_out_of_range"
    assert "1844674" not in error.sentence


@pytest.mark.parametrize("column", ["kwh", "name", "record_id"])
def test_missing_column_is_named(tmp_path: Path, contract: Contract, column: str) -> None:
    table = {name: values for name, values in COLUMNS.items() if name != column}
    pq.write_table(pa.table(table), tmp_path / "accounts.parquet")
    error = refused(tmp_path / "accounts.parquet", contract, tmp_path / "out")
    assert error.code == "missing_column"
    assert column in error.sentence


def test_refused_column_may_be_missing(tmp_path: Path, contract: Contract) -> None:
    table = {name: values for name, values in COLUMNS.items() if name != "note"}
    pq.write_table(pa.table(table), tmp_path / "accounts.parquet")
    assert split(tmp_path / "accounts.parquet", contract, tmp_path / "out").kept_back == ()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.parquet", b"", "empty_file"),
        ("a.csv", b"", "empty_file"),
        ("a.parquet", b"PAR1 this is no parquet PAR1", "file_unreadable"),
        ("a.csv", b"record_id,name\n", "missing_column"),
        ("a.xlsx", b"x", "file_format"),
    ],
)
def test_unusable_file_is_refused(
    tmp_path: Path, contract: Contract, name: str, content: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert refused(tmp_path / name, contract, tmp_path / "out").code == code


def test_absent_file_and_folder_are_refused(tmp_path: Path, contract: Contract) -> None:
    assert refused(tmp_path / "a.parquet", contract, tmp_path / "out").code == "no_file"
    (tmp_path / "b.parquet").mkdir()
    assert refused(tmp_path / "b.parquet", contract, tmp_path / "out").code == "no_file"


def test_file_without_rows_is_refused(tmp_path: Path, contract: Contract) -> None:
    pq.write_table(pa.table(COLUMNS).slice(0, 0), tmp_path / "accounts.parquet")
    assert refused(tmp_path / "accounts.parquet", contract, tmp_path / "out").code == "empty_file"


def test_file_cut_short_is_refused(tmp_path: Path, contract: Contract) -> None:
    source = written(tmp_path)
    whole = source.read_bytes()
    damaged = bytearray(whole)
    damaged[10:200] = os.urandom(190)
    source.write_bytes(bytes(damaged))
    assert refused(source, contract, tmp_path / "out").code in {
        "file_unreadable",
        "value_out_of_range",
        "wrong_type",
    }


def test_name_with_a_pattern_in_it_is_only_a_name(tmp_path: Path, contract: Contract) -> None:
    written(tmp_path, file_name="other.parquet", surprise=[1] * 6)
    source = written(tmp_path, file_name="[a-z]*?'.parquet")
    assert split(source, contract, tmp_path / "out").rows == 6


def test_existing_folder_is_never_overwritten(tmp_path: Path, contract: Contract) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(BadInput) as caught:
        split(written(tmp_path), contract, tmp_path / "out")
    assert caught.value.code == "folder_exists"
    assert list((tmp_path / "out").iterdir()) == []


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path, contract: Contract) -> None:
    source = written(tmp_path)
    with pytest.raises(Unavailable):
        split(source, contract, source / "out")


CHILD = """
import resource, sys
from pathlib import Path
from tre.domain.contracts import parse_contract
from tre.domain.errors import Unavailable
from tre.linkage.split import split
source, contract, out = map(Path, sys.argv[1:4])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), int(sys.argv[4])))
try:
    split(source, parse_contract(contract.read_text()), out)
except Unavailable as refused:
    print(refused.sentence)
    sys.exit(1)
"""


@pytest.mark.parametrize("limit", [4, 2_000, 40_000])
def test_full_disk_leaves_nothing_behind(tmp_path: Path, limit: int) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)
    count = 3_000
    table = {name: [values[0]] * count for name, values in COLUMNS.items()}
    table["record_id"] = [f"r{number}" for number in range(count)]
    pq.write_table(pa.table(table), tmp_path / "accounts.parquet")
    (tmp_path / "contract.toml").write_text(CONTRACT)
    before = sorted(tmp_path.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *(str(tmp_path / name) for name in ("accounts.parquet", "contract.toml", "out")),
         str(limit)],
        capture_output=True, text=True, check=False, timeout=120, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "nothing was kept" in done.stdout
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data pack is not on this machine")
@pytest.mark.parametrize(
    "dataset",
    [
        "civil_births", "civil_deaths", "dwp_benefits", "energy_accounts", "government_debts", "school_census",
        "tax_records",
    ],
)  # fmt: skip
def test_independent_population_runs_through_the_same_contracts(tmp_path: Path, dataset: str) -> None:
    contract = parse_contract((ROOT / "projects/fuel-poverty/contracts" / f"{dataset}.toml").read_text())
    report = split(SHARED / f"{dataset}.parquet", contract, tmp_path / "out")
    assert report.rows == pq.read_metadata(SHARED / f"{dataset}.parquet").num_rows
    assert report.not_known["region"] < report.rows * 0.05
