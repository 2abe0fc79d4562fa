"""Time the attacker's audit and secondary suppression on invented tables with margins; print medians side by side.

    python benchmarks/audit_and_suppression.py [FILE.jj ...]

Tables: Poisson counts around log-normal effects of each level, threshold 10, protection of 2 rows on either side. The
audit is of the table with only its small cells withheld (before) and of the table as it would be printed (after).
Hierarchical: 72 rows in 12 groups by 40 columns in 8 groups, with all subtotals. Values: every small cell of one or two
contributors is held against all others as a singleton or coalition. Out of time: the rule of thumb alone. Each JJ file
named is protected with and without the singletons that its protection levels tell. Times are processor seconds of one
thread, so that a busy machine does not count; the limit of a search is by the clock.
"""

import itertools
import resource
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from disclosure.audit import audit
from disclosure.audit.insiders import counted_people, groups_of
from disclosure.audit.system import Equations, Layer, margins_of, stack
from disclosure.grid import grid_of
from disclosure.jj import read_jj
from disclosure.suppress import suppress

LIMIT, PROTECTION, SHARE, REPEATS, SECONDS = 10, 2.0, 0.10, 3, 30
HEADS = ("cells", "small", "audit before", "leaks", "suppress", "extra", "optimal", "audit after")


def counts(shape, mean, seed):
    """Return Poisson counts around log-normal effects."""
    chance = np.random.default_rng(seed)
    expected = np.full(shape, float(mean))
    for axis, size in enumerate(shape):
        effect = np.exp(chance.normal(0, 0.6, size))
        expected *= effect.reshape([-1 if axis == other else 1 for other in range(len(shape))])
    return chance.poisson(expected)


def counted(numbers, equations):
    """Return the system of printed counts, and which are small."""
    unsafe = numbers < LIMIT
    needs = np.where(unsafe, PROTECTION, 0.0)
    up = np.where(unsafe, LIMIT - 1 - numbers, np.inf)
    layer = Layer("n", True, numbers, up, np.minimum(needs, numbers), np.minimum(needs, up), 1.0)  # noqa: FBT003
    return stack(equations, [layer]), unsafe, numbers


def totals(inner):
    """Return a grid with margins, and the total in each of its cells."""
    grid = grid_of(list(itertools.product(*map(range, inner.shape))), inner.ndim, margins=True)
    places = [tuple(slice(None) if level is None else level for level in key) for key in grid.keys]
    return grid, np.array([inner[place].sum() for place in places], dtype=float)


def table(shape, mean, seed):
    """Return a table of counts with all margins."""
    grid, numbers = totals(counts(shape, mean, seed))
    return counted(numbers, margins_of(grid))


def values(shape, mean, seed):
    """Return a table of values, one or two contributors in its small cells, all of which are held against it."""
    inner = counts(shape, mean, seed)
    money = np.random.default_rng(seed).lognormal(3, 0.5, shape) * (inner + 1)
    units = np.where(inner < LIMIT, 1 + inner % 2, inner)
    grid, sums = totals(money)
    _, behind = totals(units)
    unsafe = behind < LIMIT
    needs = np.where(unsafe, SHARE * sums, 0.0)
    least = float(needs[needs > 0].min())
    layer = Layer("v", False, sums, np.full(len(sums), np.inf), needs, needs, least)  # noqa: FBT003
    equations = margins_of(grid)
    people = counted_people(equations, behind.astype(np.int64), 2)
    system = replace(stack(equations, [layer]), groups=groups_of(equations, [people], 2))
    return system, unsafe, sums


def tree(groups, each):
    """Return the leaves under each node: single ones, then groups, then all."""
    leaves = groups * each
    under = [[leaf] for leaf in range(leaves)]
    under += [[*range(group * each, (group + 1) * each)] for group in range(groups)]
    parts = {leaves + group: [*range(group * each, (group + 1) * each)] for group in range(groups)}
    return [*under, [*range(leaves)]], parts | {leaves + groups: [*range(leaves, leaves + groups)]}


