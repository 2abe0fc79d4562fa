"""Ten two-way tables of five attributes at (1, 1e-6): planned together beside noise per table, in one run.

Run: python benchmarks/table_sets.py [ROUNDS]. Each round releases all tables both ways, from 100,000 invented people
with one row each and skewed attributes of 2, 10, 12, 6 and 8 levels (548 cells). Printed: mean absolute error per cell
and of one-way margins, largest disagreement of two tables on one margin, seconds a release, and what was promised.
"""

import itertools
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import pandas as pd

from disclosure import Statistic, dp

LEVELS: Final = {"sex": 2, "age": 10, "region": 12, "tenure": 6, "work": 8}
PEOPLE: Final = 100_000
PAIRS: Final = tuple(itertools.combinations(LEVELS, 2))
Tables = list[np.ndarray]


def people() -> pd.DataFrame:
    """Invented people, each attribute leaning to its first levels and on the one before."""
    chance = np.random.default_rng(11)
    columns: dict[str, np.ndarray] = {"person_id": np.arange(PEOPLE)}
    before = np.zeros(PEOPLE, dtype=int)
    for name, levels in LEVELS.items():
        before = (chance.geometric(min(0.6, 2 / levels), PEOPLE) - 1 + before // 2) % levels
        columns[name] = before
    return pd.DataFrame(columns)


def question(pair: Sequence[str]) -> Statistic:
    return Statistic.table("people", by=list(pair), unit="person_id", margins=False)


def shaped(answers: Sequence[dp.Answer]) -> Tables:
    return [
        answer.table["n"].to_numpy().reshape([LEVELS[name] for name in pair])
        for answer, pair in zip(answers, PAIRS, strict=True)
    ]


def truth(data: pd.DataFrame) -> Tables:
    tables = []
    for pair in PAIRS:
        table = np.zeros([LEVELS[name] for name in pair], dtype=int)
        np.add.at(table, tuple(data[name].to_numpy() for name in pair), 1)
        tables.append(table)
    return tables


def margins(tables: Tables) -> dict[str, Tables]:
    """One-way margins per attribute, one from each table that holds it."""
    held: dict[str, Tables] = {name: [] for name in LEVELS}
    for pair, table in zip(PAIRS, tables, strict=True):
        for place, name in enumerate(pair):
            held[name].append(table.sum(axis=1 - place))
    return held


@dataclass(frozen=True)
class Found:
    """Errors of one release."""

    cell: float
    margin: float
    disagreement: int
    seconds: float


def judged(release: Callable[[], Tables], exact: Tables) -> Found:
    before = time.perf_counter()
    tables = release()
    seconds = time.perf_counter() - before
    true = {name: held[0] for name, held in margins(exact).items()}
    off = [np.abs(one - other).ravel() for one, other in zip(tables, exact, strict=True)]
    held = margins(tables)
    one_way = [np.abs(each - true[name]) for name, several in held.items() for each in several]
    apart = max(int(np.ptp(np.array(several), axis=0).max()) for several in held.values())
    return Found(np.concatenate(off).mean(), np.concatenate(one_way).mean(), apart, seconds)


def ways(data: pd.DataFrame, dictionary: dp.Dictionary) -> dict[str, Callable[[], Tables]]:
    asked = [question(pair) for pair in PAIRS]
    whole = dp.plan_set(asked, dictionary, epsilon=1).cost
    part = Fraction(whole, dp.NANO * len(asked))

    def together(**aims: str) -> Tables:
        return shaped(dp.release_set(asked, data, dictionary, epsilon=1, **aims).answers)

    return {
        "noise per table": lambda: shaped([dp.release(each, data, dictionary, rho=part) for each in asked]),
        "together": together,
        "together, worst table": lambda: together(objective="worst"),
        "together, none below zero": lambda: together(negatives="move"),
    }


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    data = people()
    dictionary = dp.Dictionary(
        unit="person_id",
        rows_per_unit=1,
        keys={name: list(range(levels)) for name, levels in LEVELS.items()},
        bounds={},
        population=PEOPLE,
    )
    plan = dp.plan_set([question(pair) for pair in PAIRS], dictionary, epsilon=1)
    for way, errors in plan.alternatives.items():
        print(f"promised before anything is spent: {errors[0]:6.2f}  {way}")
    exact = truth(data)
    found: dict[str, list[Found]] = {name: [] for name in ways(data, dictionary)}
    for _ in range(rounds):
        for name, release in ways(data, dictionary).items():
            found[name].append(judged(release, exact))
    print(f"\n{'':>26}{'cell':>8}{'margin':>8}{'disagree':>10}{'seconds':>9}{'against first':>15}")
    first = np.mean([each.cell for each in found["noise per table"]])
    for name, each in found.items():
        cell = np.mean([one.cell for one in each])
        margin, seconds = np.mean([one.margin for one in each]), np.median([one.seconds for one in each])
        apart = max(one.disagreement for one in each)
        print(f"{name:>26}{cell:8.2f}{margin:8.2f}{apart:10d}{seconds:9.2f}{cell / first - 1:15.1%}")


if __name__ == "__main__":
    main()
