"""New versions, what is given back, and what a request may not become."""

from __future__ import annotations

import pytest

from tests.builders import (
    AUTHOR,
    CHECKERS,
    COLLEAGUE,
    CONTRACT,
    PRICE,
    STRANGER,
    House,
    add_project,
    manifest,
)
from tests.tre.services.submitting import ACCOUNTS, refused
from tre.db.engine import transaction
from tre.db.tables import Charge, LedgerEntry, Request, Run
from tre.domain.audit import Event
from tre.domain.errors import NotFound, Refused
from tre.domain.ledger import AccountKind, ChargeState
from tre.domain.outputs import Decision, State
from tre.domain.people import WORKER
from tre.services import projects
from tre.services.outputs import vote as voting
from tre.services.outputs.submit import Ask


def returned(house: House) -> str:
    request = house.reviewed()
    house.vote(request, *CHECKERS[:2], decision=Decision.RETURN)
    return request


def test_a_new_version_keeps_the_old_items_and_asks_for_votes_anew(house: House) -> None:
    request = returned(house)
    first = house.request(request).manifest_digest
    assert house.submit(house.noisy(where="region != 'East'"), again=request) == request
    found = house.request(request)
    assert (found.version, found.state, found.problem) == (2, State.SUBMITTED, None)
    assert found.manifest_digest != first
    assert [(item.id, item.version) for item in house.items(request)] == [
        (f"{request}-v1-1", 1),
        (f"{request}-v2-1", 2),
    ]
    house.jobs.check(request)
    assert house.vote(request, CHECKERS[0]) is State.IN_REVIEW  # may vote again, and is the first to
    assert house.vote(request, CHECKERS[1]) is State.APPROVED


def test_the_same_words_again_are_another_version_all_the_same(house: House) -> None:
    """Votes name a digest: a version that says the same must not inherit them."""
    request = house.reviewed()
    house.vote(request, CHECKERS[0])
    house.vote(request, CHECKERS[1], decision=Decision.RETURN)
    assert house.vote(request, CHECKERS[2], decision=Decision.RETURN) is State.RETURNED
    house.submit(again=request)
    house.jobs.check(request)
    with transaction(house.platform.application) as tx:
        assert voting.standing(tx, tx.get_one(Request, request)) == 0
    assert house.vote(request, CHECKERS[1]) is State.IN_REVIEW


def test_only_the_author_submits_a_new_version(house: House) -> None:
    request = returned(house)
    refused(house, "only_author", again=request, author=COLLEAGUE)
    assert house.request(request).version == 1


def test_a_request_under_review_cannot_be_changed_under_the_reviewers_eyes(house: House) -> None:
    request = house.reviewed()
    before = house.request(request).manifest_digest
    refused(house, "wrong_state", house.noisy(where="region != 'East'"), again=request)
    house.vote(request, *CHECKERS[:2])
    refused(house, "wrong_state", house.noisy(where="region != 'East'"), again=request)
    assert house.request(request).manifest_digest == before


def test_a_request_cannot_move_to_another_project(house: House) -> None:
    add_project(house, "water")
    refused(house, "no_such_request", again=returned(house), project="water")
    refused(house, "no_such_request", again="no-such")


def test_every_word_that_is_voted_on_is_in_the_digest(house: House) -> None:
    def digest(*asks: Ask, **words: object) -> str:
        return house.request(house.submit(*asks, **words)).manifest_digest

    asks = [
        (house.noisy(), {}),
        (house.noisy(), {"title": "Another"}),
        (house.noisy(), {"context": "Another"}),
        (house.noisy(title="Another"), {}),
        (house.noisy(nano_rho=PRICE + 1), {}),
        (house.noisy(where="region != 'East'"), {}),
        (house.exact(), {}),
    ]
    digests = {digest(ask, **words) for ask, words in asks}
    assert len(digests) == len(asks)


def _give_back(house: House, way: str) -> str:
    if way == "withdrawn":
        request = house.submit()
        house.act(AUTHOR, voting.withdraw, request)
    elif way == "machine":
        house.put_extract(sizes=(40, 3, 20, 30))
        request = house.reviewed(house.noisy(), house.exact())
    else:
        request = house.reviewed()
        house.vote(request, *CHECKERS[:2], decision=Decision(way))
    return request


@pytest.mark.parametrize(
    ("way", "state"),
    [
        ("withdrawn", State.WITHDRAWN),
        ("return", State.RETURNED),
        ("reject", State.REJECTED),
        ("machine", State.RETURNED),
    ],
)
def test_what_does_not_leave_gives_its_reservation_back_once(house: House, way: str, state: State) -> None:
    request = _give_back(house, way)
    assert house.state(request) is state
    assert house.books() == dict.fromkeys(ACCOUNTS, (0, 0, 0, 0))
    assert [charge.state for charge in house.rows(Charge)] == [ChargeState.VOID]
    entries = [(one.kind, one.nano_rho) for one in house.rows(LedgerEntry)]
    assert sorted(entries) == [("RESERVE", PRICE)] * 3 + [("VOID", -PRICE)] * 3
    assert len(house.events(Event.BUDGET_VOIDED)) == 1
    house.ledger_is_whole()


def test_a_new_version_reserves_again(house: House) -> None:
    request = returned(house)
    house.submit(again=request)
    assert house.account("project:bills").reserved == PRICE
    house.ledger_is_whole()


def test_only_the_author_withdraws(house: House) -> None:
    request = house.submit()
    for who in (COLLEAGUE, CHECKERS[0], STRANGER):
        with pytest.raises(Refused) as caught:
            house.act(who, voting.withdraw, request)
        assert caught.value.code == "only_author"
    assert house.account("project:bills").reserved == PRICE


def test_an_approved_request_cannot_be_withdrawn_from_under_the_worker(house: House) -> None:
    request = house.approved()
    with pytest.raises(Refused, match="offers no such step"):
        house.act(AUTHOR, voting.withdraw, request)


def test_accounts_follow_the_data_and_not_the_manifest_of_the_day(house: House) -> None:
    """A manifest that forgets a dataset must not spare its account while the extract still holds its columns."""
    extract = house.put_extract()
    other = manifest().replace('edition = "2016"', 'edition = "2017"')
    house.do(projects.register_dataset, WORKER, CONTRACT, "2017")
    house.do(projects.apply, WORKER, other)
    house.submit()
    assert extract.editions == {"accounts": "2016"}
    assert house.account("edition:accounts@2016").reserved == PRICE
    assert house.account("edition:accounts@2017").reserved == 0
    assert house.account("edition:accounts@2017").kind == AccountKind.EDITION


def test_a_project_without_an_extract_takes_no_request(house: House) -> None:
    house.do(projects.apply, WORKER, manifest("water"))
    refused(house, "no_extract", project="water", error=NotFound)


def test_a_run_of_an_earlier_extract_is_not_asked_about(house: House) -> None:
    extract = house.put_extract()
    with transaction(house.platform.application) as tx:
        words = {"notebook_digest": "n", "environment_digest": "e", "parameters": {}, "tables": {}}
        run = Run(id="run-1", project_id="bills", person_id=AUTHOR, status="ok", sentence="", **words)
        run.data_digest = extract.digest
        tx.add(run)
    house.submit(run="run-1")
    house.put_extract(sizes=(41, 30, 20, 30))
    refused(house, "run_outdated", run="run-1")
    refused(house, "no_such_run", run="run-2", error=NotFound)
