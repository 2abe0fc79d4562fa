"""Where there is no estimate a model says why; where there is one, however far away, it is found."""

import numpy as np
import pytest
from statsmodels.discrete.discrete_model import Poisson

from disclosure import DisclosureError
from disclosure.models.fit import inverse, search
from tests.disclosure.models.people import coefficients, model, people

DATA = people()


@pytest.mark.parametrize(
    ("formula", "rest", "code"),
    [
        ("y ~ x", {"absorb": ["id"]}, "degrees"),
        ("y ~ 1", {"absorb": ["g"]}, "degrees"),
        ("y ~ x", {"cluster": "one"}, "degrees"),
        ("y ~ perg", {"absorb": ["g"]}, "rank"),
        ("e ~ tells", {"kind": "logit"}, "separation"),
        ("e ~ tells", {"kind": "probit"}, "separation"),
        ("e ~ quasi + x", {"kind": "logit"}, "separation"),
        ("one ~ x", {"kind": "logit"}, "separation"),
        ("never ~ quasi + x", {"kind": "poisson"}, "separation"),
        ("t ~ lives", {"kind": "cox", "event": "died"}, "separation"),
        ("t ~ x", {"kind": "cox", "event": "none"}, "degrees"),
        ("y ~ x", {"kind": "logit"}, "response"),
        ("C(k) ~ x", {"kind": "logit"}, "response"),
        ("x ~ z", {"kind": "poisson"}, "response"),
        ("z ~ x", {"kind": "poisson"}, "response"),
        ("x ~ z", {"kind": "cox", "event": "died"}, "response"),
        ("t ~ x", {"kind": "cox", "event": "k"}, "response"),
        ("c ~ x", {"kind": "poisson", "exposure": "x"}, "response"),
        ("y ~ x", {"where": "id < 2"}, "degrees"),
        ("y ~ x", {"where": "id < 0"}, "no_rows"),
    ],
)
def test_where_there_is_no_estimate_the_reason_is_said(formula, rest, code):
    data = people(120)
    data["one"], data["none"] = 1, 0
    data["perg"] = data["g"] * 2.0
    data["tells"] = data["e"] + data["x"].rank() / 1000
    data["quasi"] = data["flag"] & (data["e"] == 1)
    data["never"] = data["c"] * ~data["flag"]
    data["quasi"] = data["flag"] if "never" in formula else data["quasi"]
    data["lives"] = data["flag"] & (data["died"] == 0)
    with pytest.raises(DisclosureError) as refused:
        model(data, formula, **rest)
    assert refused.value.code == code


def test_a_cox_model_needs_columns_that_vary_within_strata():
    data = DATA.assign(perg=DATA["b"] == "u")
    with pytest.raises(DisclosureError) as refused:
        model(data, "t ~ x + perg", kind="cox", event="died", strata=["b"])
    assert refused.value.code == "rank"


def test_a_cox_model_needs_columns_that_vary_among_those_at_risk():
    data = DATA.assign(gone=DATA["id"] < 50)
    data.loc[data["gone"], ["t", "died"]] = [0.01, 0]
    with pytest.raises(DisclosureError) as refused:
        model(data, "t ~ gone", kind="cox", event="died")
    assert refused.value.code == "not_converged"


@pytest.mark.parametrize(
    ("name", "value", "asked"),
    [
        ("choice.MOST_STEPS", 1, {"formula": "e ~ x + a", "kind": "logit"}),
        ("hazard.MOST_STEPS", 1, {"formula": "t ~ x", "kind": "cox", "event": "died"}),
    ],
)
def test_a_search_that_did_not_arrive_is_no_estimate(monkeypatch, name, value, asked):
    monkeypatch.setattr(f"disclosure.models.{name}", value)
    with pytest.raises(DisclosureError) as refused:
        model(DATA, **asked)
    assert refused.value.code == "not_converged"


@pytest.mark.parametrize(
    "matrix", [[[1.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [0.0, -1.0]], [[np.nan, 0], [0, 1.0]]]
)
def test_an_information_without_inverse_is_no_estimate(matrix):
    with pytest.raises(DisclosureError) as refused:
        inverse(np.array(matrix))
    assert refused.value.code == "not_converged"


def test_large_counts_are_estimated():
    data = DATA.assign(c=np.round(1e8 * np.exp(0.3 * DATA["x"] + 0.01 * DATA["z"])))
    assert coefficients(model(data, "c ~ x + z", kind="poisson"))["estimate"].tolist() == pytest.approx(
        [np.log(1e8), 0.3, 0.01], rel=1e-6
    )
    data["c"] = np.where(DATA["id"] == 0, 1e12, 0)
    assert np.isfinite(coefficients(model(data, "c ~ x + z", kind="poisson"))["estimate"]).all()


def test_a_search_that_had_to_give_up_is_no_estimate():
    data = people(1000, seed=3)
    counts = np.where(data["id"] == 3, 1e7, data["y"]).astype(int)
    matrix = np.column_stack([np.ones(1000), data["x"]])
    far = np.linalg.lstsq(matrix, np.log(counts + 0.5))[0]
    assert search(Poisson(counts, matrix), maxiter=200, start_params=far) is None
    found = search(Poisson(counts, matrix), maxiter=200, start_params=[np.log(counts.mean()), 0.0])
    assert found is not None


def test_effects_that_cannot_be_told_apart_in_time_are_refused(monkeypatch):
    monkeypatch.setattr("disclosure.models.within.MAX_SWEEPS", 2)
    with pytest.raises(DisclosureError) as refused:
        model(DATA, "y ~ x", absorb=["g", "h"])
    assert refused.value.code == "not_converged"
