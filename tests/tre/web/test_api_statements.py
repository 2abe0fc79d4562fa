"""Statements and verdicts by program: who may have them, and what they never carry."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.builders import AUDITOR, AUTHOR, COLLEAGUE, PRICE, STRANGER, House, counts
from tests.tre.web.visiting import PASSWORD, Visitor
from tre.domain.audit import Event


@pytest.fixture
def asked(house: House) -> Callable[..., object]:
    """Call the API with a personal token."""
    visitor = Visitor(house)

    def ask(person: str | None, method: str, path: str, body: object = None):
        headers = {}
        if person is not None:
            login = visitor.raw("POST", "/api/v1/login", json={"person": person, "password": PASSWORD})
            headers["Authorization"] = f"Bearer {login.json()['token']}"
        return visitor.raw(method, f"/api/v1{path}", json=body, headers=headers)

    return ask


def test_a_statement_by_program_is_the_one_on_the_page(house: House, asked) -> None:
    house.jobs.release(house.approved(house.noisy(), house.exact()))
    for path in ("project/bills", "dataset/accounts", "population/residents"):
        record = asked(AUTHOR, "GET", f"/statements/{path}").json()
        assert record["format"] == "tre-statement/1"
        assert record["accounts"][0]["spent"] == record["lines"][-1]["spent_nano_rho"] == PRICE
        assert record["lines"][-1]["exact_releases_so_far"] == 1
    assert asked(AUDITOR, "GET", "/statements/project/bills").status_code == 200


def test_a_stranger_cannot_tell_an_account_from_none(house: House, asked) -> None:
    answers = [asked(STRANGER, "GET", f"/statements/project/{name}") for name in ("bills", "none")]
    assert [answer.status_code for answer in answers] == [404, 404]
    said = [answer.json()["sentence"].replace("bills", "none") for answer in answers]
    assert said[0] == said[1]
    assert len(house.events(Event.ACCESS_REFUSED)) == 2
    assert asked(COLLEAGUE, "GET", "/statements/project/bills").status_code == 200
    assert asked(None, "GET", "/statements/project/bills").status_code == 401
    assert asked(AUTHOR, "GET", "/statements/planet/bills").status_code == 422


def test_a_verdict_by_program_carries_no_number_of_any_cell(house: House, asked) -> None:
    """A token may be used from anywhere; with the cells this would be an exact release without votes or ledger line."""
    house.put_extract(sizes=(47, 3, 29, 31))
    answer = asked(AUTHOR, "POST", "/projects/bills/check", {"statistic": counts()}).json()
    assert answer["verdict"] == "fail"
    assert {each["rule"] for each in answer["findings"]} >= {"threshold"}
    assert set(answer) == {"verdict", "cells", "findings"}
    assert not {"47", "29", "31"} & set(json.dumps(answer).replace(",", " ").split())
