"""Measures and tests agree with scipy and statsmodels, on whatever numbers there are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.proportion import confint_proportions_2indep

from disclosure import Policy, Statistic, assess
from disclosure.association import groups, pairs

STANDARD = Policy.preset("standard")
VALUES = ["estimate", "low", "high", "statistic", "degrees", "degrees_within", "p_value"]
NUMBERS = st.lists(st.integers(-5, 5), min_size=4, max_size=30)


def outcome(data, test, pair, **words):
    return assess(Statistic.association("d", test, pair, **words), data, STANDARD).cells.iloc[0]


def close(found, wanted):
    np.testing.assert_allclose(
        np.asarray(found, dtype=float), np.asarray(wanted, dtype=float), rtol=1e-9, atol=1e-12
    )


def people(n=500, seed=3):
    random = np.random.default_rng(seed)
    exposed = random.choice(["no", "yes"], n)
    return pd.DataFrame(
        {
            "ill": (random.random(n) < np.where(exposed == "yes", 0.5, 0.3)).astype(int),
            "exposed": exposed,
            "kind": random.choice(["u", "v", "w"], n),
            "x": random.normal(50, 10, n),
            "y": random.normal(50, 9, n),
            "u": range(n),
        }
    )


@pytest.mark.parametrize("reference", [None, (0, "no"), (None, "no"), (0, None)])
def test_ratios_of_two_by_two_are_those_of_statsmodels(reference):
    data = people()
    event, exposed = data["ill"] == 1, data["exposed"] == "yes"
    counts = [
        [(event & exposed).sum(), (~event & exposed).sum()],
        [(event & ~exposed).sum(), (~event & ~exposed).sum()],
    ]
    peer = Table2x2(counts)
    row = outcome(data, "odds_ratio", ("ill", "exposed"), reference=reference)
    close([row["estimate"], row["low"], row["high"]], [peer.oddsratio, *peer.oddsratio_confint()])
    close(row["p_value"], peer.oddsratio_pvalue())
    row = outcome(data, "risk_ratio", ("ill", "exposed"), reference=reference)
    close([row["estimate"], row["low"], row["high"]], [peer.riskratio, *peer.riskratio_confint()])
    close(row["p_value"], peer.riskratio_pvalue())
    row = outcome(data, "risk_difference", ("ill", "exposed"), reference=reference)
    (a, b), (c, d) = counts
    limits = confint_proportions_2indep(a, a + b, c, c + d, method="wald", compare="diff")
    close([row["low"], row["high"]], limits)
    close(row["estimate"], a / (a + b) - c / (c + d))


def test_a_reference_turns_a_ratio_round():
    data = people()
    plain = outcome(data, "odds_ratio", ("ill", "exposed"))
    turned = outcome(data, "odds_ratio", ("ill", "exposed"), reference=(None, "yes"))
    both = outcome(data, "odds_ratio", ("ill", "exposed"), reference=(1, "yes"))
    close(turned["estimate"], 1 / plain["estimate"])
    close(both["estimate"], plain["estimate"])
    minus = outcome(data, "t_test", ("x", "exposed"), reference=(None, "yes"))
    close(minus["estimate"], -outcome(data, "t_test", ("x", "exposed"))["estimate"])


def test_tests_of_a_table_are_those_of_scipy():
    data = people()
    row = outcome(data, "chi2", ("ill", "kind"))
    table = pd.crosstab(data["ill"], data["kind"])
    peer = stats.chi2_contingency(table, correction=False)
    close([row["statistic"], row["degrees"], row["p_value"]], [peer.statistic, peer.dof, peer.pvalue])
    close(row["estimate"], stats.contingency.association(table, method="cramer"))
    row = outcome(data, "fisher", ("ill", "exposed"))
    close(
        [row["estimate"], row["p_value"]],
        stats.fisher_exact(pd.crosstab(data["ill"], data["exposed"])),
    )


@given(NUMBERS, NUMBERS)
@settings(max_examples=60, deadline=None)
def test_tests_of_two_groups_are_those_of_scipy(one, other):
    assume(len({*one, *other}) > 1)
    both = [np.array(one, dtype=float), np.array(other, dtype=float)]
    found, peer = groups.mann_whitney(both), stats.mannwhitneyu(other, one, method="asymptotic")
    close([found.statistic, found.p_value], [peer.statistic, peer.pvalue])
    found = groups.kruskal(both)
    close([found.statistic, found.p_value], stats.kruskal(one, other))
    assume(len(set(one)) > 1 and len(set(other)) > 1)
    for pooled in (False, True):
        found = groups.t_test(both, 0.9, pooled=pooled)
        peer = stats.ttest_ind(other, one, equal_var=pooled)
        close([found.statistic, found.degrees, found.p_value], [peer.statistic, peer.df, peer.pvalue])
        close([found.low, found.high], peer.confidence_interval(0.9))
    found = groups.anova(both)
    peer = stats.f_oneway(one, other)
    close(found.statistic, peer.statistic)
    if peer.statistic > 0:  # scipy's own may lie below nought by rounding, and then has no p-value
        close(found.p_value, peer.pvalue)
    assert (found.degrees, found.degrees_within) == (1, len(one) + len(other) - 2)


@pytest.mark.parametrize(
    ("test", "own"),
    [
        ("t_test", lambda both: groups.t_test(both, 0.95, pooled=False)),
        ("t_test_pooled", lambda both: groups.t_test(both, 0.95, pooled=True)),
        ("mann_whitney", groups.mann_whitney),
        ("anova", groups.anova),
        ("kruskal", groups.kruskal),
    ],
)
def test_a_test_of_groups_is_asked_by_its_name(test, own):
    data = people()
    both = [data.loc[data["exposed"] == level, "x"].to_numpy() for level in ("no", "yes")]
    close(outcome(data, test, ("x", "exposed"))[VALUES], own(both).values())


@pytest.mark.parametrize(
    ("test", "own"),
    [
        ("pearson", lambda one, other: pairs.pearson(one, other, 0.95)),
        ("spearman", lambda one, other: pairs.spearman(one, other, 0.95)),
        ("kendall", pairs.kendall),
        ("paired_t", lambda one, other: pairs.paired_t(one, other, 0.95)),
        ("wilcoxon", pairs.wilcoxon),
    ],
)
def test_a_test_of_pairs_is_asked_by_its_name(test, own):
    data = people()
    close(outcome(data, test, ("x", "y"))[VALUES], own(data["x"].to_numpy(), data["y"].to_numpy()).values())


def test_tests_of_three_groups_are_those_of_scipy():
    data = people()
    groups = [part["x"].to_numpy() for _, part in data.groupby("kind")]
    row = outcome(data, "anova", ("x", "kind"))
    close([row["statistic"], row["p_value"]], stats.f_oneway(*groups))
    row = outcome(data, "kruskal", ("x", "kind"))
    close([row["statistic"], row["p_value"]], stats.kruskal(*groups))


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=5, max_size=30))
@settings(max_examples=60, deadline=None)
def test_tests_of_pairs_are_those_of_scipy(rows):
    one, other = np.array(rows, dtype=float).T
    assume(len(set(one)) > 1 and len(set(other)) > 1)
    found, peer = pairs.pearson(one, other, 0.9), stats.pearsonr(one, other)
    close(found.estimate, peer.statistic)
    if abs(peer.statistic) < 1 - 1e-9:
        close(found.p_value, peer.pvalue)
        close([found.low, found.high], peer.confidence_interval(0.9))
    close(pairs.spearman(one, other, 0.9).estimate, stats.spearmanr(one, other).statistic)
    found = pairs.kendall(one, other)
    close([found.estimate, found.p_value], stats.kendalltau(one, other))
    assume(len(set(one - other)) > 1)
    found, peer = pairs.paired_t(one, other, 0.9), stats.ttest_rel(one, other)
    close([found.statistic, found.p_value], [peer.statistic, peer.pvalue])
    close([found.low, found.high], peer.confidence_interval(0.9))
    found = pairs.wilcoxon(one, other)
    peer = stats.wilcoxon(one, other, zero_method="wilcox", method="asymptotic", correction=False)
    close([found.statistic, found.p_value], [peer.statistic, peer.pvalue])


def test_rows_in_which_a_column_is_missing_are_left_out():
    data = people()
    data.loc[:99, "x"] = np.nan
    row = outcome(data, "pearson", ("x", "y"))
    close(row["estimate"], stats.pearsonr(data["x"][100:], data["y"][100:]).statistic)
    assert row["n"] == 400
    data["kind"] = data["kind"].mask(data["u"] >= 450)
    assert outcome(data, "anova", ("x", "kind"))["n"] == 350


def test_the_answer_does_not_depend_on_the_order_of_rows_or_their_types():
    data = people()
    mixed = data.sample(frac=1, random_state=5)
    for test, pair in (
        ("odds_ratio", ("ill", "exposed")),
        ("t_test", ("x", "exposed")),
        ("pearson", ("x", "y")),
    ):
        wanted = outcome(data, test, pair, by=["kind"], unit="u")
        typed = mixed.astype({"ill": "float64", "exposed": "category", "u": "float64"})
        for other in (mixed, typed):
            pd.testing.assert_series_equal(outcome(other, test, pair, by=["kind"], unit="u"), wanted)


def test_each_group_has_its_own_answer():
    data = people()
    cells = assess(
        Statistic.association("d", "odds_ratio", ("ill", "exposed"), by=["kind"]), data, STANDARD
    ).cells
    for level, row in zip(cells["kind"], cells.to_dict("records"), strict=True):
        alone = outcome(data, "odds_ratio", ("ill", "exposed"), where=f"kind == '{level}'")
        close(row["estimate"], alone["estimate"])
        assert row["measure"] == "odds ratio"
