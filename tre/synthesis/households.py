"""Invented households: who lives together, before anybody has a name."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tre.synthesis.recipe import Recipe

MOST_CHILDREN: Final = 4
"""Most children in one household."""

_CHILDREN: Final = (0.42, 0.38, 0.14, 0.06)
"""Share of families with 1, 2, 3 and 4 children."""

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Homes:
    """Households. Each array has one entry for each household.

    Attributes:
        adults: seats before the first child: head, partner, grown child.
        children: after them.
        partner_seat: 1, or -1 where there is no partner.
        grown_seat: seat of a grown child, or -1.
        head_age: age of the head in years, with fraction.
        hardship: how badly off the household is: 0 is the middle, 1 one standard deviation worse.
    """

    adults: Integers
    children: Integers
    partner_seat: Integers
    grown_seat: Integers
    head_age: NDArray[np.float64]
    hardship: NDArray[np.float64]

    @property
    def count(self) -> int:
        """How many households there are."""
        return len(self.adults)

    def members(self, people: int) -> tuple[Integers, Integers]:
        """Return for each of the first `people` persons their household and their seat in it."""
        size = self.adults + self.children
        household = np.repeat(np.arange(self.count), size)[:people]
        start = np.concatenate(([0], np.cumsum(size)[:-1]))
        return household, np.arange(people) - start[household]


def make_homes(people: int, recipe: Recipe, rng: np.random.Generator) -> Homes:
    """Make just as many households as so many people need; the last may be cut short."""
    shares = recipe.households
    count = people + 1
    draw = rng.random(count)
    couple = draw < shares.couple
    lone = (draw >= shares.couple) & (draw < shares.couple + shares.lone_parent)
    family = lone | (couple & (rng.random(count) < shares.with_children))
    grown = couple & (rng.random(count) < shares.grown_child)
    children = np.where(family, rng.choice(MOST_CHILDREN, size=count, p=_CHILDREN) + 1, 0)
    adults = 1 + couple.astype(np.int64) + grown
    needed = int(np.searchsorted(np.cumsum(adults + children), people)) + 1
    age = np.where(family, rng.normal(39, 6.5, count), rng.choice([30, 58, 74], count, p=[0.3, 0.35, 0.35]))
    age = age + np.where(family, 0, rng.normal(0, 8, count))
    age = np.clip(np.where(grown, np.maximum(age, 42), age), np.where(family, 22, 18.5), 98)
    hardship = rng.normal(0, 1, count) + np.where(lone, 0.7, 0) - 0.2
    return Homes(
        adults=adults[:needed],
        children=children[:needed],
        partner_seat=np.where(couple, 1, -1)[:needed],
        grown_seat=np.where(grown, 2, -1)[:needed],
        head_age=age[:needed],
        hardship=hardship[:needed],
    )
