"""All tables. They hold state and guard it by constraints; they have no behaviour.

Schemas are the separation of functions: `linkage`, `pseudonyms`, `extract`, and `core` for everything else.
Grants live in `tre.db.roles`; tables named in `APPEND_ONLY` refuse every change by trigger as well.
"""

from typing import Final

from tre.db.tables.audit import AuditEvent, LogEntry
from tre.db.tables.declarative import JsonObject, Table
from tre.db.tables.ledger import Account, CapProposal, CapVerdict, Charge, LedgerEntry
from tre.db.tables.outputs import Item, Publication, Release, Request, VoteRow
from tre.db.tables.people import (
    AccreditationRow,
    AppointmentProposal,
    AppointmentVerdict,
    Granted,
    Person,
    Supervision,
    WebSession,
)
from tre.db.tables.projects import Dataset, Membership, Project, Run
from tre.db.tables.separated import (
    Extract,
    IdentifierDelivery,
    LinkageRun,
    PayloadDelivery,
    PopulationKey,
    ProjectKey,
    SpineRow,
    StudyMap,
)

APPEND_ONLY: Final = (
    "core.vote",
    "core.ledger_entry",
    "core.cap_proposal",
    "core.cap_verdict",
    "core.appointment_proposal",
    "core.appointment_verdict",
    "core.release",
    "core.publication",
    "core.audit_event",
    "core.log_entry",
)

__all__ = [
    "APPEND_ONLY",
    "Account",
    "AccreditationRow",
    "AppointmentProposal",
    "AppointmentVerdict",
    "AuditEvent",
    "CapProposal",
    "CapVerdict",
    "Charge",
    "Dataset",
    "Extract",
    "Granted",
    "IdentifierDelivery",
    "Item",
    "JsonObject",
    "LedgerEntry",
    "LinkageRun",
    "LogEntry",
    "Membership",
    "PayloadDelivery",
    "Person",
    "PopulationKey",
    "Project",
    "ProjectKey",
    "Publication",
    "Release",
    "Request",
    "Run",
    "SpineRow",
    "StudyMap",
    "Supervision",
    "Table",
    "VoteRow",
    "WebSession",
]
