"""Rules hold at each level of unit: a person and the household around it, a firm and its holding."""

import json

import duckdb
import numpy as np
import pandas as pd
import pytest

from disclosure import DisclosureError, Policy, Statistic, Verdict, assess
from disclosure.evidence import gather
from disclosure.released import Released
from disclosure.rules import BY_UNIT, RULES

STANDARD = Policy.preset("standard")
LEVELS = ["person", "household"]


def asked(**rest):
    rest = {"by": ["g"], "margins": False, "unit": LEVELS} | rest
    return Statistic.table("d", **rest)


def people(size=40, household=4, **columns):
    return pd.DataFrame(
        {
            "g": "a",
            "person": range(size),
            "household": np.arange(size) // household,
            "v": 1.0 + np.arange(size),
        }
        | columns
    )


def test_forty_people_in_four_households_are_too_few():
    report = assess(asked(), people(household=10), STANDARD)
    assert report.verdict is Verdict.FAIL
    assert report.cells["rules"][0] == ("threshold",)
    assert report.cells["units"][0] == 40
    assert [finding.sentence for finding in report.findings] == [
        "Fewer than 10 units stand behind 1 cell (units counted by 'household')."
    ]


def test_ten_households_are_enough():
    assert assess(asked(), people(), STANDARD).verdict is Verdict.PASS


def test_people_are_too_few_where_households_are_more():
    data = people(size=20, household=1)
    data["person"] //= 4
    report = assess(asked(), data, STANDARD)
    assert [finding.sentence for finding in report.findings] == [
        "Fewer than 10 units stand behind 1 cell (units counted by 'person')."
    ]


def test_a_holding_that_dominates_through_many_small_firms_is_found():
    firms = pd.DataFrame({
        "g": "a", "firm": range(60), "v": [10.0] * 50 + [1.0] * 10,
        "holding": [0] * 50 + list(range(1, 11)),
    })  # fmt: skip
    measures = {"t": ("sum", "v")}
    alone = Statistic.table("d", by=["g"], measures=measures, unit="firm", margins=False)
    assert assess(alone, firms, STANDARD).verdict is Verdict.PASS
    report = assess(asked(measures=measures, unit=["firm", "holding"]), firms, STANDARD)
    assert report.cells["rules"][0] == ("p_percent", "dominance")
    assert all("(units counted by 'holding')" in finding.sentence for finding in report.findings)


@pytest.mark.parametrize(
    ("measure", "rule"),
    [
        (("std", "v"), "dof"),
        (("median", "v"), "quantile"),
        (("max", "v"), "endpoint"),
        (("mode", "v"), "threshold"),
    ],
)
def test_every_rule_that_counts_units_counts_households_too(measure, rule):
    data = people(size=400, household=50, v=[1.0] * 100 + [2.0] * 200 + [3.0] * 100)
    alone = Statistic.table("d", by=["g"], measures={"m": measure}, unit="person", margins=False)
    assert assess(alone, data, STANDARD).verdict is Verdict.PASS
    report = assess(asked(measures={"m": measure}), data, STANDARD)
    assert rule in report.cells["rules"][0]


def test_the_rules_by_unit_are_rules():
    assert {rule.__name__ for rule in RULES} >= BY_UNIT


def test_rows_without_a_household_need_a_person_to_look():
    data = people()
    data["household"] = data["household"].astype("Int64")
    data.loc[3, "household"] = pd.NA
    report = assess(asked(), data, STANDARD)
    assert report.verdict is Verdict.REVIEW
    assert "units counted by 'household'" in report.findings[0].sentence


def test_a_rule_that_fails_at_one_level_is_a_finding_of_that_level():
    report = assess(asked(unit=["person", "household", "street"]), people(street=1), STANDARD)
    assert [finding.rule for finding in report.findings] == ["threshold"]
    assert "'street'" in report.findings[0].sentence


def test_the_key_of_differencing_is_the_finest_level():
    report = assess(asked(), people(), STANDARD)
    before = report.released("first")
    assert isinstance(before, Released)
    assert report.key == "person"
    fewer = people().iloc[1:]
    after = assess(asked(), fewer, STANDARD, released=[before])
    assert "differencing" in after.cells["rules"][0]


def test_data_that_change_between_levels_are_not_judged():
    connection = duckdb.connect()
    query = "select floor(random() * 1000000)::int as g, i as person, i as household from range(50) as t(i)"
    with pytest.raises(DisclosureError) as caught:
        assess(asked(), connection.sql(query), STANDARD)
    assert caught.value.code == "evidence_failed"


def test_each_coarser_level_has_evidence_of_its_own():
    evidence = gather(asked(), people(), key=None, max_cells=100)
    assert [(level.unit, level.within) for level, _ in evidence.coarser] == [("household", ())]
    assert evidence.coarser[0][1].units.tolist() == [10]


def test_levels_stand_in_json_as_a_list_and_one_level_as_a_text():
    stat = asked()
    assert json.loads(stat.to_json())["unit"] == LEVELS
    assert Statistic.from_json(stat.to_json()) == stat
    assert stat.levels == ("person", "household")
    assert stat.columns() == ("g", "household", "person")
    one = asked(unit=["person"])
    assert json.loads(one.to_json())["unit"] == "person"
    assert one == asked(unit="person")
    assert one.fingerprint != stat.fingerprint


@pytest.mark.parametrize("unit", [["person"], [], "x\0", ["a", "a"], ["a", 5], ["a", ["b"]], 5, {"a": "b"}])
def test_json_with_other_units_is_refused(unit):
    record = json.loads(asked().to_json()) | {"unit": unit}
    with pytest.raises(DisclosureError):
        Statistic.from_json(record)


@pytest.mark.parametrize("unit", [[], ["a", "a"], ["a", None], ["a", ""], list("abcde"), {"a"}, 5])
def test_levels_that_are_no_columns_are_refused(unit):
    with pytest.raises(DisclosureError):
        asked(unit=unit)


@pytest.mark.parametrize("within", [["b"], ("a",), "b"])
def test_the_parts_of_a_unit_are_checked_however_they_come(within):
    stat = asked(unit="a")
    with pytest.raises(DisclosureError):
        type(stat)(
            kind=stat.kind, source="d", by=("g",), measures=(), unit="a", where=None, weight=None, margins=False,
            within=within,
        )  # fmt: skip
