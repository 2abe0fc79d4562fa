"""The recipe of an invented population: shares and rates, read from a project's `synthetic.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Final

from tre.domain.declared import Section, document, finish
from tre.domain.regions import REGIONS

SOURCES: Final = (
    "civil_births",
    "civil_deaths",
    "dwp_benefits",
    "energy_accounts",
    "government_debts",
    "school_census",
    "tax_records",
)
"""The seven sources."""


@dataclass(frozen=True, slots=True)
class Households:
    """How people live together. Every value is a share or probability from 0 to 1.

    Attributes:
        couple: households of a couple, with or without children.
        lone_parent: households of one adult with children; the rest are single people.
        with_children: couples that have children at home.
        grown_child: couples that have a grown child at home.
        twins: younger siblings who are twins of the one before.
        same_name: children who bear the given name of a parent.
        married_name: women in couples who took the name of the household.
        same_sex: couples of one sex.
        dead: people in the register who died in the three years before the reference date.
    """

    couple: float
    lone_parent: float
    with_children: float
    grown_child: float
    twins: float
    same_name: float
    married_name: float
    same_sex: float
    dead: float


@dataclass(frozen=True, slots=True)
class Errors:
    """How a source errs. Every value is a probability from 0 to 1 for one record.

    Attributes:
        typo: one slip of key, scanner or hand in a name; the same for the street.
        nickname: a short form in place of the given name.
        initial: an initial in place of the given name.
        mixed_case: names not in capitals.
        swapped_names: given name and surname in each other's place.
        birth_name: the surname at birth of someone who took another.
        old_address: the address before the last move.
        postcode_typo: one wrong character in the postcode.
        unspaced: a postcode without its space.
        dob_swapped: day and month in each other's place.
        dob_slip: one part of the date of birth off by one, or the year by ten.
        no_given_name: missing.
        no_sex: missing.
        no_dob: missing.
        no_house: missing.
        no_postcode: missing.
        no_nino: missing.
    """

    typo: float
    nickname: float
    initial: float
    mixed_case: float
    swapped_names: float
    birth_name: float
    old_address: float
    postcode_typo: float
    unspaced: float
    dob_swapped: float
    dob_slip: float
    no_given_name: float
    no_sex: float
    no_dob: float
    no_house: float
    no_postcode: float
    no_nino: float


@dataclass(frozen=True, slots=True)
class Source:
    """One source.

    Attributes:
        coverage: share of those whom it could hold that it does hold, 0 to 1.
        repeats: records beyond the first, for each person in it, as a mean from 0 to 1.
        errors: how it errs.
    """

    coverage: float
    repeats: float
    errors: Errors


@dataclass(frozen=True, slots=True)
class Recipe:
    """An invented population.

    Attributes:
        reference_date: the day on which the sources are drawn.
        households: how people live together.
        regions: share of households in each region; only their ratios count.
        sources: the seven sources by name.
    """

    reference_date: date
    households: Households
    regions: Mapping[str, float]
    sources: Mapping[str, Source]


def parse_recipe(text: str, name: str = "synthetic.toml") -> Recipe:
    """Read a recipe.

    Args:
        text: TOML.
        name: what people call the file, for the error's sentence.

    Raises:
        Faulty: every fault at once, each under its key.
    """
    root, faults = document(text, "recipe", name)
    households = root.section("households")
    regions = root.section("regions")
    errors = root.section("errors")
    usual = {field.name: errors.number(field.name, least=0, most=1) for field in fields(Errors)}
    sources = root.section("sources")
    recipe = Recipe(
        reference_date=root.day("reference_date"),
        households=Households(**{field.name: _rate(households, field.name) for field in fields(Households)}),
        regions={region: _rate(regions, region) for region in REGIONS},
        sources={source: _source(sources.section(source), usual) for source in SOURCES},
    )
    if recipe.households.couple + recipe.households.lone_parent > 1:
        root.fault("households", "couple and lone_parent together must not be more than 1")
    if not any(recipe.regions.values()):
        root.fault("regions", "at least one region needs a share above 0")
    for section in (households, regions, errors, sources, root):
        section.close()
    finish(faults, "recipe", name)
    return recipe


def _rate(section: Section, name: str) -> float:
    return section.number(name, least=0, most=1)


def _source(section: Section, usual: Mapping[str, float]) -> Source:
    source = Source(
        coverage=_rate(section, "coverage"),
        repeats=section.number("repeats", 0, least=0, most=1),
        errors=Errors(**{name: section.number(name, rate, least=0, most=1) for name, rate in usual.items()}),
    )
    section.close()
    return source
