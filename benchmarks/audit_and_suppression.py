"""Time the attacker's audit and optimal suppression on invented tables with margins; print medians side by side.

    python benchmarks/audit_and_suppression.py

Tables: Poisson counts around log-normal effects of each level, threshold 10, protection of 2 rows on either side. The
audit is of the table as it would be printed, after suppression, and of the same table with only its small cells
withheld.
"""

import itertools
import statistics
import time

import numpy as np

from disclosure.audit import audit
from disclosure.audit.system import Layer, margins_of, stack
from disclosure.grid import grid_of
from disclosure.suppress import suppress

LIMIT, PROTECTION, REPEATS = 10, 2.0, 3


def table(shape, mean, seed):
    chance = np.random.default_rng(seed)
    expected = np.full(shape, float(mean))
    for axis, size in enumerate(shape):
        effect = np.exp(chance.normal(0, 0.6, size))
        expected *= effect.reshape([-1 if axis == other else 1 for other in range(len(shape))])
    inner = chance.poisson(expected)
    grid = grid_of(list(itertools.product(*map(range, shape))), len(shape), margins=True)
    places = [tuple(slice(None) if level is None else level for level in key) for key in grid.keys]
    numbers = np.array([inner[place].sum() for place in places], dtype=float)
    unsafe = numbers < LIMIT
    needs = np.where(unsafe, PROTECTION, 0.0)
    up = np.where(unsafe, LIMIT - 1 - numbers, np.inf)
    layer = Layer("n", True, numbers, up, np.minimum(needs, numbers), np.minimum(needs, up), 1.0)  # noqa: FBT003
    return stack(margins_of(grid), [layer]), unsafe, numbers


def seconds(work):
    start = time.perf_counter()
    answer = work()
    return time.perf_counter() - start, answer


def once(shape, mean, seed):
    system, unsafe, numbers = table(shape, mean, seed)
    frozen = np.zeros(len(numbers), dtype=bool)
    bare, leaks = seconds(lambda: audit(system, unsafe))
    choosing, choice = seconds(
        lambda: suppress(system, unsafe, cost=numbers + 1, frozen=frozen, time_limit=30)
    )
    auditing, none = seconds(lambda: audit(system, choice.withheld))
    assert none == ()
    extra = int((choice.withheld & ~unsafe).sum())
    return len(numbers), unsafe.sum(), bare, len(leaks), choosing, extra, choice.optimal, auditing


def line(shape, mean):
    rows = [once(shape, mean, seed) for seed in range(REPEATS)]
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def main():
    heads = ("cells", "small", "audit before", "leaks", "suppress", "extra", "optimal", "audit after")
    print(f"{'table':>14}" + "".join(f"{head:>14}" for head in heads))
    for shape, mean in (((20, 20), 30), ((50, 50), 30), ((100, 100), 30), ((8, 8, 8), 25)):
        print(
            f"{'x'.join(map(str, shape)):>14}" + "".join(f"{value:>14.3g}" for value in line(shape, mean)),
            flush=True,
        )


if __name__ == "__main__":
    main()
