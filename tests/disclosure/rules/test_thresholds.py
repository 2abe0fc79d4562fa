"""A policy says which threshold is wrong and how, to the letter, and merges to the stricter of any two."""

import dataclasses
import hashlib
import json
import math

import pytest

from disclosure import DisclosureError, Policy, strictest_of
from tests.disclosure.rules.made import LONG, SHORT

NOT_ENDS = "The policy's structural_ends must be pairs of a column and a number, such as ('age', 0)."
NOT_A_POLICY = "This is not a policy as Policy.to_json() writes it; write it again."
WHOLE = (
    *("min_units", "min_degrees", "min_lorenz_units", "min_step_units", "min_design_units"),
    *("min_estimates", "count_protection", "coalition_units", "max_cells"),
)
SHARES = (
    *("p_percent", "dominance_share", "single_share", "mode_share", "concentration_share"),
    *("leverage_share", "cell_key_variance"),
)
TRUTHS = ("zeros_unsafe", "equal_values_unsafe", "lone_quantile_unsafe")
LARGER = {"p_percent", "cell_key_variance", *WHOLE} - {"max_cells"}


def refused(sentence):
    """Expect a refusal in exactly these words."""

    class Exactly:
        def __enter__(self):
            self.raises = pytest.raises(DisclosureError)
            self.caught = self.raises.__enter__()

        def __exit__(self, *what):
            done = self.raises.__exit__(*what)
            assert (self.caught.value.code, str(self.caught.value)) == ("policy", sentence)
            return done

    return Exactly()


def test_the_presets_are_those_of_the_handbooks():
    assert Policy.preset("standard") == Policy()
    strict = Policy.preset("strict")
    assert (strict.name, strict.p_percent, strict.dominance_share) == ("strict", 0.15, 0.67)
    assert strict.lone_quantile_unsafe is True
    same = {name: getattr(Policy(), name) for name in ("name", "p_percent", "dominance_share")}
    assert dataclasses.replace(strict, **same, lone_quantile_unsafe=False) == Policy()
    with refused("There is no policy called 'relaxed'; choose 'standard' or 'strict'."):
        Policy.preset("relaxed")
    with refused(f"There is no policy called {repr('x' * 90)[:60]}; choose 'standard' or 'strict'."):
        Policy.preset("x" * 90)


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_threshold_is_a_whole_number_above_nought(name):
    for value in (10.0, True, "10", None, math.nan):
        with refused(f"The policy's {name} must be a whole number."):
            Policy(**{name: value})
    for value in (0, -1):
        with refused(f"The policy's {name} must be above 0."):
            Policy(**{name: value})
    assert getattr(Policy(**{name: 1}), name) == 1
    assert getattr(Policy(**{name: 5000}), name) == 5000


@pytest.mark.parametrize("name", SHARES)
def test_a_share_is_a_number_above_nought_and_at_most_one(name):
    for value in (True, "0.5", None):
        with refused(f"The policy's {name} must be a number."):
            Policy(**{name: value})
    for value in (0, 0.0, -0.5, 1.001, math.inf, math.nan):
        with refused(f"The policy's {name} must be above 0 and at most 1."):
            Policy(**{name: value})
    for value in (1, 1.0, 0.001):
        assert getattr(Policy(**{name: value}), name) == value


@pytest.mark.parametrize("name", TRUTHS)
def test_a_truth_is_true_or_false(name):
    for value in (1, None, "yes"):
        with refused(f"The policy's {name} must be true or false."):
            Policy(**{name: value})


@pytest.mark.parametrize("name", ["name", "source"])
def test_name_and_source_are_texts(name):
    with refused("The policy's name and source must be texts."):
        Policy(**{name: None})


@pytest.mark.parametrize(
    "ends",
    [
        [("age", 0)],
        None,
        (["age", 0],),
        (("age", 0), ["age", 1]),
        (("age",),),
        (("age", 0, 1),),
        ((5, 0),),
        (("age", True),),
        (("age", "0"),),
        (("age", 0), ("age", None)),
    ],
)
def test_ends_are_pairs_of_a_column_and_a_number(ends):
    with refused(NOT_ENDS):
        Policy(structural_ends=ends)


def test_ends_may_be_whole_numbers_or_not():
    ends = (("age", 0), ("height", 1.5))
    assert Policy(structural_ends=ends).structural_ends == ends


