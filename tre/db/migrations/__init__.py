"""Brings the tables up to date. A migration that has been released never changes; a new one follows it.

There is no way down: append-only tables would lose lines. To go back, restore a backup beside the running
database and let the log's checkpoints tell what is missing.
"""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tre.domain.errors import TreError

VERSION_SCHEMA: Final = "core"
_HERE: Final = Path(__file__).parent


def upgrade(connection: Connection) -> None:
    """Run every migration that `connection`'s database has not seen, in its open transaction.

    Raises:
        TreError: `database_newer`, the tables were made by a later version of this platform.
    """
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {VERSION_SCHEMA}"))
    now = current(connection)
    if now == newest():
        return
    if now is not None and now not in _known():
        raise TreError(
            "database_newer",
            "The database was made by a later version of this platform: install that version, "
            "or name another database.",
        )
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def current(connection: Connection) -> str | None:
    """Return the last migration that the database has seen, or None."""
    return _context(connection).get_current_revision()


def newest() -> str:
    """Return the last migration that this version of the platform knows."""
    revision = ScriptDirectory(_HERE).get_current_head()
    if revision is None:
        raise TreError(
            "migrations_missing", "The platform was installed without its migrations: install it again."
        )
    return revision


def _known() -> frozenset[str]:
    return frozenset(script.revision for script in ScriptDirectory(_HERE).walk_revisions())


def _context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"version_table_schema": VERSION_SCHEMA})
