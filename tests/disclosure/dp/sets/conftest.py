"""Five attributes of invented people, and tables of every two of them."""

import itertools

import numpy as np
import pandas as pd
import pytest

from disclosure import dp
from disclosure.statistic import Statistic

LEVELS = {"a": 2, "b": 5, "c": 4, "d": 3, "e": 1}


@pytest.fixture(scope="session")
def people() -> pd.DataFrame:
    random, size = np.random.default_rng(3), 3_000
    columns = {name: random.binomial(levels - 1, 0.3, size) for name, levels in LEVELS.items()}
    return pd.DataFrame({"person_id": np.arange(size), **columns, "bill": random.integers(-100, 900, size)})


@pytest.fixture(scope="session")
def describe():
    def described(**changes) -> dp.Dictionary:
        facts = {
            "unit": "person_id",
            "rows_per_unit": 1,
            "keys": {name: list(range(levels)) for name, levels in LEVELS.items()},
            "bounds": {"bill": (-50, 800)},
            "population": 3_000,
            "scale": {"bill": 10},
        }
        return dp.Dictionary(**(facts | changes))

    return described


@pytest.fixture(scope="session")
def dictionary(describe) -> dp.Dictionary:
    return describe()


@pytest.fixture(scope="session")
def table():
    def asked(by, **changes) -> Statistic:
        return Statistic.table(
            "people", **({"by": list(by), "unit": "person_id", "margins": False} | changes)
        )

    return asked


@pytest.fixture(scope="session")
def pairs(table):
    return [table(pair) for pair in itertools.combinations("abcd", 2)]
