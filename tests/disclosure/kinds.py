"""People, and one question of each kind of its own about them."""

import numpy as np
import pandas as pd
import pytest

from disclosure import Policy, Statistic

STANDARD = Policy.preset("standard")


def people(n=600, seed=1):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "t": random.exponential(30, n).round(1),
            "e": random.integers(0, 2, n),
            "ill": random.integers(0, 2, n),
            "x": random.normal(50, 5, n),
            "y": random.normal(50, 5, n),
            "g": random.choice(["a", "b"], n),
            "u": [f"p{number}" for number in range(n)],
            "audit": [f"k{number}" for number in range(n)],
            "w": random.uniform(1, 2, n),
        }
    )


def curve(**words):
    return Statistic.survival("d", "t", "e", **{"at": [10, 25], "unit": "u"} | words)


def ratio(**words):
    return Statistic.association("d", "odds_ratio", ("ill", "e"), **{"unit": "u"} | words)


KINDS = {
    "curve": curve,
    "ratio": ratio,
    "t_test": lambda **words: Statistic.association("d", "t_test", ("x", "ill"), **{"unit": "u"} | words),
    "pearson": lambda **words: Statistic.association("d", "pearson", ("x", "y"), **{"unit": "u"} | words),
}
every = pytest.mark.parametrize("ask", KINDS.values(), ids=KINDS)
