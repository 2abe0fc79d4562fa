"""The conformance suite of the research: regressions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from disclosure import Policy, Statistic, Verdict, assess

ACRO_DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "sdc" / "acro_test_data.dta"
STANDARD = Policy.preset("standard")
INCOMES = ["inc_activity", "inc_grants", "inc_donations", "total_costs"]
ACTIVITY = "inc_activity ~ inc_grants + inc_donations + total_costs"
SURVIVOR = "C(survivor, ref='Dead in 2015') ~ inc_activity + inc_grants + inc_donations + total_costs"


@pytest.fixture(scope="module")
def charities():
    if not ACRO_DATA.exists():
        pytest.skip("shared data absent: the data pack with ACRO's test data is not on this machine")
    return pd.read_stata(ACRO_DATA)


def model(data, formula, **rest):
    return assess(Statistic.model("data", formula=formula, **rest), data, STANDARD)


def fact(report, term):
    return report.cells.set_index("term")["estimate"][term]


def test_c23_ten_rows_leave_six_degrees_of_freedom(charities):
    report = model(charities.dropna(subset=INCOMES).head(10), ACTIVITY)
    assert fact(report, "residual_degrees") == 6
    assert report.verdict is Verdict.FAIL
    assert all("dof" in rules for rules in report.cells["rules"])


def test_c24_least_squares_on_all_rows(charities):
    report = model(charities, ACTIVITY)
    assert report.verdict is Verdict.PASS
    assert fact(report, "residual_degrees") == 807
    assert fact(report, "r_squared") == pytest.approx(0.894, abs=5e-4)
    plain = smf.ols(ACTIVITY, charities.astype(dict.fromkeys(INCOMES, "float64"))).fit()
    ours = report.cells[report.cells["part"] == "coefficient"]
    assert ours["estimate"].to_numpy() == pytest.approx(plain.params.to_numpy(), rel=1e-8)
    assert ours["std_error"].to_numpy() == pytest.approx(plain.bse.to_numpy(), rel=1e-8)


def test_c24_few_firms_behind_skewed_incomes_are_looked_at_by_a_person(charities):
    report = model(charities, ACTIVITY, unit="charity")
    assert report.verdict is Verdict.REVIEW
    assert {finding.rule for finding in report.findings} == {"design"}


@pytest.mark.parametrize(("kind", "share"), [("probit", 0.208), ("logit", 0.214)])
def test_c25_probit_and_logit(charities, kind, share):
    report = model(charities, SURVIVOR, kind=kind)
    assert report.verdict is Verdict.PASS
    assert fact(report, "residual_degrees") == 806
    assert fact(report, "pseudo_r_squared") == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize("formula", ["y ~ x + me", "y ~ x + C(me)", "y ~ me", "y ~ 0 + x + me", "y ~ x + x2"])
def test_e9_a_dummy_for_one_person_gives_the_persons_value_and_fails(formula):
    draw = np.random.default_rng(9)
    data = pd.DataFrame({"x": draw.normal(size=3000), "y": draw.normal(50, 10, 3000)})
    data["me"] = (data.index == 7).astype(int)
    data["x2"] = data["x"] + data["me"]
    report = model(data, formula)
    assert report.verdict is Verdict.FAIL
    assert any("design" in rules for rules in report.cells["rules"])
    if formula == "y ~ me":
        assert fact(report, "Intercept") + fact(report, "me") == pytest.approx(data["y"][7], rel=1e-12)


def test_e4_the_same_regression_without_one_person_fails():
    draw = np.random.default_rng(4)
    data = pd.DataFrame({"id": range(500), "x": draw.normal(size=500), "y": draw.normal(50, 10, 500)})
    whole = assess(Statistic.model("data", formula="y ~ x", unit="id"), data, STANDARD)
    part = Statistic.model("data", formula="y ~ x", unit="id", where="id != 17")
    report = assess(part, data, STANDARD, released=[whole.released("first")])
    assert report.verdict is Verdict.FAIL
    assert [finding.rule for finding in report.findings] == ["differencing"]
    assert "a single unit" in report.findings[0].sentence


def test_e14_rows_of_one_charity_are_one_charity(charities):
    data = charities[charities["grant_type"] == "R/G"]
    assert model(data, "inc_total ~ total_costs").cells["n"].iloc[0] > 40
    report = model(data, "inc_total ~ total_costs", unit="charity")
    assert report.verdict is Verdict.FAIL
    assert all("threshold" in rules for rules in report.cells["rules"])
