"""Writes the first migration's SQL from the tables: `python -m tre.db.migrations.first`.

For use until the first version is released; afterwards tables change by a new migration only.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Table as SqlTable
from sqlalchemy import make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from tre.db.address import DRIVER
from tre.db.roles import SCHEMAS
from tre.db.tables import APPEND_ONLY, Table
from tre.db.tables.guarding import GUARDS
from tre.db.tables.posting import FUNCTIONS

FOLDER: Final = Path(__file__).parent / "versions"

_REFUSE_CHANGE: Final = """CREATE FUNCTION core.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The table %.% is append-only.', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;"""


def schema_sql(schema: str) -> str:
    """Return the SQL that makes one schema with its tables, indexes and triggers."""
    return "\n".join(_statements(schema))


def _statements(schema: str) -> Iterator[str]:
    yield f"CREATE SCHEMA IF NOT EXISTS {schema};"
    if schema == "core":
        yield _REFUSE_CHANGE
    for table in Table.metadata.sorted_tables:
        if table.schema == schema:
            yield from _table(table)
    yield from (made for name, made in FUNCTIONS.items() if name.startswith(f"{schema}."))
    yield from GUARDS if schema == "core" else ()
    guarded = [name for name in APPEND_ONLY if name.startswith(f"{schema}.")]
    for name in guarded:
        yield _guard(name)


def _table(table: SqlTable) -> Iterator[str]:
    dialect = make_url(f"{DRIVER}://").get_dialect()()
    made = str(CreateTable(table).compile(dialect=dialect)).strip()
    yield "\n".join(line.rstrip().replace("\t", "    ") for line in made.splitlines()) + ";"
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        yield f"{CreateIndex(index).compile(dialect=dialect)};"


def _guard(name: str) -> str:
    """Refuse every change of an append-only table, to its owner and to a replaying session too."""
    return (
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name}\n"
        "    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();\n"
        f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER append_only;"
    )


def main() -> None:
    """Write one file per schema."""
    for schema in SCHEMAS:
        if schema != "jobs":
            (FOLDER / f"0001_{schema}.sql").write_text(schema_sql(schema) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
