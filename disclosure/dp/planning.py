"""A plan: the whole noisy release but its data. What it costs and how sure it is are known before any row is read."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Final, Self, cast

from disclosure.dp.accountant import NANO, exact_budget, pure_cost, rho_for, to_nano
from disclosure.dp.dictionary import Dictionary
from disclosure.dp.exact import Number
from disclosure.dp.expected import Expectation
from disclosure.dp.layout import Layout, interval_names, layout_of
from disclosure.dp.mechanism import Mechanism, Noise
from disclosure.dp.published import refuse_unanswerable
from disclosure.errors import DisclosureError
from disclosure.statistic import Statistic

PRECISIONS: Final[Mapping[str, int]] = MappingProxyType(
    {"coarse": 200_000, "economy": 1_250_000, "standard": 5_000_000, "fine": 20_000_000}
)
"""Menu of budgets in nano-rho: standard deviation 50, 20, 10 and 5 on a count of persons with one row each.
Source: ours."""

MOST_CELLS: Final = 1_000_000
"""Most cells of one table: sampling takes 12 microseconds per cell, so more would take minutes. Source: ours."""


@dataclass(frozen=True)  # without slots: what is worked out of it is kept
class Plan:
    """A priced noisy release. Depends on question and dictionary only.

    Attributes:
        statistic: the question.
        dictionary: the public facts that its sensitivity rests on.
        mechanism: the distribution of the noise.
        cost: what it is charged, in nano-rho.
        budget: what its vectors share: nano-rho for Gaussian noise, epsilon for Laplace; exact.
    """

    statistic: Statistic
    dictionary: Dictionary
    mechanism: Mechanism
    cost: int
    budget: Fraction

    @cached_property
    def layout(self) -> Layout:
        """Vectors to draw and columns to print."""
        return layout_of(self.statistic, self.dictionary)

    @cached_property
    def noises(self) -> tuple[Noise, ...]:
        """Noise per vector of the layout: equal shares of the budget."""
        vectors = self.layout.vectors
        share = self.budget / len(vectors)
        return tuple(Noise(self.mechanism, vector.sensitivity, share) for vector in vectors)

    @property
    def cells(self) -> int:
        """Number of cells, margins not counted: a margin is a sum of noisy cells and costs nothing."""
        return self.layout.cells

    @property
    def sigma(self) -> dict[str, float]:
        """Standard deviation of the noise per printed column and cell.

        In rows for counts, fixed-point steps for sums, the column's own unit for means and quantiles. That of a
        mean, a proportion or a quantile is for a cell of average size, a quantile's with values spread evenly
        over the bounds; a margin's count is noisier by the square root of the cells that it sums.
        """
        expected = self.expectation
        return {each.name: expected.sigma(each) for each in expected.layout.printed}

    @property
    def accuracy(self) -> dict[str, float]:
        """Half-width that covers at least 95% of the noise, per printed column and cell; units as `sigma`."""
        expected = self.expectation
        return {each.name: expected.half_width(each) for each in expected.layout.printed}

    @property
    def average_cell(self) -> int:
        """Units per cell if the published population were spread evenly, at least one."""
        return self.expectation.average_cell

    @cached_property
    def expectation(self) -> Expectation:
        """How sure the answer will be."""
        return Expectation(self.layout, self.noises, self.dictionary)

    def mean_sigma(self, name: str, rows: int) -> float:
        """Standard deviation of a printed mean in a cell of so many rows, in the column's own unit.

        Raises:
            DisclosureError: `unknown_measure` when no mean of that name is printed.
        """
        return self.expectation.mean_sigma(name, rows)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal: names exactly this plan."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what determines the answer: question without its spelling, dictionary, mechanism and price."""
        parts = (
            self.statistic.fingerprint,
            self.dictionary.digest,
            self.mechanism,
            self.cost,
            str(self.budget),
        )
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def to_json(self) -> str:
        """Write canonical JSON, with all that a person needs to judge the plan."""
        record = {
            "accuracy": self.accuracy,
            "budget": str(self.budget),
            "cells": self.cells,
            "cost": self.cost,
            "dictionary": json.loads(self.dictionary.to_json()),
            "mechanism": self.mechanism,
            "sigma": self.sigma,
            "statistic": json.loads(self.statistic.to_json()),
        }
        return json.dumps(record, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote: the plan is made again, and must come out the same to the byte.

        Raises:
            DisclosureError: `plan` when it does not; else as `plan`.
        """
        made = cls._made_again(text)
        if made is None or made.to_json() != text:
            raise DisclosureError(
                "plan", "This is no plan that to_json wrote, or it was changed; plan it again."
            )
        return made

    @classmethod
    def _made_again(cls, text: str) -> Self | None:
        try:
            record = json.loads(text)
            mechanism, budget = Mechanism(record["mechanism"]), Fraction(record["budget"])
            question, facts = record["statistic"], record["dictionary"]
        except (ValueError, KeyError, TypeError, ZeroDivisionError, RecursionError):
            return None
        price = {"epsilon": budget} if mechanism is Mechanism.LAPLACE else {"rho": budget / NANO}
        made = plan(Statistic.from_json(question), Dictionary.from_json(facts), mechanism=mechanism, **price)
        return cast("Self", made)  # plan() makes exactly this class, which has no heirs


def plan(
    stat: Statistic,
    dictionary: Dictionary,
    *,
    rho: Number | None = None,
    epsilon: Number | None = None,
    mechanism: str = "gaussian",
) -> Plan:
    """Check and price a noisy release; reads no data.

    Args:
        stat: the question.
        dictionary: the public facts.
        rho: zCDP budget of the whole answer, for Gaussian noise.
        epsilon: budget of the whole answer: with Gaussian noise (epsilon, delta) at the dictionary's delta, with
            Laplace noise pure epsilon, charged as epsilon squared over two.
        mechanism: "gaussian" or "laplace".

    Raises:
        DisclosureError: `budget`, `mechanism`, `cells`, `overflow`, or as `refuse_unanswerable`.
    """
    refuse_unanswerable(stat, dictionary)
    if mechanism not in tuple(Mechanism):
        raise DisclosureError("mechanism", "The mechanism must be 'gaussian' or 'laplace'; choose one.")
    chosen = Mechanism(mechanism)
    cost, budget = _price(rho, epsilon, chosen, dictionary.privacy_delta)
    made = Plan(statistic=stat, dictionary=dictionary, mechanism=chosen, cost=cost, budget=budget)
    _refuse_undrawable(made)
    return made


def _refuse_undrawable(made: Plan) -> None:
    """Refuse what is too large or cannot be drawn, before anything is charged."""
    if made.statistic.asks is not None and made.mechanism is Mechanism.LAPLACE:
        raise DisclosureError(
            "mechanism", "A noisy regression needs Gaussian noise; leave the mechanism out."
        )
    layout = made.layout
    if layout.longest > MOST_CELLS:
        raise DisclosureError(
            "cells",
            f"The table has more than {MOST_CELLS} cells, or cells and bands; use fewer or coarser dimensions.",
        )
    _refuse_clashes(layout, made.statistic)
    for noise in made.noises:
        _ = noise.scale


def _refuse_clashes(layout: Layout, stat: Statistic) -> None:
    """Refuse names that an interval's end bears too."""
    names = {each.name for each in layout.printed}
    if {end for name in names for end in interval_names(name)} & (names | set(stat.by)):
        raise DisclosureError(
            "name_clash",
            "A dimension or measure has the name of an interval's end, such as n_low; rename it.",
        )


def price(stat: Statistic, dictionary: Dictionary, precision: str = "standard") -> Plan:
    """Plan at a precision from the menu `PRECISIONS`.

    Raises:
        DisclosureError: `precision` when it is not on the menu; else as `plan`.
    """
    if precision not in tuple(PRECISIONS):
        raise DisclosureError(
            "precision", f"The precision must be one of {', '.join(PRECISIONS)}; choose one."
        )
    return plan(stat, dictionary, rho=Fraction(PRECISIONS[precision], NANO))


def _price(
    rho: Number | None, epsilon: Number | None, mechanism: Mechanism, delta: float
) -> tuple[int, Fraction]:
    """Cost in nano-rho, and the budget that the vectors share."""
    if rho is not None and epsilon is None:
        if mechanism is Mechanism.LAPLACE:
            raise DisclosureError(
                "budget", "Laplace noise is priced in epsilon; give epsilon instead of rho."
            )
        cost = to_nano(rho)
        return cost, Fraction(cost)
    if epsilon is not None and rho is None:
        if mechanism is Mechanism.LAPLACE:
            return pure_cost(epsilon), exact_budget(epsilon, "epsilon")
        cost = rho_for(epsilon, delta)
        return cost, Fraction(cost)
    raise DisclosureError("budget", "Give either rho or epsilon, one of them; for example rho=0.005.")
