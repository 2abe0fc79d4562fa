"""A table that was released with noise: an interval for each cell, never its exact number."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from disclosure.statistic import Statistic


@dataclass(frozen=True, slots=True, eq=False)
class NoisyReleased:
    """A released noisy table.

    Attributes:
        id: the release's name in the platform.
        statistic: what was asked.
        cells: the table as released: its dimensions, None where totalled, and its noisy numbers.
        sigma: standard deviation of the noise per column of numbers and inner cell, in the unit of the column.
    """

    id: str
    statistic: Statistic
    cells: pd.DataFrame
    sigma: Mapping[str, float]
