"""Asking exactly for what was released with noise: it is counted, and no reviewer overlooks it."""

from __future__ import annotations

import pytest

from tests.attacks.deeds import exact, released
from tests.builders import PRICE, House
from tre.domain.outputs import State


@pytest.mark.parametrize(
    "words", [{}, {"measures": {"x": ("count", None)}}, {"by": []}, {"by": ["region", "bill"]}]
)
def test_an_exact_table_of_cells_released_with_noise_asks_a_person_to_look(
    house: House, words: dict[str, object]
) -> None:
    released(house, house.noisy())
    request = house.submit(exact("linked", **words))
    house.jobs.check(request)
    (item,) = house.items(request)
    assert item.verdict in {"REVIEW", "FAIL"}
    assert "the noise no longer protects them" in str(item.findings)


def test_an_exact_table_of_other_rows_is_not_held_against_its_author(house: House) -> None:
    released(house, house.noisy(where="region == 'East'"))
    request = house.reviewed(exact("linked"))
    assert [item.verdict for item in house.items(request)] == ["PASS"]
    assert house.state(request) is State.IN_REVIEW


def test_the_exact_release_of_a_noisy_table_stands_in_the_ledger_beside_it(house: House) -> None:
    released(house, house.noisy())
    released(house, exact("linked"))
    assert house.books()["project:bills"] == (PRICE, 0, 1, 5)


@pytest.mark.parametrize(
    "words",
    [
        {"where": "region in ['East', 'West', 'North', 'South']"},
        {"where": "region == 'East' or region != 'East'"},
        {"measures": {"again": ("count", None)}},
        {"margins": False},
        {"where": "bill >= 0"},
    ],
)
def test_noise_cannot_be_averaged_away_for_free_by_asking_in_other_words(
    house: House, words: dict[str, object]
) -> None:
    """Every further answer is the same bytes, or is paid for."""
    first = released(house, house.noisy())
    numbers = _numbers(house, first)
    second = released(house, house.noisy(**words))
    spent = house.books()["project:bills"][0]
    assert spent == 2 * PRICE or (spent == PRICE and _numbers(house, second) == numbers)


def test_another_precision_of_the_same_question_is_paid_for(house: House) -> None:
    released(house, house.noisy())
    released(house, house.noisy(nano_rho=PRICE + 1))
    assert house.books()["project:bills"][0] == 2 * PRICE + 1


def _numbers(house: House, request: str) -> list[str]:
    return [path.read_text().partition("\n")[2] for path in sorted(house.bundle(request).glob("*.csv"))]
