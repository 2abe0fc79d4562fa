"""Rules on what a model says of totals and counts: rare outcomes, events, and models that are tables of means."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from disclosure import Verdict
from tests.disclosure.models.people import STANDARD, found, model, people

SIZE = 1000
DATA = people(SIZE, seed=3)


@pytest.mark.parametrize("kind", ["logit", "probit", "poisson", "ols"])
def test_a_rare_outcome_is_a_small_count(kind):
    for rare in (DATA["id"] < 9, DATA["id"] >= 9):
        if kind == "poisson" and rare[SIZE - 1]:
            continue
        report = model(DATA.assign(d=rare.astype(int)), "d ~ x", kind=kind)
        assert ("threshold", "FAIL") in found(report)
    common = model(DATA.assign(d=(DATA["id"] < 300).astype(int)), "d ~ x", kind=kind)
    assert ("threshold", "FAIL") not in found(common)


def test_events_are_the_sample_of_a_cox_model():
    data = DATA.assign(died=(DATA["id"] < 9).astype(int))
    assert ("threshold", "FAIL") in found(model(data, "t ~ x", kind="cox", event="died"))
    data = DATA.assign(died=((DATA["id"] < 9) | (DATA["flag"])).astype(int))
    assert model(data, "t ~ x", kind="cox", event="died").verdict is Verdict.PASS
    few = DATA.assign(died=np.where(DATA["a"] == "p", DATA["id"] < 20, 1))
    assert ("threshold", "FAIL") in found(model(few, "t ~ a", kind="cox", event="died"))
    assert ("threshold", "FAIL") not in found(model(few, "t ~ a + x", kind="cox", event="died"))


def test_a_model_of_categories_is_the_table_of_means_that_it_gives_away():
    rich = DATA.assign(y=np.where(DATA["id"] == 3, 1e7, DATA["y"]))
    for formula in (
        "y ~ a",
        "y ~ a*b",
        "y ~ 0 + a",
        "y ~ a + b",
        "y ~ 1",
        "y ~ flag",
        "y ~ C(k)",
        "y ~ k + I(k**2)",
    ):
        rules = found(model(rich, formula))
        assert {("dominance", "FAIL"), ("p_percent", "FAIL")} <= rules, formula
    assert ("dominance", "FAIL") not in found(model(rich, "y ~ a + x"))
    assert ("dominance", "FAIL") not in found(model(rich, "y ~ k"))


def test_a_value_that_makes_up_a_coefficient_is_looked_at_by_a_person():
    rich = DATA.assign(y=np.where(DATA["id"] == 3, 1e7, DATA["y"]))
    assert ("dominance", "REVIEW") in found(model(rich, "y ~ a + x"))
    assert ("dominance", "REVIEW") in found(
        model(rich.assign(c=rich["y"].astype(int)), "c ~ x", kind="poisson")
    )


def test_cells_of_a_saturated_model_that_are_all_equal_are_found():
    data = DATA.assign(y=np.where(DATA["a"] == "p", 42.0, DATA["y"]))
    assert ("all_equal", "FAIL") in found(model(data, "y ~ a"))
    lenient = dataclasses.replace(STANDARD, equal_values_unsafe=False)
    assert ("all_equal", "REVIEW") in found(model(data, "y ~ a", policy=lenient))


def test_the_counts_behind_a_saturated_logit_are_a_table():
    data = DATA.assign(d=np.where(DATA["b"] == "u", DATA["id"] % 2, DATA["id"] < 12))
    for kind in ("logit", "probit", "ols"):
        assert ("threshold", "FAIL") in found(model(data, "d ~ b", kind=kind)), kind
    assert ("threshold", "FAIL") not in found(model(data, "d ~ b + x", kind="logit"))


def test_a_perfect_fit_and_a_constant_are_found():
    data = DATA.assign(v=2 * DATA["x"] + DATA["z"], one=1.0)
    assert ("design", "FAIL") in found(model(data, "v ~ x + z"))
    assert found(model(data, "one ~ x")) >= {("all_equal", "FAIL")}


def test_a_single_coefficient_is_looked_at_by_a_person_unless_more_is_withheld():
    assert found(model(DATA, "y ~ 0 + x")) >= {("design", "REVIEW")}
    assert found(model(DATA, "y ~ 1")) == {("design", "REVIEW")}
    assert found(model(DATA, "y ~ x", absorb=["g"])) == set()


def test_columns_that_take_two_values_in_a_product_are_categories_too():
    data = DATA.assign(d=(DATA["id"] % 2) * 1.0, f=(DATA["id"] % 3 == 0) * 1.0)
    rich = data.assign(y=np.where(DATA["id"] == 3, 1e7, DATA["y"]))
    assert model(data, "y ~ d + f").verdict is Verdict.PASS
    assert ("dominance", "FAIL") in found(model(rich, "y ~ d + f"))


def test_a_small_cell_of_a_saturated_model_is_a_small_cell():
    data = DATA.assign(v=np.where(DATA["id"] < 5, 2, DATA["id"] % 2))
    assert ("threshold", "FAIL") in found(model(data, "y ~ v + I(v**2)"))
    assert ("threshold", "FAIL") in found(model(data, "y ~ C(v)"))
    assert ("threshold", "FAIL") not in found(model(data, "y ~ v"))


def test_many_combinations_are_seen_even_when_the_first_rows_have_few():
    data = pd.concat([DATA.assign(x=0.0), DATA.assign(x=0.0), DATA.assign(x=DATA["id"] / SIZE)])
    rich = data.assign(y=np.where(data["id"] == 3, 1e7, data["y"]))
    assert ("dominance", "FAIL") not in found(model(rich, "y ~ x"))
    assert ("dominance", "FAIL") in found(model(rich.assign(x=rich["x"] > 0), "y ~ x"))
