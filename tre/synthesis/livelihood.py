"""How invented people live: pay, benefits, energy and debts, each depending on hardship, age and region.

The strengths are chosen so that research finds something: hardship goes with prepayment, prepayment with arrears and
with less use, the north with more use. None was measured on people.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tre.synthesis.chance import Chance
from tre.synthesis.population import Population

PENSION_AGE: Final = 65
"""Age in years from which people draw a State Pension in this population."""

_COLD: Final = np.array([0.08, 0.05, 0.06, 0.02, 0.02, 0.0, -0.08, -0.02, -0.03, 0.04, 0.14, 0.12])
"""What each region adds to the logarithm of energy use, in the order of `REGIONS`."""

_POOR: Final = np.array([0.3, 0.15, 0.15, 0.05, 0.1, -0.1, 0.0, -0.25, -0.05, 0.2, 0.05, 0.25])
"""What each region adds to hardship, in standard deviations, in the order of `REGIONS`."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Livelihood:
    """What people have. Each array has one entry for each person, households' values repeated.

    Attributes:
        hardship: 0 is the middle, 1 one standard deviation worse.
        employed: has pay under PAYE.
        pay: pounds a year of those employed.
        claims: draws a benefit.
        holds_account: is the one of the household who holds the energy account.
        prepays: the household pays for energy in advance.
        use: kilowatt hours a year of the household.
        arrears: pounds owed to the supplier.
        owes: owes to a public body.
    """

    hardship: Floats
    employed: Flags
    pay: Floats
    claims: Flags
    holds_account: Flags
    prepays: Flags
    use: Floats
    arrears: Floats
    owes: Flags


def make_livelihood(population: Population, chance: Chance) -> Livelihood:
    """Decide how everybody lives."""
    rng = chance.generator("livelihood")
    people = len(population.household)
    region = population.places.region[population.now.place]
    hardship = population.homes.hardship[population.household] + _POOR[region]
    adult, pensioner = population.adult, population.age >= PENSION_AGE
    works = np.where(pensioner, 0.12, np.where(adult, 0.82 - 0.10 * hardship, 0.0))
    employed = rng.random(people) < works
    claims = rng.random(people) < np.where(pensioner, 0.97, np.where(adult, 0.28 + 0.16 * hardship, 0.0))
    prepays, use, arrears = _energy(population, hardship, rng=rng)
    return Livelihood(
        hardship=hardship,
        employed=employed,
        pay=np.exp(9.98 - 0.28 * hardship + rng.normal(0, 0.5, people)),
        claims=claims,
        holds_account=_account_holders(population, rng),
        prepays=prepays,
        use=use,
        arrears=arrears,
        owes=rng.random(people) < np.where(adult, np.clip(0.15 + 0.09 * hardship, 0.01, 0.8), 0.0),
    )


def _account_holders(population: Population, rng: np.random.Generator) -> Flags:
    """One for each household: the head, or the partner in three of ten couples."""
    homes = population.homes
    people = len(population.household)
    _, seat = homes.members(people)
    seats = np.bincount(population.household, minlength=homes.count)
    chosen_seat = np.where((homes.partner_seat == 1) & (seats > 1) & (rng.random(homes.count) < 0.3), 1, 0)
    holder: Flags = seat == chosen_seat[population.household]
    return holder


def _energy(
    population: Population, hardship: Floats, *, rng: np.random.Generator
) -> tuple[Flags, Floats, Floats]:
    """Draw for each household, answer for each of its people."""
    homes, household = population.homes, population.household
    region = population.places.region[population.now.place]
    size = np.bincount(household, minlength=homes.count)[household]
    prepays = rng.random(homes.count)[household] < 1 / (1 + np.exp(1.75 - 0.75 * hardship))
    noise = rng.normal(0, 0.34, homes.count)[household]
    use = np.exp(9.2 + 0.09 * size + _COLD[region] - 0.05 * hardship - 0.12 * prepays + noise)
    late = np.clip(0.07 + 0.16 * prepays + 0.05 * hardship, 0.01, 0.9)
    behind = rng.random(homes.count)[household] < late
    owed = rng.gamma(1.6, 130, homes.count)[household] * (1 + 0.2 * np.clip(hardship, 0, 3))
    return prepays, use, np.where(behind, owed, 0.0)
