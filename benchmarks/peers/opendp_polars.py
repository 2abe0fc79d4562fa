"""Noisy count, sum and mean per group by OpenDP over polars: python opendp_polars.py FILE GROUPS ROUNDS.

At its fastest: the scale of the noise is solved by one division rather than by OpenDP's search, which takes a second,
the plan is built once, and the bound on rows per person is promised rather than enforced. Prints seconds, one per line.
"""

import math
import sys
import time

import opendp.prelude as dp
import polars as pl
from opendp.domains import _lazyframe_from_domain

ROWS_PER_UNIT, HIGH, RHO = 5, 5_000, 0.005


def main() -> None:
    path, groups, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    dp.enable_features("contrib")
    rows = pl.scan_parquet(path).select("g", "v")
    domain = dp.domain_of(rows, infer=True)
    for by in ([], ["g"]):
        domain = dp.with_margin(domain, dp.polars.Margin(by=by, max_length=10**7))
    keys = pl.LazyFrame({"g": list(range(groups))}, schema={"g": pl.Int64})
    asked = (
        _lazyframe_from_domain(domain)
        .group_by("g")
        .agg(dp.len(signed=True), pl.col.v.dp.sum((0, HIGH)), pl.col.v.dp.mean((0, HIGH)).alias("m"))
    )
    plan = keys.join(asked, how="left", on=["g"], nulls_equal=True)
    metric, measure = dp.symmetric_distance(), dp.zero_concentrated_divergence()

    def mechanism(scale: float) -> dp.Measurement:
        return dp.m.make_private_lazyframe(domain, metric, measure, plan, global_scale=scale)

    scale = math.sqrt(mechanism(1.0).map(ROWS_PER_UNIT) / RHO) * (1 + 1e-9)
    made = mechanism(scale)
    for _ in range(rounds):
        before = time.perf_counter()
        assert made(rows).collect().height == groups
        print(time.perf_counter() - before, flush=True)


if __name__ == "__main__":
    main()