def hierarchical(mean, seed):
    """Return a table of 85 by 49 cells: leaves, subtotals and totals of both dimensions."""
    (rows, row_parts), (columns, column_parts) = tree(12, 6), tree(8, 5)
    inner = counts((72, 40), mean, seed)
    numbers = np.array(
        [[inner[np.ix_(row, column)].sum() for column in columns] for row in rows], dtype=float
    )
    width = len(columns)
    lines = [
        [(total * width + at, -1.0), *((part * width + at, 1.0) for part in parts)]
        for total, parts in row_parts.items()
        for at in range(width)
    ]
    lines += [
        [(at * width + total, -1.0), *((at * width + part, 1.0) for part in parts)]
        for total, parts in column_parts.items()
        for at in range(len(rows))
    ]
    entries = [(row, cell, sign) for row, line in enumerate(lines) for cell, sign in line]
    relation, cells, signs = (np.array(column) for column in zip(*entries, strict=True))
    return counted(numbers.reshape(-1), Equations(relation, cells, signs, len(lines)))


def seconds(work):
    start = time.process_time()
    answer = work()
    return time.process_time() - start, answer


def once(made, limit):
    system, unsafe, numbers = made
    frozen = np.zeros(len(numbers), dtype=bool)
    bare, leaks = seconds(lambda: audit(system, unsafe))
    choosing, choice = seconds(
        lambda: suppress(system, unsafe, cost=numbers + 1, frozen=frozen, time_limit=limit)
    )
    auditing, none = seconds(lambda: audit(system, choice.withheld))
    assert none == ()
    extra = int((choice.withheld & ~unsafe).sum())
    return len(numbers), unsafe.sum(), bare, len(leaks), choosing, extra, choice.optimal, auditing


def line(name, make, limit=SECONDS):
    """Print the medians of a few tables of one kind."""
    rows = [once(make(seed), limit) for seed in range(REPEATS)]
    found = [statistics.median(column) for column in zip(*rows, strict=True)]
    print(f"{name:>22}" + "".join(f"{value:>14.3g}" for value in found), flush=True)


def jj(path):
    """Print what protecting a JJ file takes, without insiders, with singletons, and with pairs of them."""
    found = read_jj(path)
    units = np.where(found.lone(SHARE), 1, LIMIT)
    for coalition, name in ((0, ""), (1, " singletons"), (2, " coalitions")):
        system = found.system(units, coalition)
        made, took = len(system.groups), time.process_time()
        choice = suppress(
            system, found.unsafe, cost=np.ones(len(found.values)), frozen=found.frozen, time_limit=SECONDS
        )
        took = time.process_time() - took
        auditing, leaks = seconds(lambda: audit(system, choice.withheld))  # noqa: B023  run at once
        extra = int((choice.withheld & ~found.unsafe).sum())
        print(
            f"{path.name + name:>36}: {made} insiders, {extra} extra cells, optimal {choice.optimal}, {took:.2f} s, "
            f"{len(leaks)} leaks found in {auditing:.2f} s",
            flush=True,
        )


def main():
    print(f"{'table':>22}" + "".join(f"{head:>14}" for head in HEADS))
    for shape, mean in (((20, 20), 30), ((50, 50), 30), ((100, 100), 30), ((8, 8, 8), 25)):
        line("x".join(map(str, shape)), lambda seed: table(shape, mean, seed))  # noqa: B023  run at once
    line("20x20x20", lambda seed: table((20, 20, 20), 25, seed), limit=10)
    line("20x20x20 out of time", lambda seed: table((20, 20, 20), 25, seed), limit=0)
    line("hierarchical 85x49", lambda seed: hierarchical(18, seed))
    line("values 20x20", lambda seed: values((20, 20), 30, seed))
    line("values 50x50", lambda seed: values((50, 50), 30, seed))
    for name in sys.argv[1:]:
        jj(Path(name))
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
