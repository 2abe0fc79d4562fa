"""Submitting: who may, what it reserves on which accounts, and that a refusal leaves nothing behind."""

from __future__ import annotations

import pytest
from sqlalchemy import text, update

from disclosure.errors import DisclosureError
from tests.builders import (
    AUTHOR,
    CHECKERS,
    COLLEAGUE,
    CONTRACT,
    OBSERVER,
    PRICE,
    STRANGER,
    House,
    add_project,
    counts,
    manifest,
)
from tre.db.engine import transaction
from tre.db.tables import AccreditationRow, Charge, Item, LedgerEntry, Membership, Project, Request, Run
from tre.domain.audit import Event
from tre.domain.errors import BadInput, NotFound, Refused, TreError
from tre.domain.ledger import AccountKind, ChargeState
from tre.domain.outputs import Decision, Kind, Mode, State
from tre.domain.people import WORKER
from tre.services import people, projects
from tre.services.outputs import vote as voting
from tre.services.outputs.submit import Ask, Submission, submit

ACCOUNTS = ("edition:accounts@2016", "population:residents", "project:bills")


def jobs(house: House) -> list[str]:
    with transaction(house.platform.application) as tx:
        return list(tx.scalars(text("SELECT task_name FROM jobs.procrastinate_jobs ORDER BY id")))


def untouched(house: House) -> tuple[object, ...]:
    """Everything that a refused submission must leave as it was."""
    kinds = (Request, Item, Charge, LedgerEntry)
    return (*(sorted(str(row.id) for row in house.rows(kind)) for kind in kinds), house.books(), jobs(house))


def refused(house: House, code: str, *asks: Ask, error: type[Exception] = TreError, **words: object) -> str:
    before = untouched(house)
    with pytest.raises(error) as caught:
        house.submit(*asks, **words)
    assert caught.value.code == code
    assert untouched(house) == before
    house.ledger_is_whole()
    return str(caught.value.sentence)


def test_a_noisy_request_reserves_its_planned_price_on_every_account(house: House) -> None:
    request = house.submit()
    assert house.state(request) is State.SUBMITTED
    (item,) = house.items(request)
    assert (item.kind, item.mode, item.price, item.verdict) == (Kind.STATISTIC, Mode.NOISY, PRICE, None)
    assert house.accounts() == sorted(ACCOUNTS)
    assert house.books() == dict.fromkeys(ACCOUNTS, (0, PRICE, 0, 0))
    (charge,) = house.rows(Charge)
    assert (charge.state, charge.price, charge.accounts) == (
        ChargeState.RESERVED,
        PRICE,
        {"ids": sorted(ACCOUNTS)},
    )
    assert jobs(house) == ["check"]
    house.ledger_is_whole()


def test_each_item_reserves_on_its_own(house: House) -> None:
    house.submit(house.noisy(), house.noisy(where="region != 'South'", nano_rho=2 * PRICE), house.exact())
    assert house.books() == dict.fromkeys(ACCOUNTS, (0, 3 * PRICE, 0, 0))


def test_an_exact_request_reserves_nothing_and_keeps_its_reason(house: House) -> None:
    request = house.submit(house.exact())
    (item,) = house.items(request)
    assert (item.mode, item.exact_reason, item.price, item.plan) == (Mode.EXACT, "legal_duty", 0, None)
    assert house.books() == dict.fromkeys(ACCOUNTS, (0, 0, 0, 0))
    assert house.rows(Charge) == []


def test_only_researchers_of_the_project_may_submit(house: House) -> None:
    for who in (STRANGER, OBSERVER, CHECKERS[0]):
        refused(house, "not_a_member", author=who)


def test_a_colleague_on_the_project_may_submit(house: House) -> None:
    assert house.request(house.submit(author=COLLEAGUE)).author_id == COLLEAGUE


def test_a_member_whose_role_has_ended_may_not_submit(house: House) -> None:
    text = manifest().replace('[[people]]\nperson = "ben"\nrole = "researcher"\n', "")
    house.do(projects.apply, WORKER, text)
    refused(house, "not_a_member", author=COLLEAGUE)


def test_a_member_made_an_observer_may_not_submit(house: House) -> None:
    house.do(projects.apply, WORKER, manifest().replace('role = "researcher"', 'role = "observer"'))
    refused(house, "not_a_member", author=COLLEAGUE)
    assert len(house.rows(Membership, Membership.person_id == COLLEAGUE)) == 2


def test_a_role_on_one_project_opens_no_other(house: House) -> None:
    add_project(house, "water")
    house.do(projects.apply, WORKER, manifest("water").replace('person = "ben"', 'person = "zoe"'))
    refused(house, "not_a_member", author=COLLEAGUE, project="water")


def test_a_suspended_researcher_may_not_submit(house: House) -> None:
    house.do(people.suspend, WORKER, AUTHOR)
    refused(house, "not_accredited")


