"""Invented people: households first, then the people in them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tre.synthesis.chance import Chance, numbers_once, pick_zipf
from tre.synthesis.households import MOST_CHILDREN, Homes, make_homes
from tre.synthesis.names import ERA_STARTS, MEN, SURNAMES, WOMEN
from tre.synthesis.numbers import NHS_COUNT, NINO_COUNT
from tre.synthesis.places import HIGHEST_HOUSE, Places, make_places
from tre.synthesis.recipe import Recipe

GIVEN_NAMES: Final = tuple(dict.fromkeys(name for eras in (WOMEN, MEN) for era in eras for name in era))
"""Every given name once; people hold an index of it."""

WORKING_AGE: Final = 16
"""Age in years from which people have a National Insurance number."""

DAYS: Final = 365.25
"""Days in a year."""

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Addresses:
    """One address for each person: house number, and index of a postcode in `Places`."""

    house: Integers
    place: Integers


@dataclass(frozen=True, slots=True)
class Population:
    """Everybody. Each array has one entry for each person.

    Attributes:
        homes: the households.
        places: the postcodes.
        household: index of the household.
        first: index in `GIVEN_NAMES`.
        surname: index in `SURNAMES`, as it is now.
        birth_surname: index in `SURNAMES`, as it was at birth.
        female: sex.
        born: date of birth, in days since 1970-01-01.
        age: in years at the reference date, with fraction.
        twin: born on the same day as a sibling.
        now: address at the reference date.
        before: address before the last move.
        died: date of death in days since 1970-01-01, or -1.
        nino: number that makes the National Insurance number, or -1 for children.
        nhs: number that makes the NHS number.
        today: the reference date, in days since 1970-01-01.
    """

    homes: Homes
    places: Places
    household: Integers
    first: Integers
    surname: Integers
    birth_surname: Integers
    female: Flags
    born: Integers
    age: NDArray[np.float64]
    twin: Flags
    now: Addresses
    before: Addresses
    died: Integers
    nino: Integers
    nhs: Integers
    today: int

    @property
    def adult(self) -> Flags:
        """Who is 18 or older?"""
        return self.age >= 18


def make_population(people: int, recipe: Recipe, chance: Chance) -> Population:
    """Invent so many people."""
    homes = make_homes(people, recipe, chance.generator("households"))
    rng = chance.generator("people")
    places = make_places(homes.count, dict(recipe.regions), chance.generator("places"))
    household, seat = homes.members(people)
    age, twin = _ages(homes, household, seat, rng=rng, twins=recipe.households.twins)
    today = int(np.datetime64(recipe.reference_date, "D").astype(np.int64))
    born = today - np.floor(age * DAYS).astype(np.int64)
    female = _sexes(homes, household, seat, rng=rng, same_sex=recipe.households.same_sex)
    surname, birth_surname = _surnames(homes, household, seat, female=female, rng=rng, recipe=recipe)
    now, before = _addresses(homes, places, household, rng=rng)
    return Population(
        homes=homes,
        places=places,
        household=household,
        first=_given_names(
            household, seat, female, born=born, rng=rng, same_name=recipe.households.same_name
        ),
        surname=surname,
        birth_surname=birth_surname,
        female=female,
        born=born,
        age=age,
        twin=twin,
        now=now,
        before=before,
        died=_deaths(age, today, rng=rng, share=recipe.households.dead),
        nino=np.where(age >= WORKING_AGE, numbers_once(people, NINO_COUNT, rng), -1),
        nhs=numbers_once(people, NHS_COUNT, rng),
        today=today,
    )


def _ages(
    homes: Homes, household: Integers, seat: Integers, *, rng: np.random.Generator, twins: float
) -> tuple[NDArray[np.float64], Flags]:
    """Head, partner, grown child, then children from the oldest down; twins share their day."""
    head = homes.head_age[household]
    partner = np.clip(head + rng.normal(-1, 4, len(household)), 18.1, 99)
    grown = np.maximum(head - rng.uniform(20, 32, len(household)), 18.05)
    age = np.where(seat == homes.partner_seat[household], partner, head)
    age = np.where(seat == homes.grown_seat[household], grown, age)
    twin = np.zeros(len(household), dtype=bool)
    first = homes.adults[household]
    for number in range(MOST_CHILDREN):
        this = np.flatnonzero(seat == first + number)
        if number == 0:
            age[this] = np.minimum(head[this] - 18.2, rng.uniform(0.05, 17.9, len(this)))
            continue
        same = rng.random(len(this)) < twins
        gap = np.where(same, 0, rng.uniform(0.9, 3.5, len(this)))
        elder = age[this - 1]
        age[this] = np.where(elder - gap > 0.05, elder - gap, elder + gap * 0.9 + 1)
        twin[this[same]] = twin[this[same] - 1] = True
    return age, twin


def _sexes(
    homes: Homes, household: Integers, seat: Integers, *, rng: np.random.Generator, same_sex: float
) -> Flags:
    female: Flags = rng.random(len(household)) < 0.51
    partners = np.flatnonzero(seat == homes.partner_seat[household])
    other = rng.random(len(partners)) >= same_sex
    female[partners] = female[partners - 1] ^ other
    return female


def _surnames(  # noqa: PLR0913 - one array each, named
    homes: Homes,
    household: Integers,
    seat: Integers,
    *,
    female: Flags,
    rng: np.random.Generator,
    recipe: Recipe,
) -> tuple[Integers, Integers]:
    """The household has a name; a partner brings another and may take it, children have it from birth."""
    own = pick_zipf(len(SURNAMES), len(household), rng)
    shared = pick_zipf(len(SURNAMES), homes.count, rng)[household]
    partner = seat == homes.partner_seat[household]
    # In a couple of a woman and a man the name is mostly his, so a woman who heads the household took it too.
    head_of_couple = (seat == 0) & (homes.partner_seat[household] == 1)
    could_take = (partner | head_of_couple) & female
    keeps = partner & ~female & head_of_couple[np.maximum(np.arange(len(seat)) - 1, 0)]
    takes = could_take & (rng.random(len(seat)) < recipe.households.married_name)
    birth = np.where(takes | (partner & ~keeps & ~takes), own, shared)
    return np.where(takes | ~partner | keeps, shared, own), birth


def _given_names(  # noqa: PLR0913 - one array each, named
    household: Integers,
    seat: Integers,
    female: Flags,
    *,
    born: Integers,
    rng: np.random.Generator,
    same_name: float,
) -> Integers:
    year = 1970 + (born + rng.normal(0, 8, len(born)) * DAYS) / DAYS
    era = np.clip(np.searchsorted(ERA_STARTS, year, side="right") - 1, 0, len(ERA_STARTS) - 1)
    index = {name: place for place, name in enumerate(GIVEN_NAMES)}
    first = np.zeros(len(household), dtype=np.int64)
    for sex, eras in ((True, WOMEN), (False, MEN)):
        for number, names in enumerate(eras):
            who = np.flatnonzero((female == sex) & (era == number))
            codes = np.array([index[name] for name in names])
            first[who] = codes[pick_zipf(len(names), len(who), rng)]
    start = np.arange(len(seat)) - seat
    named_after = (seat > 1) & (female == female[start]) & (rng.random(len(seat)) < same_name)
    return np.where(named_after, first[start], first)


def _addresses(
    homes: Homes, places: Places, household: Integers, *, rng: np.random.Generator
) -> tuple[Addresses, Addresses]:
    made = []
    for _ in ("now", "before"):
        house = rng.integers(1, HIGHEST_HOUSE + 1, homes.count)
        place = rng.integers(0, len(places.postcode), homes.count)
        made.append(Addresses(house[household], place[household]))
    return made[0], made[1]


def _deaths(age: NDArray[np.float64], today: int, *, rng: np.random.Generator, share: float) -> Integers:
    """Who died, and when: within three years, the old far more often than the young."""
    danger = np.where(age >= 18, np.exp(0.085 * (age - 60)), 0.002)
    danger = np.minimum(danger * share * len(age) / danger.sum(), 0.8)
    days = rng.integers(1, int(3 * DAYS), len(age))
    fits = days < age * DAYS
    return np.where((rng.random(len(age)) < danger) & fits, today - days, -1)
