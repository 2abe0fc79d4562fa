import json
import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure import dp
from disclosure.dp.levels import LONGEST_LEVEL, MOST_LEVELS, Kind, kind_of
from disclosure.errors import DisclosureError


def refused(code, describe, **changes):
    with pytest.raises(DisclosureError) as refusal:
        describe(**changes)
    assert refusal.value.code == code
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("unit", {"unit": ""}),
        ("unit", {"unit": None}),
        ("unit", {"unit": "a\0b"}),
        ("unit", {"unit": "region"}),
        ("rows_per_unit", {"rows_per_unit": 0}),
        ("rows_per_unit", {"rows_per_unit": 1.5}),
        ("rows_per_unit", {"rows_per_unit": True}),
        ("population", {"population": -5}),
        ("population", {"population": math.nan}),
        ("population", {"population": "many"}),
        ("delta", {"delta": 0}),
        ("delta", {"delta": 1 / 4_000}),
        ("delta", {"delta": math.nan}),
        ("keys", {"keys": ["region"]}),
        ("keys", {"keys": {3: ["a"]}}),
        ("keys", {"keys": {"region": []}}),
        ("keys", {"keys": {"region": "North"}}),
        ("keys", {"keys": {"region": {"a": 1}}}),
        ("keys", {"keys": {"region": None}}),
        ("keys", {"keys": {"region": ["a", 1]}}),
        ("keys", {"keys": {"region": [True, 1]}}),
        ("keys", {"keys": {"region": [1, 1.0]}}),
        ("keys", {"keys": {"region": ["a", "a"]}}),
        ("keys", {"keys": {"region": [None]}}),
        ("keys", {"keys": {"region": [math.nan]}}),
        ("keys", {"keys": {"region": [2**53 + 1]}}),
        ("keys", {"keys": {"region": ["a\0"]}}),
        ("keys", {"keys": {"region": ["\ud800"]}}),
        ("keys", {"keys": {"region": ["a" * (LONGEST_LEVEL + 1)]}}),
        ("keys", {"keys": {"region": range(MOST_LEVELS + 1)}}),
        ("keys", {"keys": {"age": ["young"]}}),
        ("bounds", {"bounds": {"bill": (5, 5)}}),
        ("bounds", {"bounds": {"bill": (9, 5)}}),
        ("bounds", {"bounds": {"bill": (0, math.inf)}}),
        ("bounds", {"bounds": {"bill": (math.nan, 5)}}),
        ("bounds", {"bounds": {"bill": (0, None)}}),
        ("bounds", {"bounds": {"bill": (0, 1, 2)}}),
        ("bounds", {"bounds": {"bill": 5}}),
        ("bounds", {"bounds": {"bill": ("0", "5")}}),
        ("bounds", {"bounds": {"bill": (0, 0.005)}}),
        ("bounds", {"bounds": None}),
        ("bins", {"bins": {"age": []}}),
        ("bins", {"bins": {"age": [18, 18]}}),
        ("bins", {"bins": {"age": [65, 18]}}),
        ("bins", {"bins": {"age": ["18"]}}),
        ("bins", {"bins": {"age": [math.inf]}}),
        ("scale", {"scale": {"bill": 0}}),
        ("scale", {"scale": {"bill": 0.5}}),
        ("scale", {"scale": {"age": 10}}),
        ("sources", {"sources": {"region": " "}}),
        ("sources", {"sources": {"planet": "a register"}}),
        ("derived", {"derived": "region"}),
        ("derived", {"derived": 3}),
        ("derived", {"derived": ["planet"]}),
        ("shared", {"shared": "region"}),
        ("shared", {"shared": 3}),
        ("shared", {"shared": {"region": 3}}),
        ("shared", {"shared": ["planet"]}),
        ("structural_zeros", {"structural_zeros": [{"region": "Moon"}]}),
        ("structural_zeros", {"structural_zeros": [{"planet": "North"}]}),
        ("structural_zeros", {"structural_zeros": [{}]}),
        ("structural_zeros", {"structural_zeros": ["region"]}),
        ("structural_zeros", {"structural_zeros": "region"}),
        ("structural_zeros", {"structural_zeros": {"region": "North"}}),
        ("overflow", {"population": 10**15}),
        ("overflow", {"rows_per_unit": 10**12, "bounds": {"bill": (0, 10**9)}}),
        ("overflow", {"bounds": {"bill": (-(10**17), 0)}, "population": 1}),
    ],
)  # fmt: skip
def test_h06_a_dictionary_with_a_mistake_is_refused_by_name(describe_people, code, changes):
    refused(code, describe_people, **changes)


def test_the_largest_sums_that_fit_are_allowed(describe_people):
    facts = describe_people(population=2**62 - 1, bounds={}, scale={}, delta=None)
    assert facts.population == 2**62 - 1
    refused("overflow", describe_people, population=2**62, bounds={}, scale={})


def test_defaults_follow_the_population(dictionary, describe_people):
    assert dictionary.privacy_delta == 1e-6
    assert describe_people(delta=1e-8).privacy_delta == 1e-8
    assert dictionary.scale_of("bill") == 100
    assert describe_people(scale={}).scale_of("bill") == 1


def test_bounds_are_exact_fixed_point(describe_people):
    facts = describe_people(bounds={"bill": (0.1, Decimal("29.99"))})
    assert facts.fixed_bounds("bill") == (10, 2999)
    assert facts.bounds["bill"] == (Decimal("0.1"), Decimal("29.99"))


