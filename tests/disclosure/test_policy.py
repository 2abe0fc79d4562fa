"""Thresholds are frozen, sourced, and only ever tightened."""

import dataclasses
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure import DisclosureError, Policy, strictest_of
from disclosure import policy as policies

STANDARD = Policy.preset("standard")
STRICT = Policy.preset("strict")


def test_the_standard_policy_is_that_of_the_contract():
    assert STANDARD.min_units == 10
    assert STANDARD.zeros_unsafe is True
    assert STANDARD.p_percent == 0.10
    assert STANDARD.dominance_share == 0.90
    assert STANDARD.single_share == 0.50
    assert STANDARD.min_degrees == 10


def test_every_threshold_is_described():
    described = re.findall(r"^        (\w+): ", Policy.__doc__, re.MULTILINE)
    assert described == [field.name for field in dataclasses.fields(Policy)]


def test_strict_is_nowhere_looser_than_standard():
    merged = strictest_of([STANDARD, STRICT])
    assert dataclasses.replace(merged, name="strict", source=STRICT.source) == STRICT


def test_an_unknown_preset_is_refused():
    with pytest.raises(DisclosureError) as caught:
        Policy.preset("relaxed")
    assert caught.value.code == "policy"


def test_a_policy_can_be_tightened():
    tight = STANDARD.tightened(min_units=20, dominance_share=0.8, max_cells=500, name="ours")
    assert (tight.min_units, tight.dominance_share, tight.max_cells, tight.name) == (20, 0.8, 500, "ours")
    assert STANDARD.tightened(min_units=10) == STANDARD
    assert dataclasses.replace(STANDARD, zeros_unsafe=False).tightened(zeros_unsafe=True).zeros_unsafe


@pytest.mark.parametrize(
    "overrides",
    [
        {"min_units": 9},
        {"p_percent": 0.05},
        {"dominance_share": 0.95},
        {"single_share": 0.6},
        {"min_degrees": 1},
        {"max_cells": 1_000_000},
        {"zeros_unsafe": False},
        {"equal_values_unsafe": False},
        {"min_units": 20, "p_percent": 0.05},
        {"unknown": 5},
        {"min_units": "20"},
    ],
)
def test_a_policy_cannot_be_loosened(overrides):
    with pytest.raises(DisclosureError):
        STANDARD.tightened(**overrides)


@pytest.mark.parametrize(
    "changes",
    [
        {"min_units": 10.0},
        {"min_units": True},
        {"min_units": 0},
        {"min_units": -5},
        {"p_percent": float("nan")},
        {"p_percent": float("inf")},
        {"p_percent": 0},
        {"dominance_share": 1.5},
        {"dominance_share": "0.9"},
        {"zeros_unsafe": 1},
        {"name": None},
        {"source": 5},
    ],
)
def test_a_threshold_that_would_switch_a_rule_off_is_refused(changes):
    with pytest.raises(DisclosureError) as caught:
        dataclasses.replace(STANDARD, **changes)
    assert caught.value.code == "policy"


POLICIES = st.builds(
    Policy,
    name=st.sampled_from("abc"),
    min_units=st.integers(1, 50),
    zeros_unsafe=st.booleans(),
    p_percent=st.floats(0.01, 1),
    dominance_share=st.floats(0.01, 1),
    single_share=st.floats(0.01, 1),
    max_cells=st.integers(1, 1000),
)


@given(st.lists(POLICIES, min_size=1, max_size=4))
def test_the_strictest_is_as_strict_as_each(policies):
    merged = strictest_of(policies)
    assert merged == strictest_of(reversed(policies))
    assert merged == strictest_of([merged, merged])
    for policy in policies:
        assert merged.min_units >= policy.min_units
        assert merged.zeros_unsafe >= policy.zeros_unsafe
        assert merged.p_percent >= policy.p_percent
        assert merged.dominance_share <= policy.dominance_share
        assert merged.single_share <= policy.single_share
        assert merged.max_cells <= policy.max_cells


def test_the_strictest_of_none_is_refused():
    with pytest.raises(DisclosureError):
        strictest_of([])


@given(POLICIES)
def test_a_policy_survives_json(policy):
    assert Policy.from_json(policy.to_json()) == policy
    assert Policy.from_json(json.loads(policy.to_json())).digest == policy.digest


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, '{"min_units": 1}'])
def test_json_of_another_shape_is_refused(text):
    with pytest.raises(DisclosureError) as caught:
        Policy.from_json(text)
    assert caught.value.code == "policy"


