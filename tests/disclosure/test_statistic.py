"""A statistic is frozen, strict and stable."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure import DisclosureError, Statistic
from disclosure.statistic import MAX_JSON, Kind, Measure


def ask(**changes):
    asked = {"by": ["year", "grant_type"], "measures": {"total": ("sum", "inc")}, "unit": "charity"} | changes
    return Statistic.table("charities", **asked)


def refusal(**changes):
    with pytest.raises(DisclosureError) as caught:
        ask(**changes)
    return caught.value


def test_a_statistic_holds_what_was_asked():
    stat = ask(where="a == 1", weight="w", margins=False)
    assert stat.kind is Kind.TABLE
    assert stat.by == ("year", "grant_type")
    assert stat.measures == (Measure("total", "sum", "inc"),)
    assert stat.filter.columns() == ("a",)
    assert stat.columns() == ("a", "charity", "grant_type", "inc", "w", "year")
    assert ask().filter is None


def test_frequencies_need_no_measure():
    stat = Statistic.table("charities", by=["year"])
    assert stat.measures == ()
    assert stat.columns() == ("year",)


def test_a_statistic_cannot_be_changed():
    with pytest.raises(AttributeError):
        ask().unit = "row"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"by": "year"}, "dimension"),
        ({"by": [""]}, "name"),
        ({"by": [5]}, "name"),
        ({"by": ["a\0b"]}, "name"),
        ({"by": ["\ud800"]}, "name"),
        ({"by": ["x" * 20_001]}, "name"),
        ({"by": ["year", "year"]}, "name_clash"),
        ({"by": ["n"]}, "name_clash"),
        ({"by": ["total_n"]}, "name_clash"),
        ({"by": [f"d{index}" for index in range(9)]}, "dimension"),
        ({"unit": ""}, "name"),
        ({"weight": 1}, "name"),
        ({"title": None}, "name"),
        ({"title": "x" * 20_001}, "name"),
        ({"margins": 1}, "name"),
        ({"measures": {"m": "sum"}}, "measure"),
        ({"measures": {"m": ("sum",)}}, "measure"),
        ({"measures": {"m": ("sum", None)}}, "measure"),
        ({"measures": {"m": ("sum", 5)}}, "name"),
        ({"measures": {5: ("sum", "inc")}}, "name"),
        ({"measures": {"units": ("sum", "inc")}}, "name_clash"),
        ({"measures": {"m": ("sum", "inc"), "m_units": ("sum", "inc")}}, "name_clash"),
        ({"measures": {f"m{index}": ("sum", "inc") for index in range(51)}}, "measure"),
        ({"measures": {"m": (["sum"], "inc")}}, "unknown_measure"),
        ({"measures": {"m": ("sum", "inc", 0.5)}}, "measure"),
        ({"measures": {"m": ("sum", "inc", None, None)}}, "measure"),
        ({"measures": {"m": ("median", None)}}, "measure"),
        ({"measures": {"m": ("quantile", "inc")}}, "measure"),
        ({"measures": {"m": ("quantile", "inc", 0.0)}}, "measure"),
        ({"measures": {"m": ("quantile", "inc", 1.0)}}, "measure"),
        ({"measures": {"m": ("quantile", "inc", 1)}}, "measure"),
        ({"measures": {"m": ("quantile", "inc", float("nan"))}}, "measure"),
        ({"measures": {"m": ("quantile", "inc", 1e-300)}}, "measure"),
        ({"measures": {"m": ("quantile", "inc", 0.12345)}}, "measure"),
        ({"measures": {"m": ("quantile", "inc", "0.5")}}, "measure"),
        ({"measures": {"m": ("proportion", None)}}, "measure"),
        ({"measures": {"m": ("proportion", None, "rows")}}, "measure"),
        ({"measures": {"m": ("proportion", None, ["all"])}}, "measure"),
        ({"measures": {"m": ("proportion", None, "all")}, "margins": False}, "measure"),
        ({"measures": {"m": ("median", "inc")}, "weight": "w"}, "weight"),
        ({"measures": {"m": ("std", "inc")}, "weight": "w"}, "weight"),
        ({"measures": None, "weight": "w"}, "weight"),
        ({"where": "exec('x')"}, "expression"),
        ({"where": 5}, "expression"),
    ],
)
def test_a_wrong_statistic_is_refused_when_it_is_made(changes, code):
    fault = refusal(**changes)
    assert fault.code == code
    assert fault.sentence.endswith(".")


def test_an_unknown_measure_is_refused_with_the_list_of_known_ones():
    fault = refusal(measures={"m": ("skew", "inc")})
    assert fault.code == "unknown_measure"
    assert "count, sum, mean" in fault.sentence


def test_the_source_needs_a_name():
    with pytest.raises(DisclosureError):
        Statistic.table("")


NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(st.lists(NAMES.map("by {}".format), unique=True, max_size=4), NAMES, st.booleans(), st.none() | NAMES)
def test_a_statistic_survives_json(by, column, margins, unit):
    stat = Statistic.table(
        "data",
        by=by,
        measures={"m": ("mean", column)},
        margins=margins,
        unit=unit,
        where="a == 'é'",
        title="t",
    )
    again = Statistic.from_json(stat.to_json())
    assert again == stat
    assert again.to_json() == stat.to_json()
    assert (again.digest, again.fingerprint) == (stat.digest, stat.fingerprint)
    assert Statistic.from_json(json.loads(stat.to_json())) == stat


RECORD = json.loads(ask(where="a == 1").to_json())


@pytest.mark.parametrize(
    "changed",
    [
        RECORD | {"extra": 1},
        {name: value for name, value in RECORD.items() if name != "unit"},
        RECORD | {"by": "year"},
        RECORD | {"by": {"year": 1}},
        RECORD | {"by": [["year"]]},
        RECORD | {"measures": {"total": ["sum", "inc"]}},
        RECORD | {"measures": [["total", "sum"]]},
        RECORD | {"measures": ["sum"]},
        RECORD | {"measures": [["total", "run", "inc"]]},
        RECORD | {"kind": "rows"},
        RECORD | {"kind": ["table"]},
        RECORD | {"margins": "yes"},
        RECORD | {"where": ["a == 1"]},
        RECORD | {"where": "__import__('os')"},
        RECORD | {"bins": [0, 1]},
        RECORD | {"bins": None},
        RECORD | {"kind": "histogram"},
        RECORD | {"kind": "quantiles"},
        RECORD | {"kind": "quantiles", "measures": []},
        RECORD | {"measures": [["total", "sum", "inc", None, None]]},
        RECORD | {"source": None},
        [],
        5,
        None,
    ],
)
def test_json_of_another_shape_is_refused(changed):
    for form in (changed, json.dumps(changed)):
        with pytest.raises(DisclosureError):
            Statistic.from_json(form)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 100_000,
        '{"by": [], "by": []}',
        ask().to_json()[:-1] + ', "unit": "person"}',
        " " * (MAX_JSON + 1),
    ],
)
def test_text_that_is_not_strict_json_is_refused(text):
    with pytest.raises(DisclosureError) as caught:
        Statistic.from_json(text)
    assert caught.value.code == "json"


def test_the_digest_names_exactly_one_statistic():
    assert ask().digest == ask().digest
    assert ask(title="other").digest != ask().digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"title": "a"}, {"title": "b"}),
        ({"measures": {"x": ("sum", "inc")}}, {"measures": {"y": ["sum", "inc"]}}),
        (
            {"measures": {"x": ("sum", "inc"), "y": ("mean", "inc")}},
            {"measures": {"y": ("mean", "inc"), "x": ("sum", "inc")}},
        ),
        ({"where": "a == 1 and b in (2, 3)"}, {"where": "b in (3, 2) and 1 == a"}),
    ],
)
def test_the_same_question_has_one_fingerprint(one, other):
    assert ask(**one).fingerprint == ask(**other).fingerprint
    assert ask(**one).digest != ask(**other).digest


@pytest.mark.parametrize(
    "changes",
    [
        {"by": ["year"]},
        {"by": ["grant_type", "year"]},
        {"measures": {"total": ("mean", "inc")}},
        {"measures": {"total": ("sum", "out")}},
        {"measures": None},
        {"unit": None},
        {"where": "a == 1"},
        {"weight": "w"},
        {"margins": False},
    ],
)
def test_another_question_has_another_fingerprint(changes):
    assert ask(**changes).fingerprint != ask().fingerprint


def test_a_count_of_a_column_is_not_a_count_of_rows():
    rows, present = ask(measures={"m": ("count", None)}), ask(measures={"m": ("count", "inc")})
    assert rows.fingerprint != present.fingerprint


def test_another_quantile_or_share_is_another_question():
    prints = {
        ask(measures={"m": asked}).fingerprint
        for asked in [
            ("quantile", "inc", 0.25),
            ("quantile", "inc", 0.75),
            ("median", "inc"),
            ("proportion", "inc", "index"),
            ("proportion", "inc", "all"),
            ("proportion", None, "all"),
        ]
    }
    assert len(prints) == 6


def test_the_text_of_a_table_has_not_changed():
    assert "bins" not in ask().to_json()
    assert json.loads(ask().to_json())["measures"] == [["total", "sum", "inc"]]
