"""One value, one sequence of bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tre.domain import canonical
from tre.domain.errors import BadInput

KEYS = st.text(st.characters(max_codepoint=126), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_encoded_decodes_to_the_same_value_and_the_same_bytes(value):
    data = canonical.encode(value)
    assert canonical.decode(data) == value
    assert canonical.encode(canonical.decode(data)) == data


@given(VALUES)
def test_any_other_spelling_of_a_value_is_refused(value):
    data = canonical.encode(value)
    for other in (
        json.dumps(value, indent=1),
        json.dumps(value) + " ",
        " " + data.decode(),
        data.decode() + "\n",
    ):
        if other.encode() != data:
            with pytest.raises(BadInput):
                canonical.decode(other.encode())


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1, "b":2}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":-0}',
        b"[NaN]",
        b"[Infinity]",
        b'["\\u0061"]',
        b'["\\ud800"]',
        b'["\xff"]',
        b"\xef\xbb\xbf[]",
        b"[01]",
        b"[9007199254740992]",
        b"",
        b"[1]x",
        b"[" * 40 + b"]" * 40,
        b"[" * 100_000,
        b"1" * 5000,
    ],
)
def test_bytes_that_are_not_canonical_are_refused(data: bytes):
    with pytest.raises(BadInput) as refusal:
        canonical.decode(data)
    assert refusal.value.code == "not_canonical"


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        {"a": float("nan")},
        {1: "a"},
        {"é": 1},
        {"a": b"bytes"},
        2**53,
        -(2**53),
        "\ud800",
        [object()],
        {1, 2},
    ],
)
def test_values_without_a_canonical_form_are_refused(value):
    with pytest.raises(BadInput):
        canonical.encode(value)


def test_text_is_kept_as_it_was_given():
    composed, decomposed = "\u00e9", "e\u0301"
    assert canonical.encode([composed]) != canonical.encode([decomposed])
    assert canonical.digest([composed]) != canonical.digest([decomposed])


def test_the_form_is_the_one_that_rfc_8785_describes():
    value = {"b": ["\u20ac$\x0f\nA'B\"\\/", True, None], "a": -7}
    assert canonical.encode(value) == '{"a":-7,"b":["\u20ac$\\u000f\\nA\'B\\"\\\\/",true,null]}'.encode()
