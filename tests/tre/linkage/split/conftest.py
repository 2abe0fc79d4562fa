"""A small source with one column of every sort, and its contract."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tre.domain.contracts import Contract, parse_contract

Columns = Mapping[str, Sequence[object]]
Source = Callable[..., Path]

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


@pytest.fixture
def contract_text() -> str:
    return CONTRACT


@pytest.fixture
def columns() -> dict[str, list[object]]:
    return dict(COLUMNS)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Write the source with some columns changed or added."""

    def write(changes: Columns | None = None, *, file_name: str = "accounts.parquet") -> Path:
        pq.write_table(pa.table(COLUMNS | dict(changes or {})), tmp_path / file_name)
        return tmp_path / file_name

    return write
