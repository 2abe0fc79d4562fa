"""Separation of functions in the database: every role connects and tries every door."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from tre.db.address import LOGIN_ROLES, Database, Role
from tre.db.engine import administrator_engine, engine_for, owner_transaction, transaction
from tre.db.installation import grant
from tre.db.privileges import differences, held, intended
from tre.db.roles import GRANTS, Privilege
from tre.db.tables import APPEND_ONLY, AuditEvent, Table
from tre.domain.errors import NotFound

TABLES = sorted(
    {table.fullname for table in Table.metadata.tables.values()}
    | {grant.table for grant in GRANTS}
    | {"core.alembic_version"}
)
IDENTIFIERS = frozenset({"linkage.delivery"})
PAYLOAD = frozenset({"extract.delivery"})
KEYS = frozenset({"pseudonyms.project_key", "pseudonyms.population_key"})

EngineAs = Callable[[Role], Engine]


def may_run(tx: Session, statement: str) -> bool:
    """Try a statement and undo it; only a refusal of privilege counts as no."""
    savepoint = tx.begin_nested()
    try:
        tx.execute(text(statement))
    except ProgrammingError as fault:
        if "permission denied" not in str(fault):
            raise
        return False
    finally:
        savepoint.rollback()
    return True


def readable(engine: Engine) -> frozenset[str]:
    with transaction(engine) as tx:
        return frozenset(table for table in TABLES if may_run(tx, f"SELECT * FROM {table} LIMIT 0"))


def granted(role: Role, privilege: Privilege) -> frozenset[str]:
    return frozenset(
        grant.table
        for grant in GRANTS
        if grant.role is role and privilege in grant.privileges and not grant.columns
    )


@pytest.mark.parametrize("role", LOGIN_ROLES)
def test_each_role_reads_the_tables_of_its_function_and_no_other(engine_as: EngineAs, role: Role) -> None:
    assert readable(engine_as(role)) == granted(role, Privilege.SELECT)


@pytest.mark.parametrize("role", LOGIN_ROLES)
def test_each_role_removes_rows_only_where_its_function_asks_for_it(engine_as: EngineAs, role: Role) -> None:
    with transaction(engine_as(role)) as tx:
        removable = {table for table in TABLES if may_run(tx, f"DELETE FROM {table}")}
    assert removable == granted(role, Privilege.DELETE)


@pytest.mark.parametrize("role", LOGIN_ROLES)
def test_no_role_empties_a_table(engine_as: EngineAs, role: Role) -> None:
    with transaction(engine_as(role)) as tx:
        assert not [table for table in TABLES if may_run(tx, f"TRUNCATE {table} CASCADE")]


def test_no_role_reads_two_of_identifiers_payload_and_keys(engine_as: EngineAs) -> None:
    for role in LOGIN_ROLES:
        seen = readable(engine_as(role))
        for one, other in combinations((IDENTIFIERS, PAYLOAD, KEYS), 2):
            assert not (seen & one and seen & other), role


def test_the_spine_meets_neither_payload_nor_study_ids_by_surprise(engine_as: EngineAs) -> None:
    for role in LOGIN_ROLES:
        seen = readable(engine_as(role))
        if "linkage.spine" in seen:
            assert not seen & PAYLOAD, role
        if seen & PAYLOAD:
            assert "linkage.spine" not in seen, role


HELP_YOURSELF = (
    "CREATE TABLE core.mine (id int)",
    "CREATE SCHEMA mine",
    "CREATE TEMPORARY TABLE mine (id int)",
    "CREATE TABLE public.mine (id int)",
    "CREATE ROLE mine",
    "ALTER TABLE core.vote DISABLE TRIGGER append_only",
    "SET ROLE tre_owner",
    "SET ROLE postgres",
    "SET session_replication_role = replica",
    "SET SESSION AUTHORIZATION postgres",
    "COPY core.person TO '/tmp/stolen'",
    "COPY core.person FROM PROGRAM 'id'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT rolpassword FROM pg_authid",
)
REFUSALS = ("permission denied", "must be owner", "cannot set", "no schema")


@pytest.mark.parametrize("role", LOGIN_ROLES)
def test_no_role_helps_itself_to_more(engine_as: EngineAs, role: Role) -> None:
    for statement in HELP_YOURSELF:
        with pytest.raises(ProgrammingError) as caught, engine_as(role).connect() as connection:
            connection.execute(text(statement))
        assert any(words in str(caught.value) for words in REFUSALS), (statement, caught.value)


def test_the_catalogue_agrees_with_the_table_of_grants(application: Engine) -> None:
    with application.connect() as connection:
        assert held(connection) == intended()


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ("GRANT SELECT ON linkage.delivery TO PUBLIC", "tre_extract may SELECT on linkage.delivery"),
        (
            "GRANT SELECT (data_key) ON extract.delivery TO tre_auditor",
            "tre_auditor may SELECT on extract.delivery",
        ),
        ("GRANT CREATE ON SCHEMA core TO tre_auditor", "tre_auditor may CREATE on schema core"),
        (
            "REVOKE SELECT ON linkage.spine FROM tre_pseudonyms",
            "tre_pseudonyms may not SELECT on linkage.spine",
        ),
    ],
)
def test_a_changed_privilege_is_noticed_and_set_right(
    administrator: Engine, planted: str, expected: str
) -> None:
    with owner_transaction(administrator) as connection:
        connection.execute(text(planted))
        assert any(sentence.startswith(expected) for sentence in differences(connection))
        grant(connection)
        assert differences(connection) == ()


def test_the_owner_of_all_tables_cannot_log_in(database: Database, administrator: Engine) -> None:
    """Even with a password it may not."""
    with administrator.connect() as connection:
        connection.execute(text("ALTER ROLE tre_owner PASSWORD 'known'"))
    engine = administrator_engine(database.administrator.set(username=Role.OWNER.value, password="known"))
    with pytest.raises(OperationalError, match="not permitted to log in"):
        engine.connect()


def test_a_separated_role_adds_audit_events_and_reads_none(engine_as: EngineAs) -> None:
    for role in (Role.LINKAGE, Role.PSEUDONYMS, Role.EXTRACT):
        with transaction(engine_as(role)) as tx:
            event = AuditEvent(event="linked", actor="p1", subject="s", detail={}, receipt=None)
            tx.add(event)
            tx.flush()
            assert event.id > 0
            assert not may_run(tx, "SELECT subject FROM core.audit_event")


def test_the_extract_role_takes_the_handover_but_cannot_write_it(engine_as: EngineAs) -> None:
    with transaction(engine_as(Role.EXTRACT)) as tx:
        assert may_run(tx, "SELECT study_id FROM pseudonyms.study_map")
        assert may_run(tx, "DELETE FROM pseudonyms.study_map")
        assert not may_run(tx, "UPDATE pseudonyms.study_map SET study_id = ''")
        assert not may_run(tx, "SELECT key FROM pseudonyms.project_key")


def test_the_auditor_sees_neither_passwords_nor_findings(engine_as: EngineAs) -> None:
    with transaction(engine_as(Role.AUDITOR)) as tx:
        assert may_run(tx, "SELECT id, organisation FROM core.person")
        assert not may_run(tx, "SELECT password_hash FROM core.person")
        assert not may_run(tx, "SELECT findings FROM core.item")
        assert not may_run(tx, "SELECT token_hash FROM core.session")


@pytest.mark.parametrize(
    "become", ["SET ROLE tre_owner", "RESET ROLE", "SET session_replication_role = replica"]
)
def test_an_append_only_table_refuses_change_to_everybody(administrator: Engine, become: str) -> None:
    with administrator.connect() as connection:
        connection.execute(text(become))
        for table in APPEND_ONLY:
            column = next(iter(Table.metadata.tables[table].columns)).name
            for change in (
                f'UPDATE {table} SET "{column}" = "{column}"',
                f"DELETE FROM {table}",
                f"TRUNCATE {table} CASCADE",
            ):
                with pytest.raises(DBAPIError, match="is append-only"):
                    connection.execute(text(change))


def test_the_application_role_adds_to_an_append_only_table_but_changes_nothing(application: Engine) -> None:
    with transaction(application) as tx:
        for table in APPEND_ONLY:
            column = next(iter(Table.metadata.tables[table].columns)).name
            assert not may_run(tx, f'UPDATE {table} SET "{column}" = "{column}"')
            assert not may_run(tx, f"DELETE FROM {table}")


def test_a_role_without_its_secret_cannot_be_used(database: Database, short_folder: Path) -> None:
    elsewhere = Database(database.administrator, short_folder)
    with pytest.raises(NotFound, match="secret"):
        engine_for(elsewhere, Role.LINKAGE)
