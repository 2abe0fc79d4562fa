"""A small house on a database of its own, for those who would break into it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import House, open_house
from tre.db.address import Database


@pytest.fixture
def house(tmp_path: Path, database: Database) -> Iterator[House]:
    """People, the project `bills`, its accounts and its extract."""
    with open_house(tmp_path / "home", database) as made:
        yield made
