"""Time a new table against an archive of released ones; print seconds, the pairs seen, and peak memory.

    python benchmarks/differencing.py [tables ...]

A million invented people with attributes of ten levels each; every released table counts them by two attributes under
a filter of its own, so that no two have the same cells. The new table drops one person. What is timed is what the
platform does when it checks: the imprints of all releases lie in memory (the time to read them is printed too), and a
release is opened where its imprint does not clear it. Opening makes it again from the attributes, for the releases
themselves would fill a disk.
"""

import resource
import statistics
import sys
import time
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from disclosure import Policy, Statistic
from disclosure.differencing.pairs import Side, pairwise
from disclosure.evidence import Contributors
from disclosure.released import Imprint, Released
from disclosure.released.imprint import BUCKET_BITS, BUCKETS, Shapes, imprint_of, keys_of

PEOPLE, ATTRIBUTES, LEVELS, REPEATS = 1_000_000, 40, 10, 3
STANDARD = Policy.preset("standard")


class Population:
    """People with keys in order, and attributes."""

    def __init__(self):
        chance = np.random.default_rng(1)
        self.keys = np.unique(chance.integers(0, 2**64, PEOPLE, dtype=np.uint64))
        self.levels = chance.integers(0, LEVELS, (ATTRIBUTES, len(self.keys)), dtype=np.uint8)
        self.buckets = (self.keys >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)

    def codes(self, pair, left_out):
        """Return each person's cell, and LEVELS**2 for the one who is left out."""
        first, second = pair
        codes = self.levels[first].astype(np.int64) * LEVELS + self.levels[second]
        codes[left_out] = LEVELS**2
        return codes

    def contributors(self, codes):
        """Return who stands in each cell."""
        order = np.argsort(codes, kind="stable")
        ends = np.searchsorted(codes[order], np.arange(LEVELS**2 + 1))
        keys = tuple(np.split(self.keys[order], ends)[1:-1])
        return Contributors(keys, tuple(np.ones(len(found), dtype=np.int64) for found in keys))


def statistic(number, pair):
    by = [f"a{place}" for place in pair]
    return Statistic.table("people", by=by, unit="person", where=f"serial != {number}", margins=False)


def released(people, number, pair):
    grid = np.array([(a, b) for a in range(LEVELS) for b in range(LEVELS)])
    behind = {None: people.contributors(people.codes(pair, number))}
    counts = np.array([len(keys) for keys in behind[None].keys])
    levels = {f"a{place}": grid[:, index] for index, place in enumerate(pair)}
    rest = {"n": counts, "units": counts, "unsafe": False, "rules": [()] * len(counts)}
    cells = pd.DataFrame({**levels, **rest})
    return Released(f"R{number}", statistic(number, pair), cells, "person", behind)


def imprint(people, number, pair):
    """Return the imprint of a release by counting alone; `check` compares some with what `imprint_of` says."""
    codes = people.codes(pair, number)
    flat = people.buckets * (LEVELS**2 + 1) + codes
    inner = np.bincount(flat, minlength=BUCKETS * (LEVELS**2 + 1)).reshape(BUCKETS, -1)[:, : LEVELS**2]
    square = inner.reshape(BUCKETS, LEVELS, LEVELS)
    down, across, everyone = square.sum(axis=1), square.sum(axis=2), square.sum(axis=(1, 2))[:, None]
    unions = [down[:, :1], across[:, :1], everyone, down[:, 1:], across[:, 1:]]  # in the order of unions_of
    buckets = np.hstack([inner, *unions])
    shapes = {
        None: Shapes(buckets.sum(axis=0), np.zeros(buckets.shape[1], dtype=np.uint64), buckets.astype("<u4"))
    }
    return Imprint(
        f"R{number}", statistic(number, pair), "person", shapes, lambda: released(people, number, pair)
    )


def check(people):
    """Refuse to measure if counting makes another imprint than the library does."""
    said, counted = (
        imprint_of(released(people, 1, (0, 1))).shapes[None],
        imprint(people, 1, (0, 1)).shapes[None],
    )
    if not (np.array_equal(said.units, counted.units) and np.array_equal(said.buckets, counted.buckets)):
        raise SystemExit("the benchmark's imprints are not the library's")


def side_of(release):
    return Side(release.statistic, keys_of(release), release.contributors, release.key)


def timed(side, archive):
    """Return seconds of a comparison, the seconds of them in which releases were opened, and how many were."""
    opened = []

    def watched(one):
        def again():
            start = time.perf_counter()
            found = one.open()
            opened.append(time.perf_counter() - start)
            return found

        return replace(one, open=again)

    watching = [watched(one) for one in archive]
    start = time.perf_counter()
    findings = list(pairwise(side, watching, STANDARD))
    return time.perf_counter() - start, sum(opened), len(opened), len(findings)


def line(people, tables, new):
    """Measure one size of archive, with the new table kept to attributes that no release has, and with common ones."""
    pairs = list(combinations(range(ATTRIBUTES - 2), 2))
    archive = [imprint(people, 10 + number, pairs[number % len(pairs)]) for number in range(tables)]
    cells = sum(len(one.shapes[None].units) for one in archive)
    for name, side in new.items():
        runs = [timed(side, archive) for _ in range(REPEATS)]
        took, opening, opened, found = (statistics.median(column) for column in zip(*runs, strict=True))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"{tables:>8}{LEVELS**2 * tables:>11}{cells:>11}  {name:<20}{took - opening:>9.2f}{opening:>9.2f}"
            f"{opened:>8.0f}{found:>10.0f}{peak:>9.2f}",
            flush=True,
        )


def main():
    people = Population()
    check(people)
    release = released(people, 1, (0, 1))
    start = time.perf_counter()
    stored = release.to_bytes()
    lists = sum(16 * len(keys) for keys in release.contributors[None].keys)
    print(
        f"stored release: {len(stored) / 1e6:.1f} MB, as lists {lists / 1e6:.1f} MB, {time.perf_counter() - start:.2f} s"
    )
    own = imprint_of(release).to_bytes("")
    start = time.perf_counter()
    for _ in range(1000):
        Imprint.from_bytes(own, lambda _name: release)
    print(f"imprint: {len(own) / 1e3:.1f} kB; reading 1000: {time.perf_counter() - start:.2f} s\n")
    print(
        f"{'tables':>8}{'cells':>11}{'and unions':>11}  {'the new table has':<20}{'compare s':>9}{'open s':>9}"
        f"{'opened':>8}{'findings':>10}{'peak GB':>9}"
    )
    new = {
        "its own attributes": side_of(released(people, 5, (ATTRIBUTES - 2, ATTRIBUTES - 1))),
        "common attributes": side_of(released(people, 5, (3, 7))),
    }
    for tables in [int(size) for size in sys.argv[1:]] or [100, 1000]:
        line(people, tables, new)


if __name__ == "__main__":
    main()
