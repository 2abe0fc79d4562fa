"""Fixtures of a house that is furnished once a session; each test works on a copy of its database and its folder."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.builders import House, open_house, open_platform
from tre.db.address import Database, Role
from tre.db.engine import administrator_engine, owner_transaction
from tre.db.installation import grant

__all__ = ["database", "furnished", "house"]


@dataclass(frozen=True, slots=True)
class Furnished:
    """What copies are made of: a folder, and a database to which nobody is connected."""

    home: Path
    database: Database


@contextmanager
def copied(server: Database, template: str) -> Iterator[Database]:
    """A copy of one of the server's databases, for as long as it is needed."""
    name = f"tre_{os.getpid()}_{secrets.token_hex(4)}"
    administrator = administrator_engine(server.named("postgres").administrator)
    with administrator.connect() as connection:
        connection.execute(
            text(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {Role.OWNER} STRATEGY wal_log")
        )
    inside = administrator_engine(server.named(name).administrator)
    with owner_transaction(inside) as connection:
        grant(connection)  # a copy has no privileges of the database itself
    inside.dispose()
    yield server.named(name)
    with administrator.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    administrator.dispose()


@pytest.fixture(scope="session")
def furnished(server: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """People, the project `bills`, its accounts and its extract."""
    home = tmp_path_factory.mktemp("furnished") / "home"
    with copied(server, str(server.administrator.database)) as database:
        with open_house(home, database):
            pass
        yield Furnished(home, database)


@pytest.fixture
def database(server: Database, furnished: Furnished) -> Iterator[Database]:
    """A database of this test alone, furnished."""
    with copied(server, str(furnished.database.administrator.database)) as made:
        yield made


@pytest.fixture
def house(tmp_path: Path, furnished: Furnished, database: Database) -> Iterator[House]:
    """The furnished house on a database and in a folder of this test alone."""
    home = tmp_path / "home"
    shutil.copytree(furnished.home, home)
    platform = open_platform(home, database.administrator.render_as_string(hide_password=False))
    try:
        yield House(platform)
    finally:
        platform.application.dispose()
