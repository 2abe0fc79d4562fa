"""A noisy release beside the same query without noise, OpenDP over polars and SmartNoise SQL, in one run.

Run: python benchmarks/noise.py [--rows N] [--groups G ...] [--rounds R] [--peers DIR].

Grouped count, sum and mean over an edition that was bounded before (five rows a person), from Parquet, rho 0.005. With
`--peers DIR` the two peers are installed with uv into environments of their own in DIR, where they stay for the next run;
one that cannot be installed or run is skipped with the reason. Medians; trust ratios.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb

from disclosure import Statistic, dp

ROWS_PER_UNIT: Final = 5
PLAIN: Final = "select g, count(v), sum(v), avg(v) from read_parquet(?) group by g order by g"
INVENTED: Final = """
copy (select (i // 5)::bigint as person_id, (hash(i) % {groups})::bigint as g, (hash(i + {rows}) % 5001)::bigint as v
from range({rows}) as invented(i)) to '{path}' (format parquet)
"""
PEERS: Final = {
    "opendp_polars": ("opendp[polars]==0.16.0",),
    "smartnoise_sql": ("smartnoise-sql==1.0.10", "pyarrow", "setuptools<81"),
}
PATIENCE: Final = 1_800
"""Seconds after which a peer is given up."""


def seconds(run: Callable[[], object]) -> float:
    before = time.perf_counter()
    run()
    return time.perf_counter() - before


def plain(path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(PLAIN, [str(path)]).fetchnumpy()


def dictionary(rows: int, groups: int) -> dp.Dictionary:
    return dp.Dictionary(
        unit="person_id",
        rows_per_unit=ROWS_PER_UNIT,
        keys={"g": list(range(groups))},
        bounds={"v": (0, 5_000)},
        population=rows,
    )


def question() -> Statistic:
    measures = {"total": ("sum", "v"), "average": ("mean", "v")}
    return Statistic.table("data", by=["g"], measures=measures, unit="person_id", margins=False)


def environment(name: str, where: Path) -> Path:
    """The peer's interpreter, installed first where it is not there.

    Raises:
        OSError: there is no uv.
        subprocess.SubprocessError: it cannot be installed.
    """
    python = where / name / "bin" / "python"
    if not (where / name / "installed").exists():
        uv = Path(sys.executable).with_name("uv")
        base = f"{sys.version_info.major}.{sys.version_info.minor}"
        for words in (
            ("venv", "--quiet", "--clear", "--python", base, str(where / name)),
            ("pip", "install", "--quiet", "--python", str(python), *PEERS[name]),
        ):
            subprocess.run([str(uv), *words], check=True, capture_output=True, timeout=PATIENCE)
        (where / name / "installed").touch()
    return python


def peer(name: str, where: Path, path: Path, *numbers: int) -> float | str:
    """Median seconds of a peer, or why there are none."""
    script = Path(__file__).parent / "peers" / f"{name}.py"
    try:
        words = [environment(name, where), "-W", "ignore", script, path, *numbers]
        done = subprocess.run(
            [str(word) for word in words], check=True, capture_output=True, text=True, timeout=PATIENCE
        )
    except (OSError, subprocess.SubprocessError) as fault:
        said = (getattr(fault, "stderr", None) or str(fault)) or b""
        text = said.decode() if isinstance(said, bytes) else said
        return f"skipped: {text.strip().splitlines()[-1][:150]}"
    return statistics.median(map(float, done.stdout.split()))


def measure(path: Path, groups: int, arguments: argparse.Namespace) -> None:
    """Print one line per engine for one number of groups."""
    statement = INVENTED.format(rows=arguments.rows, groups=groups, path=path)
    duckdb.sql(statement)
    asked, facts = question(), dictionary(arguments.rows, groups)
    without, ours = [], []
    for _ in range(arguments.rounds + 1):
        without.append(seconds(lambda: plain(path)))
        ours.append(seconds(lambda: dp.release(asked, path, facts, rho=0.005, bounded=True)))
    floor, release = statistics.median(without[1:]), statistics.median(ours[1:])
    print(f"{arguments.rows} rows, {groups} groups")
    print(f"{'without noise':>18} {floor:9.4f} s")
    print(f"{'release':>18} {release:9.4f} s {release / floor:7.2f}x of without noise", flush=True)
    for name in PEERS if arguments.peers else ():
        found = peer(name, arguments.peers, path, groups, arguments.rounds)
        said = found if isinstance(found, str) else f"{found:9.4f} s {found / release:7.2f}x of release"
        print(f"{name:>18} {said}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--groups", type=int, nargs="+", default=[100, 10_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--peers", type=Path, help="folder for the peers' environments; without it none is run"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for groups in arguments.groups:
            measure(Path(folder) / "edition.parquet", groups, arguments)


if __name__ == "__main__":
    main()
