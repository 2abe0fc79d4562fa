"""The doctor finds each planted fault, says how to mend it, and is content otherwise."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tre.db import embedded
from tre.db.address import Database, Role
from tre.db.doctor import Check, examine
from tre.db.installation import open_database


def last(checks: tuple[Check, ...]) -> Check:
    assert all(check.ok for check in checks[:-1])
    return checks[-1]


def url_of(database: Database) -> str:
    return database.administrator.render_as_string(hide_password=False)


def home_of(database: Database) -> Path:
    return database.secrets.parent


def test_a_machine_in_order_passes_every_check(home: Path) -> None:
    open_database(home, None)
    checks = examine(home, None)
    assert all(check.ok for check in checks), checks
    assert {"postgres", "running", "secrets", "server", "tables", "privileges", "separation"} <= {
        check.name for check in checks
    }
    assert "not isolation" in checks[-1].sentence


def test_a_database_by_address_passes_every_check(database: Database) -> None:
    assert all(check.ok for check in examine(home_of(database), url_of(database)))


def test_a_server_that_does_not_run_is_found(home: Path) -> None:
    assert last(examine(home, None)) == Check(
        "running", ok=False, sentence="The embedded PostgreSQL does not run.", mend="Start it with `tre up`."
    )


def test_a_missing_password_is_found(home: Path) -> None:
    database = open_database(home, None)
    database.password_file(Role.AUDITOR).unlink()
    check = last(examine(home, None))
    assert check.name == "secrets"
    assert "auditor" in check.sentence
    assert check.mend


def test_an_address_that_leads_nowhere_is_found(database: Database) -> None:
    nowhere = database.administrator.set(query={"host": "/nowhere"}).render_as_string(hide_password=False)
    check = last(examine(home_of(database), nowhere))
    assert check.name == "server"
    assert "does not answer" in check.sentence
    assert "TRE_DATABASE_URL" in check.mend


def test_an_address_that_is_none_is_found(tmp_path: Path) -> None:
    assert last(examine(tmp_path, "nonsense")).name == "address"


@pytest.mark.parametrize(
    ("planted", "name", "words"),
    [
        ("UPDATE core.alembic_version SET version_num = '0001'", "tables", "not this version's"),
        (
            "GRANT SELECT ON linkage.spine TO tre_auditor",
            "privileges",
            "tre_auditor may SELECT on linkage.spine",
        ),
    ],
)
def test_a_changed_database_is_found(
    database: Database, administrator: Engine, planted: str, name: str, words: str
) -> None:
    with administrator.connect() as connection:
        connection.execute(text(planted))
    check = last(examine(home_of(database), url_of(database)))
    assert (check.name, check.ok) == (name, False)
    assert words in check.sentence
    assert check.mend


def test_the_doctor_changes_nothing(home: Path) -> None:
    before = sorted(home.rglob("*"))
    examine(home, None)
    assert sorted(home.rglob("*")) == before
    assert embedded.running_process(embedded.Places(home).data) is None
