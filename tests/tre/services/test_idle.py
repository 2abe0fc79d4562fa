"""Thirty days without an act of a person end a reservation: by the database's clock, and never what is charged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import ADMIN, AUTHOR, CHECKERS, PRICE, House
from tests.time_machine import go_on
from tre.domain.audit import Event
from tre.domain.errors import Refused
from tre.domain.outputs import IDLE_AFTER, State
from tre.services.outputs import charging, idle

ALMOST = IDLE_AFTER - timedelta(minutes=5)


def reserved(house: House) -> int:
    return house.account("project:bills").reserved


def test_a_request_that_nobody_works_on_gives_back_what_it_holds_after_thirty_days(house: House) -> None:
    request = house.reviewed(house.noisy())
    go_on(house, ALMOST)
    house.jobs.expire()
    assert (house.state(request), reserved(house)) == (State.IN_REVIEW, PRICE)
    go_on(house, timedelta(minutes=6))
    house.jobs.expire()
    assert (house.state(request), reserved(house)) == (State.RETURNED, 0)
    assert house.request(request).problem == idle.SENTENCE
    assert [event.subject for event in house.events(Event.REQUEST_IDLE)] == [f"request:{request}"]
    house.ledger_is_whole()
    again = house.submit(house.noisy(), again=request)
    assert (again, reserved(house)) == (request, PRICE)


def test_a_vote_keeps_a_request_going(house: House) -> None:
    request = house.reviewed(house.noisy())
    go_on(house, ALMOST)
    house.vote(request, CHECKERS[0])
    go_on(house, ALMOST)
    house.jobs.expire()
    assert house.state(request) is State.IN_REVIEW


def test_what_the_machine_tries_again_and_again_does_not(house: House) -> None:
    request = house.submit(house.noisy())
    for _ in range(3):
        go_on(house, timedelta(days=11))
        house.jobs.check(request)
    house.jobs.expire()
    assert house.state(request) is State.RETURNED


def test_an_approved_release_that_waits_for_room_ends_too_unless_it_is_charged(house: House) -> None:
    held = house.approved(house.noisy())
    charged = house.approved(house.noisy(where="region == 'East'"))
    house.do(charging.charge, charged)
    go_on(house, IDLE_AFTER)
    house.jobs.expire()
    assert house.state(held) is State.RETURNED
    assert house.state(charged) is State.APPROVED
    assert (house.account("project:bills").spent, reserved(house)) == (PRICE, 0)
    house.jobs.release(charged)
    assert house.state(charged) is State.RELEASED


def test_a_suspended_request_does_not_keep_its_reservation_for_ever(house: House) -> None:
    request = house.reviewed(house.noisy())
    house.act(ADMIN, idle.people.suspend, AUTHOR)
    house.jobs.sweep()
    assert house.state(request) is State.SUSPENDED
    go_on(house, IDLE_AFTER)
    house.jobs.expire()
    assert (house.state(request), reserved(house)) == (State.RETURNED, 0)


def test_only_an_admin_or_the_platform_ends_reservations_early_or_late(house: House) -> None:
    with pytest.raises(Refused, match="Only an admin"):
        house.act(AUTHOR, idle.expire)
    assert house.act(ADMIN, idle.expire) == []


def test_the_job_runs_every_night_by_itself(house: House) -> None:
    task = next(one for one in house.jobs.tasks() if one.name == "expire")
    assert task.cron == "17 3 * * *"
