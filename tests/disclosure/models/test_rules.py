"""Each rule on a model finds what it says it finds, and leaves sound models alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import Policy, Verdict
from disclosure.models.leverage import basis_of, smallest_alone
from tests.disclosure.models.people import coefficients, found, model, people

SIZE = 1000


def crowd(seed=3):
    data = people(SIZE, seed=seed)
    data["u"] = np.random.default_rng(seed).random(SIZE)
    return data


DATA = crowd()


@pytest.mark.parametrize(
    ("formula", "rest"),
    [
        ("y ~ x", {}),
        ("y ~ x*a + C(k)", {"unit": "id"}),
        ("y ~ a*b", {}),
        ("y ~ a + b", {}),
        ("y ~ x", {"weights": "w"}),
        ("y ~ x", {"absorb": ["g"]}),
        ("y ~ x", {"cluster": "g"}),
        ("e ~ x + a", {"kind": "logit"}),
        ("e ~ x + a", {"kind": "probit"}),
        ("e ~ b", {"kind": "logit"}),
        ("c ~ x + a", {"kind": "poisson"}),
        ("c ~ a", {"kind": "poisson"}),
        ("t ~ x", {"kind": "cox", "event": "died"}),
        ("t ~ a", {"kind": "cox", "event": "died"}),
        ("e ~ x", {}),
    ],
)
def test_a_sound_model_passes(formula, rest):
    report = model(DATA, formula, **rest)
    assert report.findings == ()
    assert report.verdict is Verdict.PASS


@pytest.mark.parametrize(("ones", "verdict"), [(9, Verdict.FAIL), (10, Verdict.PASS)])
@pytest.mark.parametrize("formula", ["y ~ x + d", "y ~ x + C(d)", "y ~ x + I(1 - d)", "y ~ x + I(3*d - 7)"])
def test_a_dummy_needs_ten_ones_and_ten_noughts(ones, verdict, formula):
    for few in (DATA["id"] < ones, DATA["id"] >= ones):
        report = model(DATA.assign(d=few.astype(int)), formula)
        assert report.verdict is verdict
        if verdict is Verdict.FAIL:
            assert ("design", "FAIL") in found(report)
            assert coefficients(report)["unsafe"].iloc[-1]
            assert "design" in coefficients(report)["rules"].iloc[-1]


@pytest.mark.parametrize("few", [9, 10])
def test_ones_are_counted_in_units_not_in_rows(few):
    data = pd.concat([DATA.assign(wave=wave, y=DATA["y"] + wave) for wave in range(3)])
    data["d"] = (data["id"] < few).astype(int)
    for formula in ("y ~ x + d + C(wave)", "y ~ x + C(d) + C(wave)"):
        assert (model(data, formula, unit="id").verdict is Verdict.FAIL) is (few < 10)
        assert model(data, formula).verdict is Verdict.PASS


def test_rules_hold_at_each_level_of_unit():
    data = DATA.assign(house=DATA["id"] // 2, d=(DATA["id"] < 12).astype(int))
    assert model(data, "y ~ x + d", unit="id").verdict is Verdict.PASS
    report = model(data, "y ~ x + d", unit=["id", "house"])
    assert ("design", "FAIL") in found(report)
    assert coefficients(report)["units"].unique().tolist() == [SIZE // 2]


def test_the_reference_level_is_a_category_too():
    data = DATA.assign(d=np.where(DATA["id"] < 5, "a few", np.where(DATA["id"] % 2, "odd", "even")))
    for formula in ("y ~ x + d", "y ~ x + C(d, ref='odd')", "y ~ 0 + d + x", "y ~ d:x"):
        assert ("design", "FAIL") in found(model(data, formula)), formula


def test_a_combination_of_categories_needs_ten_units_even_when_each_has_many():
    data = DATA.assign(d=(DATA["id"] % 2), f=np.where(DATA["id"] < 8, 1, DATA["id"] % 2))
    assert model(data, "y ~ x + C(d) + C(f)").verdict is not Verdict.PASS
    rare = DATA.assign(d=DATA["id"] % 2, f=(DATA["id"] % 4 // 2))
    rare = rare[(rare["d"] == 0) | (rare["f"] == 0) | (rare["id"] < 20)]
    assert model(rare, "y ~ x + C(d) + C(f)").verdict is Verdict.PASS
    assert ("design", "FAIL") in found(model(rare, "y ~ x + C(d):C(f)"))
    assert ("design", "FAIL") in found(model(rare, "y ~ x + d:f"))


def test_a_slope_of_a_few_units_is_found():
    data = DATA.assign(d=np.where(DATA["id"] < 6, "few", "rest"))
    assert ("design", "FAIL") in found(model(data, "y ~ x:d"))
    data = DATA.assign(v=np.where(DATA["id"] < 6, DATA["x"], 7.5))
    assert ("design", "FAIL") in found(model(data, "y ~ x + v"))


@pytest.mark.parametrize("size", [1, 2, 5, 9])
@pytest.mark.parametrize("disguise", ["x2", "I(x2 * 1000 - 3)", "I((x2 + z) / 2) + z"])
def test_a_group_hidden_in_the_difference_of_two_columns_is_found(size, disguise):
    data = DATA.assign(x2=DATA["x"] + (DATA["id"] < size))
    report = model(data, f"y ~ x + {disguise}")
    assert ("design", "FAIL") in found(report)
    assert report.cells["unsafe"].all()


def test_ten_units_hidden_so_are_a_group_large_enough():
    data = DATA.assign(x2=DATA["x"] + (DATA["id"] < 10))
    assert ("design", "FAIL") not in found(model(data, "y ~ x + x2"))


@pytest.mark.parametrize("formula", ["y ~ x + exp(20*x)", "y ~ I((x + 4)**9) + exp(9*x)"])
def test_a_power_that_leaves_one_person_is_found(formula):
    assert ("design", "FAIL") in found(model(DATA, formula))


def test_a_unit_with_half_the_leverage_is_looked_at_by_a_person():
    data = DATA.assign(v=np.where(DATA["id"] == 3, 40, DATA["x"]))
    assert found(model(data, "y ~ v")) == {("design", "REVIEW")}
    data["v"] = np.where(DATA["id"] == 3, 4000, DATA["x"])
    assert ("design", "FAIL") in found(model(data, "y ~ v"))


def test_a_few_units_beside_noise_are_looked_at_by_a_person():
    data = DATA.assign(v=DATA["x"] + 100 * (DATA["id"] < 5))
    assert ("design", "REVIEW") in found(model(data, "y ~ v"))


@pytest.mark.parametrize("formula", ["y ~ 1", "y ~ x", "y ~ a", "e ~ x"])
def test_weights_that_pick_a_few_are_found(formula):
    data = DATA.assign(w=np.where(DATA["id"] < 8, 1.0, 1e-7))
    kind = {"kind": "logit"} if formula.startswith("e") else {}
    data["e"] = data["id"] % 2
    assert ("design", "FAIL") in found(model(data, formula, weights="w", **kind))


def test_weights_that_are_missing_or_negative_are_never_passed_over():
    data = DATA.assign(w=np.where(DATA["id"] < 20, -1.0, DATA["w"]))
    report = model(data, "y ~ x", weights="w")
    assert ("check_failed", "REVIEW") in found(report)
    assert report.cells["n"].unique().tolist() == [SIZE - 20]


def test_infinity_and_rows_without_unit_are_never_passed_over():
    data = DATA.assign(x=np.where(DATA["id"] < 20, np.inf, DATA["x"]))
    assert ("check_failed", "REVIEW") in found(model(data, "y ~ x"))
    data = DATA.assign(who=DATA["id"].where(DATA["id"] > 3))
    assert ("check_failed", "REVIEW") in found(model(data, "y ~ x", unit="who"))


@pytest.mark.parametrize(("rows", "verdict"), [(11, Verdict.FAIL), (40, Verdict.PASS)])
def test_ten_degrees_of_freedom_must_be_left(rows, verdict):
    data = DATA.head(rows).assign(v=np.linspace(0, 1, rows))
    report = model(data, "y ~ v")
    assert report.verdict is verdict
    assert (("dof", "FAIL") in found(report)) is (verdict is Verdict.FAIL)


def test_degrees_of_freedom_are_those_of_units():
    data = pd.concat([DATA.head(11).assign(wave=wave, x=np.linspace(0, wave + 1, 11)) for wave in range(9)])
    assert ("dof", "FAIL") not in found(model(data, "y ~ x"))
    assert ("dof", "FAIL") in found(model(data, "y ~ x", unit="id"))


def test_absorbed_effects_take_degrees_of_freedom():
    data = DATA.head(36).assign(pair=np.arange(36) // 2, x=np.random.default_rng(1).random(36))
    assert ("dof", "FAIL") not in found(model(data, "y ~ x + z"))
    data["pair"] = np.arange(36) // 1.3 // 1
    assert ("dof", "FAIL") in found(model(data, "y ~ x + z", absorb=["pair"]))


def test_nine_units_are_too_few_whatever_is_estimated():
    data = pd.concat([DATA.head(9).assign(wave=wave, x=np.arange(9.0) * wave) for wave in range(30)])
    assert ("threshold", "FAIL") in found(model(data, "y ~ x", unit="id"))


def test_absorbed_groups_of_few_units_are_looked_at_by_a_person_but_not_units_themselves():
    data = DATA.assign(small=DATA["id"] // 5)
    assert ("design", "REVIEW") in found(model(data, "y ~ x + z", absorb=["small"]))
    waves = pd.concat(
        [
            DATA.assign(wave=wave, x=np.random.default_rng(wave).random(SIZE), y=DATA["y"] * wave)
            for wave in range(3)
        ]
    )
    assert model(waves, "y ~ x + C(wave)", absorb=["id"], unit="id").verdict is Verdict.PASS
    waves["few"] = ((waves["id"] < 9) & (waves["wave"] == 2)).astype(int)
    assert ("design", "FAIL") in found(model(waves, "y ~ few + C(wave)", absorb=["id"], unit="id"))
    waves["moved"] = np.where(waves["id"] < 9, waves["x"], waves["z"])
    assert ("design", "FAIL") in found(model(waves, "y ~ moved + C(wave)", absorb=["id"], unit="id"))


def test_each_threshold_comes_from_the_policy():
    dummy = DATA.assign(d=(DATA["id"] < 15).astype(int))
    assert ("design", "FAIL") in found(model(dummy, "y ~ x + d", policy=Policy(min_design_units=16)))
    assert ("threshold", "FAIL") in found(model(DATA, "y ~ x", policy=Policy(min_units=SIZE + 1)))
    assert ("dof", "FAIL") in found(model(DATA, "y ~ x", policy=Policy(min_degrees=SIZE - 1)))
    assert ("design", "REVIEW") in found(model(DATA, "y ~ x", policy=Policy(leverage_share=0.01)))
    assert ("design", "REVIEW") in found(model(DATA, "y ~ x", policy=Policy(min_estimates=3)))
    assert ("design", "FAIL") in found(model(DATA, "y ~ x", policy=Policy(dominance_share=0.01)))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), size=st.integers(1, 12), columns=st.integers(1, 4), mixes=st.integers(0, 3)
)
def test_a_hidden_group_of_fewer_than_ten_is_always_found_and_ten_never(seed, size, columns, mixes):
    draw = np.random.default_rng(seed)
    noise = draw.normal(size=(200, columns))
    group = (np.arange(200) < size).astype(float)
    design = np.column_stack([np.ones(200), noise, noise @ draw.normal(size=columns) + group])
    for _ in range(mixes):
        design = design @ draw.normal(size=(columns + 2, columns + 2))
    alone = smallest_alone(basis_of(design), np.arange(200), 10)
    assert (0 < alone <= size) if size < 10 else alone == 0


def test_no_finding_says_a_value_of_the_data():
    data = DATA.assign(name=np.where(DATA["id"] < 4, "Ann Smith", "other"), y=DATA["y"] * 1000)
    for finding in model(data, "y ~ x + name").findings:
        assert "Ann" not in finding.sentence
