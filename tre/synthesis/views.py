"""What a source writes down about people: name, sex, birth, address, each with the source's own mistakes."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tre.synthesis.mistakes import (
    chosen,
    with_initials,
    with_mixed_case,
    with_one_wrong,
    with_short_forms,
    with_slips,
    with_wrong_dates,
    without_spaces,
)
from tre.synthesis.names import SURNAMES
from tre.synthesis.numbers import nino_text
from tre.synthesis.places import STREETS
from tre.synthesis.population import GIVEN_NAMES, Population
from tre.synthesis.recipe import Errors, Source

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_GIVEN = np.array(GIVEN_NAMES)
_SURNAMES = np.array(SURNAMES)
_STREETS = np.array(STREETS)


@dataclass(frozen=True, slots=True)
class View:
    """The records of one source before they are written.

    Attributes:
        population: everybody.
        who: for each record the person it is about.
        errors: how the source errs.
        rng: its own chance.
    """

    population: Population
    who: Integers
    errors: Errors
    rng: np.random.Generator

    def names(self, *, at_birth: bool = False) -> dict[str, pa.Array]:
        """Return given name and surname."""
        people, errors, rng, count = self.population, self.errors, self.rng, len(self.who)
        given = _GIVEN[people.first[self.who]]
        given = with_short_forms(given, errors.nickname, rng)
        given = with_slips(with_initials(given, errors.initial, rng), errors.typo, rng)
        former = np.full(count, at_birth) | chosen(count, errors.birth_name, rng)
        code = np.where(former, people.birth_surname[self.who], people.surname[self.who])
        family = with_slips(_SURNAMES[code], errors.typo, rng)
        mixed = chosen(count, errors.mixed_case, rng)
        given, family = with_mixed_case(given, mixed), with_mixed_case(family, mixed)
        swapped = chosen(count, errors.swapped_names, rng)
        missing = chosen(count, errors.no_given_name, rng)
        first, last = np.where(swapped, family, given), np.where(swapped, given, family)
        return {"first_name": _text(first, missing), "surname": _text(last)}

    def sex_and_birth(self) -> dict[str, pa.Array]:
        """Return sex and date of birth."""
        errors, count = self.errors, len(self.who)
        sex = np.where(self.population.female[self.who], "F", "M")
        born = with_wrong_dates(
            self.population.born[self.who], swapped=errors.dob_swapped, slip=errors.dob_slip, rng=self.rng
        )
        return {
            "sex": _text(sex, chosen(count, errors.no_sex, self.rng)),
            "dob": _text(np.datetime_as_string(born), chosen(count, errors.no_dob, self.rng)),
        }

    def address(self) -> dict[str, pa.Array]:
        """Return house number, street and postcode."""
        people, errors, rng, count = self.population, self.errors, self.rng, len(self.who)
        former = chosen(count, errors.old_address, rng)
        house = np.where(former, people.before.house[self.who], people.now.house[self.who])
        place = np.where(former, people.before.place[self.who], people.now.place[self.who])
        street = with_slips(_STREETS[people.places.street[place]], errors.typo, rng)
        postcode = with_one_wrong(people.places.postcode[place], errors.postcode_typo, rng)
        return {
            "house_no": _text(house.astype("<U3"), chosen(count, errors.no_house, rng)),
            "street": _text(street),
            "postcode": _text(
                without_spaces(postcode, errors.unspaced, rng), chosen(count, errors.no_postcode, rng)
            ),
        }

    def nino(self) -> dict[str, pa.Array]:
        """Return the National Insurance number."""
        number = self.population.nino[self.who]
        missing = (number < 0) | chosen(len(self.who), self.errors.no_nino, self.rng)
        return {"nino": _text(nino_text(np.maximum(number, 0)), missing)}


def make_view(population: Population, held: Flags, source: Source, rng: np.random.Generator) -> View:
    """Choose the records of a source among those whom it could hold; some people have more than one."""
    who = np.flatnonzero(held & chosen(len(held), source.coverage, rng))
    again = rng.poisson(source.repeats, len(who))
    who = rng.permutation(np.repeat(who, 1 + again))
    return View(population, who, source.errors, rng)


def _text(values: NDArray[np.str_], missing: Flags | None = None) -> pa.Array:
    return pa.array(values, pa.string(), mask=missing)
