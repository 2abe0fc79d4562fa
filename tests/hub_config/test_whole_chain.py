"""A real hub, proxy, gateway, sandbox and browser: from the portal's sign-in to a submitted output, and its end."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import FrameLocator, Page, expect
from sqlalchemy import select

from tests.hub_config.conftest import PASSWORD, Whole, until
from tests.hub_config.kernels import platform
from tests.world import AUTHOR, COLLEAGUE, STRANGER
from tre.db.engine import read_only
from tre.db.tables import Request
from tre.domain.audit import Event
from tre.domain.people import WORKER
from tre.services import hub, people, workspaces

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(1200)]
ASK = (
    "t = project.crosstab('region', title='Bills by region')\n"
    "r = project.submit([t], title='Bills by region', context='To inform policy')\n"
    "print(r.status().state)"
)


def sign_in(page: Page, person: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Name of your account").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("heading", name="Your work", level=1)).to_be_visible(timeout=60_000)


def enter(page: Page, project: str) -> FrameLocator:
    """From the project's page into its Lab, inside the portal's frame."""
    page.goto(f"/projects/{project}")
    page.get_by_role("link", name="Open your workspace").click()
    page.get_by_role("button", name="Start and enter the workspace").click()
    page.wait_for_url(f"**/projects/{project}/workspace?open=1")
    lab = page.frame_locator("iframe.tre-workspace")
    expect(lab.locator("#jp-main-dock-panel")).to_be_visible(timeout=120_000)
    return lab


def run_first_cells(page: Page, lab: FrameLocator, last: str) -> str:
    """Open the first notebook, run its first cell, then `last` in the second; return what that printed."""
    lab.locator(".jp-DirListing-itemText", has_text="Start here").dblclick()
    idle = lab.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")
    expect(idle.first).to_be_visible(timeout=120_000)
    cells = lab.locator(".jp-CodeCell")
    cells.nth(0).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    expect(cells.nth(0).locator(".jp-OutputArea-output").first).to_contain_text("linked", timeout=60_000)
    editor = cells.nth(1).locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(last)
    page.keyboard.press("Shift+Enter")
    printed = cells.nth(1).locator(".jp-OutputArea-output").first
    expect(printed).to_contain_text("SUBMITTED", timeout=60_000)
    return printed.inner_text().strip()


def test_a_researcher_submits_from_a_notebook_inside_the_portal(whole: Whole, page: Page) -> None:
    sign_in(page, AUTHOR)
    lab = enter(page, "bills")
    assert run_first_cells(page, lab, ASK) == "SUBMITTED"
    with read_only(whole.house.platform.application) as tx:
        (request,) = tx.scalars(select(Request).where(Request.author_id == AUTHOR))
    assert (request.project_id, request.title, request.run_id) == ("bills", "Bills by region", None)
    page.goto(f"/requests/{request.id}")
    expect(page.get_by_role("heading", name="Bills by region", level=1)).to_be_visible(timeout=60_000)
    started = [event.subject for event in whole.house.events(Event.WORKSPACE_STARTED)]
    assert f"workspace:bills/{AUTHOR}" in started


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
        ("/hub/token", {403, 404}),
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


def test_who_is_suspended_is_out_at_once_and_their_server_within_a_minute(whole: Whole, page: Page) -> None:
    sign_in(page, COLLEAGUE)
    enter(page, "bills")
    ask = f"{whole.hub}/user/{COLLEAGUE}/bills/enter"
    assert page.request.get(ask, max_redirects=0).status < 400  # a control: the way in is open
    with platform(workspaces.runtime(whole.house.platform)) as desk:
        assert desk.get(f"/servers/{COLLEAGUE}/bills").json()["running"] is True
        whole.house.do(people.suspend, WORKER, COLLEAGUE)
        begun = time.monotonic()
        until(lambda: not desk.get(f"/members/{COLLEAGUE}/bills").json()["allowed"], 5)
        until(lambda: desk.get(f"/servers/{COLLEAGUE}/bills").json()["running"] is False, 60)
        assert time.monotonic() - begun < 60
        until(lambda: page.request.get(ask, max_redirects=0).status >= 400, 60)
        until(lambda: f"workspace:bills/{COLLEAGUE}" in subjects(whole, Event.WORKSPACE_REVOKED), 30)
        whole.house.do(people.reinstate, WORKER, COLLEAGUE)
        assert desk.get(f"/members/{COLLEAGUE}/bills").json()["allowed"] is True


def subjects(whole: Whole, event: Event) -> list[str]:
    return [one.subject for one in whole.house.events(event)]