def test_a_policy_with_one_threshold_too_many_is_refused():
    record = json.loads(STANDARD.to_json()) | {"max_units": 5}
    with pytest.raises(DisclosureError):
        Policy.from_json(record)


def test_the_digest_changes_with_any_threshold():
    assert STANDARD.digest == Policy().digest
    assert STANDARD.digest != STANDARD.tightened(min_units=11).digest


def test_ends_that_a_rule_sets_survive_json_and_can_only_be_taken_away():
    ends = (("age", 0), ("age", 110.0), ("hours", 0))
    policy = Policy(structural_ends=ends)
    assert Policy.from_json(policy.to_json()) == policy
    assert policy.tightened(structural_ends=(("age", 0),)).structural_ends == (("age", 0),)
    with pytest.raises(DisclosureError):
        policy.tightened(structural_ends=(("wage", 0),))
    with pytest.raises(DisclosureError):
        STANDARD.tightened(structural_ends=ends)
    other = Policy(structural_ends=(("hours", 0), ("age", 0), ("x", 1)))
    assert set(strictest_of([policy, other]).structural_ends) == {("age", 0), ("hours", 0)}
    assert strictest_of([policy, STANDARD]).structural_ends == ()


@pytest.mark.parametrize(
    "ends", [["age", 0], "age", ((1, 0),), (("age",),), (("age", "0"),), (("age", True),), 5, None]
)
def test_ends_of_another_shape_are_refused(ends):
    with pytest.raises(DisclosureError):
        Policy(structural_ends=ends)
    record = json.loads(STANDARD.to_json())
    with pytest.raises(DisclosureError):
        Policy.from_json(record | {"structural_ends": ends})


def test_strict_refuses_a_quantile_that_is_one_units_value():
    assert STRICT.lone_quantile_unsafe
    assert not STANDARD.lone_quantile_unsafe


FIRST = {
    "name": "ours", "min_units": 12, "zeros_unsafe": True, "p_percent": 0.1, "dominance_share": 0.9,
    "single_share": 0.5, "equal_values_unsafe": True, "min_degrees": 10, "mode_share": 0.9,
    "lone_quantile_unsafe": False, "structural_ends": [["age", 0]], "max_cells": 100000, "source": "a handbook",
}  # fmt: skip
"""A policy as the first version wrote it, with no version."""


def test_a_policy_of_the_first_version_is_read_with_the_thresholds_that_came_later():
    policy = Policy.from_json(json.dumps(FIRST))
    assert (policy.min_units, policy.structural_ends) == (12, (("age", 0),))
    assert (policy.min_design_units, policy.leverage_share, policy.min_estimates) == (10, 0.5, 2)
    assert (policy.min_lorenz_units, policy.min_step_units, policy.concentration_share) == (10, 10, 0.5)
    assert Policy.from_json(policy.to_json()) == policy


def test_reading_a_policy_changes_nothing_of_what_was_handed_over():
    record = json.loads(STANDARD.to_json())
    Policy.from_json(record)
    assert record == json.loads(STANDARD.to_json())


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 0}, {"version": 3}, {"version": True}, {"version": "2"}, {"version": None}, {"version": 2},
        {"version": 1, "min_design_units": 1}, {"leverage_share": 1.0}, {"unknown": 1},
    ],
)  # fmt: skip
def test_a_version_that_is_none_or_thresholds_that_it_did_not_have_are_refused(changes):
    with pytest.raises(DisclosureError) as caught:
        Policy.from_json(FIRST | changes)
    assert caught.value.code == "policy"


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Policy)])
def test_every_threshold_must_stand_in_its_own_version(name):
    record = json.loads(STANDARD.to_json())
    del record[name]
    with pytest.raises(DisclosureError):
        Policy.from_json(record)


def test_every_threshold_has_a_direction_or_is_a_text():
    described = set(policies._LARGER_IS_STRICTER + policies._SMALLER_IS_STRICTER + policies._TRUE_IS_STRICTER)
    fields = {field.name for field in dataclasses.fields(Policy)}
    assert fields - described == {"name", "source", "structural_ends"}
    assert described <= fields
