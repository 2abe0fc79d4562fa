"""A small house whose portal is served, and people who visit it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import EVERYBODY, House, open_house
from tests.tre.web.visiting import PASSWORD, Visitor, served
from tre.db.address import Database
from tre.domain.people import PersonId
from tre.services import people, signin
from tre.settings import Settings
from tre.web.app import create_app


@contextmanager
def open_portal(home: Path, database: Database) -> Iterator[House]:
    """People with passwords, the project `bills`, its accounts and its extract; the portal is served."""
    with open_house(home, database) as made, socket.create_server(("127.0.0.1", 0)) as listening:
        settings = Settings(home=made.platform.home, portal_port=listening.getsockname()[1])
        made.platform = replace(made.platform, settings=settings)
        hashed = signin.HASHER.hash(PASSWORD)
        made.do(lambda tx: [_know(tx, person, hashed) for person in EVERYBODY])
        with served(create_app(made.platform), listening):
            yield made
            while Visitor.opened:
                Visitor.opened.pop().client.close()


@pytest.fixture
def house(tmp_path: Path, database: Database) -> Iterator[House]:
    """A house whose portal is served."""
    with open_portal(tmp_path / "home", database) as made:
        yield made


def _know(tx, person: PersonId, hashed: str) -> None:
    people.must_exist(tx, person).password_hash = hashed


@pytest.fixture
def visitor(house: House) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(house)


@pytest.fixture
def signed_in(house: House) -> Callable[[str], Visitor]:
    """Gives somebody who has signed in."""

    def make(person: str) -> Visitor:
        made = Visitor(house)
        made.sign_in(person)
        return made

    return make
