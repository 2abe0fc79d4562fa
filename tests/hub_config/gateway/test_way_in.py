"""Who gets in: a member, signed in by the hub, in the portal's frame; nobody else, and for no longer than that."""

import pytest

from tests.hub_config.gateway.browser import Browser
from tests.hub_config.gateway.standing import BASE, HUB, PORTAL, SECRET, Standing


def location(standing: Standing, browser: Browser) -> str:
    return browser.window("enter").header("Location") or ""


def test_a_member_enters_through_the_hub_and_lands_on_the_portals_page(standing: Standing) -> None:
    browser = standing.browser()
    asked = browser.window("enter")
    assert (asked.header("Location") or "").startswith(f"{HUB}/hub/api/oauth2/authorize?")
    back = browser.window(standing.hub.authorize(asked.header("Location") or ""))
    assert back.header("Location") == f"{PORTAL}/projects/bills/workspace"
    assert browser.frame().status == 200
    assert browser.fetch("api/status").status == 200
    assert browser.window("enter").header("Location") == f"{PORTAL}/projects/bills/workspace"


def test_cookies_reach_one_workspace_only_and_hold_no_token_of_the_hub(standing: Standing) -> None:
    browser = standing.browser()
    back = browser.window(standing.hub.authorize(location(standing, browser)))
    set_cookies = [value for name, value in back.headers if name.lower() == "set-cookie"]
    assert len(set_cookies) == 2
    for cookie in set_cookies:
        assert f"Path={BASE}" in cookie
        assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert not [token for token in standing.hub.tokens if token in "".join(set_cookies)]


def test_over_https_cookies_are_secure(standing: Standing) -> None:
    standing.register(hub_host="https://hub.example.org")
    answer = standing.browser().window("enter")
    assert (answer.header("Location") or "").startswith("https://hub.example.org/hub/")
    cookie = answer.header("Set-Cookie") or ""
    assert cookie.startswith("__Secure-")
    assert "; Secure" in cookie


def test_without_a_session_nothing_is_asked_of_the_workspace(standing: Standing) -> None:
    browser = standing.browser()
    standing.workspace.asked.clear()
    assert browser.fetch("api/status").status == 401
    assert browser.fetch("api/contents?content=1").status == 401
    assert browser.asset("static/lab/main.js").status == 401
    framed = browser.frame()
    assert framed.status == 401
    assert f'href="{BASE}enter" target="_top"' in framed.body.decode()
    assert standing.workspace.asked == []


def test_the_page_opens_in_no_window_of_its_own(browser: Browser) -> None:
    answer = browser.window("lab")
    assert (answer.status, answer.header("Location")) == (303, f"{BASE}enter")
    assert browser.window("").header("Location") == f"{BASE}enter"


def test_a_state_is_good_once_and_in_the_browser_that_asked(standing: Standing) -> None:
    browser, thief = standing.browser(), standing.browser()
    back = standing.hub.authorize(location(standing, browser))
    assert thief.window(back).status == 403
    assert browser.window(back).status == 303
    assert browser.window(back).status == 403


def test_a_state_of_another_sign_in_is_refused(standing: Standing) -> None:
    browser, other = standing.browser(), standing.browser()
    back = standing.hub.authorize(location(standing, other))
    browser.window("enter")
    assert browser.window(back).status == 403
    assert browser.window("oauth_callback?code=x&state=").status == 403
    assert browser.window("oauth_callback?error=access_denied").status == 403


def test_a_code_that_the_hub_does_not_know_signs_nobody_in(standing: Standing) -> None:
    browser = standing.browser()
    back = standing.hub.authorize(location(standing, browser))
    standing.hub.codes.clear()
    assert browser.window(back).status == 403
    assert browser.frame().status == 401


@pytest.mark.parametrize(
    "change",
    [{"person": "eve"}, {"kind": "service"}, {"scopes": ["access:servers!server=ada/other"]}, {"scopes": []}],
)
def test_the_hub_signs_in_somebody_else(standing: Standing, change: dict[str, object]) -> None:
    scopes = standing.hub.scopes
    browser = standing.browser()
    back = standing.hub.authorize(location(standing, browser))
    standing.hub.__dict__.update(change)
    try:
        assert browser.window(back).status == 403
    finally:
        standing.hub.scopes = scopes
    assert browser.frame().status == 401


def test_a_session_ends_when_the_hub_ends_its_token(
    standing: Standing, browser: Browser, clock: list[float]
) -> None:
    assert browser.fetch("api/status").status == 200
    standing.hub.tokens.clear()
    clock[0] += 10
    assert browser.fetch("api/status").status == 401


def test_a_hub_that_is_down_lets_nobody_in(standing: Standing, browser: Browser, clock: list[float]) -> None:
    standing.hub.broken = True
    clock[0] += 10
    refused = browser.fetch("api/status")
    assert (refused.status, refused.reason) == (503, "hub_down")
    standing.hub.broken = False
    assert browser.fetch("api/status").status == 200


def test_a_session_lasts_a_working_day(browser: Browser, clock: list[float]) -> None:
    clock[0] += 12 * 3600
    assert browser.fetch("api/status").status == 401


def test_tokens_of_the_hub_open_nothing_by_themselves(standing: Standing) -> None:
    browser = standing.signed_in()
    token = next(iter(standing.hub.tokens))
    stranger = standing.browser()
    for value in (f"token {token}", f"Bearer {SECRET}"):
        assert stranger.fetch("api/status", Authorization=value).status == 401
    assert stranger.fetch(f"api/status?token={token}").status == 401
    assert browser.fetch("api/status?token=anything").status == 200


def test_leaving_ends_the_session(browser: Browser) -> None:
    assert browser.frame("logout").status == 200
    assert browser.frame().status == 401


def test_another_site_cannot_sign_a_person_out(browser: Browser) -> None:
    answer = browser.ask("GET", "logout", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})
    assert answer.status == 403
    assert browser.frame().status == 200


def test_cookies_tossed_in_by_another_page_do_not_lock_out(browser: Browser) -> None:
    (name,) = [name for name, _ in browser.cookies if "session" in name]
    tossed = dict(browser.cookies)
    browser.cookies.clear()
    browser.cookies[name, f"{BASE}api"] = "tossed"
    browser.cookies |= tossed
    assert browser.fetch("api/status").status == 200


def test_the_hub_is_told_that_a_workspace_is_up_when_its_own_server_is(standing: Standing) -> None:
    answer = standing.browser().fetch("api")
    assert answer.status == 200
    assert answer.header("X-JupyterHub-Version")
    standing.register(target=str(standing.folder / "members.sock"))
    assert standing.browser().fetch("api").status == 503


def test_a_workspace_that_is_not_registered_is_not_there(standing: Standing) -> None:
    browser = standing.signed_in()
    assert standing.control("DELETE", "/workspaces/ada/bills") == (200, {"removed": True})
    assert browser.fetch("api/status").status == 404
    assert standing.control("DELETE", "/workspaces/ada/bills")[0] == 404
