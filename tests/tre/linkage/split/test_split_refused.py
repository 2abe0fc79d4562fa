"""A source that breaks its contract, or a disk that is full: nothing at all appears."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tre.domain.contracts import Contract
from tre.domain.errors import BadInput, TreError, Unavailable
from tre.linkage.source_table import engine, open_table
from tre.linkage.split import _stage, split

ROOT = Path(__file__).parents[4]
Source = Callable[..., Path]
Columns = dict[str, list[object]]


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
    *,
    tmp_path: Path,
    contract: Contract,
    changes: dict[str, list[object]],
    code: str,
    words: str,
    source: Source,
) -> None:
    error = refused(source(changes), contract, tmp_path / "out")
    assert error.code == code
    assert words in error.sentence
    for value in ("four", "31/03", "Secretname", "AB123456C", "r1 "):
        assert value not in error.sentence


def test_number_beyond_64_bits_is_refused_without_its_value(
    tmp_path: Path, contract: Contract, columns: Columns
) -> None:
    kwh = pa.array([2**64 - 1] * 6, pa.uint64())
    pq.write_table(pa.table(columns | {"kwh": kwh}), tmp_path / "accounts.parquet")
    error = refused(tmp_path / "accounts.parquet", contract, tmp_path / "out")
    assert error.code == "value_out_of_range"
    assert "1844674" not in error.sentence


@pytest.mark.parametrize("column", ["kwh", "name", "record_id"])
def test_missing_column_is_named(tmp_path: Path, contract: Contract, column: str, columns: Columns) -> None:
    table = {name: values for name, values in columns.items() if name != column}
    pq.write_table(pa.table(table), tmp_path / "accounts.parquet")
    error = refused(tmp_path / "accounts.parquet", contract, tmp_path / "out")
    assert error.code == "missing_column"
    assert column in error.sentence


def test_refused_column_may_be_missing(tmp_path: Path, contract: Contract, columns: Columns) -> None:
    table = {name: values for name, values in columns.items() if name != "note"}
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


def test_file_without_rows_is_refused(tmp_path: Path, contract: Contract, columns: Columns) -> None:
    pq.write_table(pa.table(columns).slice(0, 0), tmp_path / "accounts.parquet")
    assert refused(tmp_path / "accounts.parquet", contract, tmp_path / "out").code == "empty_file"


def test_file_cut_short_is_refused(tmp_path: Path, contract: Contract, source: Source) -> None:
    accounts = source()
    whole = accounts.read_bytes()
    damaged = bytearray(whole)
    damaged[10:200] = os.urandom(190)
    accounts.write_bytes(bytes(damaged))
    assert refused(accounts, contract, tmp_path / "out").code in {
        "file_unreadable",
        "value_out_of_range",
        "wrong_type",
    }


def test_name_with_a_pattern_in_it_is_only_a_name(tmp_path: Path, contract: Contract, source: Source) -> None:
    source({"surprise": [1] * 6}, file_name="other.parquet")
    accounts = source(file_name="[a-z]*?'.parquet")
    assert split(accounts, contract, tmp_path / "out").rows == 6


def test_existing_folder_is_never_overwritten(tmp_path: Path, contract: Contract, source: Source) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(BadInput) as caught:
        split(source(), contract, tmp_path / "out")
    assert caught.value.code == "folder_exists"
    assert list((tmp_path / "out").iterdir()) == []


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path, contract: Contract, source: Source) -> None:
    accounts = source()
    with pytest.raises(Unavailable):
        split(accounts, contract, accounts / "out")


@pytest.mark.parametrize("counted", [5, 7])
def test_source_that_changes_between_check_and_split_is_refused(
    contract: Contract, source: Source, counted: int
) -> None:
    with engine() as connection, pytest.raises(BadInput) as caught:
        _stage(connection, open_table(connection, source()), contract, rows=counted)
    assert caught.value.code == "source_changed"


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
def test_full_disk_leaves_nothing_behind(
    tmp_path: Path, contract_text: str, limit: int, columns: Columns
) -> None:
    count = 3_000
    table = {name: [values[0]] * count for name, values in columns.items()}
    table["record_id"] = [f"r{number}" for number in range(count)]
    pq.write_table(pa.table(table), tmp_path / "accounts.parquet")
    (tmp_path / "contract.toml").write_text(contract_text)
    before = sorted(tmp_path.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *(str(tmp_path / name) for name in ("accounts.parquet", "contract.toml", "out")),
         str(limit)],
        capture_output=True, text=True, check=False, timeout=120, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "nothing was kept" in done.stdout
    assert sorted(tmp_path.rglob("*")) == before
