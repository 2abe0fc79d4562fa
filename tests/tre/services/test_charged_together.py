"""Releases that wait are charged in one transaction, each by its own votes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from tests.builders import CHECKERS, PRICE, House
from tre.db.engine import transaction
from tre.db.tables import Charge, Release
from tre.domain.ledger import ChargeState
from tre.domain.outputs import State
from tre.domain.people import WORKER
from tre.services import people
from tre.services.outputs import charging

BILLS = "project:bills"
WHERE = ("bill >= 0", "bill <= 5000", "region == 'East'", "region == 'West'")


def waiting(house: House, number: int) -> list[str]:
    return [house.approved(house.noisy(where=where)) for where in WHERE[:number]]


def charged(house: House) -> set[str]:
    return {row.item_id.rsplit("-v", 1)[0] for row in house.rows(Charge, Charge.state == ChargeState.CHARGED)}


def test_all_that_wait_are_charged_at_once_and_each_is_carried_out_once(house: House) -> None:
    requests = waiting(house, 3)
    assert house.do(charging.charge_with_others, requests[0])
    assert charged(house) == set(requests)
    assert house.account(BILLS).spent == 3 * PRICE
    for request in requests:
        house.jobs.release(request)
        assert house.state(request) is State.RELEASED
    assert house.account(BILLS).spent == 3 * PRICE
    house.ledger_is_whole()


def test_alone_a_release_is_charged_alone(house: House) -> None:
    first, _ = waiting(house, 2)
    assert house.do(charging.charge, first)
    assert charged(house) == {first}


def test_a_request_whose_votes_no_longer_count_is_left_behind(house: House) -> None:
    first, other = (house.reviewed(house.noisy(where=where)) for where in WHERE[:2])
    house.vote(first, *CHECKERS[1:3])
    house.vote(other, *CHECKERS[:2])
    house.do(people.suspend, WORKER, CHECKERS[0])
    assert house.do(charging.charge_with_others, first)
    assert charged(house) == {first}
    assert [row.request_id for row in house.rows(Release)] == [first]
    assert not house.do(charging.charge_with_others, other)


def test_an_exact_request_that_waits_is_not_charged_with_others(house: House) -> None:
    exact = house.approved(house.exact())
    (noisy,) = waiting(house, 1)
    assert house.do(charging.charge_with_others, noisy)
    assert [row.request_id for row in house.rows(Release)] == [noisy]
    assert house.account(BILLS).exact_releases == 0
    house.jobs.release(exact)
    assert house.account(BILLS).exact_releases == 1


def test_a_request_that_somebody_holds_is_left_to_its_own_job(house: House) -> None:
    first, other = waiting(house, 2)
    with transaction(house.platform.application) as holder:
        holder.execute(text("SELECT FROM core.request WHERE id = :id FOR UPDATE"), {"id": other})
        assert house.do(charging.charge_with_others, first)
        assert charged(house) == {first}


def test_two_that_charge_everything_at_once_charge_each_once(house: House) -> None:
    requests = waiting(house, 4)
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda one: house.do(charging.charge_with_others, one), requests))
    assert charged(house) == set(requests)
    assert house.account(BILLS).spent == 4 * PRICE
    house.ledger_is_whole()


def test_of_two_that_wait_with_one_question_one_pays(house: House) -> None:
    requests = [house.approved(house.noisy(where=WHERE[0])) for _ in range(2)]
    assert house.do(charging.charge_with_others, requests[0])
    assert house.account(BILLS).spent == PRICE
    assert house.account(BILLS).reserved == 0
    states = sorted(row.state for row in house.rows(Charge))
    assert states == [ChargeState.CHARGED, ChargeState.VOID]
    house.ledger_is_whole()
