"""The seven sources: whom each holds, and what it knows besides who they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tre.synthesis.livelihood import PENSION_AGE, Livelihood
from tre.synthesis.population import Population
from tre.synthesis.views import View

Flags = NDArray[np.bool_]
Columns = dict[str, pa.Array]

FIRST_BIRTHS: Final = np.datetime64("1998-07-01")
"""First day of the register of births."""

STILL_PAID: Final = 0.12
"""Share of the dead whose benefit nobody has stopped, 0 to 1."""

_PENSIONS: Final = np.array(["State Pension", "Pension Credit", "PIP"])
_BENEFITS: Final = np.array(["UC", "ESA", "PIP", "JSA", "Carers"])
_WEEKLY: Final = MappingProxyType(
    {"State Pension": 148, "Pension Credit": 58, "PIP": 84, "UC": 96, "ESA": 104, "JSA": 71, "Carers": 62}
)
_CREDITORS: Final = np.array(["HMRC", "Council tax", "DWP", "Court fines", "Student loans"])
_CAUSES: Final = np.array(["cancer", "circulatory", "other", "dementia", "respiratory", "external"])


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """How one source is made.

    Attributes:
        holds: whom it could hold.
        columns: its columns, in order, without the record id.
    """

    holds: Callable[[Population, Livelihood, np.random.Generator], Flags]
    columns: Callable[[View, Livelihood], Columns]


def _born_in_register(people: Population, _: Livelihood, __: np.random.Generator) -> Flags:
    held: Flags = people.born >= FIRST_BIRTHS.astype(np.int64)
    return held


def _births(view: View, _: Livelihood) -> Columns:
    born = view.population.born[view.who].astype("datetime64[D]")
    month = born.astype("datetime64[M]")
    year = month.astype("datetime64[Y]")
    quarter = (month - year.astype("datetime64[M]")).astype(np.int64) // 3 + 1
    written = np.strings.add(np.strings.add(np.datetime_as_string(year), "Q"), quarter.astype("<U1"))
    known = view.names(at_birth=True) | view.sex_and_birth() | view.address()
    return known | {"registration_quarter": pa.array(written)}


def _died(people: Population, _: Livelihood, __: np.random.Generator) -> Flags:
    held: Flags = people.died >= 0
    return held


def _deaths(view: View, _: Livelihood) -> Columns:
    died = view.population.died[view.who].astype("datetime64[D]")
    cause = _CAUSES[view.rng.choice(len(_CAUSES), len(view.who), p=[0.28, 0.25, 0.2, 0.12, 0.11, 0.04])]
    return (
        view.names()
        | view.sex_and_birth()
        | view.address()
        | {"date_of_death": pa.array(np.datetime_as_string(died)), "cause_group": pa.array(cause)}
    )


def _claims(people: Population, life: Livelihood, rng: np.random.Generator) -> Flags:
    return life.claims & ((people.died < 0) | (rng.random(len(people.died)) < STILL_PAID))


def _benefits(view: View, _: Livelihood) -> Columns:
    count = len(view.who)
    old = view.population.age[view.who] >= PENSION_AGE
    benefit = np.where(
        old,
        _PENSIONS[view.rng.choice(3, count, p=[0.72, 0.2, 0.08])],
        _BENEFITS[view.rng.choice(5, count, p=[0.4, 0.24, 0.2, 0.08, 0.08])],
    )
    usual = np.zeros(count)
    for name, amount in _WEEKLY.items():
        usual[benefit == name] = amount
    weekly = np.round(usual * np.exp(view.rng.normal(0, 0.22, count)), 2)
    return (
        view.nino()
        | view.names()
        | view.sex_and_birth()
        | view.address()
        | {
            "benefit": pa.array(benefit),
            "weekly_amount": pa.array(weekly),
            "start_year": pa.array(view.rng.integers(1998, 2016, count)),
        }
    )


def _employed(people: Population, life: Livelihood, _: np.random.Generator) -> Flags:
    return life.employed & (people.died < 0)


def _tax(view: View, life: Livelihood) -> Columns:
    count = len(view.who)
    pay = np.minimum(life.pay[view.who] * np.exp(view.rng.normal(0, 0.03, count)), 900_000)
    credited = (view.rng.random(count) < 0.2 + 0.05 * life.hardship[view.who]) & (pay < 30_000)
    credits_paid = np.where(credited, view.rng.gamma(2.2, 1_500, count), 0)
    return (
        view.nino()
        | view.names()
        | view.sex_and_birth()
        | view.address()
        | {
            "annual_pay": pa.array(np.round(pay).astype(np.int64)),
            "tax_credits": pa.array(np.round(credits_paid).astype(np.int64)),
        }
    )


def _account(_: Population, life: Livelihood, __: np.random.Generator) -> Flags:
    return life.holds_account


def _energy(view: View, life: Livelihood) -> Columns:
    supplier = np.array(list("ABCDEF"))[view.rng.integers(0, 6, len(view.who))]
    return (
        view.names()
        | view.address()
        | {
            "supplier": pa.array(supplier),
            "annual_kwh": pa.array(np.round(life.use[view.who]).astype(np.int64)),
            "prepayment": pa.array(life.prepays[view.who]),
            "arrears": pa.array(np.round(life.arrears[view.who], 2)),
        }
    )


def _owes(_: Population, life: Livelihood, __: np.random.Generator) -> Flags:
    return life.owes


def _debts(view: View, life: Livelihood) -> Columns:
    count = len(view.who)
    amount = np.exp(view.rng.normal(6.4, 1.2, count)) * (1 + 0.15 * np.clip(life.hardship[view.who], 0, 3))
    creditor = _CREDITORS[view.rng.choice(5, count, p=[0.3, 0.28, 0.27, 0.1, 0.05])]
    return (
        view.names()
        | view.sex_and_birth()
        | view.address()
        | {
            "creditor": pa.array(creditor),
            "amount": pa.array(np.round(amount, 2)),
            "age_days": pa.array(view.rng.integers(10, 2_400, count)),
        }
    )


def _pupil(people: Population, _: Livelihood, __: np.random.Generator) -> Flags:
    held: Flags = (people.age >= 4.2) & (people.age < 18)
    return held


def _school(view: View, life: Livelihood) -> Columns:
    count = len(view.who)
    hardship = life.hardship[view.who]
    schools = max(20, len(view.population.household) // 120)
    absence = view.rng.gamma(1.8, 2.4, count) + np.clip(hardship, 0, 3)
    return (
        view.names()
        | view.sex_and_birth()
        | view.address()
        | {
            "school_urn": pa.array(100_000 + view.population.now.place[view.who] % schools),
            "free_school_meals": pa.array(
                view.rng.random(count) < np.clip(0.14 + 0.12 * hardship, 0.01, 0.9)
            ),
            "absence_pct": pa.array(np.round(np.minimum(absence, 100), 1)),
            "sen": pa.array(view.rng.random(count) < 0.13),
        }
    )


PLANS: Final[Mapping[str, SourcePlan]] = MappingProxyType(
    {
        "civil_births": SourcePlan(_born_in_register, _births),
        "civil_deaths": SourcePlan(_died, _deaths),
        "dwp_benefits": SourcePlan(_claims, _benefits),
        "energy_accounts": SourcePlan(_account, _energy),
        "government_debts": SourcePlan(_owes, _debts),
        "school_census": SourcePlan(_pupil, _school),
        "tax_records": SourcePlan(_employed, _tax),
    }
)
"""Every source and how it is made."""
