"""The people, project, contract and rows of the small house in which services are tested."""

from __future__ import annotations

from pathlib import Path

import duckdb

from disclosure import Statistic
from disclosure.dp import Dictionary
from tre.domain.people import Actor, Capability, PersonId

AUTHOR, COLLEAGUE, OBSERVER = PersonId("ada"), PersonId("ben"), PersonId("olga")
CHECKERS = (PersonId("cleo"), PersonId("dan"), PersonId("eve"))
SENIOR, OTHER_SENIOR = PersonId("sam"), PersonId("sue")
AUDITOR, ADMIN, STRANGER = PersonId("amy"), PersonId("root"), PersonId("zoe")
EVERYBODY = {
    AUTHOR: frozenset[Capability](),
    COLLEAGUE: frozenset[Capability](),
    OBSERVER: frozenset[Capability](),
    STRANGER: frozenset[Capability](),
    **dict.fromkeys(CHECKERS, frozenset({Capability.OUTPUT_CHECKER})),
    SENIOR: frozenset({Capability.SENIOR_CHECKER}),
    OTHER_SENIOR: frozenset({Capability.SENIOR_CHECKER}),
    AUDITOR: frozenset({Capability.AUDITOR}),
    ADMIN: frozenset({Capability.ADMIN}),
}
PRICE = 5_000_000
"""What the noisy question of these tests costs, in nano-rho."""
REGIONS = ("East", "North", "South", "West")
DICTIONARY = Dictionary(
    unit="study_id",
    rows_per_unit=1,
    keys={"region": list(REGIONS)},
    bounds={"bill": (0, 5_000)},
    population=20_000,
)

CONTRACT = """
dataset = "accounts"
title = "Accounts"
owner = "root"
unit = "one account"
reference_date = 2016-05-31
[columns.record_id]
class = "identifier"
kind = "record_id"
[columns.region]
class = "payload"
type = "string"
levels = ["East", "North", "South", "West"]
source = "Invented regions"
[columns.bill]
class = "payload"
type = "integer"
lower = 0
upper = 5000
source = "Invented bills"
"""
MANIFEST = """
id = "{project}"
title = "Bills"
purpose = "To test."
public_benefit = "Fewer faults."
start = {start}
end = {end}
environment = "standard"
[approvals]
gateway = "dea-64"
accreditation = "DEA-1"
ethics = "E-1"
dpia = "D-1"
[[people]]
person = "ada"
role = "lead"
[[people]]
person = "ben"
role = "researcher"
[[people]]
person = "olga"
role = "observer"
[[datasets]]
name = "accounts"
edition = "2016"
columns = ["region", "bill"]
agreement = "A-1"
owner = "root"
clearance = "none"
[linkage]
base = "accounts"
table = "linked"
population = 20000
population_source = "Invented"
[linkage.columns.region]
from = ["accounts.region"]
reduce = "first"
[linkage.columns.bill]
from = ["accounts.bill"]
reduce = "max"
[[planned_outputs]]
title = "Bills by region"
kind = "statistic"
description = "Numbers of accounts by region"
[disclosure]
preset = "standard"
[budget]
nano_rho = {nano_rho}
exact_releases = {exact_releases}
exact_cells = {exact_cells}
[run]
wall_seconds = 60
cell_seconds = 30
memory_mebibytes = 1024
output_mebibytes = 16
processes = 64
"""


def manifest(project: str = "bills", **changes: object) -> str:
    """The manifest of the small project, with some of its words changed."""
    words: dict[str, object] = {
        "start": "2020-01-01",
        "end": "2090-12-31",
        "nano_rho": 100_000_000,
        "exact_releases": 5,
        "exact_cells": 100,
    }
    return MANIFEST.format(project=project, **(words | changes))


def counts(**more: object) -> str:
    """The question that most tests ask: how many people by region. More words make another question."""
    return Statistic.table("linked", **{"by": ["region"], "unit": "study_id", **more}).to_json()


def write_rows(path: Path, sizes: tuple[int, ...]) -> None:
    """One row a person: so many people in each region."""
    rows = [(region, number) for region, size in zip(REGIONS, sizes, strict=True) for number in range(size)]
    values = ", ".join(f"('s-{region}-{n}', '{region}', {100 + n})" for region, n in rows)
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM (VALUES {values}) t(study_id, region, bill)) TO '{path}' (FORMAT parquet)"
        )


def write_audit_keys(path: Path, sizes: tuple[int, ...]) -> None:
    """The key under which each person is known in every project of the population."""
    known = [f"s-{region}-{n}" for region, size in zip(REGIONS, sizes, strict=True) for n in range(size)]
    values = ", ".join(f"('{one}', 'a-{one}')" for one in known)
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM (VALUES {values}) t(study_id, audit_key)) TO '{path}' (FORMAT parquet)"
        )


def actor(person: str, *capabilities: Capability, accredited: bool = True) -> Actor:
    return Actor(PersonId(person), frozenset(capabilities), accredited=accredited)
