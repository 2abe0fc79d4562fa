"""Black-box audits: the release is called as anyone would call it, and a build with half the noise must be caught."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from disclosure import dp
from disclosure.dp.mechanism import Noise, draw_noise
from disclosure.statistic import Statistic

CELLS = 200
LEVELS = list(range(CELLS))


@pytest.fixture(scope="module")
def cells():
    """One person in each of 200 cells but one, and a dictionary of them."""
    data = pd.DataFrame({"person_id": range(CELLS), "cell": LEVELS})
    facts = dp.Dictionary(
        unit="person_id", rows_per_unit=1, keys={"cell": LEVELS}, bounds={}, population=CELLS
    )
    stat = Statistic.table("cells", by=["cell"], unit="person_id", margins=False)
    return stat, data, facts


def exact_of(plan, data):
    """The one exact vector of a frequency table, cell by cell."""
    (exact,) = dp.aggregate(plan, data, bounded=True).of(plan)
    return exact


def drawn_with(plan, exact, *, shrink=1):
    """Noise of one release; with `shrink` 2, that of a broken build with half the noise."""
    (noise,) = plan.noises
    more = shrink**2 if noise.mechanism == "gaussian" else shrink
    return draw_noise(Noise(noise.mechanism, noise.sensitivity, noise.share * more), exact)


def has_the_declared_variance(errors, sigma):
    """Chi-square test of the spread of 200 known cells, two-sided at one in ten thousand million."""
    statistic = float((errors**2).sum() / sigma**2)
    return 5e-11 < stats.chi2.cdf(statistic, errors.size) < 1 - 5e-11


def test_h01_one_release_of_known_cells_has_the_declared_variance(cells):
    stat, data, facts = cells
    for rho in (0.0002, 0.005, 0.02):
        answer = dp.release(stat, data, facts, rho=rho)
        assert has_the_declared_variance(answer.table.n.to_numpy() - 1, answer.sigma["n"])


def test_h01_one_release_with_half_the_noise_is_rejected(cells):
    stat, data, facts = cells
    plan = dp.plan(stat, facts, rho=0.005)
    exact = exact_of(plan, data)
    assert has_the_declared_variance(drawn_with(plan, exact) - 1, plan.sigma["n"])
    for _ in range(5):
        assert not has_the_declared_variance(drawn_with(plan, exact, shrink=2) - 1, plan.sigma["n"])


def epsilon_lower_bound(with_person, without, *, confidence=1 - 1e-10, delta=0.0):
    """Largest epsilon that the two samples prove: the event is chosen on the first half, tested on the second."""
    half = with_person.size // 2
    events = np.quantile(np.concatenate([with_person[:half], without[:half]]), np.linspace(0.05, 0.95, 37))
    statement = (confidence, delta)  # chosen as it is tested: events with little behind them lose
    best = max(events, key=lambda event: _log_ratio(with_person[:half], without[:half], event, statement))
    return _log_ratio(with_person[half:], without[half:], best, statement)


def _log_ratio(with_person, without, event, statement):
    confidence, delta = statement
    high, low = (with_person >= event).sum(), (without >= event).sum()
    risk = (1 - confidence) / 2
    at_least = stats.beta.ppf(risk, high, with_person.size - high + 1) if high else 0.0
    at_most = stats.beta.ppf(1 - risk, low + 1, without.size - low) if low < without.size else 1.0
    return math.log(max(at_least - delta, 1e-300) / at_most)


def neighbours(plan, data, *, calls, shrink=1):
    """Noisy totals of many independent cells with and without the one person who may be in each.

    Each cell is a release of its own to the auditor: its noise is independent of all other cells.
    """
    rounds = math.ceil(calls / CELLS)
    there, gone = (dp.aggregate(plan, rows, bounded=True) for rows in (data, data.head(0)))
    if shrink != 1:
        inside, outside = (
            [drawn_with(plan, exact.of(plan)[0], shrink=shrink) for _ in range(rounds)]
            for exact in (there, gone)
        )
    else:
        inside, outside = (
            [dp.draw(plan, exact).table.n.to_numpy() for _ in range(rounds)] for exact in (there, gone)
        )
    return np.concatenate(inside)[:calls], np.concatenate(outside)[:calls]


@pytest.mark.parametrize("epsilon", [1, 2])
def test_pure_laplace_with_half_the_noise_is_rejected_within_600_calls(cells, epsilon):
    stat, data, facts = cells
    plan = dp.plan(stat, facts, epsilon=epsilon, mechanism="laplace")
    runs = [
        epsilon_lower_bound(*neighbours(plan, data, calls=600, shrink=2), confidence=0.99) for _ in range(10)
    ]
    # Of 1,500 runs each, 0.997 reject the broken build and 0.0013 an honest one: either is wrong here once in 1e12.
    assert sum(bound > epsilon for bound in runs) >= 5


@pytest.mark.parametrize(
    ("epsilon", "runs"),
    [(1, 1), pytest.param(1, 12, marks=pytest.mark.soak), pytest.param(2, 12, marks=pytest.mark.soak)],
)
def test_pure_laplace_is_never_rejected_in_runs_of_25_000_calls(cells, epsilon, runs):
    stat, data, facts = cells
    plan = dp.plan(stat, facts, epsilon=epsilon, mechanism="laplace")
    bounds = [epsilon_lower_bound(*neighbours(plan, data, calls=25_000)) for _ in range(runs)]
    assert max(bounds) <= epsilon
    assert max(bounds) > 0.7 * epsilon  # the auditor has power: 0.87 with a spread of 0.015 over 400 runs


def test_gaussian_noise_is_never_rejected_at_its_stated_epsilon(cells):
    stat, data, facts = cells
    plan = dp.plan(stat, facts, rho=0.5)
    samples = neighbours(plan, data, calls=25_000)
    assert epsilon_lower_bound(*samples, delta=1e-6) <= dp.epsilon_of(plan.cost, 1e-6)


def test_h02_a_person_with_twenty_rows_is_no_louder_than_a_person_with_one():
    facts = dp.Dictionary(
        unit="person_id", rows_per_unit=1, keys={"cell": LEVELS}, bounds={}, population=CELLS
    )
    stat = Statistic.table("cells", by=["cell"], unit="person_id", margins=False)
    plan = dp.plan(stat, facts, epsilon=1, mechanism="laplace")
    crowd = pd.DataFrame({"person_id": np.repeat(np.arange(CELLS), 20), "cell": np.repeat(LEVELS, 20)})
    nobody = dp.aggregate(plan, crowd.head(0))
    outside = np.concatenate([dp.draw(plan, nobody).table.n.to_numpy() for _ in range(20)])
    inside = np.concatenate([dp.draw(plan, dp.aggregate(plan, crowd)).table.n.to_numpy() for _ in range(20)])
    assert epsilon_lower_bound(inside, outside) <= 1
    loud = exact_of(plan, crowd)  # the promise of `bounded=True` broken
    for _ in range(5):
        unbounded = drawn_with(plan, loud)
        assert unbounded.size == 200
        assert epsilon_lower_bound(unbounded, outside[:200], confidence=0.99) > 1


def one_answer_per_cell(measure, price):
    """A number per cell that is made of many noisy ones, with and without one loud person in each cell."""
    facts = dp.Dictionary(
        unit="person_id",
        rows_per_unit=1,
        keys={"cell": LEVELS},
        bounds={"bill": (0, 100)},
        population=20 * CELLS,
        bins={"bill": list(range(10, 100, 10))},
    )
    quiet = pd.DataFrame(
        {
            "person_id": np.arange(CELLS * 4),
            "cell": np.tile(LEVELS, 4),
            "bill": np.repeat([5, 25, 45, 65], CELLS),
        }
    )
    loud = pd.DataFrame({"person_id": -1 - np.arange(CELLS), "cell": LEVELS, "bill": 100})
    stat = Statistic.table("cells", by=["cell"], measures={"m": measure}, unit="person_id", margins=False)
    plan = dp.plan(stat, facts, **price)
    both = (dp.aggregate(plan, rows, bounded=True) for rows in (pd.concat([quiet, loud]), quiet))
    return plan, *both


@pytest.mark.parametrize("measure", [("median", "bill"), ("mean", "bill"), ("sum", "bill")])
@pytest.mark.parametrize("calls", [2_000, pytest.param(25_000, marks=pytest.mark.soak)])
def test_h01_no_number_that_is_made_of_noisy_ones_tells_more_than_its_epsilon(measure, calls):
    plan, there, gone = one_answer_per_cell(measure, {"epsilon": 2, "mechanism": "laplace"})
    inside, outside = (
        np.concatenate([dp.draw(plan, exact).table.m.to_numpy() for _ in range(calls // CELLS)])
        for exact in (there, gone)
    )
    assert epsilon_lower_bound(inside, outside) <= 2
    assert epsilon_lower_bound(-inside, -outside) <= 2
