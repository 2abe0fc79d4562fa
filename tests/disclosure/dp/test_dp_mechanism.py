import ast
import importlib
import inspect
import math
import multiprocessing
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import disclosure.dp
from disclosure import dp
from disclosure.dp.mechanism import (
    LARGEST_SENSITIVITY,
    Mechanism,
    Noise,
    _build,
    _checked,
    cost_of,
    draw_noise,
)
from disclosure.errors import DisclosureError

GAUSSIAN, LAPLACE = Mechanism.GAUSSIAN, Mechanism.LAPLACE
STANDARD = Noise(GAUSSIAN, 1, Fraction(5_000_000))
HOME = Path(disclosure.dp.__file__).parent
SOURCES = sorted(HOME.rglob("*.py"))


def zeros(size=2_000):
    return np.zeros(size, dtype=np.int64)


@pytest.mark.parametrize("mechanism", [GAUSSIAN, LAPLACE])
@pytest.mark.parametrize("sensitivity", [1, 3, 500_000, 2**28 + 1])
@pytest.mark.parametrize("share", [Fraction(5_000_000), Fraction(1, 3), Fraction(20_000_000_000, 7)])
def test_opendp_itself_says_that_the_cost_fits_the_share(mechanism, sensitivity, share):
    noise = Noise(mechanism, sensitivity, share / (10_000 if mechanism is LAPLACE else 1))
    cost = cost_of(noise)
    assert noise.share * (1 - Fraction(1, 10**9)) < cost <= noise.share


def test_the_standard_precision_is_a_standard_deviation_of_ten():
    assert STANDARD.sigma == pytest.approx(10)
    assert STANDARD.half_width == 20


@pytest.mark.parametrize(
    "noise",
    [
        STANDARD,
        Noise(LAPLACE, 1, Fraction(1, 5)),
        Noise(GAUSSIAN, 7, Fraction(10**9)),
        Noise(LAPLACE, 3, Fraction(2)),
    ],
)
def test_h01_noise_has_the_declared_spread_and_no_bias(noise):
    drawn = draw_noise(noise, zeros(40_000))
    assert drawn.dtype == np.int64
    assert abs(drawn.mean()) < 7 * noise.sigma / math.sqrt(drawn.size)
    assert drawn.std() == pytest.approx(
        noise.sigma, rel=0.05
    )  # nine times its own spread for Laplace, more else
    assert (drawn < 0).any()  # nothing is clamped at zero


def test_gaussian_noise_follows_the_discrete_gaussian():
    noise = Noise(GAUSSIAN, 1, Fraction(dp.NANO, 8))  # sigma 2
    drawn = draw_noise(noise, zeros(100_000))
    steps = np.arange(-7, 8)
    weights = np.exp(-(np.arange(-60, 61) ** 2) / 8)
    expected = np.exp(-(steps**2) / 8) / weights.sum()
    observed = np.array([(drawn == step).sum() for step in steps])
    rest = drawn.size - observed.sum()
    counts, probabilities = np.append(observed, rest), np.append(expected, 1 - expected.sum())
    assert stats.chisquare(counts, probabilities * drawn.size).pvalue > 1e-10


@pytest.mark.parametrize(
    ("sensitivity", "share"), [(0, 5), (-1, 5), (LARGEST_SENSITIVITY, 5), (1, 0), (1, -1)]
)
@pytest.mark.parametrize("mechanism", [GAUSSIAN, LAPLACE])
def test_h21_noise_of_scale_zero_cannot_be_asked_for(mechanism, sensitivity, share):
    with pytest.raises(DisclosureError) as refusal:
        draw_noise(Noise(mechanism, sensitivity, Fraction(share)), zeros(1))
    assert refusal.value.code == "mechanism"


def test_h06_noise_that_would_saturate_is_refused():
    with pytest.raises(DisclosureError) as refusal:
        draw_noise(Noise(GAUSSIAN, 2**52, Fraction(1)), zeros(1))
    assert refusal.value.code == "overflow"


@pytest.mark.parametrize("noise", [STANDARD, Noise(LAPLACE, 2, Fraction(1))])
def test_a_build_with_half_the_noise_is_refused_by_its_cost(noise):
    _checked(noise, _build(noise, noise.scale))
    with pytest.raises(DisclosureError) as refusal:
        _checked(noise, _build(noise, noise.scale / 2))
    assert refusal.value.code == "mechanism"


