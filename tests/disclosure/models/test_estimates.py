"""Estimates are those of statsmodels' own formula interface, to at least eight digits."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.tools.sm_exceptions import SingularMatrixWarning

from disclosure import Statistic, assess
from disclosure.models.design import design_of
from disclosure.models.partial import Risk
from disclosure.sample import sample_of
from tests.disclosure.models.people import STANDARD, coefficients, facts, model, people

DATA = people()
FORMULA = "{} ~ x*a + np.log(z) + C(k)"
OURS = FORMULA.replace("np.", "")


def same(report, result, picked=None):
    """Compare the table of coefficients with a result of statsmodels."""
    ours = coefficients(report)
    picked = list(result.params.index) if picked is None else picked
    numbers = {
        "estimate": result.params,
        "std_error": result.bse,
        "statistic": result.tvalues,
        "p_value": result.pvalues,
        "low": result.conf_int()[0],
        "high": result.conf_int()[1],
    }
    for name, values in numbers.items():
        assert ours[name].to_numpy() == pytest.approx(values[picked].to_numpy(), rel=1e-8, abs=1e-12), name
    labels = [name.replace("np.", "") for name in picked]
    assert ours["term"].tolist() == labels


def robust(errors, data=DATA):
    if errors == "nonrobust":
        return {}
    if errors == "cluster":
        return {"cov_type": "cluster", "cov_kwds": {"groups": data["g"]}}
    return {"cov_type": errors}


def asked(errors):
    return {"errors": errors, "cluster": "g" if errors == "cluster" else None}


ALL_ERRORS = ["nonrobust", "HC0", "HC1", "HC2", "HC3", "cluster"]


@pytest.mark.parametrize("errors", ALL_ERRORS)
@pytest.mark.parametrize("weights", [None, "w"])
def test_least_squares(errors, weights):
    fitted = smf.wls(FORMULA.format("y"), DATA, weights=1 if weights is None else DATA[weights])
    result = fitted.fit(use_t=True, **robust(errors))
    report = model(DATA, OURS.format("y"), weights=weights, **asked(errors))
    same(report, result)
    whole = facts(report)
    assert whole["estimate"]["r_squared"] == pytest.approx(result.rsquared, rel=1e-9)
    assert whole["estimate"]["adjusted_r_squared"] == pytest.approx(result.rsquared_adj, rel=1e-9)
    assert whole["estimate"]["log_likelihood"] == pytest.approx(result.llf, rel=1e-9)
    assert whole["estimate"]["residual_degrees"] == result.df_resid
    assert whole["estimate"]["residual_std_error"] == pytest.approx(np.sqrt(result.scale), rel=1e-9)
    assert whole["statistic"]["f_test"] == pytest.approx(result.fvalue, rel=1e-8)
    assert whole["p_value"]["f_test"] == pytest.approx(result.f_pvalue, rel=1e-6)


@pytest.mark.parametrize("errors", ALL_ERRORS)
def test_an_absorbed_effect_is_a_dummy_that_is_not_printed(errors):
    result = smf.ols("y ~ a + x + C(g)", DATA).fit(use_t=True, **robust(errors))
    report = model(DATA, "y ~ a + x", absorb=["g"], **asked(errors))
    same(report, result, ["a[T.q]", "a[T.r]", "x"])
    whole = facts(report)["estimate"]
    assert whole["r_squared"] == pytest.approx(result.rsquared, rel=1e-9)
    assert whole["adjusted_r_squared"] == pytest.approx(result.rsquared_adj, rel=1e-9)
    assert whole["residual_degrees"] == result.df_resid
    assert whole["log_likelihood"] == pytest.approx(result.llf, rel=1e-9)
    assert 0 < whole["r_squared_within"] < whole["r_squared"]
    assert not any("g" in term for term in coefficients(report)["term"])


@pytest.mark.parametrize("errors", ["nonrobust", "HC1", "cluster"])
@pytest.mark.parametrize("absorb", [["g", "h"], ["b", "g", "h"]])
def test_several_absorbed_effects_with_weights(errors, absorb):
    formula = "y ~ a + x" + "".join(f" + C({name})" for name in absorb)
    result = smf.wls(formula, DATA, weights=DATA["w"]).fit(use_t=True, **robust(errors))
    report = model(DATA, "y ~ a + x", absorb=absorb, weights="w", **asked(errors))
    same(report, result, ["a[T.q]", "a[T.r]", "x"])
    assert facts(report)["estimate"]["residual_degrees"] == result.df_resid


def test_absorbed_effects_in_two_separate_parts_lose_one_degree_more():
    data = people(400)
    data["h"] = data["h"] % 5 + 5 * (data["g"] >= 6)
    data["g"] = data["g"] % 6 + 6 * (data["g"] >= 6)
    with pytest.warns(SingularMatrixWarning):
        result = smf.ols("y ~ x + C(g) + C(h)", data).fit()
    report = model(data, "y ~ x", absorb=["g", "h"])
    assert facts(report)["estimate"]["residual_degrees"] == 400 - np.linalg.matrix_rank(result.model.exog)
    assert coefficients(report)["std_error"][0] == pytest.approx(result.bse["x"], rel=1e-8)


@pytest.mark.parametrize(("kind", "response"), [("logit", "e"), ("probit", "e"), ("poisson", "c")])
@pytest.mark.parametrize("errors", ["nonrobust", "HC0", "cluster"])
def test_choice_and_count_models(kind, response, errors):
    fitted = getattr(smf, kind)(FORMULA.format(response), DATA)
    result = fitted.fit(disp=0, method="newton", tol=1e-12, **robust(errors))
    report = model(DATA, OURS.format(response), kind=kind, **asked(errors))
    same(report, result)
    whole = facts(report)
    assert whole["estimate"]["log_likelihood"] == pytest.approx(result.llf, rel=1e-9)
    assert whole["estimate"]["pseudo_r_squared"] == pytest.approx(result.prsquared, rel=1e-8)
    if errors == "nonrobust":
        assert whole["statistic"]["lr_test"] == pytest.approx(result.llr, rel=1e-8)
        assert whole["p_value"]["lr_test"] == pytest.approx(result.llr_pvalue, rel=1e-6)
    else:
        picked = np.eye(len(result.params))[1:]
        wald = float(np.squeeze(result.wald_test(picked, scalar=True).statistic))
        assert whole["statistic"]["wald_test"] == pytest.approx(wald, rel=1e-7)


@pytest.mark.parametrize(("kind", "response"), [("logit", "e"), ("probit", "e"), ("poisson", "c")])
def test_weighted_choice_and_count_models_have_robust_errors(kind, response):
    probit = sm.families.links.Probit()
    family = {
        "logit": sm.families.Binomial(),
        "probit": sm.families.Binomial(link=probit),
        "poisson": sm.families.Poisson(),
    }[kind]
    fitted = smf.glm(FORMULA.format(response), DATA, family=family, var_weights=DATA["w"])
    result = fitted.fit(tol=1e-14, maxiter=200, cov_type="HC0")
    same(model(DATA, OURS.format(response), kind=kind, weights="w", errors="HC0"), result)
    corrected = coefficients(model(DATA, OURS.format(response), kind=kind, weights="w"))
    factor = np.sqrt(len(DATA) / (len(DATA) - len(result.params)))
    assert corrected["std_error"].to_numpy() == pytest.approx(factor * result.bse.to_numpy(), rel=1e-8)


def test_poisson_with_an_exposure():
    result = smf.poisson("c ~ x", DATA, exposure=DATA["w"]).fit(disp=0, tol=1e-12)
    report = model(DATA, "c ~ x", kind="poisson", exposure="w")
    same(report, result)
    rate = DATA["c"].sum() / DATA["w"].sum() * DATA["w"]
    plain = stats.poisson.logpmf(DATA["c"], rate).sum()
    assert facts(report)["estimate"]["pseudo_r_squared"] == pytest.approx(1 - result.llf / plain, rel=1e-9)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("more", [{}, {"strata": ["b"]}, {"strata": ["b", "k"]}, {"cluster": "g"}])
def test_cox(ties, more):
    matrix = pd.DataFrame({"a[T.q]": DATA["a"] == "q", "a[T.r]": DATA["a"] == "r", "x": DATA["x"]}).astype(
        float
    )
    strata = None
    if "strata" in more:
        strata = DATA[more["strata"]].astype(str).agg("-".join, axis=1).to_numpy()
    fitted = sm.PHReg(DATA["t"], matrix, status=DATA["died"], ties=ties, strata=strata)
    result = fitted.fit(tol=1e-12, groups=DATA["g"] if "cluster" in more else None)
    report = model(DATA, "t ~ a + x", kind="cox", event="died", ties=ties, **more)
    ours = coefficients(report)
    assert ours["term"].tolist() == list(matrix.columns)
    for name, values in (("estimate", result.params), ("std_error", result.bse), ("p_value", result.pvalues)):
        assert ours[name].to_numpy() == pytest.approx(values, rel=1e-8), name
    whole = facts(report)["estimate"]
    assert whole["log_likelihood"] == pytest.approx(result.llf, rel=1e-9)
    assert whole["events"] == DATA["died"].sum()


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_with_many_ties_in_many_strata(ties):
    data = people(400).assign(
        t=lambda table: table["t"].round() + 1, s=lambda table: table["g"] * 10 + table["h"]
    )
    fitted = sm.PHReg(
        data["t"], data[["x", "z"]], status=data["died"], ties=ties, strata=data["s"].to_numpy()
    )
    result = fitted.fit(tol=1e-12)
    ours = coefficients(model(data, "t ~ x + z", kind="cox", event="died", ties=ties, strata=["g", "h"]))
    assert ours["estimate"].to_numpy() == pytest.approx(result.params, rel=1e-8)
    assert ours["std_error"].to_numpy() == pytest.approx(result.bse, rel=1e-8)


def test_events_expected_of_each_person_add_up_to_those_that_were():
    stat = Statistic.model("d", formula="t ~ x", kind="cox", event="died", ties="breslow", strata=["b"])
    sample = sample_of(stat, DATA, key=None)
    design = design_of(stat.asks, stat.asks.equations[0][1], sample, sample.groups[0][1])
    estimate = coefficients(assess(stat, DATA, STANDARD))["estimate"].to_numpy()
    found = Risk.of(design, design.matrix, "breslow").expected(estimate)
    hazard = np.exp(design.matrix @ estimate)
    for row in range(0, len(found), 50):
        same = design.strata == design.strata[row]
        times = design.response[same & design.event & (design.response <= design.response[row])]
        steps = [1 / hazard[same & (design.response >= time)].sum() for time in times]
        assert found[row] == pytest.approx(hazard[row] * sum(steps), rel=1e-9)
    for stratum in (0, 1):
        assert found[design.strata == stratum].sum() == pytest.approx(
            design.event[design.strata == stratum].sum()
        )


@pytest.mark.parametrize("skew", [1, 2, 3])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_cox_with_skewed_columns_arrives(skew, seed):
    data = people(300, seed=seed).assign(x=lambda table: np.exp(skew * table["x"]))
    data["t"] = np.random.default_rng(seed).exponential(1 / (1 + data["x"])) + 0.01
    ours = coefficients(model(data, "t ~ x", kind="cox", event="died")).iloc[0]
    fitted = sm.PHReg(data["t"], data[["x"]] / data["x"].std(), status=data["died"], ties="efron")
    score = fitted.score(np.array([ours["estimate"] * data["x"].std()]))
    assert abs(score[0]) < 1e-6
    assert ours["std_error"] > 0


def test_efron_is_the_default_for_ties():
    default = model(DATA, "t ~ x", kind="cox", event="died")
    named = model(DATA, "t ~ x", kind="cox", event="died", ties="efron")
    assert coefficients(default)["estimate"].tolist() == coefficients(named)["estimate"].tolist()


def test_two_levels_of_text_can_be_the_outcome():
    data = DATA.assign(outcome=np.where(DATA["e"] == 1, "alive", "dead"))
    report = model(data, "C(outcome, ref='dead') ~ x", kind="logit")
    plain = model(data, "e ~ x", kind="logit")
    ours, theirs = coefficients(report)["estimate"], coefficients(plain)["estimate"]
    assert ours.to_numpy() == pytest.approx(theirs.to_numpy(), rel=1e-9)


@pytest.mark.parametrize("scale", [1e-90, 1e-9, 1e12, 1e90])
def test_the_unit_of_measurement_changes_nothing_else(scale):
    scaled = DATA.assign(x=DATA["x"] * scale)
    for kind, response, more in (
        ("ols", "y", {}),
        ("logit", "e", {}),
        ("poisson", "c", {}),
        ("cox", "t", {"event": "died"}),
    ):
        plain = coefficients(model(DATA, f"{response} ~ x + a", kind=kind, **more)).set_index("term")
        ours = coefficients(model(scaled, f"{response} ~ x + a", kind=kind, **more)).set_index("term")
        assert ours["estimate"]["x"] * scale == pytest.approx(plain["estimate"]["x"], rel=1e-8)
        assert ours["p_value"].to_numpy() == pytest.approx(plain["p_value"].to_numpy(), rel=1e-6)


def test_models_side_by_side_and_by_group_are_those_alone():
    report = model(DATA, {"small": "y ~ x", "large": "y ~ x + a"}, by=["b"])
    for (group, name), cells in report.cells.groupby(["b", "model"]):
        alone = model(DATA[DATA["b"] == group], "y ~ x" if name == "small" else "y ~ x + a").cells
        assert cells["estimate"].to_numpy() == pytest.approx(
            alone["estimate"].to_numpy(), rel=1e-9, nan_ok=True
        )
        assert cells["n"].tolist() == alone["n"].tolist()
    assert list(report.cells["b"].unique()) == ["u", "v"]


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), kind=st.sampled_from(["ols", "logit", "poisson", "cox"]))
def test_neither_the_order_of_rows_nor_the_spelling_of_labels_matters(seed, kind):
    response = {"ols": "y", "logit": "e", "poisson": "c", "cox": "t"}[kind]
    stat = Statistic.model(
        "d", kind=kind, formula=f"{response} ~ x + a", unit="id", event="died" if kind == "cox" else None
    )
    data = people(150, seed=seed)
    plain = assess(stat, data, STANDARD)
    shuffled = assess(stat, data.sample(frac=1, random_state=seed), STANDARD)
    assert shuffled.to_json() == plain.to_json()
    spelled = data.assign(a=data["a"].map({"p": "1 é", "q": "2 '\"", "r": "3 \n"}))
    other = assess(stat, spelled, STANDARD)
    assert other.verdict is plain.verdict
    assert other.cells["unsafe"].tolist() == plain.cells["unsafe"].tolist()
    assert other.cells["estimate"].to_numpy() == pytest.approx(
        plain.cells["estimate"].to_numpy(), rel=1e-9, nan_ok=True
    )


@pytest.mark.parametrize(("kind", "response"), [("ols", "y"), ("logit", "e"), ("poisson", "c")])
def test_models_without_a_constant(kind, response):
    result = getattr(smf, kind)(f"{response} ~ 0 + x + z", DATA).fit(**({} if kind == "ols" else {"disp": 0}))
    report = model(DATA, f"{response} ~ 0 + x + z", kind=kind)
    same(report, result)
    whole = facts(report)
    share = "r_squared" if kind == "ols" else "pseudo_r_squared"
    assert whole["estimate"][share] == pytest.approx(
        getattr(result, "rsquared" if kind == "ols" else "prsquared")
    )
    dummies = model(DATA, f"{response} ~ 0 + a + x", kind=kind)
    same(
        dummies,
        getattr(smf, kind)(f"{response} ~ 0 + a + x", DATA).fit(**({} if kind == "ols" else {"disp": 0})),
    )
    assert not {"f_test", "lr_test"} & set(facts(dummies).index)
