"""The page on privacy gives the numbers that the code uses."""

import math
import re

import pytest

from disclosure import dp
from disclosure.dp.mechanism import Mechanism, Noise
from tre.domain.ledger import DEFAULT_CAPS, NANO, AccountKind


@pytest.fixture(scope="module")
def page(request) -> str:
    return (request.config.rootpath / "docs" / "privacy.md").read_text()


@pytest.mark.parametrize("name", list(dp.PRECISIONS))
def test_the_menu_on_the_page_is_the_menu(page, name):
    nano = dp.PRECISIONS[name]
    noise = Noise(Mechanism.GAUSSIAN, 1, nano)
    row = re.search(rf"\| {name} \| ([\d.]+) \| (\d+) \| (\d+) \| ([\d,]+)", page)
    rho, sigma, half, people = (float(number.replace(",", "")) for number in row.groups())
    assert (rho * NANO, sigma, half) == (nano, round(noise.sigma), noise.half_width)
    assert people == pytest.approx(noise.half_width / 0.05, rel=0.03)


@pytest.mark.parametrize("nano", [dp.PRECISIONS["standard"], *DEFAULT_CAPS.values()])
def test_what_the_page_says_of_a_budget_is_what_it_means(page, nano):
    epsilon = dp.epsilon_of(nano, 1e-6)
    row = re.search(rf": rho {nano / NANO:g} \| ([\d.]+) \| (\S+)", page)
    assert float(row[1]) == pytest.approx(epsilon, abs=0.051)
    if nano != DEFAULT_CAPS[AccountKind.POPULATION]:
        assert float(row[2].rstrip("%")) / 100 == pytest.approx(1 / (1 + math.exp(-epsilon)), abs=0.006)
