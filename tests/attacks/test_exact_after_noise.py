"""Asking exactly for what was released with noise: it is counted, and no reviewer overlooks it."""

from __future__ import annotations

import pytest

from tests.attacks.deeds import exact, released
from tests.builders import PRICE, House
from tre.db.engine import read_only, transaction
from tre.domain.outputs import State
from tre.services.outputs import archive, charging
from tre.services.projects import POPULATION


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


def test_the_finding_names_the_noisy_release_and_a_question_asked_twice_is_one(house: House) -> None:
    first = released(house, house.noisy())
    released(house, house.noisy())
    with read_only(house.platform.application) as tx:
        known = archive.of(tx, POPULATION)
    assert [each.release for each in known.noisy] == [f"release-{first}"]
    (item,) = house.items(house.reviewed(exact("linked")))
    assert f"'release-{first}'" in str(item.findings)


def test_what_left_with_noise_after_the_votes_sends_an_approved_exact_table_back(house: House) -> None:
    approved = house.approved(exact("linked"))
    released(house, house.noisy())
    house.jobs.release(approved)
    assert house.state(approved) is State.RETURNED
    assert not house.bundle(approved).exists()


def test_an_answer_that_is_paid_for_and_not_drawn_yet_is_told_and_bounds_nothing(house: House) -> None:
    request = house.approved(house.noisy())
    with transaction(house.platform.application) as tx:
        charging.charge(tx, request)
    with read_only(house.platform.application) as tx:
        (known,) = archive.of(tx, POPULATION).noisy
    assert known.answer is None
    (read,) = archive.read(house.platform.objects, archive.Archive((), (known,)))
    assert (len(read.cells), dict(read.sigma)) == (0, {})
    (item,) = house.items(house.reviewed(exact("linked")))
    assert "the noise no longer protects them" in str(item.findings)


def test_a_damaged_noisy_answer_passes_nothing(house: House) -> None:
    released(house, house.noisy())
    with read_only(house.platform.application) as tx:
        (known,) = archive.of(tx, POPULATION).noisy
    path = next(path for path in (house.platform.home / "vault").rglob(str(known.answer)))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b'"spend"', b'"spent"'))
    request = house.reviewed(exact("linked"))
    assert house.state(request) is State.CHECK_ERROR


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
