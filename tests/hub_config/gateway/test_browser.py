"""A real Chromium with a hostile page in a workspace: every way out that a browser has, each first seen to work.

Section 4 of the project's research names the channels. A page is served twice: by a bare server, where it must reach
the outside, and by a workspace's server behind the gateway, in the portal's frame, where it must not.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.hub_config.gateway.framing import Pages, framed, hand_over, let_it_say, serving_pages
from tests.hub_config.gateway.jupyter import jupyter_lab
from tests.hub_config.gateway.loop import Loop
from tests.hub_config.gateway.outside import CHANNELS, Outside, listening, page_of
from tests.hub_config.gateway.standing import BASE, Standing, stand

CHROMIUM = Path("/usr/bin/chromium")
WAIT_SECONDS = 60
QUIET_SECONDS = 1.0  # what a page sends arrives within milliseconds; longer only makes the test stricter

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="machine: Chromium is not installed"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def outside() -> Iterator[Outside]:
    """A listener for one test: what other pages send late does not arrive here. The control comes last."""
    with listening() as outside:
        yield outside


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    with serving_pages() as pages:
        yield pages


@pytest.fixture(scope="module")
def everything(loop: Loop, pages: Pages) -> Iterator[Standing]:
    with TemporaryDirectory() as folder:
        context = stand(Path(folder), portal=pages.portal)
        yield loop.enter(context)
        loop.leave(context)


@pytest.fixture
def context(
    standing: Standing, chromium: Chromium, pages: Pages, outside: Outside
) -> Iterator[BrowserContext]:
    """A browser that is signed in to a workspace whose page is hostile."""
    hub = f"http://hub.tre.localhost:{standing.port}"
    standing.register(hub_host=hub)
    pages.framed = f"{hub}{BASE}lab"
    context = chromium.new_context()
    context.set_default_timeout(WAIT_SECONDS * 1000)
    hand_over(standing.signed_in(), context)
    let_it_say(standing, pages)
    yield context
    context.close()


def wait_for(outside: Outside, names: set[str]) -> set[str]:
    """Wait until these have arrived outside; return those that have not."""
    end = time.monotonic() + WAIT_SECONDS
    while not names <= outside.paths and time.monotonic() < end:
        time.sleep(0.02)
    return names - outside.paths


def test_no_channel_of_a_page_reaches_the_outside(
    context: BrowserContext, pages: Pages, outside: Outside
) -> None:
    pages.hostile = page_of(outside, CHANNELS)
    page = context.new_page()
    framed(page, pages).evaluate("window.done")
    page.wait_for_timeout(QUIET_SECONDS * 1000)
    assert (outside.paths, outside.connections) == (set(), 0)
    page.goto(pages.control)
    assert wait_for(outside, set(CHANNELS)) == set()


def test_no_datagram_of_webrtc_reaches_the_outside(
    context: BrowserContext, pages: Pages, outside: Outside
) -> None:
    code = (
        f"const p = new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{outside.stun}'}}]}});"
        "p.createDataChannel('x'); await p.setLocalDescription(await p.createOffer());"
        "await new Promise((end) => setTimeout(end, 1000))"
    )
    pages.hostile = page_of(outside, {"webrtc": code})
    page = context.new_page()
    framed(page, pages).evaluate("window.done")
    page.wait_for_timeout(QUIET_SECONDS * 1000)
    assert outside.datagrams == 0
    page.goto(pages.control)
    end = time.monotonic() + WAIT_SECONDS
    while not outside.datagrams and time.monotonic() < end:
        page.wait_for_timeout(20)
    assert outside.datagrams


WAYS_OUT = {
    "location": "location.href = OUT + 'location'",
    "replace": "location.replace(OUT + 'replace')",
    "top": "top.location = OUT + 'top'",
    "link": "const a = await add('a', {href: OUT + 'link'}); a.click()",
    "link-top": "const a = await add('a', {href: OUT + 'link-top', target: '_top'}); a.click()",
    "refresh": "document.head.insertAdjacentHTML('beforeend', `<meta http-equiv='refresh' content='0;url=${OUT}refresh'>`)",
    "form": "document.body.insertAdjacentHTML('beforeend', `<form id='h' action='${OUT}form'></form>`); document.getElementById('h').submit()",
    "form-top": "document.body.insertAdjacentHTML('beforeend', `<form id='h' target='_top' action='${OUT}form-top'></form>`); document.getElementById('h').submit()",
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_navigation_carries_data_outside(
    context: BrowserContext, pages: Pages, outside: Outside, way: str
) -> None:
    pages.hostile = page_of(outside, {way: WAYS_OUT[way]})
    page = context.new_page()
    page.goto(pages.portal)
    page.wait_for_timeout(QUIET_SECONDS * 1000)
    assert (outside.paths, outside.connections) == (set(), 0)
    assert page.url.startswith(pages.portal)
    page = context.new_page()
    page.goto(pages.control, wait_until="commit")
    assert wait_for(outside, {way}) == set()


def test_no_window_opens(context: BrowserContext, pages: Pages, outside: Outside) -> None:
    pages.hostile = (
        b"<!doctype html><title>x</title><button onclick=\"window.open('%s/window')\">Go</button>"
        % (outside.url.encode())
    )
    page = context.new_page()
    framed(page, pages).get_by_role("button").click()
    page.wait_for_timeout(QUIET_SECONDS * 1000)
    assert (outside.paths, outside.connections) == (set(), 0)
    assert context.pages == [page]
    page.goto(pages.control)
    with context.expect_page():
        page.get_by_role("button").click()
    assert wait_for(outside, {"window"}) == set()


def test_no_script_saves_a_file(context: BrowserContext, pages: Pages) -> None:
    pages.hostile = (
        b"<!doctype html><title>x</title><a download='a.csv'>Go</a><script>"
        b"document.querySelector('a').href = URL.createObjectURL(new Blob(['a,b']))</script>"
    )
    page = context.new_page()
    page.goto(pages.control)
    with page.expect_download() as caught:
        page.get_by_text("Go").click()
    assert caught.value.suggested_filename == "a.csv"
    saved: list[object] = []
    page.on("download", lambda download: saved.append(download))  # noqa: PLW0108 - playwright wraps no method of a list
    framed(page, pages).get_by_text("Go").click()
    page.wait_for_timeout(QUIET_SECONDS * 1000)
    assert saved == []


def test_a_page_reaches_its_own_workspace_and_neither_another_nor_the_hub(
    context: BrowserContext, standing: Standing, pages: Pages
) -> None:
    pages.hostile = b"<!doctype html><title>x</title>"
    page = context.new_page()
    frame = framed(page, pages)
    ask = "(path) => fetch(path, {headers: {'X-XSRFToken': document.cookie.split('_xsrf=')[1]}}).then((r) => r.status, (e) => e.name)"
    assert frame.evaluate(ask, f"{BASE}api/status") == 200
    asked = len(standing.workspace.asked)
    for path in ("/user/ada/other/api/status", "/hub/api/user", f"{BASE}../other/api/status", "/"):
        assert frame.evaluate(ask, path) == "TypeError", path
    assert len(standing.workspace.asked) == asked
    page.goto(pages.control)
    assert (
        page.evaluate("() => fetch(location.href).then((r) => r.status)") == 200
    )  # elsewhere the same fetch works


def test_only_the_portal_frames_a_workspace(
    context: BrowserContext, pages: Pages, standing: Standing
) -> None:
    pages.hostile = b"<!doctype html><title>x</title><h1>In the frame</h1>"
    page = context.new_page()
    expect(framed(page, pages).get_by_role("heading")).to_have_text("In the frame")
    page.goto(pages.foreign)
    page.wait_for_load_state("load")
    (frame,) = page.frames[1:]
    assert frame.get_by_text("In the frame").count() == 0
    page.goto(pages.framed)
    expect(page).to_have_url(f"{pages.portal}/projects/bills/workspace")  # by way of the door, into the frame


@pytest.mark.timeout(600)
def test_jupyterlab_runs_a_notebook_in_the_portals_frame(
    context: BrowserContext, standing: Standing, pages: Pages
) -> None:
    with TemporaryDirectory() as name, jupyter_lab(Path(name), Path(name) / "s.sock", BASE) as home:
        (home / "data.csv").write_text("a,b\n1,2\n")
        (home / "notes.txt").write_text("hello from a file")
        hub = f"http://hub.tre.localhost:{standing.port}"
        standing.register(hub_host=hub, target=str(Path(name) / "s.sock"))
        context.clear_cookies()
        hand_over(standing.signed_in(), context)
        page = context.new_page()
        frame = framed(page, pages)
        frame.get_by_text("notes.txt").dblclick()
        expect(frame.get_by_text("hello from a file")).to_be_visible(timeout=WAIT_SECONDS * 1000)
        frame.get_by_text("data.csv").dblclick()
        refused = frame.get_by_role("dialog").get_by_text("open this file from a notebook instead")
        expect(refused.first).to_be_visible(timeout=WAIT_SECONDS * 1000)
        frame.get_by_role("dialog").get_by_role("button").last.click()
        run_a_cell(page)
        (shown,) = standing.control("GET", "/workspaces")[1]
        assert shown["websockets"] >= 1
        assert shown["bytes"]["to_browser"] > 10_000
        assert (home / "Untitled.ipynb").exists()


def run_a_cell(page: Page) -> None:
    """Make a notebook from the launcher, type a sum, and run it until its answer stands below it."""
    (frame,) = page.frames[1:]
    frame.get_by_role("tab", name="Launcher").click()
    frame.locator(".jp-LauncherCard[title*='Python 3']").first.click()
    cell = frame.locator(".jp-Notebook .jp-Cell .cm-content").first
    expect(cell).to_be_visible(timeout=WAIT_SECONDS * 1000)
    cell.click()
    page.keyboard.type("print(6 * 7, 'done')")
    output = frame.locator(".jp-OutputArea-output").get_by_text("42 done").first
    end = time.monotonic() + 3 * WAIT_SECONDS
    while not output.is_visible() and time.monotonic() < end:  # a run that comes before the kernel is dropped
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(1000)
    expect(output).to_be_visible()
