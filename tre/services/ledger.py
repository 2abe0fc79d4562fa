"""The ledger at work: open accounts, reserve, charge, answer once. Integer units; each posting is one statement.

The postings themselves are functions of the database, in `tre.db.tables.posting`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import TextClause, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from tre.db.engine import Transaction
from tre.db.tables import Account, Charge, Item, LedgerEntry
from tre.domain.audit import Event
from tre.domain.errors import NotFound, Refused, TreError
from tre.domain.ledger import (
    ANSWERED,
    DEFAULT_CAPS,
    DEFAULT_EXACT_CELLS,
    DEFAULT_EXACT_RELEASES,
    AccountId,
    AccountKind,
    Balance,
    ChargeState,
    admit_exact,
    admit_noisy,
)
from tre.domain.manifest import Budget
from tre.domain.people import WORKER, Actor
from tre.services import audit

_RESERVE: Final = text("SELECT core.post_reserve(:actor, :asked, :legs)")
_VOID: Final = text("SELECT core.post_void(:actor, :asked)")
_CHARGE: Final = text("SELECT core.post_charge(:actor, :asked)")
_EXACT: Final = text("SELECT core.post_exact(:actor, :asked, :legs)")


def open_account(tx: Transaction, account: AccountId, kind: AccountKind, caps: Budget | None = None) -> None:
    """Open an account unless it is there already; a cap that is set stays as it is."""
    chosen = caps or Budget(DEFAULT_CAPS[kind], DEFAULT_EXACT_RELEASES, DEFAULT_EXACT_CELLS)
    row = insert(Account).values(
        id=account,
        kind=kind,
        cap=chosen.nano_rho,
        exact_releases_cap=chosen.exact_releases,
        exact_cells_cap=chosen.exact_cells,
    )
    tx.execute(row.on_conflict_do_nothing())


def balances(
    tx: Transaction, accounts: Sequence[str] | None = None, *, lock: bool = False
) -> tuple[Balance, ...]:
    """Return balances in account order; with `lock`, hold the rows until the transaction ends.

    Every posting is locked, posted and moved in this one order. The lock leaves the rows' names alone, so that it does not
    wait for the share that each posting takes of its account, nor that for it: the two together have deadlocked.
    """
    query = select(Account).order_by(Account.id.collate("C")).execution_options(populate_existing=True)
    if accounts is not None:
        query = query.where(Account.id.in_(accounts))
    if lock:
        query = query.with_for_update(key_share=True)
    rows = tx.scalars(query).all()
    if accounts is not None and len(rows) != len(set(accounts)):
        raise NotFound(
            "no_such_account", "An account of this project is missing. Run `tre project apply` again."
        )
    return tuple(_balance(row) for row in rows)


def answered(tx: Transaction, fingerprint: str) -> Charge | None:
    """Return the charge under which this very question has been paid for already, if it has."""
    return tx.scalar(select(Charge).where(Charge.fingerprint == fingerprint, Charge.state.in_(ANSWERED)))


def reserve(tx: Transaction, actor: Actor, item: Item, accounts: Sequence[str]) -> None:
    """Hold what one noisy item costs, as `reserve_all`."""
    reserve_all(tx, actor, [item], accounts)


def reserve_all(tx: Transaction, actor: Actor, items: Sequence[Item], accounts: Sequence[str]) -> None:
    """Hold what noisy items cost on every account concerned, or hold nothing.

    A question that has been paid for already costs nothing.

    Raises:
        Refused: an account has not enough left.
    """
    if not items or _posted(tx, _RESERVE, actor, items, legs=accounts):
        return
    to_pay = [item for item in items if answered(tx, item.fingerprint) is None]
    admit_noisy(
        balances(tx, accounts), sum(item.price for item in to_pay), sum(item.atto_delta for item in to_pay)
    )
    raise _disagreement()


def void(tx: Transaction, actor: Actor, items: Sequence[str]) -> None:
    """Give back what items hold, if they hold anything; what was charged stays charged."""
    _call(tx, _VOID, {"actor": actor.id, "asked": sorted(set(items))})


def charge(tx: Transaction, item: Item) -> None:
    """Turn one reservation into spending, as `charge_all`."""
    charge_all(tx, [item])


def charge_all(tx: Transaction, items: Sequence[Item]) -> None:
    """Turn reservations into spending, all or none. Cannot fail for want of budget, and is never undone.

    A question that somebody else has paid for since becomes free: the reservation is given back, and the answer shared.

    Raises:
        Refused: an item holds no reservation.
    """
    if items and not _posted(tx, _CHARGE, WORKER, items):
        raise Refused("not_reserved", "This item holds no reservation; submit the request again.")


def charge_exact(tx: Transaction, item: Item, accounts: Sequence[str]) -> None:
    """Count one exact item, as `charge_exact_all`."""
    charge_exact_all(tx, [item], accounts)


def charge_exact_all(tx: Transaction, items: Sequence[Item], accounts: Sequence[str]) -> None:
    """Count exact items on every account concerned, all or none.

    Raises:
        Refused: a cap on exact releases or cells would be passed.
    """
    if not items or _posted(tx, _EXACT, WORKER, items, legs=accounts):
        return
    admit_exact(balances(tx, accounts), sum(item.cells for item in items), releases=len(items))
    raise _disagreement()


def store_answer(tx: Transaction, item: Item, answer_digest: str) -> str:
    """Store the answer of a charged item, once; return the digest of the answer that counts.

    Whoever stores first wins; a second draw, after a crash, is thrown away unseen.
    """
    chosen = update(Charge).where(Charge.fingerprint == item.fingerprint, Charge.state == ChargeState.CHARGED)
    tx.execute(chosen.values(state=ChargeState.DONE, answer_digest=answer_digest))
    paid = answered(tx, item.fingerprint)
    if paid is None or paid.answer_digest is None:
        raise Refused(
            "not_charged", "This item was not charged, so it has no answer; submit the request again."
        )
    audit.record(tx, WORKER, Event.ANSWER_DRAWN, f"item:{item.id}", answer=paid.answer_digest)
    return paid.answer_digest


def mark_released(tx: Transaction, item: Item) -> None:
    """Note that the answer of an item has left."""
    done = update(Charge).where(Charge.item_id == item.id, Charge.state == ChargeState.DONE)
    tx.execute(done.values(state=ChargeState.RELEASED))


def entries_of(tx: Transaction, items: Sequence[str]) -> Sequence[LedgerEntry]:
    """Every posting made for these items."""
    return tx.scalars(
        select(LedgerEntry).where(LedgerEntry.item_id.in_(items)).order_by(LedgerEntry.id)
    ).all()


def faults(tx: Transaction) -> list[str]:
    """Accounts whose columns differ from the sum of their postings; empty when the ledger is whole."""
    summed = (
        select(
            LedgerEntry.account_id,
            func.sum(LedgerEntry.nano_rho).filter(LedgerEntry.kind == "CHARGE").label("spent"),
            func.sum(LedgerEntry.nano_rho).filter(LedgerEntry.kind.in_(("RESERVE", "VOID"))).label("held"),
            func.sum(LedgerEntry.atto_delta).filter(LedgerEntry.kind == "CHARGE").label("risked"),
            func.sum(LedgerEntry.atto_delta)
            .filter(LedgerEntry.kind.in_(("RESERVE", "VOID")))
            .label("at_risk"),
            func.sum(LedgerEntry.exact_cells).label("cells"),
            func.count().filter(LedgerEntry.kind == "EXACT").label("releases"),
        )
        .group_by(LedgerEntry.account_id)
        .subquery()
    )
    query = select(Account.id).outerjoin(summed, summed.c.account_id == Account.id)
    spent, held = func.coalesce(summed.c.spent, 0), func.coalesce(summed.c.held, 0)
    risked, at_risk = func.coalesce(summed.c.risked, 0), func.coalesce(summed.c.at_risk, 0)
    wrong = (
        (Account.spent != spent)
        | (Account.reserved != held - spent)
        | (Account.delta_spent != risked)
        | (Account.delta_reserved != at_risk - risked)
        | (Account.exact_cells != func.coalesce(summed.c.cells, 0))
        | (Account.exact_releases != func.coalesce(summed.c.releases, 0))
    )
    return list(tx.scalars(query.where(wrong)))


def _posted(
    tx: Transaction,
    posting: TextClause,
    actor: Actor,
    items: Sequence[Item],
    *,
    legs: Sequence[str] | None = None,
) -> bool:
    """Let the database make one posting for all of these items; say whether it did."""
    values: dict[str, object] = {"actor": actor.id, "asked": list(dict.fromkeys(item.id for item in items))}
    if legs is not None:
        values["legs"] = sorted(set(legs))
    return _call(tx, posting, values) is True


def _call(tx: Transaction, posting: TextClause, values: Mapping[str, object]) -> object:
    """Call a function of the ledger; what this session has read of accounts and charges is read again afterwards."""
    tx.flush()
    said: object = tx.execute(posting, values).scalar_one()
    for row in tx.identity_map.values():
        if isinstance(row, Account | Charge):
            tx.expire(row)
    return said


def _disagreement() -> TreError:
    return TreError(
        "ledger_disagrees", "The ledger refused what its rules allow: run `tre audit verify` and look at it."
    )


def _balance(row: Account) -> Balance:
    return Balance(
        AccountId(row.id),
        cap=row.cap,
        spent=row.spent,
        reserved=row.reserved,
        delta_cap=row.delta_cap,
        delta_spent=row.delta_spent,
        delta_reserved=row.delta_reserved,
        exact_releases=row.exact_releases,
        exact_cells=row.exact_cells,
        exact_releases_cap=row.exact_releases_cap,
        exact_cells_cap=row.exact_cells_cap,
    )
