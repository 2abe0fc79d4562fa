"""Where the database is and how each role logs in to it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from tre.db.folders import read_secret
from tre.domain.errors import BadInput

DRIVER: Final = "postgresql+psycopg"
_ACCEPTED: Final = frozenset({"postgres", "postgresql", DRIVER})


class Role(StrEnum):
    """The database roles of the house; the value is the role's name in PostgreSQL.

    `OWNER` owns every object and cannot log in: only a migration acts as it.
    """

    OWNER = "tre_owner"
    LINKAGE = "tre_linkage"
    PSEUDONYMS = "tre_pseudonyms"
    EXTRACT = "tre_extract"
    APPLICATION = "tre_application"
    AUDITOR = "tre_auditor"

    @property
    def folder(self) -> str:
        """The name of this role's folder of secrets, for example `linkage`."""
        return self.value.removeprefix("tre_")


LOGIN_ROLES: Final = tuple(role for role in Role if role is not Role.OWNER)
PASSWORD_FILE: Final = "database-password"  # noqa: S105  a file name


@dataclass(frozen=True, slots=True)
class Database:
    """One database of the house.

    Attributes:
        administrator: the address with an account that may create roles and databases.
        secrets: the folder with one folder of secrets per role.
    """

    administrator: URL
    secrets: Path

    def url(self, role: Role) -> URL:
        """Return the address at which `role` logs in.

        Raises:
            NotFound: `secret_missing`, the role has no password here.
            BadInput: `folder_not_private`, other accounts may read the password.
        """
        password = read_secret(self.password_file(role))
        return self.administrator.set(username=role.value, password=password)

    def password_file(self, role: Role) -> Path:
        """Return where the password of `role` lies."""
        return self.secrets / role.folder / PASSWORD_FILE

    def named(self, name: str) -> "Database":
        """Return the database called `name` on the same server."""
        return Database(self.administrator.set(database=name), self.secrets)


def external(url: str, secrets: Path) -> Database:
    """Return the database that an address such as `postgresql://account:password@host/tre` names.

    Raises:
        BadInput: `database_url`, it is not the address of a PostgreSQL database with an account.
    """
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        found = None
    if found is None or found.drivername not in _ACCEPTED or not (found.database and found.username):
        raise BadInput(
            "database_url",
            "TRE_DATABASE_URL must look like postgresql://account:password@host/database: correct it.",
        )
    return Database(found.set(drivername=DRIVER), secrets)
