"""Bad sources and bad halves by command line: one sentence that names the thing, nothing kept, one line in the audit log."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.journeys.house import ADMIN, AUTHOR, EDITION, House, Said

Change = Callable[[pa.Table], pa.Table]


class Owner(Protocol):
    """What the fixture gives."""

    folder: Path
    source: Path
    contract: Path
    identifiers: Path
    payload: Path


def with_column(name: str, value: object) -> Change:
    return lambda table: table.append_column(name, pa.array([value] * table.num_rows))


def in_place(name: str, value: Callable[[list[Any]], list[Any]]) -> Change:
    def change(table: pa.Table) -> pa.Table:
        values = value(table.column(name).to_pylist())
        return table.set_column(table.column_names.index(name), name, pa.array(values))

    return change


def spoilt(path: Path, change: Change, to: Path) -> Path:
    pq.write_table(change(pq.read_table(path)), to)
    return to


def listing(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path.relative_to(folder)), path.stat().st_size) for path in folder.rglob("*"))


def kept(house: House) -> tuple[object, ...]:
    """Everything of deliveries: rows in the database and files in the vault."""
    rows = [
        house.rows(f"SELECT id, dataset FROM {schema}.delivery ORDER BY id")
        for schema in ("linkage", "extract")
    ]
    folders = [listing(house.home / "vault" / role) for role in ("linkage", "extract", "pseudonyms")]
    return (*rows, *folders)


def one_sentence(said: Said, *words: str) -> None:
    assert said.code in {1, 2}
    assert said.out == ""
    lines = said.err.strip().splitlines()
    assert len(lines) == 1, said.err
    assert lines[0].endswith(".")
    for word in words:
        assert word in lines[0], lines[0]


SOURCES: dict[str, tuple[Change, str]] = {
    "unknown column": (with_column("favourite_colour", "blue"), "favourite_colour"),
    "missing column": (lambda table: table.drop_columns(["annual_pay"]), "annual_pay"),
    "wrong type": (in_place("annual_pay", lambda values: ["a lot"] * len(values)), "annual_pay"),
    "no rows": (lambda table: table.slice(0, 0), "tax_records"),
    "duplicate record": (in_place("record_id", lambda values: [values[0], *values[:-1]]), "record_id"),
}


@pytest.mark.parametrize("fault", SOURCES)
def test_bad_source_is_not_split(small: House, owner: Owner, tmp_path: Path, fault: str) -> None:
    change, word = SOURCES[fault]
    source = spoilt(owner.source, change, tmp_path / "tax_records.parquet")
    before = listing(tmp_path)
    said = small.tre("data", "split", source, "--contract", owner.contract, "--out", tmp_path / "out")
    one_sentence(said, word)
    assert "a lot" not in said.err
    assert listing(tmp_path) == before


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no,parquet\n1,2\n", b"\x00" * 5000])
def test_a_file_that_is_no_table_is_not_split(
    small: House, owner: Owner, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "tax_records.parquet").write_bytes(content)
    before = listing(tmp_path)
    said = small.tre(
        *("data", "split", tmp_path / "tax_records.parquet", "--contract", owner.contract),
        *("--out", tmp_path / "out"),
    )
    one_sentence(said, "tax_records")
    assert listing(tmp_path) == before


def test_a_source_or_contract_that_is_not_there_is_named(small: House, owner: Owner, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    said = small.tre("data", "split", nowhere, "--contract", owner.contract, "--out", tmp_path / "out")
    one_sentence(said, "nowhere")
    said = small.tre("data", "split", owner.source, "--contract", nowhere, "--out", tmp_path / "out")
    one_sentence(said, "nowhere")
    assert listing(tmp_path) == []


def test_identifiers_in_the_payload_are_not_split(small: House, owner: Owner, tmp_path: Path) -> None:
    """A contract that passes a name off as payload is caught by what stands in the column."""
    text = owner.contract.read_text()
    nino = '[columns.nino]\nclass = "identifier"\nkind = "nino"\n'
    assert nino in text
    levels = '[columns.nino]\nclass = "payload"\ntype = "string"\nlevels = ["known"]\nsource = "made up"\n'
    (tmp_path / "contract.toml").write_text(text.replace(nino, levels))
    before = listing(tmp_path)
    said = small.tre(
        *("data", "split", owner.source, "--contract", tmp_path / "contract.toml", "--out", tmp_path / "out")
    )
    one_sentence(said, "nino")
    assert listing(tmp_path) == before


def ingest(
    house: House, identifiers: Path, payload: Path, *, person: str = ADMIN, edition: str = EDITION
) -> Said:
    halves = ("--identifiers", identifiers, "--payload", payload)
    return house.tre("data", "ingest", "tax_records", "--edition", edition, *halves, "--as", person)


HALVES: dict[str, tuple[str, Change, str, str]] = {
    "identifiers in the payload": (
        "payload",
        with_column("nino", "AB123456C"),
        "nino",
        "identifier_in_payload",
    ),
    "payload among identifiers": (
        *("identifiers", with_column("annual_pay", 1), "annual_pay", "payload_in_identifier"),
    ),
    "unknown column": ("payload", with_column("colour", "blue"), "colour", "undeclared_column"),
    "wrong type": (
        *(
            "payload",
            in_place("annual_pay", lambda values: ["AB123456C"] * len(values)),
            "annual_pay",
            "wrong_type",
        ),
    ),
    "duplicate row keys": (
        *("payload", in_place("row_key", lambda keys: [keys[0], *keys[:-1]]), "row_key", "duplicate_row_key"),
    ),
    "no rows": ("identifiers", lambda table: table.slice(0, 0), "tax_records", "empty_file"),
    "a name in a level": (
        *(
            "payload",
            in_place("sex", lambda values: ["AB123456C", *values[1:]]),
            "sex",
            "identifier_in_payload",
        ),
    ),
}


@pytest.mark.sandbox
@pytest.mark.parametrize("fault", HALVES)
def test_bad_half_is_refused_and_neither_role_keeps_anything(
    sandboxed: None, *, small: House, owner: Owner, tmp_path: Path, fault: str
) -> None:
    which, change, word, code = HALVES[fault]
    halves = {"identifiers": owner.identifiers, "payload": owner.payload}
    halves[which] = spoilt(halves[which], change, tmp_path / "half.parquet")
    before, lines = kept(small), small.audited("delivery_refused", code=code)
    said = ingest(small, halves["identifiers"], halves["payload"])
    one_sentence(said, word)
    assert "AB123456C" not in said.err
    assert kept(small) == before
    assert small.audited("delivery_refused", code=code) == lines + 1, small.data("audit", "show")[0]


@pytest.mark.sandbox
def test_an_empty_file_is_refused_as_a_half(
    sandboxed: None, small: House, owner: Owner, tmp_path: Path
) -> None:
    (tmp_path / "empty.parquet").write_bytes(b"")
    before = kept(small)
    one_sentence(ingest(small, owner.identifiers, tmp_path / "empty.parquet"), "tax_records")
    assert kept(small) == before


def test_a_half_that_is_not_there_is_named(small: House, owner: Owner, tmp_path: Path) -> None:
    one_sentence(ingest(small, owner.identifiers, tmp_path / "nowhere.parquet"), "nowhere.parquet")


def test_an_edition_that_nobody_registered_is_refused(small: House, owner: Owner) -> None:
    one_sentence(ingest(small, owner.identifiers, owner.payload, edition="1999-01"), "1999-01")


def test_only_an_admin_delivers(small: House, owner: Owner) -> None:
    before = small.audited("delivery_refused", code="only_admin")
    one_sentence(ingest(small, owner.identifiers, owner.payload, person=AUTHOR), "admin")
    assert small.audited("delivery_refused", code="only_admin") == before + 1


@pytest.mark.sandbox
def test_an_extract_without_deliveries_leaves_no_study_ids(sandboxed: None, small: House) -> None:
    said = small.tre("data", "extract", "--project", "fuel-poverty", "--as", ADMIN)
    one_sentence(said, "tre data ingest")
    assert small.rows("SELECT count(*) FROM pseudonyms.study_map") == [(0,)]
    assert not list((small.home / "vault" / "projects").rglob("*.parquet"))
