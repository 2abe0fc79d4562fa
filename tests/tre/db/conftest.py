"""Embedded servers to start, look at and kill."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tre.db import embedded
from tre.db.address import Database
from tre.db.engine import administrator_engine


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose server was made once and stopped; tests work on copies, which saves making it each time."""
    home = tmp_path_factory.mktemp("made") / "var"
    embedded.start(home)
    embedded.stop(home)
    return home


@pytest.fixture
def new_home(short_folder: Path) -> Iterator[Path]:
    """A home without a server; what a test starts there is stopped afterwards, whatever happened."""
    home = short_folder / "var"
    yield home
    embedded.stop(home)


@pytest.fixture
def home(new_home: Path, made: Path) -> Path:
    """A home with a server that was stopped."""
    return copied(made, new_home)


@pytest.fixture(scope="module")
def running(made: Path) -> Iterator[Path]:
    """A home whose server runs; for tests that only look."""
    folder = Path(tempfile.mkdtemp(prefix="tre-"))
    home = copied(made, folder / "var")
    embedded.start(home)
    yield home
    embedded.stop(home)
    shutil.rmtree(folder)


def copied(made: Path, home: Path) -> Path:
    subprocess.run(["cp", "-a", made, home], check=True)
    return home


@pytest.fixture
def run_sql() -> Callable[..., object]:
    """Runs statements as the administrator and gives the one value that the last one answers."""

    def run(database: Database, *statements: str) -> object:
        engine = administrator_engine(database.named("postgres").administrator)
        try:
            with engine.connect() as connection:
                for statement in statements[:-1]:
                    connection.execute(text(statement))
                return connection.execute(text(statements[-1])).scalar_one()
        finally:
            engine.dispose()

    return run
