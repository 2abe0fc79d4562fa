"""A plan for several tables at once: what it costs, how sure each table is, and what other ways would give.

Reads no data. Every row counts that has a published level in all attributes of the set, so that all tables speak of
the same rows and can agree.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Self, cast

from disclosure.dp.accountant import NANO
from disclosure.dp.dictionary import Dictionary
from disclosure.dp.exact import Number
from disclosure.dp.layout import Layout, Vector, layout_of
from disclosure.dp.mechanism import NORMAL_QUANTILE
from disclosure.dp.planning import MOST_CELLS, plan
from disclosure.dp.sets.allocation import (
    MEAN_ERROR,
    Objective,
    Way,
    Workload,
)
from disclosure.dp.sets.marginals import Marginal, cells_in, closure, largest, parts_of
from disclosure.dp.sets.published import refuse_set
from disclosure.dp.sets.quantity import Quantity
from disclosure.errors import DisclosureError
from disclosure.statistic import Statistic


@dataclass(frozen=True)
class SetPlan:
    """A priced set of tables. Depends on questions and dictionary only.

    Attributes:
        statistics: the questions, in order.
        dictionary: the public facts.
        cost: what the set is charged, in nano-rho, once for all tables.
        objective: what the plan makes least.
        negatives: "keep", or "move" to have no number below zero (counts of up to two dimensions).
    """

    statistics: tuple[Statistic, ...]
    dictionary: Dictionary
    cost: int
    objective: Objective
    negatives: str

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """Columns of all tables, once each, in the order in which they are first named."""
        return tuple(dict.fromkeys(column for stat in self.statistics for column in stat.by))

    @cached_property
    def layouts(self) -> tuple[Layout, ...]:
        """What each table prints."""
        return tuple(layout_of(stat, self.dictionary) for stat in self.statistics)

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """What is drawn: each quantity has an equal part of the budget."""
        vectors = tuple(dict.fromkeys(vector for each in self.layouts for vector in each.vectors))
        budget = Fraction(self.cost) / len(vectors)
        return tuple(Quantity(each, self._workload(each), self.objective, budget) for each in vectors)

    @cached_property
    def counted(self) -> tuple[Marginal, ...]:
        """Marginals that are read from the data; all others are sums of them."""
        return largest(self.marginal(stat) for stat in self.statistics)

    @property
    def levels(self) -> tuple[int, ...]:
        """Number of levels per attribute."""
        return tuple(len(self.dictionary.keys[column]) for column in self.attributes)

    def marginal(self, stat: Statistic) -> Marginal:
        """A table's marginal."""
        return tuple(sorted(self.attributes.index(column) for column in stat.by))

    @property
    def alternatives(self) -> dict[str, tuple[float, ...]]:
        """Mean absolute error per way of spending the same budget, per quantity, over all numbers that are printed.

        The plan takes `together`: it holds every other way as a special case, so none is better.
        """
        return {str(way): tuple(each.errors(way) for each in self.quantities) for way in Way}

    @property
    def gain(self) -> float:
        """By what share the mean error is below that of noise per table, from 0 to 1; least over quantities."""
        return min(1 - each.errors(Way.TOGETHER) / each.errors(Way.APART_EQUAL) for each in self.quantities)

    @cached_property
    def sigma(self) -> tuple[dict[str, float], ...]:
        """Per table, standard deviation per printed column and cell; rows for counts, fixed-point steps for sums."""
        by_vector = {each.vector: each for each in self.quantities}
        return tuple(
            {
                printed.name: by_vector[layout.vectors[printed.vectors[0]]].sigmas[self.marginal(stat)]
                for printed in layout.printed
            }
            for stat, layout in zip(self.statistics, self.layouts, strict=True)
        )

    @cached_property
    def accuracy(self) -> tuple[dict[str, float], ...]:
        """Per table, half-width that covers at least 95% of the noise per printed column and cell; units as `sigma`."""
        return tuple(
            {name: float(half_width(sigma)) for name, sigma in table.items()} for table in self.sigma
        )

    @property
    def mean_error(self) -> tuple[dict[str, float], ...]:
        """Per table, expected absolute error per printed column and cell; units as `sigma`."""
        return tuple({name: MEAN_ERROR * sigma for name, sigma in table.items()} for table in self.sigma)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal: names exactly this plan."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what determines the answer: questions without their spelling, dictionary, price and aims."""
        asked = [stat.fingerprint for stat in self.statistics]
        parts = ("set", asked, self.dictionary.digest, self.cost, self.objective, self.negatives)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def to_json(self) -> str:
        """Write canonical JSON, with all that a person needs to judge the plan."""
        record = {
            "accuracy": self.accuracy,
            "alternatives": self.alternatives,
            "cost": self.cost,
            "dictionary": json.loads(self.dictionary.to_json()),
            "negatives": self.negatives,
            "objective": self.objective,
            "sigma": self.sigma,
            "statistics": [json.loads(stat.to_json()) for stat in self.statistics],
        }
        return json.dumps(record, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote: the plan is made again, and must come out the same to the byte.

        Raises:
            DisclosureError: `plan` when it does not; else as `plan_set`.
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
            asked = [Statistic.from_json(each) for each in record["statistics"]]
            facts, cost = Dictionary.from_json(record["dictionary"]), Fraction(record["cost"])
            aims = {"objective": record["objective"], "negatives": record["negatives"]}
        except (ValueError, KeyError, TypeError, ZeroDivisionError, RecursionError):
            return None
        made = plan_set(asked, facts, rho=cost / NANO, **aims)
        return cast("Self", made)  # plan_set() makes exactly this class, which has no heirs

    def _workload(self, vector: Vector) -> Workload:
        asked = [
            (self.marginal(stat), stat.margins)
            for stat, layout in zip(self.statistics, self.layouts, strict=True)
            if vector in layout.vectors
        ]
        printed = {
            part for marginal, margins in asked for part in (parts_of(marginal) if margins else (marginal,))
        }
        order = tuple(sorted(printed, key=lambda each: (len(each), each)))
        return Workload(self.levels, tuple(marginal for marginal, _ in asked), order)


def half_width(sigma: float) -> int:
    """Least whole number of steps that covers at least 95% of noise of a standard deviation, rounded up."""
    return math.ceil(NORMAL_QUANTILE * sigma)


def plan_set(  # noqa: PLR0913  the words of `plan`, all but two by keyword
    stats: Sequence[Statistic],
    dictionary: Dictionary,
    *,
    rho: Number | None = None,
    epsilon: Number | None = None,
    objective: str = "mean",
    negatives: str = "keep",
) -> SetPlan:
    """Check and price several tables of counts and sums that are to agree; reads no data.

    Args:
        stats: tables of one source, unit and filter.
        dictionary: the public facts.
        rho: zCDP budget of all tables together.
        epsilon: the same as (epsilon, delta) at the dictionary's delta.
        objective: "mean" makes the mean error of all printed numbers least, "worst" that of the worst table.
        negatives: "keep" leaves numbers below zero, which keeps every number unbiased; "move" gives the nearest
            tables without them, for counts of at most two dimensions.

    Raises:
        DisclosureError: `set` when the tables do not belong together; `structural_zeros`, `cells`, `overflow`; else
            as `plan`.
    """
    held = tuple(stats)
    refuse_set(held, dictionary, negatives=negatives)
    if objective not in tuple(Objective):
        raise DisclosureError("objective", "The objective must be 'mean' or 'worst'; choose one.")
    cost = plan(held[0], dictionary, rho=rho, epsilon=epsilon).cost
    made = SetPlan(held, dictionary, cost, Objective(objective), negatives)
    drawn = sum(cells_in(each, made.levels) for each in closure(made.counted)) * len(made.quantities)
    if drawn > MOST_CELLS:
        raise DisclosureError(
            "cells", f"The tables have more than {MOST_CELLS} cells; use fewer or coarser dimensions."
        )
    _refuse_overflow(made)
    return made


def _refuse_overflow(made: SetPlan) -> None:
    """Refuse contrasts or noise that could leave 62 bits."""
    for quantity in made.quantities:
        largest_cell = made.dictionary.population * quantity.vector.sensitivity
        for contrast in quantity.contrasts:
            _ = contrast.noise.scale  # refuses noise that cannot be drawn
            if largest_cell > contrast.most:
                raise DisclosureError(
                    "overflow",
                    "Population, bounds and levels together exceed 62 bits; use fewer levels or a lower scale.",
                )
