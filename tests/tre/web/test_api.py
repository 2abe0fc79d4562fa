"""The API: the same services and the same refusals, with a token and for programs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import text, update

from disclosure import Statistic
from tests.builders import AUDITOR, AUTHOR, CHECKERS, COLLEAGUE, PRICE, STRANGER, House, counts
from tests.tre.web.visiting import PASSWORD, Visitor
from tre.db.engine import transaction
from tre.db.tables import Person
from tre.domain.audit import Event
from tre.domain.outputs import State
from tre.domain.people import WORKER
from tre.services import people

Call = Callable[..., httpx.Response]
BY_BILL = Statistic.table("linked", by=["bill"], unit="study_id").to_json()


@pytest.fixture
def api(house: House) -> Call:
    """Calls the API as somebody."""
    visitor, tokens = Visitor(house), {}

    def call(person: str | None, method: str, path: str, body: object = None, **more) -> httpx.Response:
        if person is not None and person not in tokens:
            answer = visitor.raw("POST", "/api/v1/login", json={"person": person, "password": PASSWORD})
            tokens[person] = answer.json()["token"]
        headers = {} if person is None else {"Authorization": f"Bearer {tokens[person]}"}
        headers |= more.pop("headers", {})
        if method == "POST":
            more.setdefault("json", {} if body is None else body) if "content" not in more else None
        return visitor.raw(method, f"/api/v1{path}", headers=headers, **more)

    return call


def submission(**changes: object) -> dict[str, object]:
    words = {"project": "bills", "title": "Bills", "context": "For a test", "items": [counts()]}
    return words | {"precision": "standard"} | changes


def problem(answer: httpx.Response, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    sentence: str = answer.json()["sentence"]
    assert sentence.endswith((".", "?"))
    return sentence


def test_a_request_goes_from_submission_to_verified_files_by_program(house: House, api: Call) -> None:
    made = api(AUTHOR, "POST", "/requests", submission())
    assert made.status_code == 201
    request = made.json()["id"]
    house.jobs.check(request)
    seen = api(CHECKERS[0], "GET", f"/requests/{request}").json()["manifest_digest"]
    for checker in CHECKERS[:2]:
        vote = {"decision": "approve", "reason": "fine", "manifest_digest": seen}
        assert api(checker, "POST", f"/requests/{request}/votes", vote).status_code == 200
    house.jobs.release(request)
    assert api(AUTHOR, "GET", f"/requests/{request}").json()["state"] == State.RELEASED
    files = api(AUTHOR, "GET", f"/requests/{request}/bundle").json()["files"]
    assert [one["name"] for one in files] == [
        *(f"01-region.{form}" for form in ("csv", "tex", "xlsx")),
        "disclosure.json",
        "receipt.json",
    ]
    for one in files:
        content = api(AUTHOR, "GET", f"/requests/{request}/bundle/{one['name']}").content
        assert hashlib.sha256(content).hexdigest() == one["sha256"]
    ledger = api(AUTHOR, "GET", "/projects/bills/budget").json()
    assert {one["account"]: one["spent"] for one in ledger}["project:bills"] == PRICE


def test_the_author_cannot_approve_their_own_request_by_program(house: House, api: Call) -> None:
    with transaction(house.platform.application) as tx:
        tx.execute(text("INSERT INTO core.granted_capability VALUES ('ada', 'output_checker')"))
    request = house.reviewed()
    seen = house.request(request).manifest_digest
    vote = {"decision": "approve", "reason": "mine", "manifest_digest": seen}
    problem(api(AUTHOR, "POST", f"/requests/{request}/votes", vote), 403, "own_request")
    (line,) = house.events(Event.VOTE_REFUSED)
    assert (line.actor, line.detail["code"]) == (AUTHOR, "own_request")
    problem(api(COLLEAGUE, "POST", f"/requests/{request}/votes", vote), 403, "not_a_checker")
    stale = vote | {"manifest_digest": "0" * 64}
    problem(api(CHECKERS[0], "POST", f"/requests/{request}/votes", stale), 403, "changed")
    assert house.events(Event.VOTE_CAST) == []


def test_nothing_is_done_without_a_live_token(house: House, api: Call) -> None:
    request = house.reviewed()
    for method, path in (
        ("GET", "/requests"),
        ("POST", "/requests"),
        ("GET", f"/requests/{request}"),
        ("POST", f"/requests/{request}/votes"),
        ("POST", f"/requests/{request}/withdraw"),
        ("GET", f"/requests/{request}/bundle"),
        ("GET", f"/requests/{request}/bundle/receipt.json"),
        ("GET", "/projects"),
        ("GET", "/projects/bills/budget"),
        ("POST", "/projects/bills/check"),
        ("POST", "/projects/bills/price"),
        ("GET", "/statements/project/bills"),
    ):
        for headers in (
            {},
            {"Authorization": "Bearer x"},
            {"Authorization": "Basic x"},
            {"Authorization": "Bearer"},
        ):
            answer = api(None, method, path, headers=headers)
            assert answer.status_code == 401, path
            assert answer.headers["content-type"] == "application/problem+json"
    assert house.state(request) is State.IN_REVIEW


def test_a_session_cookie_opens_nothing_in_the_api_and_a_token_no_page(house: House, api: Call) -> None:
    visitor = Visitor(house)
    visitor.sign_in(AUTHOR)
    assert visitor.raw("GET", "/api/v1/requests").status_code == 401
    secret = visitor.client.cookies.get("tre-session") or ""
    assert (
        visitor.raw("GET", "/api/v1/requests", headers={"Authorization": f"Bearer {secret}"}).status_code
        == 401
    )
    token = visitor.raw("POST", "/api/v1/login", json={"person": AUTHOR, "password": PASSWORD}).json()[
        "token"
    ]
    stranger = Visitor(house)
    stranger.client.cookies.set("tre-session", token)
    stranger.get("/projects/bills", 401)


def test_a_page_of_another_site_cannot_call(api: Call, house: House) -> None:
    for headers in (
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://hub.tre.localhost:8600"},
    ):
        problem(api(AUTHOR, "GET", "/requests", headers=headers), 403, "cross_origin")
        login = {"person": AUTHOR, "password": PASSWORD}
        problem(api(None, "POST", "/login", login, headers=headers), 403, "cross_origin")
    assert "access-control-allow-origin" not in api(AUTHOR, "GET", "/requests", headers={}).headers


def test_signing_in_by_program_tells_nobody_which_names_exist(api: Call, house: House) -> None:
    answers = {
        problem(api(None, "POST", "/login", {"person": name, "password": "wrong"}), 403, "sign_in_failed")
        for name in (AUTHOR, "nobody", STRANGER)
    }
    assert len(answers) == 1
    with transaction(house.platform.application) as tx:
        tx.execute(update(Person).where(Person.id == AUTHOR).values(failed_logins=20))
    api(None, "POST", "/login", {"person": AUTHOR, "password": "wrong"})
    problem(api(None, "POST", "/login", {"person": AUTHOR, "password": PASSWORD}), 403, "sign_in_failed")


def test_requests_and_projects_of_others_do_not_exist(house: House, api: Call) -> None:
    request = house.reviewed()
    for path in (
        f"/requests/{request}",
        f"/requests/{request}/bundle",
        f"/requests/{request}/bundle/receipt.json",
    ):
        problem(api(STRANGER, "GET", path), 404, "no_such_request")
    problem(api(STRANGER, "POST", f"/requests/{request}/withdraw"), 404, "no_such_request")
    problem(api(STRANGER, "GET", "/projects/bills/budget"), 404, "no_such_project")
    assert api(STRANGER, "GET", "/requests").json() == []
    assert api(STRANGER, "GET", "/projects").json() == []
    for verb in ("check", "price"):
        problem(
            api(STRANGER, "POST", f"/projects/bills/{verb}", {"statistic": counts()}), 403, "not_a_member"
        )
    problem(api(STRANGER, "POST", "/requests", submission()), 403, "not_a_member")


def test_the_verdict_is_the_platforms_and_a_fail_is_an_answer(house: House, api: Call) -> None:
    assert api(AUTHOR, "POST", "/projects/bills/check", {"statistic": counts()}).json()["verdict"] == "pass"
    house.put_extract(sizes=(40, 3, 20, 30))
    answer = api(AUTHOR, "POST", "/projects/bills/check", {"statistic": counts()})
    assert answer.status_code == 200
    assert answer.json()["verdict"] == "fail"
    for person in (CHECKERS[0], AUDITOR):
        problem(api(person, "POST", "/projects/bills/check", {"statistic": counts()}), 403, "not_a_member")


def test_the_price_depends_on_the_question_alone(house: House, api: Call) -> None:
    body = {"statistic": counts(), "precision": "standard"}
    first = api(AUTHOR, "POST", "/projects/bills/price", body).json()
    house.put_extract(sizes=(1, 0, 0, 999))
    assert api(AUTHOR, "POST", "/projects/bills/price", body).json() == first
    assert first["nano_rho"] == PRICE
    assert first["half_width_95"]["n"] > 0
    rho = api(AUTHOR, "POST", "/projects/bills/price", {"statistic": counts(), "rho": 0.005}).json()
    assert rho["nano_rho"] == PRICE
    epsilon = api(AUTHOR, "POST", "/projects/bills/price", {"statistic": counts(), "epsilon": 0.5}).json()
    assert 0 < epsilon["epsilon"] <= 0.5
    problem(api(AUTHOR, "POST", "/projects/bills/price", body | {"rho": 0.1}), 422, "one_precision")
    problem(api(AUTHOR, "POST", "/projects/bills/price", body | {"precision": "x"}), 422, "unknown_precision")
    assert house.books()["project:bills"] == (0, 0, 0, 0)


WRONG: tuple[tuple[dict[str, object], int, str], ...] = (
    ({"items": []}, 403, "empty"),
    ({"items": ["{"]}, 422, "json"),
    ({"items": [BY_BILL]}, 422, "no_keys"),
    ({"items": [counts()] * 65}, 422, "too_many_items"),
    ({"title": "a\x00b"}, 422, "not_text"),
    ({"context": " "}, 403, "no_context"),
    ({"mode": "exact"}, 422, "precision_of_exact"),
    ({"mode": "exact", "precision": None}, 422, "no_exact_reason"),
    ({"mode": "exact", "precision": None, "reason": "because"}, 422, "no_exact_reason"),
    ({"precision": None, "rho": 10.0}, 403, "over_budget"),
    ({"precision": "standard", "epsilon": 1.0}, 422, "one_precision"),
    ({"mode": "free"}, 422, "malformed"),
    ({"project": 7}, 422, "malformed"),
    ({"author": "ben"}, 422, "malformed"),
    ({"state": "APPROVED"}, 422, "malformed"),
    ({"run": "run-x"}, 404, "no_such_run"),
    ({"again": "none"}, 404, "no_such_request"),
    ({"project": "none"}, 403, "not_a_member"),
)


def test_a_submission_that_is_wrong_is_refused_as_a_whole(house: House, api: Call) -> None:
    for changes, status, code in WRONG:
        problem(api(AUTHOR, "POST", "/requests", submission(**changes)), status, code)
    assert house.books()["project:bills"] == (0, 0, 0, 0)
    assert api(AUTHOR, "GET", "/requests").json() == []


def test_over_budget_is_recorded_as_such(house: House, api: Call) -> None:
    problem(api(AUTHOR, "POST", "/requests", submission(precision=None, rho=10.0)), 403, "over_budget")
    (line,) = house.events(Event.BUDGET_REFUSED)
    assert line.actor == AUTHOR


def test_an_exact_request_names_its_reason_and_can_be_withdrawn(house: House, api: Call) -> None:
    body = submission(mode="exact", precision=None, reason="legal_duty")
    request = api(AUTHOR, "POST", "/requests", body).json()["id"]
    problem(api(COLLEAGUE, "POST", f"/requests/{request}/withdraw"), 403, "only_author")
    answer = api(AUTHOR, "POST", f"/requests/{request}/withdraw")
    assert answer.json()["state"] == State.WITHDRAWN
    lists = {
        state: len(api(AUTHOR, "GET", f"/requests?state={state}").json()) for state in ("WITHDRAWN", "DRAFT")
    }
    assert lists == {"WITHDRAWN": 1, "DRAFT": 0}


def test_whoever_is_suspended_submits_nothing_more(house: House, api: Call) -> None:
    api(AUTHOR, "GET", "/projects")
    house.do(people.suspend, WORKER, AUTHOR)
    answer = api(AUTHOR, "POST", "/requests", submission())
    assert answer.status_code in {401, 403}
    assert answer.json()["code"] in {"signed_out", "not_accredited"}


def test_unknown_verbs_and_malformed_bodies_are_problems_too(api: Call) -> None:
    problem(api(AUTHOR, "GET", "/nothing"), 404, "no_such_verb")
    problem(api(AUTHOR, "GET", "/login"), 405, "no_such_verb")
    problem(api(AUTHOR, "GET", "/requests?state=x"), 422, "malformed")
    for body in ("[]", '"x"', "7", "null"):
        answer = api(AUTHOR, "POST", "/login", headers={"Content-Type": "application/json"}, content=body)
        assert answer.status_code == 422
    secret = api(None, "POST", "/login", {"person": 7, "password": "hunter2"})
    assert "hunter2" not in secret.text


def test_the_api_describes_itself_and_loads_nothing_from_elsewhere(api: Call) -> None:
    description = api(None, "GET", "/openapi.json").json()
    assert set(description["paths"]) >= {
        "/requests",
        "/requests/{request}/votes",
        "/projects/{project}/price",
    }
    for page in ("/docs", "/redoc"):
        assert api(None, "GET", page).status_code == 404
