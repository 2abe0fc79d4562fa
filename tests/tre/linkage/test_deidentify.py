"""The gates of ingest: identifiers never pass as payload, nor payload as identifiers."""

import secrets
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tre.domain.contracts import Contract, parse_contract
from tre.domain.errors import BadInput
from tre.linkage.deidentify import inspect_identifiers, inspect_payload

Make = Callable[[Path], Path]
Gate = Callable[[Path, Contract], object]

CONTRACT = """
dataset = "visits"
title = "Visits"
owner = "greta.lind"
unit = "one visit"
reference_date = 2016-05-31
[columns.record_id]
class = "identifier"
kind = "record_id"
[columns.forename]
class = "identifier"
kind = "given_name"
[columns.sex]
class = "identifier"
kind = "sex"
[columns.ward]
class = "payload"
type = "string"
levels = LEVELS
source = "list"
[columns.stay]
class = "payload"
type = "integer"
upper = 9999999999
source = "days"
[columns.cost]
class = "payload"
type = "decimal"
upper = 100
source = "pounds"
[columns.night]
class = "payload"
type = "boolean"
source = "yes or no"
[derived.sex]
rule = "sex"
source = "register"
"""

CLEAN = ("A1", "North", "under 16", "2016-05", "E12000007", "10184785", "12 to 34", "Stage 2B")
"""Texts that people use in payload and that are no identifiers."""


def contract_for(*levels: str) -> Contract:
    listed = ", ".join(f"'''{level}'''" for level in dict.fromkeys(levels))
    return parse_contract(CONTRACT.replace("LEVELS", f"[{listed}]"))


def keys(count: int) -> list[str]:
    return [secrets.token_hex(16) for _ in range(count)]


def payload(folder: Path, **changes: object) -> Path:
    columns: dict[str, object] = {
        "row_key": keys(2),
        "sex": ["female", "not known"],
        "ward": ["A1", None],
        "stay": [1, None],
        "cost": [1.5, 2.5],
        "night": [True, False],
    }
    columns |= changes
    pq.write_table(
        pa.table({name: values for name, values in columns.items() if values is not None}),
        folder / "half.parquet",
    )
    return folder / "half.parquet"


def identifiers(folder: Path, **changes: object) -> Path:
    columns: dict[str, object] = {"row_key": keys(2), "given_name": ["Ada", None], "sex": ["F", "M"]}
    columns |= changes
    pq.write_table(
        pa.table({name: values for name, values in columns.items() if values is not None}),
        folder / "half.parquet",
    )
    return folder / "half.parquet"


def test_clean_payload_passes(tmp_path: Path) -> None:
    report = inspect_payload(payload(tmp_path), contract_for("A1"))
    assert report.rows == 2
    assert report.columns == ("sex", "ward", "stay", "cost", "night")
    assert report.outside == {}


@pytest.mark.parametrize("text", CLEAN)
def test_ordinary_texts_raise_no_alarm(tmp_path: Path, text: str) -> None:
    assert inspect_payload(payload(tmp_path, ward=[text, None]), contract_for(text)).rows == 2


@pytest.mark.parametrize(
    ("text", "detector"),
    [
        ("AB123456C", "National Insurance"),
        ("see ab 12 34 56 c please", "National Insurance"),
        ("ref_AB123456C_x", "National Insurance"),
        ("9434765919", "NHS number"),
        ("NHS 943 476 5919", "NHS number"),
        ("943-476-5918 and 943-476-5919", "NHS number"),
        ("SW1A 1AA", "postcode"),
        ("moved to m11ae", "postcode"),
        ("someone@example.org", "e-mail"),
        ("07700 900123", "telephone"),
        ("+44 7700 900123", "telephone"),
        ("+44 (0)20 7946 0018", "telephone"),
        ("(020) 7946 0018", "telephone"),
        ("12-34-56 12345678", "sort code"),
        ("12345612345678", "sort code"),
    ],
)
def test_identifier_hidden_in_a_text_is_found_even_where_declared_as_a_level(
    tmp_path: Path, text: str, detector: str
) -> None:
    with pytest.raises(BadInput) as caught:
        inspect_payload(payload(tmp_path, ward=["A1", text]), contract_for("A1", text))
    assert caught.value.code == "identifier_in_payload"
    assert detector in caught.value.sentence
    assert "ward" in caught.value.sentence
    assert text not in caught.value.sentence


