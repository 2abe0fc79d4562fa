"""A PostgreSQL of the operator's own: filled by an administrator who is no superuser, or refused in words."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tre.db import configuration, embedded
from tre.db.address import LOGIN_ROLES, Database, Role, external
from tre.db.binaries import Binaries, find_binaries
from tre.db.engine import administrator_engine, engine_for, owner_transaction, reachable, transaction
from tre.db.folders import private_folder, write_secret
from tre.db.installation import install, open_database
from tre.db.privileges import differences
from tre.domain.errors import Unavailable
from tre.queue import Task, enqueue, work

RunSql = Callable[..., object]


@pytest.fixture
def own_server(home: Path) -> Iterator[Database]:
    """A server without any role of ours, and on it an account that may create roles and databases."""
    server = embedded.start(home)
    yield server
    embedded.stop(home)


def as_account(server: Database, name: str, secrets: Path) -> Database:
    """The address that an operator would write, for the account `name` with the password `word`."""
    url = server.administrator.set(username=name, password="word", drivername="postgresql")
    return external(url.render_as_string(hide_password=False), secrets)


def works(database: Database) -> None:
    """All privileges are right, each role can log in, and a job asked for is done."""
    engine = administrator_engine(database.administrator)
    with owner_transaction(engine) as connection:
        assert differences(connection) == ()
    engine.dispose()
    for role in LOGIN_ROLES:
        engine = engine_for(database, role)
        reachable(engine)
        if role is Role.APPLICATION:
            with transaction(engine) as tx:
                enqueue(tx, "note", {})
        engine.dispose()
    done: list[int] = []
    work(
        database.url(Role.APPLICATION),
        [Task("note", lambda: done.append(1))],
        forever=False,
        handle_signals=False,
    )
    assert done == [1]


def test_the_embedded_database_works_and_a_second_opening_too(home: Path) -> None:
    assert open_database(home, None) == open_database(home, None)
    works(open_database(home, None))


def test_an_administrator_without_superpowers_can_fill_a_database(
    own_server: Database, run_sql: RunSql, short_folder: Path
) -> None:
    run_sql(own_server, "CREATE ROLE dba LOGIN CREATEROLE CREATEDB PASSWORD 'word'", "SELECT 1")
    database = as_account(own_server, "dba", short_folder / "secrets")
    install(database)
    install(database)
    works(database)


def test_roles_that_an_administrator_made_beforehand_are_used(
    own_server: Database, run_sql: RunSql, short_folder: Path
) -> None:
    made = [f"CREATE ROLE {role} LOGIN PASSWORD 'own'" for role in LOGIN_ROLES]
    run_sql(
        own_server,
        "CREATE ROLE tre_owner",
        *made,
        "CREATE ROLE dba LOGIN PASSWORD 'word' IN ROLE tre_owner",
        "CREATE DATABASE tre OWNER tre_owner",
        "SELECT 1",
    )
    database = as_account(own_server, "dba", private_folder(short_folder / "secrets"))
    for role in LOGIN_ROLES:
        private_folder(database.password_file(role).parent)
        write_secret(database.password_file(role), "own")
    install(database)
    works(database)


def test_an_account_that_may_not_make_roles_is_told_which_are_missing(
    own_server: Database, run_sql: RunSql, short_folder: Path
) -> None:
    run_sql(own_server, "CREATE ROLE dba LOGIN PASSWORD 'word'", "SELECT 1")
    with pytest.raises(Unavailable, match="must create tre_owner, tre_linkage") as caught:
        install(as_account(own_server, "dba", short_folder / "secrets"))
    assert caught.value.code == "roles_missing"


def test_a_wrong_password_of_the_administrator_is_said_in_words(
    own_server: Database, short_folder: Path
) -> None:
    with pytest.raises(Unavailable, match="refuses the account nobody"):
        install(as_account(own_server, "nobody", short_folder / "secrets"))


def test_the_server_never_sees_a_password_of_a_role(server: Database, run_sql: RunSql) -> None:
    stored = run_sql(server, "SELECT string_agg(rolpassword, ' ') FROM pg_authid")
    assert isinstance(stored, str)
    for role in LOGIN_ROLES:
        assert server.password_file(role).read_text() not in stored
    assert stored.count("SCRAM-SHA-256$") >= len(LOGIN_ROLES)


def test_a_changed_password_file_takes_effect_at_the_next_start(home: Path) -> None:
    database = open_database(home, None)
    file = database.password_file(Role.AUDITOR)
    file.unlink()
    write_secret(file, "another")
    open_database(home, None)
    engine = engine_for(database, Role.AUDITOR)
    reachable(engine)
    engine.dispose()


def wheels_older() -> Binaries:
    newest = find_binaries()
    return replace(newest, programs=newest.programs.parents[1] / "pginstall" / "bin")


OLDER = {
    "16, from the wheel": wheels_older(),
    "15, from Debian": Binaries(site=Path("/usr/lib/postgresql"), programs=Path("15/bin"), folders=("15",)),
}


@pytest.mark.parametrize("older", OLDER.values(), ids=OLDER)
def test_an_older_server_works_as_well(
    new_home: Path, monkeypatch: pytest.MonkeyPatch, older: Binaries
) -> None:
    if not older.program("postgres").exists():
        pytest.skip("that server is not on this machine")
    monkeypatch.setattr(embedded, "find_binaries", lambda: older)
    monkeypatch.setattr(configuration, "INITDB", ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"))
    works(open_database(new_home, None))


def test_a_server_that_is_too_old_is_refused(server: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """No server before 15 is at hand, so the bar is raised above the one that is."""
    monkeypatch.setattr("tre.db.engine.OLDEST_SERVER", 990_000)
    engine = administrator_engine(server.administrator)
    with pytest.raises(Unavailable, match="upgrade it") as caught:
        reachable(engine)
    engine.dispose()
    assert caught.value.code == "database_too_old"
