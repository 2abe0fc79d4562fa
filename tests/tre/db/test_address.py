"""A database of the operator's own: its address is understood or refused, and never shown with its password."""

from pathlib import Path

import pytest

from tre.db.address import Role, external
from tre.db.folders import private_folder, write_secret
from tre.domain.errors import BadInput


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "sqlite:///x.db",
        "mysql://a:b@c/d",
        "postgresql://host/name",
        "postgresql://a:b@host",
        "postgresql+asyncpg://a:b@c/d",
        "postgresql://a:b@host:port/name",
    ],
)
def test_what_is_no_address_of_a_postgresql_database_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="must look like") as caught:
        external(url, tmp_path)
    assert caught.value.code == "database_url"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_usual_spellings_are_understood(scheme: str, tmp_path: Path) -> None:
    database = external(f"{scheme}://admin:word@db.example:5433/tre?sslmode=verify-full", tmp_path)
    assert database.administrator.drivername == "postgresql+psycopg"
    assert database.administrator.query["sslmode"] == "verify-full"


def test_each_role_logs_in_at_that_address_with_its_own_secret(tmp_path: Path) -> None:
    database = external("postgresql://admin:word@db.example/tre", tmp_path)
    private_folder(tmp_path / "auditor")
    write_secret(database.password_file(Role.AUDITOR), "p@ss/w:rd")
    url = database.url(Role.AUDITOR)
    assert (url.username, url.password, url.host, url.database) == (
        "tre_auditor",
        "p@ss/w:rd",
        "db.example",
        "tre",
    )


def test_an_address_is_shown_without_its_password(tmp_path: Path) -> None:
    assert "word" not in repr(external("postgresql://admin:word@db.example/tre", tmp_path))


def test_a_secret_is_never_overwritten(tmp_path: Path) -> None:
    write_secret(tmp_path / "secret", "first")
    with pytest.raises(FileExistsError):
        write_secret(tmp_path / "secret", "second")
    assert (tmp_path / "secret").read_text() == "first"
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]
