"""H18: nominal 95% intervals hold the truth in 93 to 97% of 10,000 releases, whatever is asked.

Data are aggregated once, so that a release is a draw. A count's interval has whole ends, a quantile's ends at edges: both
may hold more often than they say, never less. Coverage was measured on 30,000 releases (counts 0.954, sums and means
0.948 to 0.953): each bound here is seven spreads of a share of that many releases away from it, or further.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from disclosure import dp
from disclosure.dp.design import design_of
from disclosure.dp.mechanism import draw_noise
from disclosure.dp.regression.estimates import solved, table_of
from disclosure.models import Model
from disclosure.statistic import Kind, Statistic

RELEASES = 10_000
FEW_RELEASES = 2_000
"""Of what takes long."""
CERTAIN = 1e-10
"""Chance of a false alarm in one comparison."""
CELLS = 200
PRICES = [{"rho": 0.005}, {"epsilon": 0.2, "mechanism": "laplace"}]


def many_cells(measures, values, price, *, margins=False, releases=RELEASES):
    """Many releases of cells that hold the same values: noise of each cell is independent of the others'."""
    data = pd.DataFrame(
        {
            "person_id": np.arange(CELLS * len(values)),
            "cell": np.repeat(np.arange(CELLS), len(values)),
            "bill": np.tile(values, CELLS),
        }
    )
    facts = dp.Dictionary(
        unit="person_id",
        rows_per_unit=1,
        keys={"cell": list(range(CELLS))},
        bounds={"bill": (0, 1_000)},
        population=len(data),
        bins={"bill": list(range(10, 1_000, 10))},
    )
    stat = Statistic.table("cells", by=["cell"], measures=measures, unit="person_id", margins=margins)
    plan = dp.plan(stat, facts, **price)
    exact = dp.aggregate(plan, data, bounded=True)
    return [dp.draw(plan, exact) for _ in range(releases // CELLS)]


def covered(answers, name, true):
    """Share of the cells' intervals that hold the truth."""
    held = [
        (ends[f"{name}_low"] <= true) & (true <= ends[f"{name}_high"])
        for ends in (answer.intervals.iloc[:CELLS] for answer in answers)
    ]
    return float(np.mean(held))


@pytest.fixture(scope="module")
def bills():
    return np.random.default_rng(11).integers(0, 1_001, 400)


@pytest.mark.parametrize("price", PRICES, ids=["gaussian", "laplace"])
def test_h18_counts_sums_and_means(bills, price):
    measures = {"total": ("sum", "bill"), "average": ("mean", "bill"), "people": ("count", None)}
    answers = many_cells(measures, bills, price)
    assert 0.93 <= covered(answers, "people", len(bills)) <= 0.97
    assert 0.93 <= covered(answers, "total", bills.sum()) <= 0.97
    assert 0.93 <= covered(answers, "average", bills.mean()) <= 0.97


def test_h18_means_near_a_bound_where_the_counts_noise_matters_most():
    bills = np.random.default_rng(15).integers(900, 1_001, 400)
    answers = many_cells({"average": ("mean", "bill")}, bills, PRICES[0])
    assert 0.93 <= covered(answers, "average", bills.mean()) <= 0.97


def test_h18_means_of_cells_too_small_for_their_noise():
    answers = many_cells({"average": ("mean", "bill")}, np.array([400, 900]), PRICES[0])
    assert covered(answers, "average", 650) >= 0.93  # wide, and never wrong more often


@pytest.mark.parametrize("share", ["all", "columns"])
def test_h18_proportions(bills, share):
    answers = many_cells({"share": ("proportion", None, share)}, bills, PRICES[0], margins=True)
    true = 1 / CELLS if share == "all" else 1
    held = covered(answers, "share", true)
    assert 0.93 <= held <= 0.97 if share == "all" else held == 1


@pytest.mark.parametrize(
    "price", [{"rho": 0.02}, {"epsilon": 0.28, "mechanism": "laplace"}], ids=["gaussian", "laplace"]
)
def test_h18_quantiles(bills, price):
    points = {"low": 0.25, "middle": 0.5, "high": 0.9}
    measures = {name: ("quantile", "bill", point) for name, point in points.items()}
    answers = many_cells(measures, bills, price, releases=FEW_RELEASES)
    for name, point in points.items():
        held = covered(answers, name, float(np.quantile(bills, point, method="inverted_cdf")))
        assert 0.93 <= held <= 0.997  # ends are edges, so that more is held than is said: 0.966 to 0.981
        widths = [(each.intervals[f"{name}_high"] - each.intervals[f"{name}_low"]).mean() for each in answers]
        assert np.mean(widths) < 600


def test_h18_quantiles_of_a_crowd_at_one_value():
    lumps = np.repeat([101, 102, 899], [300, 301, 599])
    measures = {"middle": ("median", "bill"), "high": ("quantile", "bill", 0.75)}
    answers = many_cells(measures, lumps, {"rho": 0.05}, releases=FEW_RELEASES)
    assert covered(answers, "middle", 102) >= 0.95
    assert covered(answers, "high", 899) >= 0.95


def prepared(formula, people, rho):
    """A plan of a regression, its exact sums, and what they are."""
    facts = dp.Dictionary(
        unit="person_id",
        rows_per_unit=1,
        keys={"region": ["a", "b", "c"]},
        bounds={"x": (-3, 3), "y": (-10, 10)},
        scale={"x": 1_000, "y": 1_000},
        population=len(people),
    )
    stat = Statistic(
        kind=Kind.MODEL, source="people", by=(), measures=(), unit="person_id", where=None, weight=None,
        margins=False, asks=Model(kind="ols", formula=(("(1)", formula),)),
    )  # fmt: skip
    plan = dp.plan(stat, facts, rho=rho)
    (exact,) = dp.aggregate(plan, people, bounded=True).of(plan)
    return plan, exact, design_of(stat.asks, facts)


def invented(random, size):
    region = random.choice(["a", "b", "c"], size, p=[0.5, 0.3, 0.2])
    x = random.uniform(-3, 3, size)
    y = 1 + 2 * x - 3 * (region == "b") + 0.5 * (region == "c") + random.normal(0, 0.7, size)
    return pd.DataFrame({"person_id": np.arange(size), "region": region, "x": x, "y": y})


TRUTH = {"Intercept": 1.0, "region[T.b]": -3.0, "region[T.c]": 0.5, "x": 2.0}


@pytest.mark.parametrize(
    "rho", [0.02, pytest.param(0.005, marks=pytest.mark.soak), pytest.param(0.5, marks=pytest.mark.soak)]
)
def test_h18_regression_errors_by_noise_hold_the_fit_without_noise(rho):
    plan, exact, design = prepared("y ~ x + region", invented(np.random.default_rng(13), 20_000), rho)
    (noise,) = plan.noises
    true = solved(design, exact, 1e-9).coefficients
    releases = 3_500
    held = np.empty((releases, len(true)))
    for release in range(releases):
        found = solved(design, draw_noise(noise, exact), noise.sigma)
        held[release] = np.abs(found.coefficients - true) <= 1.96 * np.sqrt(np.diag(found.noise))
    shares = held.mean(axis=0)
    assert ((shares >= 0.92) & (shares <= 0.98)).all(), (
        shares
    )  # 0.945 to 0.954 measured: six spreads and more


def test_h18_regression_where_the_noise_almost_drowns_the_data():
    plan, exact, design = prepared("y ~ x + region", invented(np.random.default_rng(13), 1_000), 0.005)
    (noise,) = plan.noises
    true = solved(design, exact, 1e-9).coefficients
    found = [solved(design, draw_noise(noise, exact), noise.sigma) for _ in range(1_000)]
    told = [each for each in found if not np.isnan(each.coefficients).any()]
    held = [np.abs(each.coefficients - true) <= 1.96 * np.sqrt(np.diag(each.noise)) for each in told]
    assert len(told) > 900  # 0.991 of them
    assert (np.mean(held, axis=0) >= 0.92).all()  # 0.966 to 0.972 of those: eight spreads


@pytest.mark.parametrize(
    ("rho", "populations"),
    [
        (0.02, 16),
        pytest.param(0.02, 1_000, marks=pytest.mark.soak),
        pytest.param(0.5, 1_000, marks=pytest.mark.soak),
    ],
)
def test_h18_regression_intervals_hold_the_population_that_people_were_drawn_from(rho, populations):
    random = np.random.default_rng(14)
    missed = dict.fromkeys(TRUTH, 0)
    squares = dict.fromkeys(TRUTH, 0.0)
    for _ in range(populations):
        plan, exact, design = prepared("y ~ x + region", invented(random, 5_000), rho)
        (noise,) = plan.noises
        found = solved(design, draw_noise(noise, exact), noise.sigma)
        table = table_of(design, found, plan.dictionary, half_width=1).set_index("term")
        for name, true in TRUTH.items():
            missed[name] += not table.low[name] <= true <= table.high[name]
            squares[name] += ((table.estimate[name] - true) / table.std_error[name]) ** 2
    assert max(missed.values()) <= stats.binom.isf(CERTAIN, populations, 0.05), missed
    assert max(squares.values()) <= stats.chi2.isf(CERTAIN, populations), squares
