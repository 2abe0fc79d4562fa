"""Two at once, a kill at the worst moment, data exchanged between two steps: nothing leaves twice, or without its rules."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tests.attacks.deeds import derived, exact
from tests.builders import AUTHOR, CHECKERS, PRICE, House
from tre.db.engine import read_only
from tre.db.tables import Project, Release, Run
from tre.domain.audit import Event
from tre.domain.errors import TreError
from tre.domain.outputs import State
from tre.services import projects, records, runs
from tre.services.outputs import release
from tre.services.outputs import vote as voting
from tre.worker.runs import Runs


def at_once(*works: Callable[[], object]) -> list[str]:
    """Do several things at the same moment; of each, the code of its refusal, or `done`."""
    said, gate = ["done"] * len(works), threading.Barrier(len(works))

    def run(place: int, work: Callable[[], object]) -> None:
        gate.wait()
        try:
            work()
        except TreError as error:
            said[place] = error.code

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def released_rows(house: House) -> int:
    return len(house.rows(Release))


def test_three_votes_at_once_approve_once(house: House) -> None:
    request = house.reviewed()
    said = at_once(*(lambda who=who: house.vote(request, who) for who in CHECKERS))
    assert sorted(said) == ["done", "done", "wrong_state"]
    assert house.state(request) is State.APPROVED
    assert len(house.events(Event.APPROVED)) == 1


def test_one_person_who_votes_twice_at_once_has_voted_once(house: House) -> None:
    request = house.reviewed()
    said = at_once(*(lambda: house.vote(request, CHECKERS[0]) for _ in range(2)))
    assert sorted(said) == ["done", "voted_already"]
    assert house.state(request) is State.IN_REVIEW


def test_a_vote_and_a_withdrawal_at_once_end_in_one_of_the_two(house: House) -> None:
    request = house.reviewed()
    house.vote(request, CHECKERS[0])
    said = at_once(
        lambda: house.vote(request, CHECKERS[1]), lambda: house.act(AUTHOR, voting.withdraw, request)
    )
    assert sorted(said) == ["done", "wrong_state"]
    state = house.state(request)
    assert state in {State.APPROVED, State.WITHDRAWN}
    held = house.books()["project:bills"][1]
    assert held == (PRICE if state is State.APPROVED else 0)
    house.ledger_is_whole()


def test_two_approved_tables_that_isolate_a_person_together_do_not_both_leave(house: House) -> None:
    """Neither was out when the other was checked, and both have their votes."""
    everybody = derived(house, "SELECT study_id, region FROM linked")
    without = derived(house, "SELECT study_id, region FROM linked WHERE study_id <> 's-East-1'")
    requests = [house.approved(exact(), run=run) for run in (everybody, without)]
    other = house.worker(lambda _step: None)
    at_once(lambda: house.jobs.release(requests[0]), lambda: other.release(requests[1]))
    for request in requests:
        house.jobs.release(request)
    assert sorted(house.state(request) for request in requests) == [State.RELEASED, State.RETURNED]
    assert released_rows(house) == 1


def test_two_tables_of_one_request_that_isolate_a_person_together_do_not_pass(house: House) -> None:
    run = derived(house, "SELECT study_id, region, CAST(study_id = 's-East-1' AS INT) AS flag FROM linked")
    request = house.reviewed(exact(), exact(where="flag == 0"), run=run)
    assert house.state(request) is State.RETURNED


def test_nothing_is_drawn_from_rows_that_were_exchanged_after_the_vote(house: House) -> None:
    request = house.approved()
    table = house.do(lambda tx: projects.extract_of(tx, "bills").tables["linked"]["path"])
    path = house.platform.extracts / table
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(TreError) as caught:
        house.jobs.release(request)
    assert caught.value.code == "data_changed"
    assert not house.bundle(request).exists()


def test_a_rebuilt_extract_does_not_change_what_was_voted_on(house: House) -> None:
    request = house.approved(house.exact())
    house.put_extract(sizes=(400, 300, 200, 300))
    house.jobs.release(request)
    table = (house.bundle(request) / "01-bills.csv").read_text()
    assert table == "region,n\nEast,40\nNorth,30\nSouth,20\nWest,30\nTotal,120\n"


def test_nothing_leaves_a_project_that_has_ended_meanwhile(house: House) -> None:
    request = house.approved()

    def end(tx) -> None:
        project = tx.get_one(Project, "bills")
        project.ends_on = project.starts_on

    house.do(end)
    house.jobs.release(request)
    assert house.state(request) is State.APPROVED
    assert house.books()["project:bills"] == (0, PRICE, 0, 0)
    assert not house.bundle(request).exists()


def test_the_same_question_sixty_times_in_one_request_is_drawn_and_paid_once(house: House) -> None:
    asks = [house.noisy(title=f"Table {number}", nano_rho=1_000_000) for number in range(60)]
    request = house.approved(*asks)
    house.jobs.release(request)
    assert house.books()["project:bills"] == (1_000_000, 0, 0, 0)
    tables = {path.read_bytes() for path in house.bundle(request).glob("*.csv")}
    assert len(tables) == 1
    house.ledger_is_whole()


def test_a_run_whose_worker_was_killed_says_so_and_is_not_executed_again(house: House) -> None:
    extract = house.do(projects.extract_of, "bills")

    def left(tx) -> None:
        words = {"notebook_digest": "0" * 64, "data_digest": extract.digest, "parameters": {}, "tables": {}}
        tx.add(Run(id="run-1", project_id="bills", person_id=AUTHOR, status=runs.RUNNING, **words))

    house.do(left)
    job = Runs(house.platform)
    for _ in range(2):
        job.run("run-1")
    (row,) = house.rows(Run)
    assert (row.status, row.finished_at is None) == ("failed", False)
    assert "cut off" in str(row.sentence)
    assert len(house.events(Event.RUN_FAILED)) == 1


def test_a_released_request_has_no_trouble_whoever_was_late(house: House) -> None:
    request = house.approved()
    house.jobs.release(request)
    house.do(release.trouble, request, "A second worker was late.")
    assert house.request(request).problem is None
    with read_only(house.platform.application) as tx:
        assert records.faults(tx, house.platform) == []