@pytest.mark.parametrize(
    "noise",
    [
        STANDARD, Noise(GAUSSIAN, 100_000, Fraction(5_000_000)), Noise(LAPLACE, 1, Fraction(1, 10)),
        Noise(GAUSSIAN, 1, Fraction(500_000)),
    ],
)  # fmt: skip
def test_h18_the_stated_half_width_covers_95_percent(noise):
    covered = np.mean(np.abs(draw_noise(noise, zeros(20_000))) <= noise.half_width)
    assert 0.939 < covered < 0.98  # seven times the spread of a share of 20,000 below 0.95


@pytest.mark.parametrize("scale", [0.3, 1.0, 2.5, 10.0, 199.0, 201.0])
def test_half_widths_are_the_least_that_cover(scale):
    steps = np.arange(-4_000, 4_001)
    for noise, density in (
        (Noise(GAUSSIAN, 1, Fraction(dp.NANO / (2 * scale**2))), np.exp(-(steps**2) / (2 * scale**2))),
        (Noise(LAPLACE, 1, Fraction(1 / scale)), np.exp(-np.abs(steps) / scale)),
    ):
        probability = density / density.sum()
        inside = [probability[np.abs(steps) <= width].sum() for width in range(900)]
        least = int(np.argmax(np.array(inside) >= 0.95 - 1e-9))
        assert least <= noise.half_width <= least + 1


def test_tiny_laplace_scales_have_a_finite_spread():
    assert 0 <= Noise(LAPLACE, 1, Fraction(14)).sigma < 0.01
    assert Noise(LAPLACE, 2**20, Fraction(1, 2**20)).sigma == pytest.approx(math.sqrt(2) * 2**40, rel=1e-6)


def test_h03_results_are_integers_that_still_hold_large_sums():
    noise = Noise(GAUSSIAN, 1, Fraction(50_000_000_000))
    exact = np.array([2**61, -(2**61), 2**53 + 1], dtype=np.int64)
    assert np.abs(draw_noise(noise, exact) - exact).max() < 5


def _one_draw(queue):
    queue.put(draw_noise(STANDARD, zeros(50)).tolist())


def test_h15_two_processes_never_draw_the_same_noise():
    context = multiprocessing.get_context("fork")
    draw_noise(STANDARD, zeros(1))  # the generator exists before the fork
    queue = context.SimpleQueue()
    workers = [context.Process(target=_one_draw, args=(queue,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    drawn = [tuple(queue.get()) for _ in workers] + [
        tuple(draw_noise(STANDARD, zeros(50)).tolist()) for _ in range(3)
    ]
    for worker in workers:
        worker.join()
    assert len(set(drawn)) == 6
    assert os.getpid()


def test_h15_no_code_here_offers_a_seed_or_another_generator():
    for source in SOURCES:
        tree = ast.parse(source.read_text())
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not {"seed", "random", "default_rng", "random_state"} & (names | imported), source.name


def test_h15_no_function_here_takes_a_seed_or_a_generator():
    modules = [
        importlib.import_module(f"disclosure.dp.{'.'.join(source.relative_to(HOME).with_suffix('').parts)}")
        for source in SOURCES
        if source.name != "__init__.py"
    ]
    found = {
        word
        for module in modules
        for each in vars(module).values()
        if callable(each) and getattr(each, "__module__", "").startswith("disclosure.dp")
        for word in inspect.signature(each).parameters
    }
    assert "dictionary" in found
    assert not {
        word for word in found if any(part in word for part in ("seed", "rng", "random", "generator"))
    }


def test_only_one_file_knows_opendp():
    importers = {
        source.name
        for source in SOURCES
        if "import opendp" in source.read_text() or "from opendp" in source.read_text()
    }
    assert importers == {"mechanism.py"}
    for source in SOURCES:  # mechanisms and features with open defects, or that remove the guarantee
        text = source.read_text()
        assert not any(
            word in text for word in ("_threshold(", "honest-but-curious", "idealized-numerics", "polars")
        ), source.name
