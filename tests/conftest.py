"""One real PostgreSQL for the whole session, and a fresh database with all tables for each test that asks.

The fixtures import what they use themselves: tests of the pure library load no database code.

Properties are tried on the same examples each time, so that one commit has one verdict, however slow the machine. New
examples are looked for with `pytest --hypothesis-profile=explore`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from tre.db.address import Database, Role

TEMPLATE = "tre_template"

settings.register_profile(
    "explore", deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None, print_blob=True
)
settings.register_profile("suite", settings.get_profile("explore"), derandomize=True)
settings.load_profile("suite")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A private folder with a path short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="tre-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server() -> Iterator[Database]:
    """The session's own embedded server; its database `tre_template` has every table and no row."""
    from tre.db import embedded
    from tre.db.installation import install

    folder = Path(tempfile.mkdtemp(prefix="tre-"))
    database = embedded.start(folder).named(TEMPLATE)
    install(database)
    yield database
    embedded.stop(folder)
    shutil.rmtree(folder)


@pytest.fixture
def database(server: Database) -> Iterator[Database]:
    """A database of this test alone, with every table and no row."""
    from sqlalchemy import text

    from tre.db.address import Role
    from tre.db.engine import administrator_engine, owner_transaction
    from tre.db.installation import grant

    name = f"tre_{os.getpid()}_{secrets.token_hex(4)}"
    administrator = administrator_engine(server.named("postgres").administrator)
    with administrator.connect() as connection:
        connection.execute(
            text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER {Role.OWNER} STRATEGY wal_log")
        )
    inside = administrator_engine(server.named(name).administrator)
    with owner_transaction(inside) as connection:
        grant(connection)  # a copy has no privileges of the database itself
    inside.dispose()
    yield server.named(name)
    with administrator.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    administrator.dispose()


@pytest.fixture
def administrator(database: Database) -> Iterator[Engine]:
    """The administrator's engine on this test's database; each statement stands alone."""
    from tre.db.engine import administrator_engine

    engine = administrator_engine(database.administrator)
    yield engine
    engine.dispose()


@pytest.fixture
def engine_as(database: Database) -> Iterator[Callable[[Role], Engine]]:
    """Gives the engine of a role on this test's database."""
    from tre.db.engine import engine_for

    engines: dict[Role, Engine] = {}

    def engine(role: Role) -> Engine:
        return engines.setdefault(role, engine_for(database, role))

    yield engine
    for opened in engines.values():
        opened.dispose()


@pytest.fixture
def application(engine_as: Callable[[Role], Engine]) -> Engine:
    """The application role's engine on this test's database."""
    from tre.db.address import Role

    return engine_as(Role.APPLICATION)
