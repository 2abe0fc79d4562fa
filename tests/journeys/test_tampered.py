"""Records changed behind the platform's back, by somebody with every right on database and disk: the audit tells."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.journeys.house import House
from tre.db import embedded

pytestmark = [pytest.mark.timeout(900), pytest.mark.sandbox]
AUDITED = ("audit", "verify")


@pytest.fixture(scope="module")
def house(demo: House) -> Iterator[House]:
    demo.stop()
    copy = demo.copy()
    demo.start()
    copy.start()
    copy.must(*AUDITED)
    yield copy
    copy.remove()


def superuser(house: House, *statements: str) -> None:
    """Do what no role of the platform can: switch off the guards of a table, change it, switch them on again."""
    url = embedded.database_of(embedded.Places(house.home.resolve())).administrator
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    tables = ("account", "audit_event", "ledger_entry", "log_entry", "vote", "release")
    with psycopg.connect(conninfo) as connection:
        for statement in (
            *(f"ALTER TABLE core.{table} DISABLE TRIGGER ALL" for table in tables),
            *statements,
            *(f"ALTER TABLE core.{table} ENABLE TRIGGER ALL" for table in tables),
        ):
            connection.execute(statement)  # type: ignore[call-overload] # ours


APPROVED = "(SELECT max(id) FROM core.audit_event WHERE event = 'approved')"
ROWS = {
    "who did it": (f"UPDATE core.audit_event SET actor = 'somebody' WHERE id = {APPROVED}", "was changed"),
    "what happened": (f"UPDATE core.audit_event SET event = 'returned' WHERE id = {APPROVED}", "was changed"),
    "when": (f"UPDATE core.audit_event SET at = at - interval '1 day' WHERE id = {APPROVED}", "was changed"),
    "how": (f"UPDATE core.audit_event SET detail = '{{}}' WHERE id = {APPROVED}", "was changed"),
    "that it happened": (f"DELETE FROM core.audit_event WHERE id = {APPROVED}", "are missing"),
    "the leaf of it": ("UPDATE core.log_entry SET leaf = 'x' WHERE index = 3", "other entries"),
    "what was spent": (
        "UPDATE core.account SET spent = spent - 1 WHERE id = 'project:fuel-poverty'",
        "differs from the sum",
    ),
    "what was charged": (
        "UPDATE core.ledger_entry SET nano_rho = nano_rho - 1 WHERE kind = 'CHARGE' AND nano_rho > 0",
        "differs from the sum",
    ),
}


@pytest.mark.parametrize("what", ROWS)
def test_a_changed_row_is_told(demo: House, what: str) -> None:
    statement, word = ROWS[what]
    demo.stop()
    house = demo.copy()
    demo.start()
    house.start()
    try:
        house.must(*AUDITED)
        superuser(house, statement)
        said = house.tre(*AUDITED)
        assert said.code == 1
        assert word in said.err
        assert house.tre("fsck").code == 1
    finally:
        house.remove()


def flipped(path: Path) -> Callable[[], None]:
    """Change one byte of a file; return what puts it back."""
    whole, mode = path.read_bytes(), path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])

    def back() -> None:
        path.write_bytes(whole)
        path.chmod(mode)

    return back


FILES = {
    "a released table": ("releases", "*.csv", AUDITED),
    "a receipt": ("releases", "receipt.json", AUDITED),
    "the log": ("log", "entries*", AUDITED),
    "the log's checkpoint": ("log", "checkpoint*", AUDITED),
    "the published checkpoint": ("published", "checkpoint*", AUDITED),
    "an object": ("vault/objects", "*", ("fsck",)),
}


@pytest.mark.parametrize("what", FILES)
def test_a_changed_byte_on_disk_is_told_by_name(house: House, what: str) -> None:
    folder, pattern, command = FILES[what]
    path = next(path for path in sorted((house.home / folder).rglob(pattern)) if path.is_file())
    back = flipped(path)
    try:
        said = house.tre(*command)
        assert said.code == 1, path
        assert said.err.strip().splitlines()[-1].endswith(".")
    finally:
        back()
    house.must(*command)


def test_a_log_that_is_gone_is_told(house: House) -> None:
    (house.home / "log").rename(house.home / "log.away")
    try:
        said = house.tre(*AUDITED)
        assert said.code == 1
        assert "log" in said.err
    finally:
        (house.home / "log.away").rename(house.home / "log")
    house.must(*AUDITED)
