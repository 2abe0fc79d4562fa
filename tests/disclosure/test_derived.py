"""Columns derived from a unit's own row: what they hold, what is refused, and what division by nought says."""

import json

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from disclosure import DisclosureError, Policy, Statistic, Verdict, assess, dp

STANDARD = Policy.preset("standard")


def people(size=120):
    return pd.DataFrame({
        "id": range(size), "age": np.arange(size) % 80, "wage": np.arange(size) * 1.5, "hours": np.arange(size) % 40,
        "area": np.where(np.arange(size) % 2, "north", "south"), "works": np.arange(size) % 3 == 0,
    })  # fmt: skip


def asked(derive, **rest):
    return Statistic.table("d", derive=derive, **{"margins": False, "unit": "id"} | rest)


def levels(derive, by, data=None):
    cells = assess(asked(derive, by=by), people() if data is None else data, STANDARD).cells
    return dict(zip(cells[by[0]], cells["n"], strict=True))


def test_a_condition_becomes_a_dimension():
    found = levels({"adult": "age >= 18"}, ["adult"])
    age = people()["age"]
    assert found == {False: (age < 18).sum(), True: (age >= 18).sum()}


def test_bands_are_choices():
    band = "'young' if age < 25 else 'middle' if age < 60 else 'old'"
    age = people()["age"]
    expected = {"young": (age < 25).sum(), "middle": age.between(25, 59).sum(), "old": (age >= 60).sum()}
    assert levels({"band": band}, ["band"]) == expected


def test_arithmetic_becomes_a_measure_and_later_columns_use_earlier_ones():
    stat = asked(
        {"double": "wage * 2", "more": "double + age"}, measures={"t": ("sum", "more")}, where="double >= 30"
    )
    data = people()
    kept = data[data.wage * 2 >= 30]
    assert assess(stat, data, STANDARD).cells["t"][0] == (kept.wage * 2 + kept.age).sum()
    assert stat.columns() == ("age", "id", "wage")


def test_columns_literals_and_negations_are_values_too():
    data = people()
    assert levels({"same": "area"}, ["same"]) == {"north": 60, "south": 60}
    assert levels({"one": "1"}, ["one"]) == {1: 120}
    assert levels({"word": "'x'"}, ["word"]) == {"x": 120}
    assert levels({"idle": "not works"}, ["idle"]) == {False: 40, True: 80}
    assert levels({"gap": "is_missing(age)"}, ["gap"], data.assign(age=data.age.where(data.age > 9))) == {
        False: 100,
        True: 20,
    }


def test_a_choice_may_be_missing_and_mixes_whole_and_other_numbers():
    assert levels({"b": "'old' if age >= 40 else None"}, ["b"]) == {"old": 40, "(missing)": 80}
    assert levels({"b": "None if age >= 40 else None"}, ["b"]) == {"(missing)": 120}
    assert levels({"b": "1 if age >= 40 else 0.5"}, ["b"]) == {0.5: 80, 1.0: 40}
    assert levels({"b": "age if age < 1 else hours * 0"}, ["b"]) == {0.0: 120}
    assert levels({"b": "works if age >= 40 else age >= 40"}, ["b"]).keys() == {False, True}


@pytest.mark.parametrize(
    "value", ["'a' if age > 1 else 2", "area if age > 1 else age", "works if age > 1 else 'x'"]
)
def test_a_choice_of_two_kinds_is_refused(value):
    with pytest.raises(DisclosureError) as caught:
        assess(asked({"b": value}, by=["b"]), people(), STANDARD)
    assert caught.value.code == "expression_type"


@pytest.mark.parametrize(
    "value",
    [
        "__import__('os').system('x')", "age.real", "[age]", "lambda: 1", "age ** 9", "f'{age}'", "age @ 2", "age()",
        "", "1 if age", "(" * 100, "age +" * 30_000 + "1", "'x' + 1", "area if 5 else 1", 5, None, "age; drop table x",
    ],
)  # fmt: skip
def test_what_is_not_on_the_list_is_refused(value):
    with pytest.raises(DisclosureError) as caught:
        asked({"b": value}, by=["b"])
    assert caught.value.code == "expression"
    assert "The derived column 'b'" in caught.value.sentence


def test_text_against_arithmetic_is_refused_by_the_data():
    with pytest.raises(DisclosureError) as caught:
        assess(asked({"b": "area * 2"}, by=["b"]), people(), STANDARD)
    assert caught.value.code == "expression_type"
    with pytest.raises(DisclosureError) as caught:
        assess(asked({"b": "nobody"}, by=["b"]), people(), STANDARD)
    assert caught.value.code == "unknown_column"


