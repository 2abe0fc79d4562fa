"""What an association asks is one text, and refuses what it cannot be."""

import json

import pytest

from disclosure import DisclosureError, Statistic
from disclosure.association import Association
from disclosure.association.asked import TESTS

PAIR = ("ill", "exposed")


def asked(test="odds_ratio", pair=PAIR, **words):
    return Statistic.association("people", test, pair, **words)


@pytest.mark.parametrize("test", TESTS)
def test_an_association_reads_back_as_it_was_written(test):
    stat = asked(test, by=["region"], level=0.9, unit="p", where="age > 5")
    assert Statistic.from_json(stat.to_json()) == stat
    assert stat.asks == Association(test=test, pair=PAIR, level=0.9)
    assert stat.columns() == ("age", "exposed", "ill", "p", "region")
    assert stat.asks.sentence().endswith(f"of ill and exposed ({test})")


def test_a_reference_is_kept():
    stat = asked(reference=[0, None])
    assert Statistic.from_json(stat.to_json()) == stat
    assert json.loads(stat.to_json())["asks"]["reference"] == [0, None]
    assert stat.fingerprint != asked().fingerprint
    assert asked(title="x").fingerprint == asked().fingerprint
    assert asked("t_test", reference=(None, "no")).asks.reference == (None, "no")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"test": "z_test"}, "unknown_test"),
        ({"test": ["chi2"]}, "unknown_test"),
        ({"test": 5}, "unknown_test"),
        ({"pair": "ab"}, "association"),
        ({"pair": ["a"]}, "association"),
        ({"pair": ["a", "b", "c"]}, "association"),
        ({"pair": ["a", "a"]}, "association"),
        ({"pair": ["a", 5]}, "name"),
        ({"by": ["ill"]}, "association"),
        ({"by": ["estimate"]}, "name_clash"),
        ({"level": 1.0}, "association"),
        ({"level": "0.9"}, "association"),
        ({"reference": "no"}, "association"),
        ({"reference": [0, [1]]}, "association"),
        ({"reference": [0, float("nan")]}, "association"),
        ({"reference": [0, float("inf")]}, "association"),
        ({"reference": [0, "a\0"]}, "association"),
        ({"test": "pearson", "reference": [0, 1]}, "association"),
        ({"test": "t_test", "reference": [0, 1]}, "association"),
    ],
)
def test_what_cannot_be_asked_is_refused(words, code):
    with pytest.raises(DisclosureError) as caught:
        asked(**words)
    assert caught.value.code == code


def test_an_unknown_test_is_refused_with_the_list():
    with pytest.raises(DisclosureError) as caught:
        asked("z_test")
    assert all(test in caught.value.sentence for test in TESTS)


RECORD = json.loads(asked().to_json())


@pytest.mark.parametrize(
    "changed",
    [
        {"weight": "w"},
        {"asks": {"test": "chi2"}},
        {"asks": {"test": "chi2", "columns": ["a", "b"], "more": 1}},
        {"asks": {"test": "chi2", "pair": ["a", "b"]}},
    ],
)
def test_a_text_of_another_shape_is_refused(changed):
    with pytest.raises(DisclosureError):
        Statistic.from_json(RECORD | changed)
