"""When an accreditation ends: open requests stop, sessions end, it is told once; and the way back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from tests.builders import (
    ADMIN,
    AUTHOR,
    CHECKERS,
    COLLEAGUE,
    PRICE,
    House,
    manifest,
)
from tre.db.engine import transaction
from tre.db.tables import AccreditationRow, Request, WebSession
from tre.domain.audit import Event
from tre.domain.errors import BadInput, Refused
from tre.domain.outputs import OPEN_STATES, State
from tre.domain.people import WORKER, AccreditationKind
from tre.services import accreditation, people, projects, sessions
from tre.services.sessions import Purpose


def ended(house: House, who: str) -> None:
    with transaction(house.platform.application) as tx:
        theirs = update(AccreditationRow).where(AccreditationRow.person_id == who)
        tx.execute(theirs.values(ends_at=text("now()")))


def sweep(house: House) -> int:
    return house.do(accreditation.sweep)


def queued(house: House, task: str) -> int:
    with transaction(house.platform.application) as tx:
        query = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = :task AND status = 'todo'"
        return int(tx.scalar(text(query), {"task": task}) or 0)


def test_nobody_lapses_while_all_hold(house: House) -> None:
    request = house.submit()
    assert sweep(house) == 0
    assert house.state(request) is State.SUBMITTED
    assert house.events(Event.ACCREDITATION_LAPSED) == []


@pytest.mark.parametrize("how", ["ends", "is suspended"])
def test_a_lapse_suspends_open_requests_ends_sessions_and_is_told_once(house: House, how: str) -> None:
    request, theirs = house.submit(), house.submit(author=COLLEAGUE)
    for purpose in Purpose:
        house.do(sessions.issue, AUTHOR, purpose)
    other = house.do(sessions.issue, COLLEAGUE, Purpose.SESSION)
    if how == "ends":
        ended(house, AUTHOR)
    else:
        house.act(ADMIN, people.suspend, AUTHOR)
    assert [sweep(house) for _ in range(3)] == [1, 0, 0]
    assert house.state(request) is State.SUSPENDED
    assert house.request(request).resume_to == State.SUBMITTED
    assert house.state(theirs) is State.SUBMITTED
    assert [row.person_id for row in house.rows(WebSession)] == [COLLEAGUE]
    assert house.do(sessions.peek, other, Purpose.SESSION) == COLLEAGUE
    assert [event.subject for event in house.events(Event.ACCREDITATION_LAPSED)] == [f"person:{AUTHOR}"]
    assert [event.subject for event in house.events(Event.SUSPENDED)] == [f"request:{request}"]
    assert house.account("project:bills").reserved == 2 * PRICE  # what is suspended keeps what it holds


@pytest.mark.parametrize("state", OPEN_STATES)
def test_a_lapse_suspends_in_every_open_state(house: House, state: State) -> None:
    request = house.submit()
    with transaction(house.platform.application) as tx:
        tx.get_one(Request, request).state = state
    ended(house, AUTHOR)
    sweep(house)
    found = house.request(request)
    assert (found.state, found.resume_to) == (State.SUSPENDED, state)
    house.jobs.check(request)
    house.jobs.release(request)
    assert house.state(request) is State.SUSPENDED


def test_who_has_another_accreditation_that_holds_does_not_lapse(house: House) -> None:
    house.do(
        people.accredit,
        WORKER,
        AUTHOR,
        AccreditationKind.FULL,
        starts=datetime.now(UTC) - timedelta(days=1),
    )
    with transaction(house.platform.application) as tx:
        first = select(func.min(AccreditationRow.id)).where(AccreditationRow.person_id == AUTHOR)
        theirs = update(AccreditationRow).where(AccreditationRow.id == first.scalar_subquery())
        tx.execute(theirs.values(ends_at=text("now()")))
    request = house.submit()
    assert sweep(house) == 0
    assert house.state(request) is State.SUBMITTED
    ended(house, AUTHOR)
    assert sweep(house) == 1


def test_an_accreditation_that_begins_later_does_not_hold_yet(house: House) -> None:
    ended(house, AUTHOR)
    house.do(
        people.accredit, WORKER, AUTHOR, AccreditationKind.FULL, starts=datetime.now(UTC) + timedelta(days=1)
    )
    assert sweep(house) == 1


def test_two_sweeps_at_once_tell_it_once(house: House) -> None:
    ended(house, AUTHOR)
    with transaction(house.platform.application) as tx:
        assert accreditation.sweep(tx) == 1
        assert sweep(house) == 0
    assert len(house.events(Event.ACCREDITATION_LAPSED)) == 1


def suspended(house: House, request: str) -> str:
    house.act(ADMIN, people.suspend, AUTHOR)
    sweep(house)
    assert house.state(request) is State.SUSPENDED
    return request


def test_after_reinstatement_a_request_goes_on_where_it_stood(house: House) -> None:
    request = suspended(house, house.reviewed())
    house.do(people.reinstate, WORKER, AUTHOR)
    assert house.state(request) is State.SUSPENDED  # nothing resumes by itself
    assert house.act(ADMIN, accreditation.resume, request) is State.IN_REVIEW
    assert house.request(request).resume_to is None
    assert house.vote(request, *CHECKERS[:2]) is State.APPROVED
    assert [event.actor for event in house.events(Event.PERSON_REINSTATED)] == [WORKER.id]
    assert [event.actor for event in house.events(Event.RESUMED)] == [ADMIN]


def test_votes_cast_before_a_suspension_count_after_it_if_their_voters_still_may(house: House) -> None:
    request = house.reviewed()
    house.vote(request, CHECKERS[0])
    suspended(house, request)
    house.do(people.reinstate, WORKER, AUTHOR)
    house.act(ADMIN, accreditation.resume, request)
    assert house.vote(request, CHECKERS[1]) is State.APPROVED


@pytest.mark.parametrize(
    ("state", "task"),
    [
        (State.SUBMITTED, "check"),
        (State.CHECKING, "check"),
        (State.CHECK_ERROR, "check"),
        (State.APPROVED, "release"),
        (State.IN_REVIEW, ""),
    ],
)
def test_resuming_asks_again_for_the_work_that_was_left(house: House, state: State, task: str) -> None:
    request = house.submit()
    with transaction(house.platform.application) as tx:
        tx.execute(text("UPDATE jobs.procrastinate_jobs SET status = 'succeeded'"))
        tx.get_one(Request, request).state = state
    suspended(house, request)
    house.do(people.reinstate, WORKER, AUTHOR)
    house.act(ADMIN, accreditation.resume, request)
    assert {name: queued(house, name) for name in ("check", "release")} == {
        name: int(name == task) for name in ("check", "release")
    }


def test_a_request_does_not_resume_while_its_author_or_project_is_not_live(house: House) -> None:
    request = suspended(house, house.reviewed())
    with pytest.raises(Refused) as lapsed:
        house.act(ADMIN, accreditation.resume, request)
    assert lapsed.value.code == "author_lapsed"
    house.do(people.reinstate, WORKER, AUTHOR)
    house.do(projects.apply, WORKER, manifest(end="2020-01-02"))
    with pytest.raises(Refused) as over:
        house.act(ADMIN, accreditation.resume, request)
    assert over.value.code == "project_not_open"


def test_only_admins_reinstate_and_resume_and_never_themselves(house: House) -> None:
    request = suspended(house, house.reviewed())
    for who in (AUTHOR, COLLEAGUE, CHECKERS[0]):
        for verb, subject in (
            (people.suspend, AUTHOR),
            (accreditation.resume, request),
        ):
            with pytest.raises(Refused) as caught:
                house.act(who, verb, subject)
            assert caught.value.code == "only_admin"
    for who in (ADMIN, AUTHOR):
        with pytest.raises(Refused) as alone:
            house.act(who, people.reinstate, AUTHOR)
        assert alone.value.code == "two_admins"


def test_reinstating_does_not_lengthen_what_has_ended(house: House) -> None:
    house.act(ADMIN, people.suspend, AUTHOR)
    ended(house, AUTHOR)
    sweep(house)
    house.do(people.reinstate, WORKER, AUTHOR)
    assert not house.act(AUTHOR, lambda _tx, actor: actor.accredited)
    assert sweep(house) == 0  # told already


def test_a_second_lapse_is_told_again(house: House) -> None:
    for _ in range(2):
        house.act(ADMIN, people.suspend, AUTHOR)
        assert sweep(house) == 1
        house.do(people.reinstate, WORKER, AUTHOR)
    assert len(house.events(Event.ACCREDITATION_LAPSED)) == 2


def test_a_charged_release_is_not_suspended_by_a_lapse_and_the_sweep_goes_on(house: House) -> None:
    class Killed(BaseException):
        pass

    def kill(step: str) -> None:
        if step == "charged":
            raise Killed

    charged = house.approved()
    with pytest.raises(Killed):
        house.worker(kill).release(charged)
    waits = house.submit(house.noisy(nano_rho=1_000_000))
    ended(house, AUTHOR)
    assert sweep(house) == 1
    assert (house.state(charged), house.state(waits)) == (State.APPROVED, State.SUSPENDED)
    house.jobs.release(charged)
    assert house.state(charged) is State.RELEASED
    house.ledger_is_whole()


def test_the_start_of_an_accreditation_is_a_moment_with_its_zone(house: House) -> None:
    for starts in (datetime(2026, 1, 1), datetime(9998, 1, 1, tzinfo=UTC)):  # noqa: DTZ001 - this is tried
        with pytest.raises(BadInput):
            house.do(people.accredit, WORKER, AUTHOR, AccreditationKind.FULL, starts=starts)
