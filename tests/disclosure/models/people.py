"""Invented people for tests of models, and what is asked of them."""

import numpy as np
import pandas as pd

from disclosure import Policy, Statistic, assess

STANDARD = Policy.preset("standard")


def people(size=600, seed=1):
    """Return invented people with numbers, categories, groups, weights and outcomes."""
    draw = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "id": np.arange(size),
            "x": draw.normal(size=size),
            "z": draw.normal(size=size) + 6,
            "a": draw.choice(list("pqr"), size),
            "b": draw.choice(["u", "v"], size),
            "k": draw.choice([1, 2, 3], size),
            "flag": draw.random(size) < 0.5,
            "g": draw.integers(0, 12, size),
            "h": draw.integers(0, 10, size),
            "w": draw.random(size) + 0.5,
        }
    )
    data["y"] = 50 + data["x"] + (data["a"] == "q") + 0.1 * data["g"] + draw.normal(size=size)
    data["e"] = (draw.random(size) < 1 / (1 + np.exp(-(data["x"] - 0.3 * data["z"] + 1)))).astype(int)
    data["c"] = draw.poisson(np.exp(0.3 * data["x"] + 0.2))
    data["t"] = draw.exponential(np.exp(-0.5 * data["x"])).round(1) + 0.1
    data["died"] = (draw.random(size) < 0.7).astype(int)
    return data


def model(data, formula, policy=STANDARD, released=(), **rest):
    return assess(Statistic.model("d", formula=formula, **rest), data, policy, released)


def coefficients(report):
    return report.cells[report.cells["part"] == "coefficient"].reset_index(drop=True)


def facts(report):
    return report.cells[report.cells["part"] == "fit"].set_index("term")


def found(report):
    """Return the rules that found something, each with its verdict."""
    return {(finding.rule, finding.verdict.name) for finding in report.findings}
