"""Claimed estimates as statistics: never passed, judged by the design among the data, compared with earlier releases."""

import json

import numpy as np
import pytest

from disclosure import DisclosureError, Statistic, Verdict, assess, protect
from disclosure.chart import chart
from tests.disclosure.models.people import STANDARD, people

DATA = people(400)
DESIGN = DATA[["id", "x", "y"]].assign(const=1.0, q=(DATA["a"] == "q").astype(int))
ESTIMATES = [
    {"term": "const", "estimate": 50.5, "low": 50, "high": 51.0},
    {"term": "x", "estimate": 1.0, "low": 0.5, "high": 1.5},
    {"term": "q", "estimate": 1.25, "low": 0.5, "high": 2.0},
]


def asked(estimates=ESTIMATES, **words):
    return Statistic.claims("design", estimates, **{"unit": "id"} | words)


def test_a_sound_claim_needs_a_person_and_shows_what_was_claimed():
    report = assess(asked(response="y", facts={"aic": 12.5}), DESIGN, STANDARD)
    assert report.verdict is Verdict.REVIEW
    assert report.cells["part"].tolist() == ["coefficient"] * 3 + ["fit"]
    assert report.cells["term"].tolist() == ["const", "x", "q", "aic"]
    assert report.cells["estimate"].tolist() == [50.5, 1.0, 1.25, 12.5]
    assert report.cells[["n", "units"]].to_numpy().tolist() == [[400, 400]] * 4
    assert "claims" in report.findings[0].sentence


def test_the_text_holds_the_claims_and_another_number_is_another_question():
    stat = asked(response="y", facts={"aic": 12.5})
    assert Statistic.from_json(stat.to_json()) == stat
    assert stat.columns() == ("const", "id", "q", "x", "y")
    other = asked([*ESTIMATES[:2], ESTIMATES[2] | {"estimate": 1.2500001}], response="y", facts={"aic": 12.5})
    assert other.fingerprint != stat.fingerprint
    assert "3 coefficients" in stat.asks.sentence()


@pytest.mark.parametrize("size", [1, 9])
def test_a_design_that_points_at_a_few_fails(size):
    report = assess(asked(), DESIGN.assign(q=(DATA["id"] < size).astype(float)), STANDARD)
    assert report.verdict is Verdict.FAIL
    assert (
        assess(asked(), DESIGN.assign(q=(DATA["id"] < 60).astype(float)), STANDARD).verdict is Verdict.REVIEW
    )


def test_the_rules_hold_at_each_level_of_unit():
    nine = DESIGN.assign(home=DESIGN["id"] % 9)
    report = assess(asked(unit=["id", "home"]), nine, STANDARD)
    assert report.verdict is Verdict.FAIL
    assert report.cells["units"].tolist() == [9] * 3
    assert assess(asked(), nine, STANDARD).verdict is Verdict.REVIEW


def test_a_second_claim_without_one_person_is_found():
    before = assess(asked(), DESIGN, STANDARD).released("first")
    report = assess(asked(), DESIGN[DESIGN["id"] != 3], STANDARD, released=[before])
    assert report.verdict is Verdict.FAIL
    assert "differencing" in {finding.rule for finding in report.findings}
    fewer = DESIGN[DESIGN["id"] >= 50]
    assert assess(asked(), fewer, STANDARD, released=[before]).verdict is Verdict.REVIEW


@pytest.mark.parametrize(
    ("design", "code"),
    [
        (DESIGN.assign(x=np.nan), "claims"), (DESIGN.assign(x="text"), "claims"), (DESIGN.assign(x=2.0), "rank"),
        (DESIGN.head(0), "claims"), (DESIGN.drop(columns="q"), "unknown_column"), (DESIGN.assign(x=np.inf), "claims"),
    ],
)  # fmt: skip
def test_a_design_that_cannot_be_judged_is_refused(design, code):
    with pytest.raises(DisclosureError) as caught:
        assess(asked(), design, STANDARD)
    assert caught.value.code == code


