"""Membership decides live: on every request, on every open websocket, and never in the platform's absence."""

import asyncio
import time
from collections.abc import Callable

import aiohttp
import pytest

from tests.hub_config.gateway.browser import Browser
from tests.hub_config.gateway.loop import Loop
from tests.hub_config.gateway.sockets import echo, opened
from tests.hub_config.gateway.standing import BASE, Standing


def test_membership_is_asked_at_most_once_a_second(
    standing: Standing, browser: Browser, clock: list[float]
) -> None:
    still = standing.clock() + 1
    standing.clock.now = lambda: still + clock[0]  # a slow machine spends no time here
    before = standing.platform.asked
    for _ in range(5):
        assert browser.fetch("api/status").status == 200
    assert standing.platform.asked == before + 1
    clock[0] += 1
    assert browser.fetch("api/status").status == 200
    assert standing.platform.asked == before + 2


def test_who_is_a_member_no_more_is_refused_with_the_platforms_reason(
    standing: Standing, browser: Browser, clock: list[float]
) -> None:
    standing.platform.allowed = False
    clock[0] += 1
    standing.workspace.asked.clear()
    refused = browser.fetch("api/status")
    assert (refused.status, refused.reason) == (403, "not_a_member")
    assert refused.json["message"] == standing.platform.reason
    assert standing.platform.reason in browser.frame().body.decode()
    assert browser.asset("static/lab/main.js").status == 403
    assert standing.workspace.asked == []


def test_a_refusal_lasts_no_longer_than_its_reason(
    standing: Standing, browser: Browser, clock: list[float]
) -> None:
    standing.platform.allowed = False
    clock[0] += 1
    assert browser.fetch("api/status").status == 403
    standing.platform.allowed = True
    clock[0] += 1
    assert browser.fetch("api/status").status == 200


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"yes"',
        b'{"allowed": "yes"}',
        b'{"allowed": 1}',
        b'{"reason": "ok"}',
        b"\xff",
    ],
)
def test_an_answer_that_is_none_is_no(
    standing: Standing, browser: Browser, clock: list[float], nonsense: bytes
) -> None:
    standing.platform.nonsense = nonsense
    clock[0] += 1
    refused = browser.fetch("api/status")
    assert (refused.status, refused.reason) == (503, "platform_down")


def test_while_the_platform_is_down_nobody_is_let_in(
    standing: Standing, browser: Browser, clock: list[float], loop: Loop
) -> None:
    loop.run(standing.platform.stop())
    clock[0] += 1
    try:
        refused = browser.fetch("api/status")
        assert (refused.status, refused.reason) == (503, "platform_down")
        assert "nobody is let in" in browser.frame().body.decode()
    finally:
        (standing.folder / "members.sock").unlink(missing_ok=True)
        loop.run(standing.platform.start(standing.folder / "members.sock"))
    assert browser.fetch("api/status").status == 200


def close_of(
    loop: Loop, websocket: aiohttp.ClientWebSocketResponse, act: Callable[[], object]
) -> tuple[int | None, float]:
    """Do something, wait until the gateway ends a websocket; return its status and how long that took, in seconds."""

    async def drained() -> float:
        async for _ in websocket:
            pass
        return time.monotonic()

    ended = loop.start(drained())
    began = time.monotonic()
    act()
    return websocket.close_code if (at := ended.result(60)) else None, at - began


Undo = Callable[[Standing], None]


def revoked(standing: Standing) -> None:
    assert standing.control("POST", "/revoke/ada/bills") == (200, {"workspaces": 1, "websockets": 1})


def person_revoked(standing: Standing) -> None:
    assert standing.control("POST", "/revoke/ada") == (200, {"workspaces": 1, "websockets": 1})


def removed(standing: Standing) -> None:
    standing.platform.allowed = False


def deleted(standing: Standing) -> None:
    assert standing.control("DELETE", "/workspaces/ada/bills")[0] == 200


@pytest.mark.parametrize("ends", [revoked, person_revoked, removed, deleted])
def test_open_websockets_end_with_membership(
    standing: Standing, browser: Browser, loop: Loop, ends: Undo
) -> None:
    standing.workspace.say = echo
    with opened(loop, browser, "terminals/websocket/1") as websocket:
        loop.run(websocket.send_str("hello"))
        assert loop.run(websocket.receive_str()) == "hello"
        code, seconds = close_of(loop, websocket, lambda: ends(standing))
        assert code == 1008
        assert seconds < 30  # on a quiet machine under 1.6: an answer of a second, a sweep of half
        assert browser.fetch("api/status").status in {401, 403, 404}


def test_websockets_end_when_the_platform_goes(standing: Standing, browser: Browser, loop: Loop) -> None:
    standing.workspace.say = echo
    with opened(loop, browser, "terminals/websocket/1") as websocket:
        gone = {"nonsense": b"gone"}
        assert close_of(loop, websocket, lambda: standing.platform.__dict__.update(gone))[0] == 1008


def test_websockets_end_with_the_sign_in(
    standing: Standing, browser: Browser, loop: Loop, clock: list[float]
) -> None:
    standing.workspace.say = echo
    with opened(loop, browser, "terminals/websocket/1") as websocket:
        standing.hub.tokens.clear()
        assert close_of(loop, websocket, lambda: clock.append(clock.pop() + 10))[0] == 1008


def test_after_a_revocation_everything_is_refused_until_the_workspace_is_registered_again(
    standing: Standing, browser: Browser
) -> None:
    assert standing.control("POST", "/revoke/ada")[0] == 200
    assert browser.fetch("api/status").status == 403
    assert browser.window("enter").status == 403
    standing.register()
    assert browser.fetch("api/status").status == 401
    assert standing.signed_in().fetch("api/status").status == 200


def test_a_revocation_is_about_one_person_or_one_project(standing: Standing, browser: Browser) -> None:
    assert standing.control("POST", "/revoke/eve") == (200, {"workspaces": 0, "websockets": 0})
    assert standing.control("POST", "/revoke/ada/other") == (200, {"workspaces": 0, "websockets": 0})
    assert browser.fetch("api/status").status == 200


def test_an_answer_on_its_way_is_cut_by_a_revocation(
    standing: Standing, browser: Browser, loop: Loop
) -> None:
    async def endless(request: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
        answer = aiohttp.web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        await answer.write(b'"begun')
        await asyncio.sleep(600)
        return answer

    standing.workspace.say = endless

    async def read() -> bytes:
        cookies = "; ".join(f"{name}={value}" for (name, _), value in browser.cookies.items())
        stamp = browser.cookies["_xsrf", BASE]
        headers = {
            "Cookie": cookies,
            "X-XSRFToken": stamp,
            "Sec-Fetch-Site": "same-origin",
            "Sec-Fetch-Dest": "empty",
        }
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{browser.port}{BASE}api/status", headers=headers) as answer,
        ):
            begun = await answer.content.readany()
            await asyncio.to_thread(standing.control, "POST", "/revoke/ada")
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.content.read()
            return begun

    assert loop.run(read()) == b'"begun'
