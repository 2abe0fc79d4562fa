"""What tests of releasing look at."""

from __future__ import annotations

import csv
import json

from tests.builders import (
    House,
)
from tre.db.engine import read_only
from tre.db.tables import LogEntry
from tre.domain.audit import Event
from tre.domain.outputs import State
from tre.services import records

ACCOUNTS = ("edition:accounts@2016", "population:residents", "project:bills")


def verified(house: House, request: str) -> dict[str, object]:
    """The receipt of a released request, after everything about it was verified."""
    assert house.state(request) is State.RELEASED
    key = house.platform.public_key
    assert records.receipt_faults(house.bundle(request), key) == []
    with read_only(house.platform.application) as tx:
        assert records.faults(tx, house.platform) == []
    house.ledger_is_whole()
    released = [one for one in house.events(Event.RELEASED) if one.subject == f"release:release-{request}"]
    assert len(released) == 1
    assert len(house.rows(LogEntry, LogEntry.audit_event_id == released[0].id)) == 1
    return json.loads((house.bundle(request) / "receipt.json").read_text())


def table(house: House, request: str) -> list[list[str]]:
    (path,) = house.bundle(request).glob("*.csv")
    with path.open(newline="") as stream:
        return list(csv.reader(stream))
