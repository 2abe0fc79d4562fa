"""The ledger: what a release costs, on which accounts, and through which states a charge goes. Integers only."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from tre.domain.errors import Refused

AccountId = NewType("AccountId", str)
ChargeId = NewType("ChargeId", str)

NANO: Final = 1_000_000_000
"""Nano-units in one unit of rho (zero-concentrated differential privacy)."""


class AccountKind(StrEnum):
    """What an account stands for. A noisy release is posted to one of each kind concerned, or to none."""

    EDITION = "edition"
    POPULATION = "population"
    PROJECT = "project"


DEFAULT_CAPS: Final = {
    AccountKind.PROJECT: 100_000_000,
    AccountKind.EDITION: 500_000_000,
    AccountKind.POPULATION: 2_000_000_000,
}
"""Caps where a manifest names none, in nano-rho: rho 0.1, 0.5 and 2.

Source: the platform's design, section 5; for comparison the US 2020 Census redistricting file spent rho 2.63.
"""

DEFAULT_EXACT_RELEASES: Final = 200
"""Exact releases that an account allows where nothing else is set, in releases. Source: project default, to be reviewed."""

DEFAULT_EXACT_CELLS: Final = 20_000
"""Exact cells that an account allows where nothing else is set, in cells. Source: project default, to be reviewed."""


class ChargeState(StrEnum):
    """Where a charge stands. Nothing ever goes back from CHARGED: what was spent stays spent."""

    RESERVED = "RESERVED"
    CHARGED = "CHARGED"
    DONE = "DONE"
    RELEASED = "RELEASED"
    VOID = "VOID"


ANSWERED: Final = (ChargeState.CHARGED, ChargeState.DONE, ChargeState.RELEASED)
"""Where a charge stands whose question has been paid for, once for everybody."""

CHARGE_STEPS: Final = (
    (ChargeState.RESERVED, ChargeState.CHARGED),
    (ChargeState.RESERVED, ChargeState.VOID),
    (ChargeState.CHARGED, ChargeState.DONE),
    (ChargeState.DONE, ChargeState.RELEASED),
)
"""Every step that a charge may take."""


class EntryKind(StrEnum):
    """What one posting says."""

    RESERVE = "RESERVE"
    VOID = "VOID"
    CHARGE = "CHARGE"
    EXACT = "EXACT"


class ExactReason(StrEnum):
    """Why an output must leave exact: a closed list, so that exact releases can be counted by reason."""

    SMALL_EFFECT = "small_effect"
    MODEL_ESTIMATE = "model_estimate"
    LEGAL_DUTY = "legal_duty"
    COMPARISON = "comparison_with_published"
    METHOD_CHECK = "method_check"
    UNSTATED = "unstated"


@dataclass(frozen=True, slots=True)
class Balance:
    """One account.

    Attributes:
        account: its identifier.
        cap: the most that may ever be spent, in nano-rho.
        spent: what releases have spent, in nano-rho.
        reserved: what requests under way hold, in nano-rho.
        delta_cap: the most delta that may ever be spent, in atto-delta; nought where levels may not be discovered.
        delta_spent: the delta that releases of levels have spent, in atto-delta.
        delta_reserved: the delta that requests under way hold, in atto-delta.
        exact_releases: exact releases so far.
        exact_cells: exact cells so far.
        exact_releases_cap: the most exact releases.
        exact_cells_cap: the most exact cells.
    """

    account: AccountId
    cap: int
    spent: int
    reserved: int
    exact_releases: int
    exact_cells: int
    exact_releases_cap: int
    exact_cells_cap: int
    delta_cap: int = 0
    delta_spent: int = 0
    delta_reserved: int = 0

    @property
    def remaining(self) -> int:
        """What may still be reserved, in nano-rho."""
        return self.cap - self.spent - self.reserved

    @property
    def delta_remaining(self) -> int:
        """The delta that may still be reserved, in atto-delta."""
        return self.delta_cap - self.delta_spent - self.delta_reserved


def admit_noisy(balances: tuple[Balance, ...], cost: int, atto_delta: int = 0) -> None:
    """Let a cost in nano-rho, and in atto-delta where levels are discovered, through if every account has room for it.

    Raises:
        Refused: an account has less left; the sentence names it and what remains, which are public.
    """
    for balance in balances:
        if cost > balance.remaining:
            raise Refused(
                "over_budget",
                f"This costs {cost:,} nano-rho, but account '{balance.account}' has {balance.remaining:,} left of "
                f"{balance.cap:,}. Choose a coarser precision or fewer tables.",
            )
        if atto_delta > balance.delta_remaining:
            raise Refused(
                "over_delta",
                f"Discovering levels costs {atto_delta:,} atto-delta, but account '{balance.account}' has "
                f"{balance.delta_remaining:,} left of {balance.delta_cap:,}. Ask with a smaller delta, or group by "
                "published levels.",
            )


def admit_exact(balances: tuple[Balance, ...], cells: int, *, releases: int = 1) -> None:
    """Let so many more exact releases of `cells` cells in all through if every account's caps allow it.

    Raises:
        Refused: a cap on exact releases or cells would be passed; the sentence names the account.
    """
    for balance in balances:
        releases_left = balance.exact_releases_cap - balance.exact_releases
        cells_left = balance.exact_cells_cap - balance.exact_cells
        if releases > releases_left or cells > cells_left:
            raise Refused(
                "over_exact_account",
                f"This releases {cells:,} exact cells, but account '{balance.account}' allows {releases_left:,} more "
                f"exact releases and {cells_left:,} more exact cells. It waits: once two people have raised the cap "
                "(`tre budget raise`) it leaves by itself. Ask for a noisy release instead if it cannot wait.",
            )


def must_have_exact_room(balances: tuple[Balance, ...], releases: int = 1) -> None:
    """Refuse early what cannot leave exact as the accounts stand: fewer exact releases, or no exact cell, are left.

    Nothing is held by this; what is let through is counted when it is released.

    Raises:
        Refused: the sentence names the account and what is left.
    """
    for balance in balances:
        left = balance.exact_releases_cap - balance.exact_releases
        cells = balance.exact_cells_cap - balance.exact_cells
        if releases > left or cells < 1:
            raise Refused(
                "no_exact_left",
                f"Account '{balance.account}' has {left:,} exact releases and {cells:,} exact cells left, and this needs "
                f"{releases:,} of the first. Ask for a noisy release, or let two people raise the cap (`tre budget raise`).",
            )


def next_state(now: ChargeState, target: ChargeState) -> ChargeState:
    """Return `target` if a charge may go there from `now`.

    Raises:
        Refused: there is no such step.
    """
    if (now, target) not in CHARGE_STEPS:
        raise Refused("charge_step", f"A charge that is {now} cannot become {target}.")
    return target
