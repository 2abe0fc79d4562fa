"""Statements, prices and changes of caps on pages: who sees them, what they say, and two people for every cap."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from tests.builders import AUDITOR, AUTHOR, CHECKERS, COLLEAGUE, PRICE, SENIOR, STRANGER, House, add_project
from tests.tre.web.visiting import Visitor, words
from tre.domain.audit import Event

SignIn = Callable[[str], Visitor]
STATEMENT = "/statements/project/bills"


@pytest.fixture
def spent(house: House) -> str:
    """A noisy and an exact table have been released."""
    request = house.approved(house.noisy(), house.exact())
    house.jobs.release(request)
    return request


def test_a_statement_shows_what_was_spent_and_the_exact_releases_beside_it(
    house: House, spent: str, signed_in: SignIn
) -> None:
    page = signed_in(AUTHOR).get(STATEMENT)
    said = words(page)
    assert f"{PRICE:,} of 100,000,000 nano-rho spent, 1 exact releases" in said
    assert spent in said
    assert "legal_duty" in said
    plots = [one for one in page.iter() if str(one.tag).endswith("svg")]
    assert len(plots) == 1
    labelled = plots[0].get("aria-labelledby", "").split()
    texts = {one.get("id"): one.text for one in plots[0].iter() if one.get("id")}
    assert all(texts[label] for label in labelled)


def test_a_statement_is_handed_out_as_json_and_csv_that_agree_with_the_ledger(
    house: House, spent: str, signed_in: SignIn
) -> None:
    visitor = signed_in(AUDITOR)
    record = visitor.raw("GET", f"{STATEMENT}/json").json()
    lines = list(csv.DictReader(io.StringIO(visitor.raw("GET", f"{STATEMENT}/csv").text)))
    assert [str(line["nano_rho"]) for line in record["lines"]] == [line["nano_rho"] for line in lines]
    assert record["accounts"][0]["spent"] == house.account("project:bills").spent == PRICE
    assert record["lines"][-1]["spent_nano_rho"] == PRICE
    assert record["accounts"][0]["exact_by_reason"] == {"legal_duty": 1}
    assert record["accounts"][0]["spent_epsilon"] > 0
    visitor.get(f"{STATEMENT}/html", 404)


@pytest.mark.parametrize("path", ["/statements/dataset/accounts", "/statements/population/residents"])
def test_datasets_and_populations_have_statements_too(spent: str, signed_in: SignIn, path: str) -> None:
    assert spent in words(signed_in(COLLEAGUE).get(path))


@pytest.mark.parametrize(
    "path", [STATEMENT, "/statements/dataset/accounts", "/statements/population/residents"]
)
def test_a_stranger_cannot_tell_an_account_from_one_that_is_not_there(signed_in: SignIn, path: str) -> None:
    visitor = signed_in(STRANGER)
    there, missing = visitor.get(path, 404), visitor.get(f"{path}-not", 404)
    assert words(there) == words(missing).replace(f"{path}-not".rsplit("/", 1)[1], path.rsplit("/", 1)[1])


def test_another_project_reads_the_populations_statement_and_not_the_projects(
    house: House, signed_in: SignIn
) -> None:
    add_project(house, "water")
    visitor = signed_in(CHECKERS[0])
    assert "Statement of project water" in words(visitor.get("/statements/project/water"))
    visitor.get("/statements/nonsense/water", 404)


def test_prices_are_shown_for_the_whole_menu_with_what_is_left_and_nothing_is_spent(
    house: House, signed_in: SignIn
) -> None:
    visitor = signed_in(AUTHOR)
    assert "Show prices" in words(visitor.get("/projects/bills/price"))
    said = words(visitor.get("/projects/bills/price?by=region&measure=mean+bill"))
    for word in (
        "coarse",
        "economy",
        "standard",
        "fine",
        "5,000,000",
        "95,000,000",
        "10,000 people",
        "plus or minus",
    ):
        assert word in said
    assert set(house.books().values()) == {(0, 0, 0, 0)}
    visitor.get("/projects/bills/price?by=nothing", 422)


def test_a_cap_is_changed_on_pages_by_two_people(house: House, signed_in: SignIn) -> None:
    lead, senior = signed_in(AUTHOR), signed_in(SENIOR)
    asked = {
        "account": "project:bills",
        "unit": "nano_rho",
        "after": "200,000,000",
        "reason": "One more chapter",
    }
    page = lead.post("/caps", **asked)
    assert "Proposal 1: project:bills" in words(page)
    lead.post("/caps/1", 403, decision="approve", reason="I say so")
    assert house.account("project:bills").cap == 100_000_000
    senior.post("/caps/1", decision="approve", reason="Weighed")
    assert house.account("project:bills").cap == 200_000_000
    assert len(house.events(Event.CAP_CHANGED)) == 1


@pytest.mark.parametrize(
    "change", [{"unit": "rho"}, {"after": "-1"}, {"after": "1e9"}, {"reason": ""}, {"after": "1"}]
)
def test_a_proposal_with_a_fault_changes_nothing(
    house: House, signed_in: SignIn, change: dict[str, str]
) -> None:
    asked = {"account": "project:bills", "unit": "nano_rho", "after": "200000000", "reason": "More"} | change
    signed_in(SENIOR).post("/caps", 422, **asked)
    assert house.events(Event.CAP_PROPOSED) == []


def test_a_stranger_without_accreditation_or_office_sees_no_changes_of_caps(signed_in: SignIn) -> None:
    assert "Nobody has proposed" in words(signed_in(COLLEAGUE).get("/caps"))
    signed_in(COLLEAGUE).post("/caps/7", 404, decision="approve", reason="x")
    signed_in(COLLEAGUE).post("/caps/7", 422, decision="burn", reason="x")
