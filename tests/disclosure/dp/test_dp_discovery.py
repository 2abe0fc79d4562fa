"""Condition 9: levels are discovered only with delta, and a level of one person stays hidden."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from disclosure import dp
from disclosure.errors import DisclosureError


@pytest.fixture
def facts(describe_people):
    return describe_people(discoverable=["village"], population=900, delta=1e-3)


def villages(*sizes):
    names = np.repeat([f"village {index}" for index in range(len(sizes))], sizes)
    return pd.DataFrame({"person_id": range(len(names)), "village": names, "age": 30})


def refused(code, stat, facts, **price):
    with pytest.raises(DisclosureError) as refusal:
        dp.plan_keys(stat, facts, **({"rho": 0.005, "delta": 1e-4} | price))
    assert refusal.value.code == code


def test_levels_of_many_units_appear_and_rare_ones_do_not(facts, ask):
    keys = dp.release_keys(ask(by=["village"]), villages(300, 1, 250, 5), facts, rho=0.005, delta=1e-12)
    assert keys.levels == ("village 0", "village 2")
    assert keys.table.units.tolist() == pytest.approx([300, 250], abs=75)
    assert (keys.spend, keys.delta_spend) == (5_000_000, 10**6)
    assert (keys.table.units > keys.threshold).all()
    published = dp.Dictionary.from_json(facts.to_json())
    assert published == facts


def test_h04_a_level_of_one_person_appears_no_more_often_than_delta(facts, ask):
    data = villages(*[1] * 100_000)
    keys = dp.release_keys(ask(by=["village"]), data, facts, rho=0.005, delta=1e-3)
    assert len(keys.levels) <= stats.binom.isf(1e-10, 100_000, 1e-3)  # 168: more would refute delta
    assert len(keys.levels) >= 20  # about 80: a threshold lower by a third of sigma would be seen


def test_the_threshold_is_the_published_formula(describe_people, ask):
    facts = describe_people(discoverable=["village"], rows_per_unit=3, delta=1e-6)
    made = dp.plan_keys(ask(by=["village"]), facts, rho=0.005, delta=1e-8)
    assert made.noise.sensitivity == 2  # the root of three, rounded up
    assert made.threshold == math.ceil(2 + made.noise.sigma * stats.norm.isf(1e-8 / 3))
    assert made.digest != dp.plan_keys(ask(by=["village"]), facts, rho=0.005, delta=1e-9).digest


def test_a_person_counts_once_per_level_however_many_rows(describe_people, ask):
    facts = describe_people(discoverable=["village"], rows_per_unit=50, population=900, delta=1e-3)
    data = pd.DataFrame({"person_id": [1] * 50, "village": ["alone"] * 50})
    keys = [dp.release_keys(ask(by=["village"]), data, facts, rho=50, delta=1e-3) for _ in range(20)]
    assert not any(key.levels for key in keys)


def test_a_filter_and_bounding_come_first_and_missing_levels_are_none(facts, ask):
    data = pd.concat(
        [villages(400), villages(400).assign(age=3, village="young"), villages(300).assign(village=None)]
    )
    data = data.assign(person_id=range(len(data)))
    keys = dp.release_keys(
        ask(by=["village"], where="age >= 18"), data, facts, rho=0.02, delta=1e-6, projection_key=b"key"
    )
    assert keys.levels == ("village 0",)
    empty = dp.release_keys(ask(by=["village"]), data.head(0), facts, rho=0.02, delta=1e-6, bounded=True)
    assert empty.levels == ()
    assert list(empty.table.columns) == ["village", "units"]


def test_nothing_may_be_discovered_unless_its_owner_says_so(dictionary, describe_people, ask):
    assert dictionary.discoverable == ()
    assert "discoverable" not in dictionary.to_json()
    refused("discovery", ask(by=["village"]), dictionary)
    for bad in ("village", ["region"], ["person_id"], [3], 7):
        with pytest.raises(DisclosureError) as refusal:
            describe_people(discoverable=bad)
        assert refusal.value.code == "discoverable"


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("discovery", {"by": ["village", "region"]}),
        ("discovery", {"by": []}),
        ("discovery", {"by": ["region"]}),
        ("discovery", {"margins": True}),
        ("discovery", {"measures": {"n_people": ("count", None)}}),
        ("unit", {"unit": None}),
        ("where_unpublished", {"where": "village == 'x'"}),
        ("where_unpublished", {"where": "age >= 17"}),
    ],
)
def test_any_other_question_is_refused(facts, ask, code, changes):
    refused(code, ask(**({"by": ["village"]} | changes)), facts)


@pytest.mark.parametrize("delta", [0, -1, math.nan, math.inf, 1e-320, 1e-19, 0.002, 1, True, None, "1e-6"])
def test_a_bad_delta_is_refused(facts, ask, delta):
    refused("delta", ask(by=["village"]), facts, delta=delta)


@pytest.mark.parametrize("rho", [0, -1, math.nan, math.inf, 1e-320, 1e9, None, True])
def test_a_bad_rho_is_refused(facts, ask, rho):
    refused("budget", ask(by=["village"]), facts, rho=rho)


def test_a_failure_is_the_constant_error(facts, ask):
    with pytest.raises(DisclosureError) as failure:
        dp.release_keys(ask(by=["village"]), "/nowhere.parquet", facts, rho=0.005, delta=1e-6)
    assert failure.value.code == "mechanism_failed"
    assert failure.value.__cause__ is None