@pytest.mark.parametrize("name", [*WHOLE, *SHARES, *TRUTHS])
def test_of_two_values_the_stricter_wins_and_the_other_is_refused(name):
    low, high = (False, True) if name in TRUTHS else (0.3, 0.4) if name in SHARES else (3, 4)
    loose, tight = (low, high) if name in (*LARGER, *TRUTHS) else (high, low)
    one, other = Policy(name="one", **{name: loose}), Policy(name="other", **{name: tight})
    assert getattr(strictest_of([one, other]), name) == getattr(strictest_of([other, one]), name) == tight
    assert one.tightened(**{name: tight}) == dataclasses.replace(one, **{name: tight})
    with refused(f"The policy's {name} may be made stricter, never looser."):
        other.tightened(**{name: loose})


def test_a_threshold_that_is_none_is_refused_by_its_name():
    with refused("A policy has no threshold called 'alpha'."):
        Policy().tightened(beta=1, alpha=2)
    with refused(f"A policy has no threshold called {repr(LONG)[:60]}."):
        Policy().tightened(**{LONG: 1})
    assert SHORT in LONG


def test_texts_may_change_freely_and_ends_only_be_taken_away():
    ends = (("age", 0), ("age", 110))
    policy = Policy(structural_ends=ends)
    assert policy.tightened(name="z", source="a").name == "z"
    assert policy.tightened(structural_ends=ends[1:]).structural_ends == ends[1:]
    with refused("The policy's structural_ends may be made stricter, never looser."):
        policy.tightened(structural_ends=(("wage", 0),))


def test_the_strictest_keeps_names_sources_and_common_ends():
    one = Policy(name="b", source="handbook", structural_ends=(("age", 0), ("age", 5)))
    other = Policy(name="a", source="guide", structural_ends=(("age", 5), ("wage", 0)))
    merged = strictest_of([one, other, one])
    assert merged.name == "a+b"
    assert sorted(merged.source.split("; ")) == ["guide", "handbook"]
    assert merged.structural_ends == (("age", 5),)
    assert strictest_of([one, one]) is one
    same = strictest_of([Policy(name="x", source="s"), Policy(name="y", source="s")])
    assert (same.name, same.source) == ("x+y", "s")
    with refused("The strictest of no policies is unknown; name at least one."):
        strictest_of([])


def test_the_digest_is_that_of_the_text_and_the_text_is_stable():
    text = Policy().to_json()
    assert Policy().digest == hashlib.sha256(text.encode()).hexdigest()
    record = json.loads(text)
    assert text == json.dumps(record, sort_keys=True, separators=(",", ":"))
    assert record["version"] == 3
    assert set(record) == {field.name for field in dataclasses.fields(Policy)} | {"version"}


RECORD = json.loads(Policy(structural_ends=(("age", 0),)).to_json())


@pytest.mark.parametrize("text", ["", "[]", "5", "null", "{", "[" * 100_000])
def test_what_is_no_policy_is_refused(text):
    with refused(NOT_A_POLICY):
        Policy.from_json(text)


@pytest.mark.parametrize(
    "changes",
    [{"version": 0}, {"version": 4}, {"version": "3"}, {"version": True}, {"more": 1}, {"version": 2}],
)
def test_another_version_or_shape_is_refused(changes):
    with refused(NOT_A_POLICY):
        Policy.from_json(RECORD | changes)
    assert Policy.from_json(RECORD).structural_ends == (("age", 0),)
    assert Policy.from_json(json.dumps(RECORD)).structural_ends == (("age", 0),)


@pytest.mark.parametrize("ends", [5, None, "age", {"age": 0}, [5], [["age"]]])
def test_ends_that_are_no_list_of_pairs_are_refused(ends):
    with refused(NOT_ENDS):
        Policy.from_json(RECORD | {"structural_ends": ends})


def test_each_version_brought_its_thresholds_as_they_were_then():
    later = {
        2: {
            "concentration_share": 0.5,
            "min_lorenz_units": 10,
            "min_step_units": 10,
            "min_design_units": 10,
            "leverage_share": 0.5,
            "min_estimates": 2,
        },
        3: {"count_protection": 2, "coalition_units": 2, "cell_key_variance": 0.6},
    }
    second = {name: value for name, value in RECORD.items() if name not in later[3]} | {"version": 2}
    first = {name: value for name, value in second.items() if name not in later[2]}
    for record in (second, first | {"version": 1}, {k: v for k, v in first.items() if k != "version"}):
        policy = Policy.from_json(record)
        for name, value in (later[2] | later[3]).items():
            assert getattr(policy, name) == value
    with refused(NOT_A_POLICY):
        Policy.from_json(first | {"version": 1, "cell_key_variance": 0.6})
    with refused(NOT_A_POLICY):
        Policy.from_json(second | {"version": 1})