def test_a_researcher_whose_accreditation_has_ended_may_not_submit(house: House) -> None:
    with transaction(house.platform.application) as tx:
        mine = update(AccreditationRow).where(AccreditationRow.person_id == AUTHOR)
        tx.execute(mine.values(ends_at=text("now()")))
    refused(house, "not_accredited")


@pytest.mark.parametrize(
    "dates", [{"end": "2020-01-02"}, {"start": "2089-01-01"}], ids=["over", "not yet begun"]
)
def test_a_project_outside_of_its_dates_takes_no_request(house: House, dates: dict[str, str]) -> None:
    house.do(projects.apply, WORKER, manifest(**dates))
    refused(house, "project_not_open")


def test_a_frozen_or_closed_project_takes_no_request(house: House) -> None:
    for state in ("FROZEN", "CLOSED"):
        with transaction(house.platform.application) as tx:
            tx.get_one(Project, "bills").state = state
        refused(house, "project_not_open")


def test_an_unknown_project_looks_like_one_of_others(house: House) -> None:
    refused(house, "not_a_member", project="no-such")


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_request_over_budget_on_any_one_account_is_refused_and_that_one_is_named(
    house: House, account: str
) -> None:
    house.set_cap(account, 3 * PRICE - 1)
    house.submit(house.noisy())
    house.submit(house.noisy(where="region != 'East'"))
    said = refused(house, "over_budget", house.noisy(where="region != 'West'"))
    assert f"'{account}'" in said
    assert house.books() == dict.fromkeys(ACCOUNTS, (0, 2 * PRICE, 0, 0))


def test_the_last_unit_of_a_budget_can_be_reserved(house: House) -> None:
    house.set_cap("project:bills", PRICE)
    house.submit()
    refused(house, "over_budget", house.noisy(where="region != 'West'", nano_rho=1_000))


def test_a_request_with_one_item_too_many_reserves_none_of_them(house: House) -> None:
    house.set_cap("population:residents", 2 * PRICE)
    asks = [house.noisy(where=f"region != '{name}'") for name in ("East", "West", "North")]
    refused(house, "over_budget", *asks)


def test_budget_refused_to_one_is_left_for_another(house: House) -> None:
    house.set_cap("project:bills", PRICE)
    refused(house, "over_budget", house.noisy(nano_rho=PRICE + 1))
    house.submit(author=COLLEAGUE)


def test_noise_for_nothing_or_less_is_refused(house: House) -> None:
    for nano_rho in (0, -1, -PRICE):
        with pytest.raises(DisclosureError):
            house.submit(house.noisy(nano_rho=nano_rho))
    assert house.books() == dict.fromkeys(ACCOUNTS, (0, 0, 0, 0))


def test_what_cannot_be_understood_is_refused_whole(house: House) -> None:
    with pytest.raises(Refused, match="nothing in this request"):
        house.act(AUTHOR, submit, Submission("bills", "Title", "Context", ()))
    assert house.rows(Request) == []
    elsewhere = counts().replace("linked", "elsewhere")
    good = house.noisy()
    refused(
        house,
        "unknown_source",
        good,
        Ask(elsewhere, "T", Mode.NOISY, nano_rho=PRICE),
        error=DisclosureError,
    )
    refused(house, "no_precision", good, Ask(counts(), "T", Mode.NOISY), error=BadInput)
    refused(house, "no_exact_reason", good, Ask(counts(), "T", Mode.EXACT), error=BadInput)
    refused(house, "too_many_items", *[good] * 65, error=BadInput)


def test_a_request_without_a_context_that_can_be_read_is_refused(house: House) -> None:
    for context in ("", "  ", "\n\t"):
        refused(house, "no_context", context=context)
    for context in ("nul \0", "x" * 20_001):
        refused(house, "bad_context", context=context)


def test_a_title_that_cannot_be_read_is_refused(house: House) -> None:
    for title in ("", " ", "two\nlines", "nul\0", "bell\a", "x" * 201, "\u202etxt.exe"):
        refused(house, "bad_title", title=title)
        refused(house, "bad_title", house.noisy(title=title))


def test_the_same_question_again_costs_nothing_once_it_was_released(house: House) -> None:
    house.jobs.release(house.approved())
    spent = house.books()
    house.set_cap("project:bills", PRICE)  # nothing is left
    request = house.submit(author=COLLEAGUE, title="In other words")
    assert [charge.price for charge in house.rows(Charge, Charge.item_id == f"{request}-v1-1")] == [0]
    assert house.books() == spent
    house.ledger_is_whole()


def test_the_same_question_twice_under_review_is_held_twice_until_one_is_released(house: House) -> None:
    house.submit()
    house.submit(author=COLLEAGUE)
    assert house.account("project:bills").reserved == 2 * PRICE


def test_another_precision_is_another_question(house: House) -> None:
    house.jobs.release(house.approved())
    house.submit(house.noisy(nano_rho=PRICE // 2))
    assert house.account("project:bills").reserved == PRICE // 2


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
