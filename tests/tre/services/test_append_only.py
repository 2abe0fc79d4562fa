"""What was recorded stays: after a real release neither the application nor the owner of the tables can change a line of it."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from tests.builders import ADMIN, STRANGER, House
from tre.db.address import Role
from tre.db.tables import APPEND_ONLY, Person
from tre.domain.appointments import AppointmentDecision
from tre.domain.people import WORKER, Capability
from tre.services import appointments, people

CHANGES = {
    "core.vote": "decision = 'reject'",
    "core.ledger_entry": "nano_rho = 0",
    "core.release": "reviewers = '{}'",
    "core.publication": "receipt_digest = ''",
    "core.audit_event": "actor = 'somebody else'",
    "core.log_entry": "leaf = ''",
    "core.cap_proposal": "cap_after = 1",
    "core.cap_verdict": "decision = 'refuse'",
    "core.appointment_proposal": "reason = 'Another'",
    "core.appointment_verdict": "decision = 'refuse'",
}


@pytest.fixture
def released(house: House) -> House:
    house.jobs.release(house.approved(house.noisy(), house.exact()))
    house.raise_cap("project:bills", 1_000_000_000)
    appoint(house)
    return house


def appoint(house: House) -> None:
    """Two admins make somebody a checker."""
    second = Person(id="iris", name="Iris", organisation="Tests")
    house.do(people.add, WORKER, second, frozenset({Capability.ADMIN}))
    wish = appointments.capability(STRANGER, Capability.OUTPUT_CHECKER)
    made = house.act(ADMIN, appointments.propose, wish, reason="Needed").id
    house.act("iris", appointments.decide, made, AppointmentDecision.AGREE, reason="So it is")


def counted(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in CHANGES
        }


def attempts(table: str) -> list[str]:
    return [
        f"UPDATE {table} SET {CHANGES[table]}",
        f"UPDATE {table} SET {CHANGES[table]} WHERE false",
        f"DELETE FROM {table}",
        f"DELETE FROM {table} WHERE false",
        f"TRUNCATE {table} CASCADE",
        f"MERGE INTO {table} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    ]


def test_every_append_only_table_is_tried() -> None:
    assert set(CHANGES) == set(APPEND_ONLY)


def test_the_application_changes_nothing_that_was_recorded(released: House) -> None:
    engine = released.platform.application
    before = counted(engine)
    assert all(before.values())
    for table in CHANGES:
        for attempt in attempts(table):
            with pytest.raises(DBAPIError, match="permission denied"), engine.begin() as connection:
                connection.execute(text(attempt))
    assert counted(engine) == before


def test_the_owner_of_the_tables_changes_nothing_either(released: House, administrator: Engine) -> None:
    before = counted(administrator)
    for table in CHANGES:
        for attempt in attempts(table):
            with pytest.raises(DBAPIError, match="append-only"):
                _as_owner(administrator, attempt)
    assert counted(administrator) == before


def _as_owner(administrator: Engine, statement: str) -> None:
    owner = administrator.execution_options(isolation_level="READ COMMITTED")
    with owner.begin() as connection:
        connection.execute(text(f"SET LOCAL ROLE {Role.OWNER}"))
        connection.execute(text(statement))


def test_the_application_cannot_forget_a_request_an_item_or_a_charge(released: House) -> None:
    for table in ("request", "item", "charge", "account", "person", "accreditation", "project", "membership"):
        with (
            pytest.raises(DBAPIError, match="permission denied"),
            released.platform.application.begin() as connection,
        ):
            connection.execute(text(f"DELETE FROM core.{table}"))
