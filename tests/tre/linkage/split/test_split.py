"""The split at the source: two halves that share a random key and nothing else."""

import stat
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from tre.domain.contracts import Contract, parse_contract
from tre.domain.regions import NOT_KNOWN
from tre.linkage.split import split

ROOT = Path(__file__).parents[4]
SHARED = ROOT.parent / "shared" / "data" / "uk_admin"
Source = Callable[..., Path]
Columns = dict[str, list[object]]


def rows_of(path: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(path).to_pylist()
    return rows


def by_record(out: Path, half: str) -> dict[object, dict[str, object]]:
    record = {row["row_key"]: row["record_id"] for row in rows_of(out / "owner" / "row_keys.parquet")}
    return {record[row["row_key"]]: row for row in rows_of(out / f"{half}.parquet")}


def test_halves_share_the_row_key_and_nothing_else(
    tmp_path: Path, contract: Contract, source: Source
) -> None:
    report = split(source(), contract, tmp_path / "out")
    identifiers = pq.read_schema(report.identifiers).names
    payload = pq.read_schema(report.payload).names
    assert set(identifiers) & set(payload) == {"row_key"}
    assert identifiers == ["row_key", "given_name", "dob", "sex", "postcode"]
    assert pq.read_schema(report.row_keys).names == ["row_key", "record_id"]
    assert report.kept_back == ("note",)
    assert report.rows == 6


def test_payload_of_each_record_is_treated_as_declared(
    tmp_path: Path, contract: Contract, source: Source
) -> None:
    split(source(), contract, tmp_path / "out")
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


def test_identifiers_are_trimmed_and_empty_ones_missing(
    tmp_path: Path, contract: Contract, source: Source
) -> None:
    split(source(), contract, tmp_path / "out")
    got = by_record(tmp_path / "out", "identifiers")
    assert [got[f"r{number}"]["given_name"] for number in range(1, 7)] == [
        "Ada",
        "Ben",
        None,
        None,
        "Zoe",
        "O'Neil",
    ]


def test_owner_learns_what_could_not_be_derived(tmp_path: Path, contract: Contract, source: Source) -> None:
    report = split(source(), contract, tmp_path / "out")
    assert report.not_known == {"region": 2, "age_band": 3, "gender": 2}


def test_owner_learns_which_numbers_lie_outside_their_bounds(
    tmp_path: Path, contract: Contract, source: Source
) -> None:
    rate: dict[str, list[object]] = {"rate": [-1.0, 1.0, 1.0, 1.0, 1.0, 1.0]}
    report = split(source(rate), contract, tmp_path / "out")
    assert report.outside == {"rate": 1}


def test_csv_gives_the_same_halves_as_parquet(
    tmp_path: Path, contract: Contract, source: Source, columns: Columns
) -> None:
    split(source(), contract, tmp_path / "one")
    finite: dict[str, list[object]] = {
        "owed": [0.0, 10.0, 99.99, 100.0, None, None],
        "rate": [1.25, 5.01, None, None, 0.0, 1.0],
    }
    pacsv.write_csv(pa.table(columns | finite), tmp_path / "accounts.csv")
    split(tmp_path / "accounts.csv", contract, tmp_path / "two")
    for half in ("payload", "identifiers"):
        one, two = (by_record(tmp_path / out, half) for out in ("one", "two"))
        for record in one:
            assert {**one[record], "row_key": 0} == {**two[record], "row_key": 0}


def test_dates_and_whole_numbers_may_come_in_their_own_types(
    tmp_path: Path, contract: Contract, source: Source
) -> None:
    since: dict[str, list[object]] = {"since": [date(2015, 3, 31)] * 6, "rate": [1, 2, 3, 4, 5, 0]}
    split(source(since), contract, tmp_path / "out")
    assert by_record(tmp_path / "out", "payload")["r1"]["since"] == "2015-03"


def test_row_keys_are_new_at_each_delivery(tmp_path: Path, contract: Contract, source: Source) -> None:
    accounts = source()
    keys = []
    for out in ("one", "two"):
        report = split(accounts, contract, tmp_path / out)
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


def test_halves_are_private_to_their_owner(tmp_path: Path, contract: Contract, source: Source) -> None:
    report = split(source(), contract, tmp_path / "out")
    for path in (report.identifiers, report.payload, report.row_keys):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "identifiers.parquet", "owner", "payload.parquet",
    ]  # fmt: skip


@pytest.mark.skipif(
    not SHARED.exists(), reason="shared data absent: the data pack is not beside this project"
)
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
