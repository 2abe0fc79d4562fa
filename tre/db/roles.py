"""Who may do what to which table, as data. Applied after every migration; a test compares the catalogue.

No role can read two of: identifiers (`linkage.delivery`), payload (`extract.delivery`), keys (`pseudonyms`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tre.db.address import LOGIN_ROLES, Role
from tre.db.tables import APPEND_ONLY
from tre.db.tables.posting import FUNCTIONS

SCHEMAS: Final = ("core", "linkage", "pseudonyms", "extract", "jobs")


class Privilege(StrEnum):
    """What a role may do to a table."""

    SELECT = "SELECT"
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


_READ: Final = frozenset({Privilege.SELECT})
_ADD: Final = frozenset({Privilege.SELECT, Privilege.INSERT})
_WORK: Final = frozenset({Privilege.SELECT, Privilege.INSERT, Privilege.UPDATE})
_ALL: Final = frozenset(Privilege)


@dataclass(frozen=True, slots=True)
class Grant:
    """One line of the table below.

    Attributes:
        role: who.
        table: on what, as `schema.table`.
        privileges: what.
        columns: only on these columns; empty means the whole table.
    """

    role: Role
    table: str
    privileges: frozenset[Privilege]
    columns: tuple[str, ...] = ()


def _each(role: Role, privileges: frozenset[Privilege], *tables: str) -> tuple[Grant, ...]:
    return tuple(Grant(role, table, privileges) for table in tables)


_RECORDS: Final = (
    *("core.audit_event", "core.log_entry", "core.vote", "core.release", "core.publication"),
    *("core.ledger_entry", "core.account", "core.charge", "core.request"),
    *("core.cap_proposal", "core.cap_verdict"),
    *("core.appointment_proposal", "core.appointment_verdict", "core.supervision"),
    *("core.project", "core.membership", "core.accreditation", "core.granted_capability"),
)
_QUEUE: Final = (
    *("jobs.procrastinate_jobs", "jobs.procrastinate_events"),
    *("jobs.procrastinate_workers", "jobs.procrastinate_periodic_defers"),
)


def _note(role: Role) -> tuple[Grant, ...]:
    """Let a separated role write audit events, and read back the number and time of its own insert only."""
    return (
        Grant(role, "core.audit_event", frozenset({Privilege.INSERT})),
        Grant(role, "core.audit_event", _READ, ("id", "at")),
    )


GRANTS: Final = (
    *_each(Role.LINKAGE, _WORK, "linkage.delivery"),
    *_each(Role.LINKAGE, _ALL, "linkage.spine"),
    *_each(Role.LINKAGE, _ADD, "linkage.run"),
    *_note(Role.LINKAGE),
    *_each(Role.PSEUDONYMS, _READ, "linkage.spine"),
    *_each(Role.PSEUDONYMS, _WORK, "pseudonyms.project_key", "pseudonyms.population_key"),
    *_each(Role.PSEUDONYMS, _ALL, "pseudonyms.study_map"),
    *_note(Role.PSEUDONYMS),
    *_each(Role.EXTRACT, _WORK, "extract.delivery", "extract.extract"),
    *_each(Role.EXTRACT, frozenset({Privilege.SELECT, Privilege.DELETE}), "pseudonyms.study_map"),
    *_note(Role.EXTRACT),
    *_each(Role.APPLICATION, _ADD, *APPEND_ONLY),
    *_each(Role.APPLICATION, _WORK, "core.person", "core.accreditation", "core.project", "core.membership"),
    *_each(
        Role.APPLICATION, _WORK, "core.dataset", "core.run", "core.request", "core.account", "core.charge"
    ),
    *_each(Role.APPLICATION, _WORK, "core.item", "core.supervision"),
    *_each(Role.APPLICATION, _ALL, "core.session", "core.granted_capability", *_QUEUE),
    *_each(Role.APPLICATION, _READ, "extract.extract"),
    *_each(Role.AUDITOR, _READ, *_RECORDS, "extract.extract"),
    Grant(
        Role.AUDITOR,
        "core.item",
        _READ,
        ("id", "request_id", "position", "kind", "mode", "fingerprint", "price", "verdict", "report_digest"),
    ),
    Grant(Role.AUDITOR, "core.person", _READ, ("id", "organisation", "supervisor_id", "added_at")),
)


def schemas_of(role: Role) -> frozenset[str]:
    """Return the schemas in which `role` may name anything at all."""
    return frozenset(grant.table.split(".")[0] for grant in GRANTS if grant.role is role)


def statements(sequences: dict[str, str]) -> tuple[str, ...]:
    """Return the SQL that takes every privilege away and gives back exactly those of `GRANTS`.

    Args:
        sequences: sequence name by the table that owns it, both as `schema.name`; who may insert may count.
    """
    everyone = ", ".join(("PUBLIC", *LOGIN_ROLES))
    taken = tuple(
        f"REVOKE ALL ON ALL {kind} IN SCHEMA {schema} FROM {everyone}"
        for schema in SCHEMAS
        for kind in ("TABLES", "SEQUENCES", "ROUTINES")
    )
    closed = tuple(f"REVOKE ALL ON SCHEMA {schema} FROM {everyone}" for schema in SCHEMAS)
    entered = tuple(
        f"GRANT USAGE ON SCHEMA {schema} TO {role}"
        for role in LOGIN_ROLES
        for schema in sorted(schemas_of(role))
    )
    queue = (f"GRANT EXECUTE ON ALL ROUTINES IN SCHEMA jobs TO {Role.APPLICATION}",)
    posting = tuple(f"GRANT EXECUTE ON ROUTINE {name} TO {Role.APPLICATION}" for name in FUNCTIONS)
    return (*taken, *closed, *entered, *queue, *posting, *map(_given, GRANTS), *_counted(sequences))


def _given(grant: Grant) -> str:
    columns = f" ({', '.join(grant.columns)})" if grant.columns else ""
    privileges = ", ".join(f"{privilege}{columns}" for privilege in sorted(grant.privileges))
    return f"GRANT {privileges} ON TABLE {grant.table} TO {grant.role}"


def _counted(sequences: dict[str, str]) -> tuple[str, ...]:
    return tuple(
        f"GRANT USAGE ON SEQUENCE {sequences[grant.table]} TO {grant.role}"
        for grant in GRANTS
        if Privilege.INSERT in grant.privileges and grant.table in sequences
    )
