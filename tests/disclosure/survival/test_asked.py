"""What a curve asks is one text, and refuses what it cannot be."""

import json

import numpy as np
import pytest

from disclosure import DisclosureError, Statistic
from disclosure.asks import HOMES, asks_of
from disclosure.kind import Kind
from disclosure.survival import Survival
from disclosure.survival.answer import answer


def asked(**words):
    return Statistic.survival("people", "months", "died", **words)


def test_a_curve_reads_back_as_it_was_written():
    stat = asked(
        by=["region"], at=[12, 24.5], coarsen=True, test="logrank", level=0.9, unit="p", where="age > 5"
    )
    assert Statistic.from_json(stat.to_json()) == stat
    assert stat.asks == Survival(
        time="months", event="died", at=(12.0, 24.5), coarsen=True, test="logrank", level=0.9
    )
    assert stat.columns() == ("age", "died", "months", "p", "region")
    assert json.loads(asked().to_json())["asks"] == {"time": "months", "event": "died"}
    assert asked(at=[12]).fingerprint == asked(at=[12.0], title="x").fingerprint != asked(at=[13]).fingerprint
    assert asked(at=[12]).digest != asked(at=[12], coarsen=True).digest


def test_times_may_be_a_range_or_an_array():
    assert asked(at=range(1, 4)) == asked(at=np.arange(1, 4)) == asked(at=[1, 2.0, 3])


def test_it_says_in_words_what_is_asked():
    assert asked().asks.sentence() == "Kaplan-Meier survival in months until died, at each time of an event"
    many = asked(by=["g"], at=range(1, 10), coarsen=True, test="logrank").asks.sentence()
    assert "at 1, 2, 3, 4, 5, 6 and 3 more times, joined" in many
    assert many.endswith("with a log-rank test")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"at": []}, "survival"),
        ({"at": [2, 1]}, "survival"),
        ({"at": [1, 1]}, "survival"),
        ({"at": [-1]}, "survival"),
        ({"at": [True]}, "survival"),
        ({"at": [float("nan")]}, "survival"),
        ({"at": [float("inf")]}, "survival"),
        ({"at": [10**400]}, "survival"),
        ({"at": 5}, "survival"),
        ({"at": range(1001)}, "survival"),
        ({"coarsen": 1}, "survival"),
        ({"level": 1}, "survival"),
        ({"level": 1.0}, "survival"),
        ({"test": "logrank"}, "survival"),
        ({"test": "other", "by": ["g"]}, "survival"),
        ({"test": ["logrank"], "by": ["g"]}, "survival"),
        ({"test": "logrank", "by": ["g"], "weight": "w"}, "weight"),
        ({"by": ["time"]}, "name_clash"),
        ({"by": ["part"]}, "name_clash"),
        ({"by": "g"}, "dimension"),
        ({"unit": []}, "unit"),
    ],
)
def test_what_cannot_be_asked_is_refused(words, code):
    with pytest.raises(DisclosureError) as caught:
        asked(**words)
    assert caught.value.code == code


@pytest.mark.parametrize(("time", "event"), [("t", "t"), ("", "e"), (5, "e"), ("t", None), ("t", "a\0b")])
def test_columns_that_are_no_names_are_refused(time, event):
    with pytest.raises(DisclosureError):
        Statistic.survival("people", time, event)


RECORD = json.loads(asked().to_json())


@pytest.mark.parametrize(
    "changed",
    [
        {"asks": {"time": "t"}},
        {"asks": {"time": "t", "event": "e", "more": 1}},
        {"asks": []},
        {"asks": None},
        {"asks": {"time": "t", "event": "e", "at": "12"}},
        {"margins": True},
        {"measures": [["k", "count", None]]},
        {"bins": [0, 1]},
        {"kind": "table"},
        {"kind": "association"},
        {"kind": "quantiles"},
    ],
)
def test_a_text_of_another_shape_is_refused(changed):
    with pytest.raises(DisclosureError):
        Statistic.from_json(RECORD | changed)


def test_a_text_without_what_it_asks_is_refused():
    with pytest.raises(DisclosureError) as caught:
        Statistic.from_json({name: value for name, value in RECORD.items() if name != "asks"})
    assert caught.value.code == "kind"


def test_each_kind_answers_only_its_own():
    from disclosure.association.answer import answer as associate

    table = Statistic.table("people", by=["g"])
    for own in (answer, associate):
        with pytest.raises(DisclosureError) as caught:
            own(table, None, None, key=None)
        assert caught.value.code == "kind"
    with pytest.raises(DisclosureError) as caught:
        Statistic(
            kind=Kind.MODEL,
            source="d",
            by=(),
            measures=(),
            unit=None,
            where=None,
            weight=None,
            margins=False,
            asks=asked().asks,
        )
    assert caught.value.code == "kind"
    with pytest.raises(DisclosureError):
        asks_of(Kind.TABLE, {})
    assert Kind.TABLE not in HOMES
