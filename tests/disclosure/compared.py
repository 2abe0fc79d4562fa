"""People of whom two columns are compared, and what a check says of it."""

import numpy as np
import pandas as pd

from disclosure import Policy, Statistic, Verdict, assess

STANDARD = Policy.preset("standard")
FOUR = ("odds_ratio", "risk_ratio", "risk_difference", "fisher", "chi2")
ONE = ("t_test", "t_test_pooled", "mann_whitney", "anova", "kruskal")
PAIRS = ("pearson", "spearman", "kendall", "paired_t", "wilcoxon")


def square(a, b, c, d):
    """Return people by outcome and exposure: a, b with the event, c, d without; a, c exposed."""
    rows = [(1, 1)] * a + [(1, 0)] * b + [(0, 1)] * c + [(0, 0)] * d
    return pd.DataFrame(rows, columns=["ill", "exposed"]).assign(u=range(a + b + c + d))


def numbers(one=40, other=40, seed=1):
    random = np.random.default_rng(seed)
    n = one + other
    return pd.DataFrame(
        {
            "v": random.normal(50, 5, n),
            "w": random.normal(50, 5, n),
            "g": ["a"] * one + ["b"] * other,
            "u": range(n),
        }
    )


def judged(data, test, pair, policy=STANDARD, **words):
    return assess(Statistic.association("d", test, pair, **{"unit": "u"} | words), data, policy)


def rules(report, verdict=Verdict.FAIL):
    return {finding.rule for finding in report.findings if finding.verdict is verdict}


def crossed(rows="abcd", columns="wxyz", n=600):
    random = np.random.default_rng(2)
    data = pd.DataFrame({"p": random.choice(list(rows), n), "q": random.choice(list(columns), n)})
    return data.assign(u=range(n), corner=(data["p"] == "a") & (data["q"] == "x"))
