"""Two projects on the same people: nothing that either sees tells who is who in the other."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import psycopg
import pytest

from tests.journeys.house import House
from tre.db import embedded
from tre.db.address import LOGIN_ROLES, Role

pytestmark = [pytest.mark.timeout(900), pytest.mark.sandbox]
IDENTIFIERS, PAYLOAD = {"linkage.delivery"}, {"extract.delivery"}
KEYS = {"pseudonyms.project_key", "pseudonyms.population_key"}


def files(house: House, project: str) -> tuple[Path, Path]:
    """The linked table of a project's extract, and its audit keys beside it."""
    folder = house.home / "vault" / "projects" / project
    audit = next(folder.glob("*.audit.parquet"))
    return folder / audit.name.removesuffix(".audit.parquet") / "linked.parquet", audit


def test_two_extracts_have_no_study_id_in_common(demo: House, second: str) -> None:
    one, other = (pd.read_parquet(files(demo, name)[0]) for name in ("fuel-poverty", second))
    assert len(one) == len(other) > 5_000
    assert one["study_id"].is_unique
    assert other["study_id"].is_unique
    assert not set(one["study_id"]) & set(other["study_id"])


def test_both_projects_have_the_same_people_by_audit_key_and_in_an_order_of_their_own(
    demo: House, second: str
) -> None:
    tables, keys = zip(*(files(demo, name) for name in ("fuel-poverty", second)), strict=True)
    one, other = (pd.read_parquet(path).set_index("study_id")["audit_key"] for path in keys)
    assert set(one) == set(other)
    assert one.is_unique
    first, then = (pd.read_parquet(path)["study_id"] for path in tables)
    assert (one[first].to_numpy() == other[then].to_numpy()).mean() < 0.01, "rows stand in the same order"


def test_an_extract_is_written_by_nobody_and_lies_where_its_owner_alone_may_look(
    demo: House, second: str
) -> None:
    for name in ("fuel-poverty", second):
        for path in files(demo, name):
            assert path.stat().st_mode & 0o222 == 0, path
    for folder in (demo.home, demo.home / "vault", demo.home / "vault" / "projects"):
        assert folder.stat().st_mode & 0o077 == 0, folder


def test_no_identifier_and_no_other_key_lies_in_a_project_folder(demo: House, second: str) -> None:
    for path in (demo.home / "vault" / "projects").rglob("*.parquet"):
        columns = set(duckdb.read_parquet(str(path)).columns)
        assert not columns & {"row_key", "record_id", "person_id", "nino", "surname", "postcode", "dob"}
        assert "audit_key" not in columns or path.name.endswith(".audit.parquet")


def test_the_map_between_row_keys_and_study_ids_is_gone(demo: House, second: str) -> None:
    assert demo.rows("SELECT count(*) FROM pseudonyms.study_map") == [(0,)]


def readable(house: House, role: Role) -> set[str]:
    """Every table from which a role can select a whole row of the demo's real data, found by trying."""
    url = embedded.database_of(embedded.Places(house.home.resolve())).url(role).set(drivername="postgresql")
    tables = house.rows(
        "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    found = set()
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        for (table,) in tables:
            try:
                connection.execute(f"SELECT * FROM {table} LIMIT 1")  # type: ignore[call-overload] # from the catalogue
            except psycopg.errors.InsufficientPrivilege:
                continue
            found.add(str(table))
    return found


def test_no_role_reads_two_of_identifiers_payload_and_keys(demo: House) -> None:
    seen = {role: readable(demo, role) for role in LOGIN_ROLES}
    for role, tables in seen.items():
        assert sum(bool(tables & kind) for kind in (IDENTIFIERS, PAYLOAD, KEYS)) <= 1, role
    assert seen[Role.LINKAGE] == {"linkage.delivery", "linkage.spine", "linkage.run"}
    assert seen[Role.PSEUDONYMS] == {"linkage.spine", "pseudonyms.study_map"} | KEYS
    assert seen[Role.EXTRACT] == {"extract.delivery", "extract.extract", "pseudonyms.study_map"}
    for role in (Role.APPLICATION, Role.AUDITOR):
        assert not [table for table in seen[role] if re.match(r"linkage|pseudonyms|extract\.delivery", table)]
    assert "core.session" not in seen[Role.AUDITOR]


def test_an_administrators_password_or_none_lets_no_role_in_as_another(demo: House) -> None:
    database = embedded.database_of(embedded.Places(demo.home.resolve()))
    own: dict[Role, Any] = {role: database.url(role).password for role in LOGIN_ROLES}
    for role in LOGIN_ROLES:
        for other in (*LOGIN_ROLES, Role.OWNER, "postgres"):
            if other == role:
                continue
            for word in (own[role], ""):
                with pytest.raises(psycopg.OperationalError):
                    psycopg.connect(
                        host=str(database.administrator.query["host"]),
                        dbname="tre",
                        user=str(other),
                        password=word,
                    )
