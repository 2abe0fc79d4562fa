"""Records that are turned back, or changed where they lie: nothing leaves with a proof that proves something else."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.builders import House
from tre.cli.request import copy_bundle
from tre.db.engine import administrator_engine, read_only
from tre.db.tables import LogEntry
from tre.domain.errors import NotFound, Refused
from tre.domain.outputs import State
from tre.domain.people import WORKER, PersonId
from tre.services import people, records


def faults(house: House) -> list[str]:
    with read_only(house.platform.application) as tx:
        return records.faults(tx, house.platform)


def restored_to(house: House, index: int) -> None:
    """What restoring an older database does to the audit events, whatever the triggers forbid to everybody else."""
    engine = administrator_engine(house.platform.database.administrator)
    with engine.connect() as connection:
        for table in ("log_entry", "audit_event"):
            connection.execute(text(f"ALTER TABLE core.{table} DISABLE TRIGGER USER"))
        connection.execute(text(f"DELETE FROM core.log_entry WHERE index >= {index}"))
        kept = "(SELECT audit_event_id FROM core.log_entry)"
        connection.execute(text(f"DELETE FROM core.audit_event WHERE id NOT IN {kept}"))
    engine.dispose()


def test_nothing_is_released_while_the_database_is_older_than_the_log(house: House) -> None:
    house.jobs.sequencer.catch_up()
    logged = len(house.rows(LogEntry))
    restored_to(house, 5)
    request = house.approved(house.noisy())
    with pytest.raises(Refused) as caught:
        house.jobs.release(request)
    assert caught.value.code == "database_behind"
    assert house.state(request) is State.APPROVED
    assert not house.bundle(request).exists()
    assert len(house.rows(LogEntry)) == 5 < logged
    assert faults(house) != []


def test_a_log_that_is_as_long_but_other_than_the_database_proves_nothing(house: House) -> None:
    request = house.approved(house.noisy())
    house.jobs.sequencer.catch_up()
    restored_to(house, 5)
    behind = house.platform.log / "entries"
    lines = behind.read_bytes().splitlines(keepends=True)
    while len(house.rows(LogEntry)) < len(
        lines
    ):  # an older database that has caught up again with other events
        house.do(people.suspend, WORKER, PersonId("zoe"))
        house.do(_number_one)
    with pytest.raises(Refused) as caught:
        house.jobs.release(request)
    assert caught.value.code in {"log_diverged", "database_behind"}
    assert not house.bundle(request).exists()


def _number_one(tx) -> None:
    """Give one event that has no index yet the next one, without a look at the log."""
    event = tx.execute(
        text(
            "SELECT id FROM core.audit_event WHERE id NOT IN (SELECT audit_event_id FROM core.log_entry) LIMIT 1"
        )
    ).scalar_one()
    size = tx.execute(text("SELECT count(*) FROM core.log_entry")).scalar_one()
    tx.add(LogEntry(index=size, audit_event_id=event, leaf=b'{"forged":true}'))


def test_a_changed_byte_in_the_releases_folder_is_told_by_the_audit(house: House) -> None:
    request = house.approved(house.noisy())
    house.jobs.release(request)
    assert faults(house) == []
    table = next(house.bundle(request).glob("*.csv"))
    table.chmod(0o600)
    table.write_bytes(table.read_bytes().replace(b"East", b"Easy"))
    assert any(request in fault for fault in faults(house))


def test_a_key_that_came_with_the_bundle_proves_nothing(house: House) -> None:
    request = house.approved(house.noisy(), title="Another")
    house.jobs.release(request)
    planted = house.bundle(request) / "receipts.vkey"
    planted.write_bytes(house.platform.public_key.read_bytes())
    with pytest.raises(NotFound) as caught:
        records.receipt_faults(house.bundle(request), planted)
    assert caught.value.code == "key_in_bundle"


def test_nobody_fetches_a_bundle_that_was_changed_in_the_releases_folder(house: House) -> None:
    request = house.approved(house.noisy())
    house.jobs.release(request)
    key, out = house.platform.public_key, house.platform.home / "fetched"
    copy_bundle(house.bundle(request), out, key=key)
    assert records.receipt_faults(out, key) == []
    table = next(house.bundle(request).glob("*.csv"))
    table.chmod(0o600)
    table.write_bytes(table.read_bytes().replace(b"East", b"Easy"))
    other = house.platform.home / "fetched again"
    with pytest.raises(Refused) as caught:
        copy_bundle(house.bundle(request), other, key=key)
    assert caught.value.code == "bundle_damaged"
    assert not other.exists()
    assert not list(house.platform.home.glob(".fetched*"))
