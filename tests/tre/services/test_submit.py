"""Submitting: who may, what it reserves on which accounts, and that a refusal leaves nothing behind."""

from __future__ import annotations

import pytest
from sqlalchemy import text, update

from disclosure.errors import DisclosureError
from tests.builders import (
    AUTHOR,
    CHECKERS,
    COLLEAGUE,
    OBSERVER,
    PRICE,
    STRANGER,
    House,
    add_project,
    counts,
    manifest,
)
from tests.tre.services.submitting import ACCOUNTS, jobs, refused
from tre.db.engine import transaction
from tre.db.tables import AccreditationRow, Charge, Membership, Project, Request
from tre.domain.errors import BadInput, Refused
from tre.domain.ledger import ChargeState, ExactReason
from tre.domain.outputs import Kind, Mode, State
from tre.domain.people import WORKER
from tre.services import people, projects
from tre.services.outputs.submit import Ask, Submission, submit


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
    strange = Ask(counts(where="shoe_size == 9"), "T", Mode.EXACT, reason=ExactReason.LEGAL_DUTY)
    assert "region" in refused(house, "unknown_column", good, strange, error=BadInput)
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