def test_levels_of_arrays_become_plain_numbers(describe_people):
    facts = describe_people(keys={"year": list(np.arange(2011, 2014)), "rate": [0.5, 1.0]})
    assert facts.keys["year"] == (2011, 2012, 2013)
    assert [type(level) for level in (*facts.keys["year"], *facts.keys["rate"])] == [
        int,
        int,
        int,
        float,
        int,
    ]
    assert json.loads(facts.to_json())["keys"]["year"] == [2011, 2012, 2013]


def test_each_column_has_one_kind(describe_people):
    facts = describe_people(keys={"region": ["a"], "employed": [True, False], "year": [2011]})
    assert [facts.kind(name) for name in ("region", "employed", "year", "bill", "age")] == [
        Kind.TEXT, Kind.FLAG, Kind.NUMBER, Kind.NUMBER, Kind.NUMBER,
    ]  # fmt: skip
    assert kind_of(object()) is None


def test_a_dictionary_cannot_be_changed(dictionary):
    with pytest.raises(AttributeError):
        dictionary.population = 1
    with pytest.raises(TypeError):
        dictionary.keys["region"] = ["a"]
    with pytest.raises(TypeError):
        dictionary.bounds["bill"] = (0, 1)


def test_what_was_passed_in_stays_apart_from_what_is_held(describe_people):
    keys = {"region": ["a", "b"], "tenure": ["own"]}
    facts = describe_people(keys=keys)
    before = facts.digest
    keys["region"].append("c")
    assert facts.digest == before
    assert facts.keys["region"] == ("a", "b")


FULL = {
    "sources": {"region": "Register of regions, 2024"},
    "derived": ["tenure"],
    "shared": {"age": "household_id"},
    "structural_zeros": [{"region": "North", "tenure": "own"}],
    "bounds": {"bill": (Decimal("-0.05"), 12.5)},
    "delta": 1e-7,
}


def test_a_dictionary_survives_json_to_the_digest(describe_people):
    for facts in (describe_people(), describe_people(**FULL)):
        again = dp.Dictionary.from_json(facts.to_json())
        assert again == facts
        assert again.digest == facts.digest
        assert hash(again) == hash(facts)
        assert dp.Dictionary.from_json(json.loads(facts.to_json())) == facts


def test_any_change_changes_the_digest(describe_people):
    digests = {describe_people().digest, describe_people(population=4_001).digest}
    digests |= {describe_people(**{name: value}).digest for name, value in FULL.items()}
    assert len(digests) == 2 + len(FULL)


def test_the_order_of_levels_is_part_of_the_dictionary(describe_people):
    assert (
        describe_people(keys={"region": ["a", "b"]}).digest
        != describe_people(keys={"region": ["b", "a"]}).digest
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["unit", "rows_per_unit", "keys", "bounds", "population", "bins", "scale", "x"]
                ),
                inner,
            )
        ),
    )
)
def test_no_document_gets_past_the_checks(document):
    try:
        facts = dp.Dictionary.from_json(document if isinstance(document, dict) else json.dumps(document))
    except DisclosureError:
        return
    assert dp.Dictionary.from_json(facts.to_json()) == facts


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '"x"', "[" * 100_000, '{"unit": "a", "rows_per_unit": 1, "keys": {}}'],
    ids=lambda text: text[:10],
)  # fmt: skip
def test_a_text_that_is_no_dictionary_is_refused_without_quoting_it(text):
    with pytest.raises(DisclosureError) as refusal:
        dp.Dictionary.from_json(text)
    assert refusal.value.code == "dictionary"


def test_an_unknown_part_is_refused(dictionary):
    document = json.loads(dictionary.to_json()) | {"noise": False}
    with pytest.raises(DisclosureError) as refusal:
        dp.Dictionary.from_json(document)
    assert refusal.value.code == "dictionary"


@pytest.mark.parametrize(
    "part",
    [
        {"bounds": {"bill": ["0", "high"]}},
        {"bounds": {"bill": 3}},
        {"bounds": [1]},
        {"bins": {"age": ["--1"]}},
        {"bins": {"age": ["1.2.3"]}},
    ],
)
def test_bounds_that_are_no_decimals_are_refused(dictionary, part):
    document = json.loads(dictionary.to_json()) | part
    with pytest.raises(DisclosureError) as refusal:
        dp.Dictionary.from_json(document)
    assert refusal.value.code == next(iter(part))


def test_a_dictionary_too_long_to_read_is_refused(monkeypatch):
    monkeypatch.setattr("disclosure.dp.dictionary.LONGEST_JSON", 10)
    with pytest.raises(DisclosureError, match="readable size"):
        dp.Dictionary.from_json(" " * 11)


def test_columns_read_off_the_data_carry_no_noise(describe_people):
    facts = describe_people(derived=["tenure"])
    facts.refuse_unusable("region")
    with pytest.raises(DisclosureError) as refusal:
        facts.refuse_unusable("tenure")
    assert refusal.value.code == "derived"


def test_columns_that_depend_on_others_need_the_unit_that_contains_them(describe_people):
    shared = {"tenure": "household_id"}
    describe_people(unit="household_id", shared=shared).refuse_unusable("tenure")
    for facts in (describe_people(shared=shared), describe_people(shared=["tenure"])):
        facts.refuse_unusable("region")
        with pytest.raises(DisclosureError) as refusal:
            facts.refuse_unusable("tenure")
        assert refusal.value.code == "shared"
