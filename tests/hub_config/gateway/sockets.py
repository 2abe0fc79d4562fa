"""Websockets for tests: a workspace that answers them, and a browser that opens them."""

import contextlib
from collections.abc import Iterator

import aiohttp
from aiohttp import web

from tests.hub_config.gateway.browser import Browser
from tests.hub_config.gateway.loop import Loop
from tests.hub_config.gateway.standing import HUB


async def echo(request: web.Request) -> web.StreamResponse:
    """Say back whatever comes; JSON to what is no websocket."""
    if request.headers.get("Upgrade", "").lower() != "websocket":
        return web.json_response({})
    websocket = web.WebSocketResponse(protocols=["v1.kernel.websocket.jupyter.org"], max_msg_size=1 << 30)
    await websocket.prepare(request)
    async for message in websocket:
        if message.type is aiohttp.WSMsgType.TEXT:
            await websocket.send_str(message.data)
        else:
            await websocket.send_bytes(message.data)
    return websocket


@contextlib.contextmanager
def opened(
    loop: Loop, browser: Browser, path: str, *, origin: str | None = HUB, **headers: str
) -> Iterator[aiohttp.ClientWebSocketResponse]:
    """Open a websocket as a page of this browser does."""
    session = loop.run(_session())
    cookies = "; ".join(f"{name}={value}" for (name, _), value in browser.cookies.items())
    try:
        yield loop.run(
            session.ws_connect(
                f"ws://127.0.0.1:{browser.port}{browser.base}{path}",
                headers={"Cookie": cookies, **headers},
                origin=origin,
                protocols=["v1.kernel.websocket.jupyter.org", "other"],
                max_msg_size=1 << 30,
            )
        )
    finally:
        loop.run(session.close())


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()


def refused(loop: Loop, browser: Browser, path: str, *, origin: str | None = HUB, **headers: str) -> int:
    """Return the status with which a websocket is not opened."""
    try:
        with opened(loop, browser, path, origin=origin, **headers):
            pass
    except aiohttp.WSServerHandshakeError as fault:
        return fault.status
    raise AssertionError(f"{path} was opened")
