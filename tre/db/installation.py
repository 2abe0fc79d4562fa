"""Makes a database ready for work: roles, the database itself, tables, grants. Safe to run at every start."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from psycopg import Connection as Driver
from psycopg import sql
from sqlalchemy import Connection, Engine, text

from tre.db import embedded
from tre.db.address import LOGIN_ROLES, Database, Role, external
from tre.db.engine import administrator_engine, owner_transaction, reachable
from tre.db.folders import private_folder, read_secret, write_secret
from tre.db.migrations import upgrade
from tre.db.roles import SCHEMAS, statements
from tre.domain.errors import TreError, Unavailable

# One start at a time makes roles and tables. Advisory locks are numbers; this one spells "tre-inst".
_LOCK: Final = int.from_bytes(b"tre-inst", "big")
_ATTRIBUTES: Final = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def open_database(home: Path, url: str | None) -> Database:
    """Return the database of this platform, started, filled and up to date.

    Args:
        home: the platform's home; the embedded server lives there, and the secrets of the roles.
        url: the address of a PostgreSQL of the operator's own, or None for the embedded one.

    Raises:
        Unavailable: it cannot be started or reached, or is too old; the sentence says how to mend it.
        BadInput: a folder, password or address is not as it must be.
    """
    database = embedded.start(home) if url is None else external(url, home.resolve() / "secrets")
    install(database)
    return database


def install(database: Database) -> None:
    """Make roles, database, schemas, tables and grants, or bring them up to date. Runs once at a time.

    Raises:
        Unavailable: `database_unreachable`, `database_too_old`, `database_forgets`, `roles_missing`.
        TreError: `database_newer`, the tables were made by a later version of this platform.
    """
    with _engine(database.named(maintenance(database))) as server:
        reachable(server)
        with server.connect() as connection:
            _install(connection, database)


def _install(connection: Connection, database: Database) -> None:
    """Do the steps of `install` one process at a time; `connection` is to another database of the server."""
    for patience in ("lock_timeout", "statement_timeout"):  # another start may be at a long migration
        connection.execute(text(f"SET {patience} = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
    _ensure_roles(connection, database)
    _ensure_database(connection, str(database.administrator.database))
    with _engine(database) as inside:
        with owner_transaction(inside) as transaction:
            upgrade(transaction)
            grant(transaction)
        reachable(inside)


def maintenance(database: Database) -> str:
    """Return the name of a database that exists before ours does."""
    return "template1" if database.administrator.database == "postgres" else "postgres"


def grant(connection: Connection) -> None:
    """Make the privileges of every role exactly those of `tre.db.roles`. Needs an owner's transaction."""
    owned = connection.execute(
        text(
            "SELECT nspname || '.' || owner.relname, nspname || '.' || counter.relname"
            " FROM pg_depend JOIN pg_class counter ON counter.oid = objid AND counter.relkind = 'S'"
            " JOIN pg_class owner ON owner.oid = refobjid"
            " JOIN pg_namespace ON pg_namespace.oid = owner.relnamespace"
            " AND pg_namespace.oid = counter.relnamespace"
            " WHERE deptype IN ('a', 'i') AND nspname = ANY(:schemas)"
        ),
        {"schemas": list(SCHEMAS)},
    )
    for statement in statements({row[0]: row[1] for row in owned}):
        connection.execute(text(statement))
    name = _identifier(connection, str(connection.engine.url.database))
    roles = ", ".join(LOGIN_ROLES)
    if connection.execute(text("SELECT to_regnamespace('public')")).scalar_one() is not None:
        connection.execute(text("REVOKE ALL ON SCHEMA public FROM PUBLIC"))
    connection.execute(text(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC, {roles}"))
    connection.execute(text(f"GRANT CONNECT ON DATABASE {name} TO {roles}"))


def _ensure_roles(connection: Connection, database: Database) -> None:
    """Make the roles that are missing, and give each one that logs in the password of its secret file."""
    private_folder(database.secrets)
    if not connection.execute(
        text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    ).scalar_one():
        _assert_roles(connection, database)
        return
    known = set(connection.execute(text("SELECT rolname FROM pg_roles")).scalars())
    for role in Role:
        verb = "ALTER" if role in known else "CREATE"
        # PostgreSQL 15 lets an owner use an owner's rights on the schema `public` only if it inherits.
        login = "NOLOGIN INHERIT" if role is Role.OWNER else "LOGIN NOINHERIT"
        connection.execute(text(f"{verb} ROLE {role} {login} {_attributes(connection)}"))
    for role in LOGIN_ROLES:
        _set_password(connection, role, _password(database, role))
    if not _may_act_as_owner(connection):
        connection.execute(text(f"GRANT {Role.OWNER} TO CURRENT_USER"))


def _attributes(connection: Connection) -> str:
    """Return what every role must not be; only a superuser may spell all of it out."""
    is_superuser = connection.execute(text("SELECT current_setting('is_superuser')")).scalar_one() == "on"
    return _ATTRIBUTES if is_superuser else "NOCREATEDB NOCREATEROLE"


def _may_act_as_owner(connection: Connection) -> bool:
    """From PostgreSQL 16 on, being a member and being allowed to act as the role are two things."""
    version = int(connection.execute(text("SELECT current_setting('server_version_num')")).scalar_one())
    kind = "SET" if version >= 160_000 else "MEMBER"
    question = text("SELECT pg_has_role(current_user, :owner, :kind)")
    return bool(connection.execute(question, {"owner": Role.OWNER.value, "kind": kind}).scalar_one())


def _assert_roles(connection: Connection, database: Database) -> None:
    """Where the account may not make roles, check that somebody who may has made them, with passwords."""
    known = set(connection.execute(text("SELECT rolname FROM pg_roles")).scalars())
    missing = [role.value for role in Role if role not in known]
    unset = [role.value for role in LOGIN_ROLES if not database.password_file(role).exists()]
    if missing or unset or not _may_act_as_owner(connection):
        raise Unavailable(
            "roles_missing",
            "The account in TRE_DATABASE_URL may not create roles, so an administrator must create "
            f"{', '.join(Role)}, make it a member of {Role.OWNER}, and put each password in {database.secrets}.",
        )


def _password(database: Database, role: Role) -> str:
    """Return the password of `role`, made on the first call."""
    file = database.password_file(role)
    private_folder(file.parent)
    if not file.exists():
        write_secret(file, secrets.token_urlsafe(32))
    return read_secret(file)


def _set_password(connection: Connection, role: Role, password: str) -> None:
    """Tell the server only what verifies the password, so that no log or replica can hold it."""
    driver = _driver(connection)
    verifier = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier))
    connection.exec_driver_sql(statement.as_string(driver))


def _ensure_database(connection: Connection, name: str) -> None:
    found = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name})
    quoted = _identifier(connection, name)
    if found.scalar() is None:
        connection.execute(
            text(f"CREATE DATABASE {quoted} OWNER {Role.OWNER} TEMPLATE template0 ENCODING 'UTF8'")
        )


def _identifier(connection: Connection, name: str) -> str:
    return sql.Identifier(name).as_string(_driver(connection))


def _driver(connection: Connection) -> Driver:
    """Return psycopg's own connection under SQLAlchemy's."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, Driver):
        raise TreError("database_driver", "The database address must use the psycopg driver: correct it.")
    return driver


@contextmanager
def _engine(database: Database) -> Iterator[Engine]:
    """Open an administrator's engine and close its connections afterwards."""
    engine = administrator_engine(database.administrator)
    try:
        yield engine
    finally:
        engine.dispose()
