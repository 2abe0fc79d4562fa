"""The ledger at work: open accounts, reserve, charge, answer once. Integer nano-rho, hot rows last, in account order."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from tre.db.engine import Transaction
from tre.db.tables import Account, Charge, Item, LedgerEntry
from tre.domain.audit import Event
from tre.domain.errors import NotFound, Refused
from tre.domain.ledger import (
    DEFAULT_CAPS,
    DEFAULT_EXACT_CELLS,
    DEFAULT_EXACT_RELEASES,
    AccountId,
    AccountKind,
    Balance,
    ChargeState,
    admit_exact,
    admit_noisy,
    next_state,
)
from tre.domain.manifest import Budget
from tre.domain.people import WORKER, Actor
from tre.services import audit

ANSWERED = (ChargeState.CHARGED, ChargeState.DONE, ChargeState.RELEASED)


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
    query = select(Account).order_by(Account.id.collate("C"))
    if accounts is not None:
        query = query.where(Account.id.in_(accounts))
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
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
    """Hold what a noisy item costs on every account concerned, or on none.

    A question that has been paid for already costs nothing.

    Raises:
        Refused: an account has not enough left.
    """
    cost = 0 if answered(tx, item.fingerprint) else item.price
    admit_noisy(balances(tx, accounts, lock=True), cost)
    charge = tx.scalar(select(Charge).where(Charge.item_id == item.id)) or Charge(id=item.id, item_id=item.id)
    charge.fingerprint, charge.price = item.fingerprint, cost
    charge.accounts, charge.state = {"ids": sorted(accounts)}, ChargeState.RESERVED
    tx.add(charge)
    _post(tx, item.id, accounts, "RESERVE", nano_rho=cost)
    _move(tx, accounts, reserved=cost)
    audit.record(tx, actor, Event.BUDGET_RESERVED, f"item:{item.id}", nano_rho=cost)


def void(tx: Transaction, actor: Actor, item_id: str) -> None:
    """Give back what an item holds, if it holds anything; what was charged stays charged."""
    charge = _locked_charge(tx, item_id)
    if charge is None or charge.state != ChargeState.RESERVED:
        return
    charge.state = next_state(ChargeState.RESERVED, ChargeState.VOID)
    _post(tx, item_id, charge.accounts["ids"], "VOID", nano_rho=-charge.price)
    _move(tx, charge.accounts["ids"], reserved=-charge.price)
    audit.record(tx, actor, Event.BUDGET_VOIDED, f"item:{item_id}", nano_rho=charge.price)


def charge(tx: Transaction, item: Item) -> None:
    """Turn a reservation into spending. Cannot fail for want of budget, and is never undone.

    A question that somebody else has paid for since becomes free: the reservation is given back, and the answer shared.

    Raises:
        Refused: the item holds no reservation.
    """
    row = _locked_charge(tx, item.id)
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(item.fingerprint, 0))))
    if row is None or row.state != ChargeState.RESERVED:
        raise Refused("not_reserved", "This item holds no reservation; submit the request again.")
    if answered(tx, item.fingerprint) is not None:
        void(tx, WORKER, item.id)
        _post(tx, item.id, row.accounts["ids"], "CHARGE", nano_rho=0)
        return
    row.state = next_state(ChargeState(row.state), ChargeState.CHARGED)
    _post(tx, item.id, row.accounts["ids"], "CHARGE", nano_rho=row.price)
    _move(tx, row.accounts["ids"], reserved=-row.price, spent=row.price)
    audit.record(tx, WORKER, Event.BUDGET_CHARGED, f"item:{item.id}", nano_rho=row.price)


def charge_exact(tx: Transaction, item: Item, accounts: Sequence[str]) -> None:
    """Count one exact item on every account concerned.

    Raises:
        Refused: a cap on exact releases or cells would be passed.
    """
    admit_exact(balances(tx, accounts, lock=True), item.cells)
    _post(tx, item.id, accounts, "EXACT", exact_cells=item.cells, reason=item.exact_reason or "")
    _move(tx, accounts, exact_releases=1, exact_cells=item.cells)
    audit.record(tx, WORKER, Event.EXACT_CHARGED, f"item:{item.id}", cells=item.cells)


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
            func.sum(LedgerEntry.exact_cells).label("cells"),
            func.count().filter(LedgerEntry.kind == "EXACT").label("releases"),
        )
        .group_by(LedgerEntry.account_id)
        .subquery()
    )
    query = select(Account.id).outerjoin(summed, summed.c.account_id == Account.id)
    spent, held = func.coalesce(summed.c.spent, 0), func.coalesce(summed.c.held, 0)
    wrong = (
        (Account.spent != spent)
        | (Account.reserved != held - spent)
        | (Account.exact_cells != func.coalesce(summed.c.cells, 0))
        | (Account.exact_releases != func.coalesce(summed.c.releases, 0))
    )
    return list(tx.scalars(query.where(wrong)))


def _locked_charge(tx: Transaction, item_id: str) -> Charge | None:
    """The charge of an item as it is now, its row held until the transaction ends."""
    query = select(Charge).where(Charge.item_id == item_id).with_for_update()
    return tx.scalar(query.execution_options(populate_existing=True))


def _post(tx: Transaction, item_id: str, accounts: Sequence[str], kind: str, **amounts: int | str) -> None:
    for account in sorted(accounts):
        tx.add(LedgerEntry(account_id=account, item_id=item_id, kind=kind, **amounts))
    tx.flush()


def _move(tx: Transaction, accounts: Sequence[str], **changes: int) -> None:
    for account in sorted(accounts):
        columns = {name: getattr(Account, name) + change for name, change in changes.items()}
        tx.execute(update(Account).where(Account.id == account).values(columns))


def _balance(row: Account) -> Balance:
    return Balance(
        AccountId(row.id),
        cap=row.cap,
        spent=row.spent,
        reserved=row.reserved,
        exact_releases=row.exact_releases,
        exact_cells=row.exact_cells,
        exact_releases_cap=row.exact_releases_cap,
        exact_cells_cap=row.exact_cells_cap,
    )
