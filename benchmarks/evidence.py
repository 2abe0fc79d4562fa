"""Evidence beside a plain group-by, in one run: medians of seconds, and their ratio.

Run: python benchmarks/evidence.py [ROWS ...]. Two dimensions of ten and eight levels, one lognormal column, no margins.
With ACRO=1 in the environment, also a sum table by ACRO 1.0.2 on the same rows, in an environment of its own that is made
with uv in the cache folder (XDG_CACHE_HOME, by default ~/.cache).
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from disclosure import Policy, Statistic, assess
from disclosure.evidence import gather

ROUNDS: Final = 7
"""Runs of each operation, taken in turn so that both sides meet the same load."""
SLOW: Final = 1_000_000
"""Most rows at which every operation is run; above, only those at row level that count and add."""
QUICK: Final = frozenset({"row level: sum", "row level: count", "unit level: sum"})
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


ACRO: Final = """
import sys, time, statistics, os
import pandas as pd
from acro import ACRO
frame = pd.read_parquet(sys.argv[1])
os.chdir(sys.argv[2])
acro = ACRO(suppress=False)
taken = []
for _ in range(3):
    before = time.perf_counter()
    acro.crosstab(frame.g, frame.h, values=frame.v, aggfunc="sum")
    taken.append(time.perf_counter() - before)
print("seconds", statistics.median(taken))
"""


def acro_python() -> Path:
    """Return the interpreter of ACRO's own environment, making it first."""
    home = (
        Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        / "disclosure-benchmarks"
        / "acro-1.0.2"
    )
    python = home / "bin" / "python"
    if not python.exists():
        uv = str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "--quiet", str(home)], check=True)
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", str(python), "acro==1.0.2", "pyarrow"], check=True
        )
    return python


def beside_acro(table: pa.Table) -> str:
    """Return one line on a sum table by both, from a frame in memory to a judged table."""
    if os.environ.get("ACRO") != "1":
        return "ACRO: skipped, for ACRO=1 is not set"
    stat, frame = question(ASKED["row level: sum"]), table.to_pandas()
    ours = statistics.median(
        seconds(lambda: assess(stat, frame, Policy.preset("standard"))) for _ in range(3)
    )
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(table, f"{folder}/rows.parquet")
        (Path(folder) / "acro_sum.py").write_text(ACRO, encoding="utf-8")
        command = [str(acro_python()), "acro_sum.py", "rows.parquet", folder]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    theirs = float(done.stdout.split("seconds")[-1])
    return f"ours {ours:.4f} s, ACRO 1.0.2 {theirs:.4f} s: ours / ACRO 1/{theirs / ours:.0f}"


def compared(rows: int) -> None:
    """Print one line per operation."""
    table = people(rows)
    connection = duckdb.connect()
    connection.from_arrow(table).create("data")
    data = connection.table("data")
    statements = {name: question(asked) for name, asked in ASKED.items() if rows <= SLOW or name in QUICK}
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
    print(beside_acro(table))
    print(f"peak memory so far {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main() -> None:
    """Compare at each number of rows."""
    for rows in [int(argument) for argument in sys.argv[1:]] or [1_000_000]:
        compared(rows)


if __name__ == "__main__":
    main()
