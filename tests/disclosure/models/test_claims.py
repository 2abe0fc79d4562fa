"""Claimed estimates are never passed: their shape is checked strictly, their design as any other."""

import numpy as np
import pandas as pd
import pytest

from disclosure import DisclosureError, Verdict
from disclosure.models.claims import judge_claims
from tests.disclosure.models.people import STANDARD, people

DATA = people(400)
DESIGN = pd.DataFrame({"id": DATA["id"], "const": 1.0, "x": DATA["x"], "q": (DATA["a"] == "q").astype(int)})
ESTIMATES = pd.DataFrame(
    {
        "term": ["const", "x", "q"],
        "estimate": [50.0, 1.0, 1.0],
        "std_error": [0.1, 0.1, 0.2],
        "p_value": [0, 0.01, 1],
    }
)


def judged(estimates=ESTIMATES, design=DESIGN, **rest):
    return judge_claims(estimates, design, STANDARD, unit="id", **rest)


def rules(claimed):
    return {(finding.rule, finding.verdict.name) for finding in claimed.findings}


def test_a_sound_claim_is_looked_at_by_a_person():
    claimed = judged()
    assert claimed.verdict is Verdict.REVIEW
    assert rules(claimed) == {("check_failed", "REVIEW")}
    assert claimed.cells["estimate"].tolist() == [50.0, 1.0, 1.0]
    assert claimed.cells["low"].isna().all()
    assert claimed.cells["n"].tolist() == [400] * 3
    assert not claimed.cells["unsafe"].any()
    assert claimed.units == tuple(range(400))


def test_the_response_lets_more_rules_run():
    design = DESIGN.assign(y=DATA["y"])
    assert len(judged().findings) == len(judged(design=design, response="y").findings) + 1
    rich = design.assign(y=np.where(DATA["id"] == 3, 1e7, DATA["y"]))
    assert ("dominance", "REVIEW") in rules(judged(design=rich, response="y"))
    rare = design.assign(y=(DATA["id"] < 5).astype(int))
    assert ("threshold", "FAIL") in rules(judged(design=rare, response="y"))


def test_whole_model_numbers_stand_below():
    cells = judged(facts={"r_squared": 0.5, "aic": 100}).cells
    assert cells["part"].tolist() == ["coefficient"] * 3 + ["fit"] * 2
    assert cells["estimate"].tolist()[3:] == [0.5, 100]
    assert cells["n"].tolist() == [400] * 5


@pytest.mark.parametrize("size", [1, 9])
def test_a_design_that_isolates_a_few_fails(size):
    for column in ((DATA["id"] < size).astype(float), DATA["x"] + (DATA["id"] < size)):
        claimed = judged(design=DESIGN.assign(q=column))
        assert claimed.verdict is Verdict.FAIL
        assert claimed.cells["unsafe"].any()


def test_few_units_or_degrees_fail():
    design = DESIGN.assign(id=DATA["id"] % 9)
    assert {("threshold", "FAIL"), ("dof", "FAIL")} <= rules(judged(design=design))


def test_rows_of_one_unit_are_one_unit():
    claimed = judged(design=DESIGN.assign(id=DATA["id"] // 2))
    assert claimed.cells["units"].tolist() == [200] * 3


@pytest.mark.parametrize(
    ("design", "code"),
    [
        (DESIGN.drop(columns="x"), "claims"),
        (DESIGN.assign(more=1.0), "claims"),
        (DESIGN.drop(columns="id"), "claims"),
        (DESIGN.assign(x=np.nan), "claims"),
        (DESIGN.assign(x=np.inf), "claims"),
        (DESIGN.assign(x="text"), "claims"),
        (DESIGN.assign(id=None), "claims"),
        (DESIGN.head(0), "claims"),
        (pd.concat([DESIGN, DESIGN[["x"]]], axis=1), "claims"),
        (DESIGN.assign(x=2.0), "rank"),
        (DESIGN.assign(q=DESIGN["x"] * 3), "rank"),
        (DESIGN.head(3), "rank"),
    ],
)
def test_a_design_of_another_shape_is_refused(design, code):
    with pytest.raises(DisclosureError) as refused:
        judged(design=design)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "estimates",
    [
        ESTIMATES.drop(columns="estimate"),
        ESTIMATES.drop(columns="term"),
        ESTIMATES.assign(rows="a"),
        ESTIMATES.assign(estimate=np.nan),
        ESTIMATES.assign(estimate=["1", "2", "3"]),
        ESTIMATES.assign(std_error=-1.0),
        ESTIMATES.assign(p_value=1.5),
        ESTIMATES.assign(low=60.0),
        ESTIMATES.assign(high=-60.0),
        ESTIMATES.assign(term="x"),
        ESTIMATES.assign(term=["const", "x", 3]),
        ESTIMATES.assign(term=["const", "x", None]),
        ESTIMATES.head(0),
        pd.concat([ESTIMATES, ESTIMATES[["estimate"]]], axis=1),
    ],
)
def test_claims_of_another_shape_are_refused(estimates):
    with pytest.raises(DisclosureError) as refused:
        judged(estimates)
    assert refused.value.code in {"claims", "name"}


@pytest.mark.parametrize(
    "facts", [{"mean_of_ann": 1.0}, {"r_squared": "0.5"}, {"r_squared": float("nan")}, {"aic": True}]
)
def test_other_facts_are_refused(facts):
    with pytest.raises(DisclosureError) as refused:
        judged(facts=facts)
    assert refused.value.code == "claims"
