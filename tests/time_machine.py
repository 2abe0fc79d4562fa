"""Makes everything that a house has recorded older, as if that much time had gone by; the database's clock stays true."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import DateTime, text

from tests.builders import House
from tre.db.engine import administrator_engine, owner_transaction
from tre.db.tables import APPEND_ONLY, Table


def go_on(house: House, by: timedelta) -> None:
    """Let time pass: every moment in every table of the platform's own moves back by as much."""
    engine = administrator_engine(house.platform.database.administrator)
    seconds = f"interval '{by.total_seconds()} seconds'"
    with owner_transaction(engine) as connection:
        for table in (each for each in Table.metadata.sorted_tables if each.schema == "core"):
            name, guarded = f"core.{table.name}", f"core.{table.name}" in APPEND_ONLY
            moments = [each.name for each in table.columns if isinstance(each.type, DateTime)]
            if not moments or table.name == "accreditation":
                continue
            if guarded:
                connection.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER append_only"))
            changes = ", ".join(f'"{each}" = "{each}" - {seconds}' for each in moments)
            connection.execute(text(f"UPDATE {name} SET {changes}"))
            if guarded:
                connection.execute(text(f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER append_only"))
    engine.dispose()
