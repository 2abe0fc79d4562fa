"""The database itself lets nobody, not even the owner of the tables, take a charge back or an account's spending down."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.builders import PRICE, House
from tre.db.engine import administrator_engine, owner_transaction, transaction
from tre.db.tables import Charge
from tre.domain.ledger import CHARGE_STEPS, ChargeState

WORDS = "what was charged stays charged"


@pytest.fixture
def released(house: House) -> House:
    house.jobs.release(house.approved(house.noisy(), house.exact()))
    assert house.account("project:bills").spent == PRICE
    return house


def attempt(house: House, statement: str, *, as_owner: bool) -> None:
    if not as_owner:
        with transaction(house.platform.application) as tx:
            tx.execute(text(statement))
        return
    engine = administrator_engine(house.platform.database.administrator)
    try:
        with owner_transaction(engine) as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core.account SET spent = spent - 1",
        "UPDATE core.account SET exact_releases = exact_releases - 1",
        "UPDATE core.account SET exact_cells = 0",
        "UPDATE core.charge SET price = price - 1",
        "UPDATE core.charge SET fingerprint = 'another'",
        "UPDATE core.charge SET accounts = '{\"ids\": []}'",
        "UPDATE core.charge SET answer_digest = 'another'",
        "UPDATE core.charge SET state = 'VOID', answer_digest = NULL",
        "UPDATE core.charge SET state = 'DONE'",
        (
            "INSERT INTO core.charge (id, item_id, fingerprint, price, accounts, state)"
            " SELECT id || '-again', id, 'new', 0, '{}', 'CHARGED' FROM core.item WHERE mode = 'exact'"
        ),
    ],
)
def test_spending_is_taken_back_by_no_statement(released: House, statement: str) -> None:
    before = released.books()
    for as_owner in (False, True):
        with pytest.raises(IntegrityError, match=WORDS):
            attempt(released, statement, as_owner=as_owner)
    assert released.books() == before
    released.ledger_is_whole()


@pytest.mark.parametrize("table", ["account", "charge"])
def test_accounts_and_charges_are_never_removed(released: House, table: str) -> None:
    for statement in (f"DELETE FROM core.{table}", f"TRUNCATE core.{table} CASCADE"):
        with pytest.raises(DBAPIError, match="permission denied"):
            attempt(released, statement, as_owner=False)
        with pytest.raises(DBAPIError, match=f"{WORDS}|append-only"):
            attempt(released, statement, as_owner=True)


def test_what_the_rules_allow_passes_the_guards(house: House) -> None:
    """The control: a charge goes each of its steps, and a cap is lowered to what is used."""
    released = house.approved(house.noisy())
    house.jobs.release(released)
    withdrawn = house.submit(house.noisy(where="bill >= 0"))
    attempt(house, "UPDATE core.charge SET reserved_at = reserved_at - interval '1 day'", as_owner=True)
    attempt(house, "UPDATE core.account SET cap = spent + reserved", as_owner=False)
    with transaction(house.platform.application) as tx:
        tx.execute(
            text("UPDATE core.charge SET state = 'VOID' WHERE item_id LIKE :mine"), {"mine": f"{withdrawn}-%"}
        )
    states = {row.state for row in house.rows(Charge)}
    assert states == {ChargeState.RELEASED, ChargeState.VOID}
    assert (ChargeState.RESERVED, ChargeState.VOID) in CHARGE_STEPS