def test_nhs_number_hidden_in_a_number_is_found(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="NHS number"):
        inspect_payload(payload(tmp_path, stay=[9_434_765_919, 1]), contract_for("A1"))
    assert inspect_payload(payload(tmp_path, stay=[9_434_765_918, 1]), contract_for("A1")).rows == 2


def test_free_text_does_not_pass(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        inspect_payload(payload(tmp_path, ward=["A1", "Mrs Secretname fell"]), contract_for("A1"))
    assert caught.value.code == "undeclared_value"
    assert "Secretname" not in caught.value.sentence


def test_numbers_outside_their_bounds_are_counted_not_refused(tmp_path: Path) -> None:
    report = inspect_payload(payload(tmp_path, cost=[-1.0, 101.0]), contract_for("A1"))
    assert report.outside == {"cost": 2}


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"given_name": ["Ada", "Ben"]}, "identifier_in_payload", "given_name"),
        ({"forename": ["Ada", "Ben"]}, "identifier_in_payload", "forename"),
        ({"record_id": ["1", "2"]}, "identifier_in_payload", "record_id"),
        ({"shoe": [1, 2]}, "undeclared_column", "shoe"),
        ({"ward": None}, "missing_column", "ward"),
        ({"row_key": None}, "missing_column", "row_key"),
        ({"row_key": ["a" * 32] * 2}, "duplicate_row_key", "row_key"),
        ({"row_key": ["a" * 32, None]}, "duplicate_row_key", "row_key"),
        ({"row_key": ["person 1", "person 2"]}, "row_key_shape", "row_key"),
        ({"row_key": [1, 2]}, "wrong_type", "row_key"),
        ({"stay": ["1", "2"]}, "wrong_type", "stay"),
        ({"stay": [1.5, 2.5]}, "wrong_type", "stay"),
        ({"night": [0, 1]}, "wrong_type", "night"),
        ({"sex": ["F", "M"]}, "undeclared_value", "sex"),
    ],
)
def test_payload_that_does_not_keep_the_contract_is_refused(
    tmp_path: Path, changes: dict[str, object], code: str, words: str
) -> None:
    with pytest.raises(BadInput) as caught:
        inspect_payload(payload(tmp_path, **changes), contract_for("A1"))
    assert caught.value.code == code
    assert words in caught.value.sentence


def test_clean_identifiers_pass(tmp_path: Path) -> None:
    report = inspect_identifiers(identifiers(tmp_path), contract_for("A1"))
    assert report.rows == 2
    assert report.columns == ("given_name", "sex")


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"ward": ["A1", "A1"]}, "payload_in_identifier", "ward"),
        ({"cost": [1.0, 2.0]}, "payload_in_identifier", "cost"),
        ({"record_id": ["1", "2"]}, "undeclared_column", "record_id"),
        ({"nino": ["AB123456C", None]}, "undeclared_column", "nino"),
        ({"given_name": None}, "missing_column", "given_name"),
        ({"given_name": [1, 2]}, "wrong_type", "given_name"),
        ({"row_key": ["a" * 32] * 2}, "duplicate_row_key", "row_key"),
    ],
)
def test_linkage_unit_never_sees_payload(
    tmp_path: Path, changes: dict[str, object], code: str, words: str
) -> None:
    with pytest.raises(BadInput) as caught:
        inspect_identifiers(identifiers(tmp_path, **changes), contract_for("A1"))
    assert caught.value.code == code
    assert words in caught.value.sentence


@pytest.mark.parametrize(("make", "gate"), [(payload, inspect_payload), (identifiers, inspect_identifiers)])
def test_empty_half_is_refused(tmp_path: Path, make: Make, gate: Gate) -> None:
    half = make(tmp_path)
    pq.write_table(pq.read_table(half).slice(0, 0), half)
    with pytest.raises(BadInput) as caught:
        gate(half, contract_for("A1"))
    assert caught.value.code == "empty_file"


def test_column_that_is_missing_in_every_row_passes(tmp_path: Path) -> None:
    half = payload(tmp_path, night=pa.nulls(2), ward=pa.nulls(2, pa.string()))
    assert inspect_payload(half, contract_for("A1")).rows == 2
