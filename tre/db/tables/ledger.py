"""Accounts, charges and postings. Integers only."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tre.db.tables.declarative import JsonObject, Table, now, one_of
from tre.domain.caps import CapDecision, CapUnit
from tre.domain.ledger import AccountKind, ChargeState, EntryKind


class Account(Table):
    """One account of the ledger: what may be spent, is spent, is reserved. In nano-rho, and delta in atto-delta."""

    __tablename__ = "account"
    __table_args__ = (
        one_of("kind", AccountKind),
        CheckConstraint("spent >= 0 AND reserved >= 0 AND spent + reserved <= cap", name="never_overspent"),
        CheckConstraint(
            "delta_spent >= 0 AND delta_reserved >= 0 AND delta_spent + delta_reserved <= delta_cap",
            name="delta_never_overspent",
        ),
        CheckConstraint(
            "exact_releases BETWEEN 0 AND exact_releases_cap AND exact_cells BETWEEN 0 AND exact_cells_cap",
            name="exact_never_overspent",
        ),
        {"schema": "core"},
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    cap: Mapped[int]
    spent: Mapped[int] = mapped_column(server_default="0")
    reserved: Mapped[int] = mapped_column(server_default="0")
    delta_cap: Mapped[int] = mapped_column(server_default="0")
    delta_spent: Mapped[int] = mapped_column(server_default="0")
    delta_reserved: Mapped[int] = mapped_column(server_default="0")
    exact_releases: Mapped[int] = mapped_column(server_default="0")
    exact_cells: Mapped[int] = mapped_column(server_default="0")
    exact_releases_cap: Mapped[int]
    exact_cells_cap: Mapped[int]


class Charge(Table):
    """What one noisy item costs, and where that stands."""

    __tablename__ = "charge"
    __table_args__ = (
        one_of("state", ChargeState),
        Index(
            "uq_charge_question",
            "fingerprint",
            unique=True,
            postgresql_where=text("state IN ('CHARGED', 'DONE', 'RELEASED')"),
        ),
        CheckConstraint("price >= 0 AND atto_delta >= 0", name="no_refund"),
        CheckConstraint("(state IN ('DONE', 'RELEASED')) = (answer_digest IS NOT NULL)", name="one_answer"),
        {"schema": "core"},
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("core.item.id"), unique=True)
    fingerprint: Mapped[str]
    price: Mapped[int]
    atto_delta: Mapped[int] = mapped_column(server_default="0")
    accounts: Mapped[JsonObject]
    state: Mapped[str]
    answer_digest: Mapped[str | None]
    reserved_at: Mapped[datetime] = now()


class LedgerEntry(Table):
    """One posting, for ever."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        one_of("kind", EntryKind),
        UniqueConstraint("account_id", "item_id", "kind", name="uq_ledger_entry_once"),
        {"schema": "core"},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("core.account.id"), index=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("core.item.id"))
    kind: Mapped[str]
    nano_rho: Mapped[int] = mapped_column(server_default="0")
    atto_delta: Mapped[int] = mapped_column(server_default="0")
    exact_cells: Mapped[int] = mapped_column(server_default="0")
    reason: Mapped[str] = mapped_column(server_default="")
    posted_at: Mapped[datetime] = now()


class CapProposal(Table):
    """One person's wish that an account have another cap, for ever."""

    __tablename__ = "cap_proposal"
    __table_args__ = (
        one_of("unit", CapUnit),
        CheckConstraint("cap_after >= 0 AND cap_after <> cap_before", name="a_change"),
        CheckConstraint("length(reason) > 0", name="reason"),
        {"schema": "core"},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("core.account.id"), index=True)
    unit: Mapped[str]
    cap_before: Mapped[int]
    cap_after: Mapped[int]
    reason: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"))
    proposed_at: Mapped[datetime] = now()


class CapVerdict(Table):
    """How one proposal ended, for ever; there is one end."""

    __tablename__ = "cap_verdict"
    __table_args__ = (one_of("decision", CapDecision), {"schema": "core"})
    proposal_id: Mapped[int] = mapped_column(
        ForeignKey("core.cap_proposal.id"), primary_key=True, autoincrement=False
    )
    decision: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    person_id: Mapped[str] = mapped_column(ForeignKey("core.person.id"))
    decided_at: Mapped[datetime] = now()
