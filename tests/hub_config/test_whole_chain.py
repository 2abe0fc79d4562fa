"""A real hub, proxy, gateway, sandbox and browser: from the portal's sign-in to a submitted output."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.hub_config.conftest import PASSWORD, Whole
from tests.world import AUTHOR

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


def sign_in(page: Page, person: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Name of your account").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("heading", name="Your work", level=1)).to_be_visible()


def enter(page: Page, project: str) -> None:
    """From the project's page into its Lab, inside the portal's frame."""
    page.goto(f"/projects/{project}/workspace")
    page.get_by_role("button", name="Start and enter the workspace").click()
    page.wait_for_url(f"**/projects/{project}/workspace?open=1")


def test_a_researcher_runs_a_cell_and_submits_from_inside_the_portal(whole: Whole, page: Page) -> None:
    sign_in(page, AUTHOR)
    enter(page, "bills")
    lab = page.frame_locator("iframe.tre-workspace")
    expect(lab.get_by_role("main").first).to_be_visible()
    page.screenshot(path="/tmp/wt/hub.png")  # noqa: S108