@pytest.mark.parametrize(
    "derive",
    [
        {"id": "1"}, {"age": "age + 1"}, {"a": "b + 1", "b": "age"}, {"": "age"}, {"x\0": "age"}, [("a", "age")],
        {f"c{index}": "age" for index in range(51)},
    ],
)  # fmt: skip
def test_names_that_would_hide_a_column_are_refused(derive):
    with pytest.raises(DisclosureError):
        asked(derive)


def test_a_derived_column_cannot_hide_the_key_that_tells_people_apart():
    stat = Statistic.table("d", by=["area"], derive={"audit": "1"}, margins=False)
    with pytest.raises(DisclosureError) as caught:
        assess(stat, people().rename(columns={"id": "audit"}), STANDARD, key="audit")
    assert caught.value.code == "name_clash"


@pytest.mark.parametrize("name", ['a"b', "a'b", "x; drop table disclosure_source", "名字 🎉", "x" * 10_000])
def test_any_name_and_any_label_is_data(name):
    data = people().rename(columns={"age": name})
    stat = asked({f"new {name}"[:9000]: f"col({name!r}) >= 40"}, by=[f"new {name}"[:9000]])
    cells = assess(stat, data, STANDARD).cells
    assert cells["n"].tolist() == [80, 40]
    labelled = asked({"b": f"{name!r} if age >= 40 else 'else'"}, by=["b"])
    assert set(assess(labelled, people(), STANDARD).cells["b"]) == {name, "else"}


def test_division_by_nought_is_missing_and_a_person_must_look():
    data = people()
    stat = asked({"rate": "wage / hours"}, measures={"m": ("mean", "rate")})
    report = assess(stat, data, STANDARD)
    assert report.cells["m_n"][0] == (data.hours > 0).sum()
    assert report.verdict is Verdict.REVIEW
    assert "divides by nought" in report.findings[0].sentence
    assert assess(stat, data[data.hours > 0], STANDARD).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "where", ["wage / hours > 1", "age > 3 and (wage / (hours - 5) > 1 or age / hours in (1, 2))"]
)
def test_a_filter_that_divides_by_nought_never_passes(where):
    report = assess(Statistic.table("d", where=where, unit="id", margins=False), people(), STANDARD)
    assert report.verdict is not Verdict.PASS
    assert any("The filter divides by nought" in finding.sentence for finding in report.findings)


def test_division_within_a_choice_is_seen():
    report = assess(
        asked({"b": "wage / hours if hours > 0 else 0"}, measures={"m": ("mean", "b")}), people(), STANDARD
    )
    assert report.verdict is Verdict.REVIEW


def test_a_relation_takes_derived_columns_too():
    connection = duckdb.connect()
    frame = people()
    relation = connection.from_arrow(pa.Table.from_pandas(frame))
    found = assess(asked({"adult": "age >= 18"}, by=["adult"]), relation, STANDARD).cells
    assert found["n"].tolist() == [(frame.age < 18).sum(), (frame.age >= 18).sum()]


def test_differencing_sees_through_derived_columns():
    data = people()
    stat = asked({"adult": "age >= 18"}, by=["adult"])
    before = assess(stat, data, STANDARD).released("first")
    after = assess(stat, data[data.id != 30], STANDARD, released=[before])
    assert after.verdict is Verdict.FAIL


def test_json_holds_derived_columns_only_where_there_are_some():
    stat = asked({"adult": "age >= 18"}, by=["adult"])
    assert Statistic.from_json(stat.to_json()) == stat
    assert '"derive"' not in asked(None).to_json()
    assert stat.fingerprint != asked({"adult": "age >= 17"}, by=["adult"]).fingerprint


@pytest.mark.parametrize(
    "derive", [[], {}, "x", [["a"]], [["a", "1", "2"]], ["a"], [["a", 1]], [["a", "1"], ["a", "2"]]]
)
def test_json_of_another_shape_is_refused(derive):

    record = json.loads(asked({"adult": "age >= 18"}).to_json()) | {"derive": derive}
    with pytest.raises(DisclosureError):
        Statistic.from_json(record)


def test_a_noisy_statistic_refuses_derived_columns():
    dictionary = dp.Dictionary(
        unit="id", rows_per_unit=1, keys={"area": ["north", "south"]}, bounds={}, population=1000
    )
    with pytest.raises(DisclosureError) as caught:
        dp.release(asked({"x": "age + 1"}, by=["area"], margins=True), people(), dictionary, rho=0.005)
    assert caught.value.code == "unsupported"
