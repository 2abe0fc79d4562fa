"""Evidence beside a plain group-by, in one run: medians of seconds, and their ratio.

Run: python benchmarks/evidence.py [ROWS]. Two dimensions of ten and eight levels, one lognormal column, no margins.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from disclosure import Statistic
from disclosure.evidence import gather

ROUNDS: Final = 7
"""Runs of each operation, taken in turn so that both sides meet the same load."""
PLAIN: Final = "select g, h, count(*), sum(v) from data group by g, h"
ASKED: Final = {
    "row level: sum": {"measures": {"t": ("sum", "v")}},
    "unit level: sum": {"measures": {"t": ("sum", "v")}, "unit": "many"},
    "row level: count": {"measures": None},
    "row level: std": {"measures": {"s": ("std", "v")}},
    "row level: median": {"measures": {"m": ("median", "v")}},
    "row level: histogram": {"bins": [0, 1, 2, 4, 8, 16, 1e9]},
}


def people(rows: int) -> pa.Table:
    """Invent rows; `many` is a unit that stands in two rows."""
    generator = np.random.default_rng(1)
    return pa.table(
        {
            "g": generator.integers(0, 10, rows),
            "h": generator.integers(0, 8, rows),
            "v": generator.lognormal(1, 1, rows),
            "many": np.arange(rows) // 2,
        }
    )


def question(asked: dict[str, object]) -> Statistic:
    """Return a statistic of two dimensions."""
    if "bins" in asked:
        return Statistic.histogram("data", "v", by=["g", "h"], margins=False, **asked)
    return Statistic.table("data", by=["g", "h"], margins=False, **asked)


def seconds(run: Callable[[], object]) -> float:
    """Return how long one run took."""
    before = time.perf_counter()
    run()
    return time.perf_counter() - before


def main() -> None:
    """Print one line per operation."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    connection = duckdb.connect()
    connection.from_arrow(people(rows)).create("data")
    data = connection.table("data")
    statements = {name: question(asked) for name, asked in ASKED.items()}
    taken: dict[str, list[float]] = {"plain": []} | {name: [] for name in statements}
    for _ in range(ROUNDS):
        taken["plain"].append(seconds(connection.sql(PLAIN).fetchall))
        for name, stat in statements.items():
            taken[name].append(seconds(lambda stat=stat: gather(stat, data, key=None, max_cells=100_000)))
    plain = statistics.median(taken["plain"])
    print(f"{rows} rows; plain group-by {plain:.4f} s, median of {ROUNDS}")
    for name in statements:
        found = statistics.median(taken[name])
        print(f"{name:24} {found:8.4f} s  {found / plain:6.1f}x")


if __name__ == "__main__":
    main()
