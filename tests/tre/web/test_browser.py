"""A real Chromium: a checker signs in, reads and votes by keyboard alone, on a screen of 320 pixels, without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.builders import AUTHOR, CHECKERS, House
from tests.tre.web.visiting import PASSWORD
from tre.domain.audit import Event
from tre.domain.outputs import State
from tre.web.guards import origin_of

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE = 60_000  # milliseconds; a page takes a tenth of a second where nothing else runs
expect.set_options(timeout=PATIENCE)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="machine: Chromium is not installed"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=PATIENCE)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, house: House) -> Iterator[Page]:
    """A page of a narrow browser that runs no script and names the portal by its own name."""
    origin = origin_of(house.platform.settings).text
    context = browser.new_context(
        base_url=origin, viewport={"width": 320, "height": 640}, java_script_enabled=False
    )
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def sign_in(page: Page, person: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Name of your account").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.get_by_role("heading", name="Your work", level=1).wait_for()


def test_a_checker_signs_in_and_votes_by_keyboard_without_leaving_the_page(house: House, page: Page) -> None:
    house.put_extract(sizes=(40, 30, 20, 30))
    request = house.reviewed(house.exact("By region"), house.noisy("With noise"))
    sign_in(page, CHECKERS[0])
    page.get_by_role("link", name="Review queue").first.click()
    page.get_by_role("link", name="Bills by region").click()
    expect(page.get_by_role("table", name="By region")).to_be_visible()
    expect(page.get_by_role("rowheader", name="South")).to_be_visible()
    page.get_by_role("radio", name="Approve").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Fine")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("You have voted on this version already").wait_for()
    (vote,) = house.events(Event.VOTE_CAST)
    assert (vote.actor, vote.subject) == (CHECKERS[0], f"request:{request}")
    assert house.state(request) is State.IN_REVIEW


def test_a_checker_sees_of_a_protected_table_what_would_leave_and_the_true_numbers_on_demand(
    house: House, page: Page
) -> None:
    house.put_extract(sizes=(40, 3, 20, 30))
    request = house.reviewed(house.protected("suppress"))
    sign_in(page, CHECKERS[0])
    page.goto(f"/requests/{request}")
    leaves = page.get_by_role("table", name="What would leave: Bills")
    expect(page.get_by_text("Unsafe cells are withheld")).to_be_visible()
    expect(leaves.get_by_text("[c]", exact=True).nth(1)).to_be_visible()  # two at least
    true_numbers = page.get_by_role("table", name="Bills", exact=True)
    expect(true_numbers).to_be_hidden()
    page.get_by_text("The true numbers behind it").click()
    expect(true_numbers.get_by_role("rowheader", name="North")).to_be_visible()
    expect(true_numbers.get_by_text("Withheld", exact=True)).to_have_count(2)


def test_an_empty_vote_says_what_is_missing_and_links_to_it(house: House, page: Page) -> None:
    request = house.reviewed(house.noisy())
    sign_in(page, CHECKERS[0])
    page.goto(f"/requests/{request}")
    page.get_by_role("button", name="Cast your vote").click()
    alert = page.get_by_role("alert")
    alert.get_by_role("link", name="Give a reason").click()
    expect(page).to_have_url(re.compile("#reason$"))
    expect(page).to_have_title(re.compile("^Error: "))


def test_the_first_stop_of_the_keyboard_skips_to_the_content(house: House, page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main-content$"))


def test_no_page_is_wider_than_a_narrow_screen_and_none_breaks_its_own_policy(
    house: House, browser: Browser
) -> None:
    """The policy would say so on the console; scripts of the test itself are all that runs here."""
    house.put_extract(sizes=(40, 30, 2, 30))
    request = house.submit(house.exact("A rather long title of a table for a narrow screen"))
    house.jobs.check(request)
    released = house.approved(house.noisy(), title="Released")
    house.jobs.release(released)
    origin = origin_of(house.platform.settings).text
    context = browser.new_context(base_url=origin, viewport={"width": 320, "height": 640}, bypass_csp=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, AUTHOR)
    for path in ("/", f"/requests/{request}", f"/requests/{released}/bundle", "/projects/bills", "/register"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily").startswith(
            "system-ui"
        )
    context.close()
    assert complaints == []


def test_a_form_on_another_site_presses_nothing_with_the_checkers_cookies(
    house: House, browser: Browser
) -> None:
    """A page of the hub's origin, on the same site: the browser sends the cookie along and says `same-site`."""
    request = house.reviewed(house.noisy())
    origin = origin_of(house.platform.settings).text
    context = browser.new_context(base_url=origin)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    sign_in(page, CHECKERS[0])
    seen = house.request(request).manifest_digest
    form = (
        f'<form method="post" action="{origin}/requests/{request}/vote"><input name="decision" value="approve">'
        f'<input name="reason" value="x"><input name="seen" value="{seen}"><button>Win</button></form>'
    )
    page.route(
        "http://hub.tre.localhost/**",
        lambda route: route.fulfill(content_type="text/html", body=f"<!doctype html><title>x</title>{form}"),
    )
    page.goto("http://hub.tre.localhost/")
    page.get_by_role("button", name="Win").click()
    page.get_by_text("This form was not sent from this site").wait_for()
    context.close()
    assert house.events(Event.VOTE_CAST) == []
    assert [event.detail["code"] for event in house.events(Event.VOTE_REFUSED)] == ["cross_origin"]


def test_another_site_cannot_frame_the_portal(house: House, browser: Browser) -> None:
    origin = origin_of(house.platform.settings).text
    page = browser.new_context().new_page()
    page.route(
        "http://evil.localhost/**",
        lambda route: route.fulfill(
            content_type="text/html", body=f'<!doctype html><title>x</title><iframe src="{origin}/"></iframe>'
        ),
    )
    page.goto("http://evil.localhost/")
    page.wait_for_load_state("load")
    framed = [frame.url for frame in page.frames[1:]]
    shown = page.frames[1].get_by_text("Linked, de-identified data").count()
    page.context.close()
    assert len(framed) == 1
    assert not framed[0].startswith(origin)
    assert shown == 0
