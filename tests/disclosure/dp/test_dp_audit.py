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
    """Chi-square test of the spread of 200 known cells, two-sided at one in ten million."""
    statistic = float((errors**2).sum() / sigma**2)
    return 5e-8 < stats.chi2.cdf(statistic, errors.size) < 1 - 5e-8


def test_one_release_of_known_cells_has_the_declared_variance(cells):  # H1
    stat, data, facts = cells
    for rho in (0.0002, 0.005, 0.02):
        answer = dp.release(stat, data, facts, rho=rho)
        assert has_the_declared_variance(answer.table.n.to_numpy() - 1, answer.sigma["n"])


def test_one_release_with_half_the_noise_is_rejected(cells):  # H1
    stat, data, facts = cells
    plan = dp.plan(stat, facts, rho=0.005)
    exact = exact_of(plan, data)
    assert has_the_declared_variance(drawn_with(plan, exact) - 1, plan.sigma["n"])
    for _ in range(5):
        assert not has_the_declared_variance(drawn_with(plan, exact, shrink=2) - 1, plan.sigma["n"])


def epsilon_lower_bound(with_person, without, *, confidence=1 - 1e-6, delta=0.0):
    """Largest epsilon that the two samples prove: the event is chosen on the first half, tested on the second."""
    half = with_person.size // 2
    events = np.quantile(np.concatenate([with_person[:half], without[:half]]), np.linspace(0.05, 0.95, 37))
    best = max(events, key=lambda event: _log_ratio(with_person[:half], without[:half], event, (0.9, delta)))
    return _log_ratio(with_person[half:], without[half:], best, (confidence, delta))


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
    there, gone = exact_of(plan, data), exact_of(plan, data.head(0))
    inside = [drawn_with(plan, there, shrink=shrink) for _ in range(rounds)]
    outside = [drawn_with(plan, gone, shrink=shrink) for _ in range(rounds)]
    return np.concatenate(inside)[:calls], np.concatenate(outside)[:calls]


@pytest.mark.parametrize("epsilon", [1, 2])
def test_pure_laplace_with_half_the_noise_is_rejected_within_600_calls(cells, epsilon):
    stat, data, facts = cells
    plan = dp.plan(stat, facts, epsilon=epsilon, mechanism="laplace")
    runs = [
        epsilon_lower_bound(*neighbours(plan, data, calls=600, shrink=2), confidence=0.99) for _ in range(7)
    ]
    assert sum(bound > epsilon for bound in runs) >= 3


@pytest.mark.parametrize(("epsilon", "runs"), [(1, 12), (2, 3)])
def test_pure_laplace_is_never_rejected_in_runs_of_25_000_calls(cells, epsilon, runs):
    stat, data, facts = cells
    plan = dp.plan(stat, facts, epsilon=epsilon, mechanism="laplace")
    bounds = [epsilon_lower_bound(*neighbours(plan, data, calls=25_000)) for _ in range(runs)]
    assert max(bounds) <= epsilon
    assert max(bounds) > 0.7 * epsilon  # the auditor has power: it comes close to the truth


def test_gaussian_noise_is_never_rejected_at_its_stated_epsilon(cells):
    stat, data, facts = cells
    plan = dp.plan(stat, facts, rho=0.5)
    samples = neighbours(plan, data, calls=25_000)
    assert epsilon_lower_bound(*samples, delta=1e-6) <= dp.epsilon_of(plan.cost, 1e-6)


def test_a_person_with_twenty_rows_is_no_louder_than_a_person_with_one():  # H2
    facts = dp.Dictionary(
        unit="person_id", rows_per_unit=1, keys={"cell": LEVELS}, bounds={}, population=CELLS
    )
    stat = Statistic.table("cells", by=["cell"], unit="person_id", margins=False)
    plan = dp.plan(stat, facts, epsilon=1, mechanism="laplace")
    crowd = pd.DataFrame({"person_id": np.repeat(np.arange(CELLS), 20), "cell": np.repeat(LEVELS, 20)})
    outside = np.concatenate([drawn_with(plan, exact_of(plan, crowd.head(0))) for _ in range(20)])
    inside = np.concatenate([dp.draw(plan, dp.aggregate(plan, crowd)).table.n.to_numpy() for _ in range(20)])
    assert epsilon_lower_bound(inside, outside) <= 1
    unbounded = np.concatenate(
        [drawn_with(plan, exact_of(plan, crowd)) for _ in range(2)]
    )  # the promise of `bounded=True` broken
    assert epsilon_lower_bound(unbounded, outside[: unbounded.size]) > 1
