"""Invented people for tests of the front and of charts."""

import numpy as np
import pandas as pd


def people(size=900):
    """Return people of three regions and tenures, everywhere at least ten."""
    number = np.arange(size)
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "region": np.array(["North", "South", "East"])[number % 3],
            "tenure": np.array(["own", "rent", "other"])[(number // 3) % 3],
            "year": np.array([2019, 2020, 2023])[(number // 9) % 3],
            "bill": rng.gamma(3, 300, size).round(2),
            "x": rng.normal(size=size),
            "ill": number % 2,
            "months": rng.exponential(10, size).round(1) + 0.1,
            "person": number,
        }
    )


def with_few(few=3):
    """Return the same people, and a few of one region that are too few."""
    rare = people(few).assign(region="Isle", tenure="own", person=10_000 + np.arange(few))
    return pd.concat([people(), rare], ignore_index=True)
