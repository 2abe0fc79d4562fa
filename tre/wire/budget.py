"""Accounts and prices on the wire. Amounts are integers in nano-rho."""

from pydantic import Field

from tre.wire.shape import Name, Shape, StatisticText


class Account(Shape):
    """One account of the ledger; amounts in nano-rho.

    Attributes:
        kind: `edition`, `population` or `project`.
        name: what it is about.
        exact_releases, exact_cells: exact releases so far, and the cells in them.
    """

    kind: Name
    name: Name
    cap: int
    spent: int
    reserved: int
    remaining: int
    exact_releases: int = 0
    exact_cells: int = 0


class BudgetAnswer(Shape):
    """The project's accounts."""

    accounts: tuple[Account, ...]


class PriceRequest(Shape):
    """Asks what a noisy release of a statistic would cost: at a precision of the menu, or at so much rho or epsilon."""

    statistic: StatisticText
    precision: Name = "standard"
    rho: float | None = None
    epsilon: float | None = None


class PriceAnswer(Shape):
    """What it would cost and how near the answer would be; from specification and dictionary only.

    Attributes:
        rho: the cost, in nano-rho.
        epsilon, delta: the same as (epsilon, delta).
        half_widths: per measure, half the width of the 95% interval, in the measure's unit.
        remaining: what each account would still hold, in nano-rho.
        relative_errors: per count, sum and mean: the half-width over the value, by how many people stand in the cell;
            a sum or mean is taken at the middle of its published bounds.
        affordable: whether every account has that much left.
        exact_left: how many exact releases and cells may still leave, where that is known.
    """

    precision: Name
    rho: int
    epsilon: float
    delta: float
    half_widths: dict[str, float]
    remaining: dict[str, int]
    relative_errors: dict[str, dict[str, float]] = Field(default_factory=dict)
    affordable: bool = True
    exact_left: dict[str, int] = Field(default_factory=dict)
