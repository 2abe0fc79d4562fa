"""Puts a fault into one function of the ledger, in one house's database alone, so that a test can see it caught."""

from __future__ import annotations

from tests.builders import House
from tre.db.engine import administrator_engine, owner_transaction
from tre.db.tables.posting import FUNCTIONS


def plant(house: House, function: str, right: str, wrong: str) -> None:
    """Make a function anew with one part of its text replaced."""
    made = FUNCTIONS[function]
    assert made.count(right) == 1
    faulty = made.replace(right, wrong).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    engine = administrator_engine(house.platform.database.administrator)
    with owner_transaction(engine) as connection:
        connection.exec_driver_sql(faulty, execution_options={"no_parameters": True})
    engine.dispose()


def let_everything_through(house: House) -> None:
    """Make a reservation that looks at no balance."""
    plant(house, "core.post_reserve", "IF fitting < cardinality(legs)", "IF false")
