"""A real hub, proxy, gateway and browser: what the hub starts, refuses and says."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.hub_config.conftest import PASSWORD, Whole
from tests.hub_config.kernels import platform
from tests.world import AUTHOR, STRANGER
from tre.domain.audit import Event
from tre.services import hub, workspaces

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(1200)]


def sign_in(page: Page, person: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Name of your account").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("heading", name="Your work", level=1)).to_be_visible(timeout=60_000)


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/hub/spawn/ada", {400, 403, 404}),
        ("/hub/spawn/ada/other-project", {403, 404}),
        ("/hub/spawn/ben/bills", {403, 404}),
        ("/hub/spawn/ada/proj_A", {400, 403, 404}),
        ("/hub/spawn/ada/a--b", {400, 403, 404}),
        ("/hub/spawn/ada/..%2Fbills", {400, 403, 404}),
        ("/hub/admin", {403, 404}),
    ],
)
def test_the_hub_starts_nothing_else_and_gives_nothing_away(
    whole: Whole, page: Page, path: str, statuses: set[int]
) -> None:
    sign_in(page, AUTHOR)
    page.goto(
        f"{whole.hub}/hub/login?next=%2Fhub%2Fspawn%2Fada%2Fnowhere"
    )  # signed in at the hub, as a control
    assert "nowhere" in page.url
    answer = page.goto(f"{whole.hub}{path}")
    assert answer is not None
    assert answer.status in statuses
    with platform(workspaces.runtime(whole.house.platform)) as desk:
        for name in ("other-project", "proj_A"):
            assert desk.get(f"/servers/ada/{name}").json()["running"] is False


def test_who_is_not_a_member_is_told_so_and_it_is_recorded(whole: Whole) -> None:
    with platform(workspaces.runtime(whole.house.platform)) as desk:
        said = desk.put(f"/servers/{STRANGER}/bills")
        assert said.status_code == 403
        assert said.json()["reason"] == "You have no researching role on project 'bills'."
        assert desk.get(f"/members/{STRANGER}/bills").json() == {
            "allowed": False,
            "reason": "You have no researching role on project 'bills'.",
        }
        assert desk.get(f"/members/{AUTHOR}/bills").json()["allowed"] is True
        assert desk.get("/members/Nobody%20Here/bills").json()["allowed"] is False
    refused = [event.subject for event in whole.house.events(Event.WORKSPACE_REFUSED)]
    assert f"workspace:bills/{STRANGER}" in refused


def test_an_alarm_of_the_gateway_stands_in_the_audit_log_without_content(whole: Whole) -> None:
    alarm = {
        "kind": "volume",
        "person": AUTHOR,
        "project": "bills",
        "flow": "out",
        "bytes": 7,
        "x": "a b",
        "y": [1],
    }
    with platform(workspaces.runtime(whole.house.platform)) as desk:
        assert desk.post("/alarms", json=alarm).status_code == 201
        for broken in ({}, {**alarm, "kind": "A B"}, {**alarm, "project": "../x"}, {**alarm, "person": 1}):
            assert desk.post("/alarms", json=broken).status_code == 422
        assert desk.post("/alarms", content=b"[").status_code == 422
    event = whole.house.events(Event.WORKSPACE_ALARM)[-1]
    assert event.actor == "gateway"
    assert event.detail == {"kind": "volume", "flow": "out", "bytes": 7}


def test_every_part_says_that_it_is_at_work(whole: Whole) -> None:
    from tre.services.health import status

    rows = {str(row["part"]): row["up"] for row in status(whole.settings)}
    assert rows == dict.fromkeys(("database", "portal", "workspaces", "gateway", "hub", "proxy"), True)
    plan = hub.folder_of(whole.house.platform) / hub.FILE
    assert plan.stat().st_mode & 0o077 == 0
    assert (plan.parent / "hub.sqlite").stat().st_mode & 0o077 == 0
