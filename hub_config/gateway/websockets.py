"""Hand messages of a websocket both ways: counted, limited, and ended at once when the workspace closes."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import aiohttp
from aiohttp import web

from hub_config.gateway.exchange import Exchange
from hub_config.gateway.forward import SILENT
from hub_config.gateway.refusal import Refusal
from hub_config.gateway.volume import Flow

PROTOCOLS: Final = ("v1.kernel.websocket.jupyter.org",)
HEARTBEAT_SECONDS: Final = 30.0
TOO_MUCH: Final = 1008  # the websocket status for a broken policy (RFC 6455)
NORMAL: Final = 1000

Pass = Callable[[aiohttp.WSMessage], Awaitable[None]]


async def relay(exchange: Exchange) -> web.StreamResponse:
    """Open the workspace's websocket, then the browser's, and pass messages until one side ends.

    Raises:
        Refusal: the workspace's server does not open it.
    """
    asked = [name for name in PROTOCOLS if name in _asked_protocols(exchange.request)]
    try:
        inner = await exchange.workspace.upstream.ws_connect(
            exchange.upstream_url,
            protocols=asked,
            max_msg_size=exchange.row.answer_bytes,
            heartbeat=HEARTBEAT_SECONDS,
            compress=0,
            timeout=aiohttp.ClientWSTimeout(ws_close=1),
        )
    except (aiohttp.ClientError, TimeoutError):
        raise Refusal(502, "workspace_silent", SILENT) from None
    chosen = [inner.protocol] if inner.protocol in asked else []
    outer = web.WebSocketResponse(
        protocols=chosen,
        max_msg_size=exchange.row.send_bytes,
        heartbeat=HEARTBEAT_SECONDS,
        compress=False,
        timeout=1,
    )
    try:
        if (inner.protocol or None) not in {None, *asked}:
            raise Refusal(502, "workspace_silent", SILENT)
        await outer.prepare(exchange.request)
        await _pass_both_ways(exchange, inner, outer)
    finally:
        await inner.close()
    return outer


async def _pass_both_ways(
    exchange: Exchange, inner: aiohttp.ClientWebSocketResponse, outer: web.WebSocketResponse
) -> None:
    workspace = exchange.workspace
    workspace.websockets[outer] = exchange.session
    ways = (
        asyncio.create_task(_pass(exchange, inner, outer, flow=Flow.TO_BROWSER)),
        asyncio.create_task(_pass(exchange, outer, inner, flow=Flow.FROM_BROWSER)),
    )
    try:
        done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        refusals = [fault for way in done if isinstance(fault := way.exception(), Refusal)]
        if not outer.closed:
            code = TOO_MUCH if refusals else NORMAL
            await outer.close(code=code, message=refusals[0].code.encode() if refusals else b"")
    finally:
        workspace.websockets.pop(outer, None)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _pass(
    exchange: Exchange,
    source: aiohttp.ClientWebSocketResponse | web.WebSocketResponse,
    sink: aiohttp.ClientWebSocketResponse | web.WebSocketResponse,
    *,
    flow: Flow,
) -> None:
    """Pass messages one way until its source ends.

    Raises:
        Refusal: they may no longer pass.
    """
    with contextlib.suppress(ConnectionError):  # the other side has gone meanwhile: the relay ends both
        async for message in source:
            if message.type is aiohttp.WSMsgType.TEXT:
                size = len(message.data.encode("utf-8", "surrogatepass"))
            elif message.type is aiohttp.WSMsgType.BINARY:
                size = len(message.data)
            else:
                return
            exchange.counted(flow, size)
            exchange.check()
            if flow is Flow.FROM_BROWSER:
                exchange.workspace.last_activity = datetime.now(UTC)
            if message.type is aiohttp.WSMsgType.TEXT:
                await sink.send_str(message.data)
            else:
                await sink.send_bytes(message.data)


def _asked_protocols(request: web.BaseRequest) -> set[str]:
    header = ",".join(request.headers.getall("Sec-WebSocket-Protocol", []))
    return {name.strip() for name in header.split(",")}
