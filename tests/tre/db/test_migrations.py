"""Migrations make exactly the tables of the models, all of them or none, once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from tre.db import migrations
from tre.db.address import Database, Role
from tre.db.engine import administrator_engine, owner_transaction
from tre.db.installation import install
from tre.db.migrations import current, first, newest, upgrade
from tre.db.roles import SCHEMAS
from tre.db.tables import APPEND_ONLY, Table
from tre.domain.errors import TreError

MODEL_SCHEMAS = [schema for schema in SCHEMAS if schema != "jobs"]
COLUMNS = """
    SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = ANY(:schemas) AND table_name <> 'alembic_version'
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace::regnamespace::text = ANY(:schemas) AND conrelid::regclass::text NOT LIKE '%alembic_version'
"""
INDEXES = """
    SELECT schemaname, tablename, indexname, indexdef FROM pg_indexes
    WHERE schemaname = ANY(:schemas) AND tablename <> 'alembic_version'
"""


@pytest.fixture
def empty(server: Database) -> Iterator[Database]:
    """A database without any table."""
    engine = administrator_engine(server.named("postgres").administrator)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE tre_empty OWNER {Role.OWNER} TEMPLATE template0"))
    yield server.named("tre_empty")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE tre_empty WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def empty_engine(empty: Database) -> Iterator[Engine]:
    engine = administrator_engine(empty.administrator)
    yield engine
    engine.dispose()


def described(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    quoted = [*MODEL_SCHEMAS, '"extract"']
    return {
        question: sorted(map(tuple, connection.execute(text(question), {"schemas": quoted})), key=str)
        for question in (COLUMNS, CONSTRAINTS, INDEXES)
    }


def test_models_and_migrations_make_the_same_tables(administrator: Engine, empty_engine: Engine) -> None:
    """Checks too, which Alembic does not compare. If it fails: python -m tre.db.migrations.first."""
    with owner_transaction(empty_engine) as connection:
        for schema in MODEL_SCHEMAS:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        Table.metadata.create_all(connection)
        by_models = described(connection)
    with administrator.connect() as connection:
        by_migrations = described(connection)
    assert by_migrations == by_models
    assert all(by_models.values())


def test_alembic_finds_nothing_left_to_migrate(administrator: Engine) -> None:
    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "schema" or name in MODEL_SCHEMAS

    with administrator.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_schemas": True, "version_table_schema": "core", "include_name": is_ours},
        )
        assert compare_metadata(context, Table.metadata) == []


def test_every_append_only_table_has_its_trigger(administrator: Engine) -> None:
    with administrator.connect() as connection:
        guarded = connection.execute(
            text(
                "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only' AND tgenabled = 'A'"
            )
        )
        assert sorted(guarded.scalars()) == sorted(APPEND_ONLY)


def test_the_first_migration_is_what_the_models_say_today() -> None:
    for schema in MODEL_SCHEMAS:
        written = (first.FOLDER / f"0001_{schema}.sql").read_text(encoding="utf-8")
        assert written == first.schema_sql(schema) + "\n", f"run python -m {first.__name__}"


def test_a_second_run_changes_nothing(server: Database, administrator: Engine) -> None:
    with administrator.connect() as connection:
        before = described(connection)
    install(server)
    with administrator.connect() as connection:
        assert described(connection) == before
        assert current(connection) == newest()


def test_several_starts_at_once_make_one_set_of_tables(empty: Database, empty_engine: Engine) -> None:
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(install, empty) for _ in range(3)]:
            done.result()
    with empty_engine.connect() as connection:
        assert current(connection) == newest()


def test_a_migration_that_fails_leaves_no_table_behind(empty_engine: Engine) -> None:
    with empty_engine.connect() as connection:
        connection.execute(text("CREATE SCHEMA jobs"))  # so the second migration fails
    with (
        pytest.raises(Exception, match='"jobs" already exists'),
        owner_transaction(empty_engine) as connection,
    ):
        upgrade(connection)
    with empty_engine.connect() as connection:
        assert not any(described(connection).values())


def test_tables_of_a_later_version_are_left_alone(administrator: Engine) -> None:
    with owner_transaction(administrator) as connection:
        connection.execute(text("UPDATE core.alembic_version SET version_num = '9999'"))
        with pytest.raises(TreError, match="later version") as caught:
            upgrade(connection)
    assert caught.value.code == "database_newer"


def test_no_migration_offers_a_way_down() -> None:
    scripts = list(ScriptDirectory(Path(migrations.__file__).parent).walk_revisions())
    assert scripts
    assert not [script.revision for script in scripts if hasattr(script.module, "downgrade")]
