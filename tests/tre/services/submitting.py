"""What tests of submitting ask of a house."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.builders import (
    House,
)
from tre.db.engine import transaction
from tre.db.tables import Charge, Item, LedgerEntry, Request
from tre.domain.errors import TreError
from tre.services.outputs.submit import Ask

ACCOUNTS = ("edition:accounts@2016", "population:residents", "project:bills")


def jobs(house: House) -> list[str]:
    with transaction(house.platform.application) as tx:
        return list(tx.scalars(text("SELECT task_name FROM jobs.procrastinate_jobs ORDER BY id")))


def untouched(house: House) -> tuple[object, ...]:
    """Everything that a refused submission must leave as it was."""
    kinds = (Request, Item, Charge, LedgerEntry)
    return (*(sorted(str(row.id) for row in house.rows(kind)) for kind in kinds), house.books(), jobs(house))


def refused(house: House, code: str, *asks: Ask, error: type[Exception] = TreError, **words: object) -> str:
    before = untouched(house)
    with pytest.raises(error) as caught:
        house.submit(*asks, **words)
    assert caught.value.code == code
    assert untouched(house) == before
    house.ledger_is_whole()
    return str(caught.value.sentence)
