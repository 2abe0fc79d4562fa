"""Invented people, and a dictionary that describes them without looking at them."""

import numpy as np
import pandas as pd
import pytest

from disclosure import dp
from disclosure.statistic import Statistic

REGIONS = ["North", "South", "East", "West"]
TENURES = ["own", "rent"]


@pytest.fixture(scope="session")
def people() -> pd.DataFrame:
    random = np.random.default_rng(1)
    size = 4_000
    return pd.DataFrame(
        {
            "person_id": np.arange(size),
            "region": random.choice(REGIONS[:3], size),
            "tenure": random.choice(TENURES, size),
            "age": random.integers(0, 100, size),
            "bill": random.normal(1_000, 300, size).round(2),
        }
    )


@pytest.fixture(scope="session")
def dictionary() -> dp.Dictionary:
    return describe()


@pytest.fixture(scope="session")
def describe_people():
    return describe


@pytest.fixture(scope="session")
def ask():
    return question


def describe(**changes) -> dp.Dictionary:
    facts = {
        "unit": "person_id",
        "rows_per_unit": 1,
        "keys": {"region": REGIONS, "tenure": TENURES},
        "bounds": {"bill": (0, 5_000)},
        "population": 4_000,
        "scale": {"bill": 100},
        "bins": {"age": [18, 65]},
    }
    return dp.Dictionary(**(facts | changes))


def question(**changes) -> Statistic:
    asked = {"source": "people", "by": ["region"], "unit": "person_id", "margins": False}
    asked |= changes
    return Statistic.table(asked.pop("source"), **asked)