def test_a_design_without_a_unit_is_refused():
    with pytest.raises(DisclosureError) as caught:
        assess(asked(unit=None), DESIGN, STANDARD)
    assert caught.value.code == "claims"


def test_rows_that_name_no_unit_need_a_person():
    report = assess(asked(), DESIGN.assign(id=DESIGN["id"].where(DESIGN["id"] > 2)), STANDARD)
    assert any("no unit" in finding.sentence for finding in report.findings)


@pytest.mark.parametrize(
    "estimates",
    [
        [], "x", [{}], [{"term": "x"}], [{"estimate": 1.0}], [{"term": 3, "estimate": 1.0}], ["x"], None,
        [{"term": "x", "estimate": "1"}], [{"term": "x", "estimate": True}], [{"term": "", "estimate": 1.0}],
        [{"term": "x", "estimate": 1.0}] * 2, [{"term": "x", "estimate": 1.0, "more": 2}],
        [{"term": f"x{place}", "estimate": 1.0} for place in range(501)], [{"term": "y", "estimate": 1.0}],
    ],
)  # fmt: skip
def test_words_that_claim_nothing_are_refused(estimates):
    with pytest.raises((DisclosureError, TypeError)) as caught:
        asked(estimates, response="y")
    assert estimates is None or isinstance(caught.value, DisclosureError)


@pytest.mark.parametrize("facts", [{"aic": "x"}, {1: 2.0}, [1], {f"f{place}": 1.0 for place in range(7)}])
def test_facts_that_are_no_numbers_are_refused(facts):
    with pytest.raises(DisclosureError):
        asked(facts=facts)


@pytest.mark.parametrize(
    "change", [{"estimates": 3}, {"more": 1}, {"response": 3}, {"facts": []}, {"estimates": [["x", 1]]}]
)
def test_json_of_another_shape_is_refused(change):
    record = json.loads(asked(response="y", facts={"aic": 1.0}).to_json())
    record["asks"] |= change
    if change == {"facts": []}:
        del record["asks"]["estimates"]
    with pytest.raises(DisclosureError):
        Statistic.from_json(record)


def test_claims_have_no_groups_no_weights_and_one_set_of_numbers():
    record = json.loads(asked().to_json())
    for change in ({"by": ["q"]}, {"weight": "w"}):
        with pytest.raises(DisclosureError):
            Statistic.from_json(record | change)
    uneven = [ESTIMATES[0], {"term": "x", "estimate": 1.0}, ESTIMATES[2]]
    with pytest.raises(DisclosureError) as caught:
        assess(asked(uneven), DESIGN, STANDARD)
    assert caught.value.code == "claims"


@pytest.mark.parametrize(
    "change", [{"estimate": float("nan")}, {"low": 60.0}, {"estimate": float("inf")}, {"estimate": 10**400}]
)
def test_numbers_that_no_estimator_gives_are_refused(change):
    with pytest.raises(DisclosureError):
        assess(asked([ESTIMATES[0] | change, *ESTIMATES[1:]]), DESIGN, STANDARD)


@pytest.mark.parametrize(
    "name", ['a"b', "unit", "x; drop table disclosure_source", "名字 🎉", "C(area)[T.north]"]
)
def test_any_term_is_data(name):
    estimates = [ESTIMATES[0], ESTIMATES[1] | {"term": name}, ESTIMATES[2]]
    report = assess(asked(estimates), DESIGN.rename(columns={"x": name}), STANDARD)
    assert report.cells["term"].tolist() == ["const", name, "q"]
    assert report.verdict is Verdict.REVIEW


def test_nothing_of_a_claim_is_withheld_piece_by_piece_and_it_draws_as_a_forest():
    report = assess(asked(), DESIGN, STANDARD)
    with pytest.raises(DisclosureError) as caught:
        protect(report)
    assert caught.value.code == "unsuitable"
    assert "1.25" in chart(report, draft=True).svg
