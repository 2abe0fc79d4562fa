"""Connections, and the only commits in the house."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tre.db.address import Database, Role
from tre.domain.errors import TreError, Unavailable

Transaction: TypeAlias = Session

OLDEST_SERVER: Final = 150_000  # PostgreSQL 15, the oldest that the DESIGN promises, as server_version_num
# Milliseconds. No service needs seconds; what waits longer is stuck and must give its locks back.
TIMEOUTS: Final = (
    ("statement_timeout", 60_000),
    ("lock_timeout", 10_000),
    ("idle_in_transaction_session_timeout", 120_000),
)
# Every statement of ours names its schema; only the queue's own functions look names up, in its schema.
_SEARCH_PATH: Final = "jobs"
_MUST_BE_ON: Final = ("fsync", "full_page_writes", "synchronous_commit")
_DURABLE: Final = frozenset({"on", "remote_apply"})


def engine_for(database: Database, role: Role, *, pool_size: int = 5) -> Engine:
    """Return an engine that logs in as `role`. It connects on first use.

    Args:
        database: where.
        role: as whom.
        pool_size: connections kept open at most; further ones wait up to ten seconds.

    Raises:
        NotFound: `secret_missing`, the role has no password here.
    """
    return create_engine(
        database.url(role),
        connect_args=_connect_arguments(role.value),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
    )


def administrator_engine(url: URL) -> Engine:
    """Return an engine for the account that may create roles and databases; each statement stands alone."""
    return create_engine(
        url,
        connect_args=_connect_arguments("tre_administrator"),
        pool_size=1,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Transaction]:
    """Open one transaction; it is committed when the block ends well and undone when it raises."""
    with Session(engine, expire_on_commit=False) as session:
        yield session
        session.commit()


def patient(tx: Transaction) -> None:
    """Let this transaction take as long as it needs: for a separated role's stage, whose process has a limit of its own."""
    for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
        tx.execute(text(f"SET LOCAL {limit} = 0"))


@contextmanager
def read_only(engine: Engine) -> Iterator[Transaction]:
    """Open one transaction that can change nothing and sees one moment throughout."""
    with Session(engine, expire_on_commit=False) as session:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        yield session


@contextmanager
def owner_transaction(administrator: Engine) -> Iterator[Connection]:
    """Open one transaction that acts as the owner of every object: for migrations and grants only."""
    engine = administrator.execution_options(isolation_level="READ COMMITTED")
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(f"SET LOCAL ROLE {Role.OWNER}"))
        yield connection


def reachable(engine: Engine) -> None:
    """Check that the server answers, is new enough and keeps what it acknowledged.

    Raises:
        Unavailable: `database_unreachable`, `database_too_old` or `database_forgets`.
    """
    try:
        with engine.connect() as connection:
            _assert_fit(connection)
    except OperationalError:
        # The driver's own words name hosts and accounts; they are chained for the log, not shown.
        raise Unavailable(
            "database_unreachable",
            f"The database at {_place(engine.url)} does not answer or refuses the account "
            f"{engine.url.username}: start it, or correct TRE_DATABASE_URL.",
        ) from None


def _assert_fit(connection: Connection) -> None:
    """Refuse a server that is too old or may lose an acknowledged commit."""
    version = int(_shown(connection, "server_version_num"))
    if version < OLDEST_SERVER:
        raise Unavailable(
            "database_too_old",
            f"The database server is PostgreSQL {version // 10_000}, and 15 is the oldest that works: upgrade it.",
        )
    for name in _MUST_BE_ON:
        if _shown(connection, name) not in _DURABLE:
            raise Unavailable(
                "database_forgets",
                f"The database server has {name} off and could lose an acknowledged charge: turn it on.",
            )


def _shown(connection: Connection, name: str) -> str:
    """Return one setting of the server."""
    value = connection.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar_one()
    if not isinstance(value, str):
        raise TreError(
            "database_setting", f"The database server does not show its setting {name}: see its log."
        )
    return value


def _connect_arguments(name: str) -> dict[str, str | int]:
    options = [f"-c {key}={value}" for key, value in TIMEOUTS]
    options += [f"-c search_path={_SEARCH_PATH}", "-c synchronous_commit=on"]
    return {"options": " ".join(options), "application_name": name, "connect_timeout": 10}


def _place(url: URL) -> str:
    """Return where a database is, without account or password."""
    host = url.host or url.query.get("host") or "the default socket"
    return f"{host} ({url.database})"
