"""Websockets pass whole messages both ways, for the workspace's own page, counted and limited."""

import contextlib

import aiohttp
import pytest
from aiohttp import web

from tests.hub_config.gateway.browser import Browser
from tests.hub_config.gateway.loop import Loop
from tests.hub_config.gateway.sockets import echo, opened, refused
from tests.hub_config.gateway.standing import BASE, PORTAL, Standing

KERNEL = "api/kernels/6a1f0c7e-93d2-4f7c-8e0e-2f4a0d5b7c11/channels"


def test_messages_pass_both_ways_under_the_kernels_own_protocol(
    standing: Standing, browser: Browser, loop: Loop
) -> None:
    standing.workspace.say = echo
    with opened(loop, browser, f"{KERNEL}?session_id=one&token=two") as websocket:
        assert websocket.protocol == "v1.kernel.websocket.jupyter.org"
        loop.run(websocket.send_str("text ü"))
        assert loop.run(websocket.receive_str()) == "text ü"
        big = bytes(range(256)) * (1 << 12)
        loop.run(websocket.send_bytes(big))
        assert loop.run(websocket.receive_bytes()) == big
        status, shown = standing.control("GET", "/workspaces")
        assert status == 200
        (workspace,) = shown
        assert workspace["websockets"] == 1
        assert workspace["bytes"]["to_browser"] >= len(big)
        assert workspace["bytes"]["from_browser"] >= len(big)
        assert workspace["last_activity"] is not None
        (asked,) = standing.workspace.asked
        assert asked.raw_path == f"{BASE}{KERNEL}?session_id=one"
        assert not {"Origin", "Cookie", "Authorization", "Sec-WebSocket-Extensions"} & set(asked.headers)


@pytest.mark.parametrize(
    "origin", [None, "null", PORTAL, "https://outside.example", "http://hub.tre.localhost"]
)
def test_a_page_of_another_origin_opens_none(
    standing: Standing, browser: Browser, loop: Loop, origin: str | None
) -> None:
    standing.workspace.say = echo
    assert refused(loop, browser, KERNEL, origin=origin) == 403
    assert refused(loop, browser, KERNEL, **{"Sec-Fetch-Site": "same-site"}) == 403
    assert standing.workspace.asked == []


def test_a_stranger_opens_none(standing: Standing, loop: Loop) -> None:
    standing.workspace.say = echo
    assert refused(loop, standing.browser(), KERNEL) == 401
    assert standing.workspace.asked == []


def test_only_rows_of_the_table_open(standing: Standing, browser: Browser, loop: Loop) -> None:
    standing.workspace.say = echo
    for path in (
        "lsp/ws/pylsp",
        "proxy/8888/",
        f"{KERNEL}?session_id=../x",
        "api/kernels/one/channels",
        "terminals/websocket/a/b",
    ):
        assert refused(loop, browser, path) == 403
    assert standing.workspace.asked == []


def test_an_endpoint_of_data_is_no_websocket(standing: Standing, browser: Browser, loop: Loop) -> None:
    standing.workspace.say = echo
    assert refused(loop, browser, "api/kernels") == 403


def test_a_workspace_that_opens_none_is_said_so(standing: Standing, browser: Browser, loop: Loop) -> None:
    assert refused(loop, browser, KERNEL) == 502


def test_a_message_longer_than_the_row_allows_ends_it(
    standing: Standing, browser: Browser, loop: Loop
) -> None:
    standing.workspace.say = echo
    with opened(loop, browser, "terminals/websocket/1") as websocket:
        loop.run(websocket.send_bytes(bytes((1 << 18) + 1)))
        message = loop.run(websocket.receive())
        assert message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}
        assert websocket.close_code == 1009


def test_a_workspaces_message_longer_than_the_row_allows_ends_it(
    standing: Standing, browser: Browser, loop: Loop
) -> None:
    async def say(request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.send_bytes(bytes((4 << 20) + 1))
        await websocket.receive()
        return websocket

    standing.workspace.say = say
    with opened(loop, browser, "terminals/websocket/1") as websocket:
        assert loop.run(websocket.receive()).type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}


def test_too_many_at_once_are_refused(standing: Standing, browser: Browser, loop: Loop) -> None:
    standing.workspace.say = echo
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(opened(loop, browser, "terminals/websocket/1")) for _ in range(96)]
        assert refused(loop, browser, "terminals/websocket/1") == 429
        assert not any(websocket.closed for websocket in held)
