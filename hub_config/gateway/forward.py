"""Hand one request to a workspace's server and its answer back, keeping only what the row of the table allows."""

import asyncio
import json
from typing import Final

import aiohttp
from aiohttp import web

from hub_config.gateway.exchange import Exchange
from hub_config.gateway.headers import ALWAYS, FROM_BROWSER, FROM_WORKSPACE
from hub_config.gateway.refusal import Refusal
from hub_config.gateway.volume import Flow

CHUNK: Final = 1 << 16  # bytes
PARSED_ASIDE: Final = 1 << 19  # bytes of JSON from which parsing happens beside the loop
WITHOUT_BODY: Final = frozenset({204, 205})
SUCCESSES: Final = frozenset({200, 201, 202, 204, 205})

TOO_LONG: Final = "This is more than the gateway takes at once: make it smaller, or work on it in a notebook."
NO_JSON: Final = "The workspace's page sent something that this gateway does not know; reload the page."
UNLIKELY: Final = (
    "The workspace's server answered with something that may not pass: work on it in a notebook."
)
SILENT: Final = "The workspace's server does not answer: stop and start the workspace at the portal."


async def forward(exchange: Exchange) -> web.StreamResponse:
    """Ask the workspace's server, and stream its answer.

    Raises:
        Refusal: body or answer are not what the row allows, or the server does not answer.
    """
    body = await _body(exchange)
    headers = {
        name: value for name, value in exchange.request.headers.items() if name.lower() in FROM_BROWSER
    }
    headers |= {"Content-Type": "application/json"} if body else {}
    exchange.counted(Flow.FROM_BROWSER, len(body))
    try:
        async with exchange.workspace.upstream.request(
            exchange.request.method,
            exchange.upstream_url,
            headers=headers,
            data=body or None,
            allow_redirects=False,
        ) as answer:
            return await _hand_back(exchange, answer)
    except (aiohttp.ClientError, TimeoutError):
        raise Refusal(502, "workspace_silent", SILENT) from None


async def _body(exchange: Exchange) -> bytes:
    """Read the whole body: it is judged before the workspace hears of it, and framed anew."""
    request, row = exchange.request, exchange.row
    if not request.can_read_body:
        return b""
    if (request.content_length or 0) > row.send_bytes:
        raise Refusal(413, "too_long", TOO_LONG)
    found = bytearray()
    async for chunk in request.content.iter_chunked(CHUNK):
        found += chunk
        if len(found) > row.send_bytes:
            raise Refusal(413, "too_long", TOO_LONG)
    if found:
        await _check_body(exchange, bytes(found))
    return bytes(found)


async def _check_body(exchange: Exchange, body: bytes) -> None:
    # JupyterLab names its JSON as such or not at all; what is sent on is named JSON in any case.
    if exchange.row.fault is None:
        raise Refusal(400, "no_body", NO_JSON)
    try:
        parsed = await asyncio.to_thread(_strict, body) if len(body) > PARSED_ASIDE else _strict(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "no_json", NO_JSON) from None
    if sentence := exchange.row.fault(parsed):
        raise Refusal(403, "refused_body", sentence)


def _strict(body: bytes) -> object:
    """Parse JSON that has one meaning: UTF-8, and no key twice."""
    parsed: object = json.loads(body.decode("utf-8"), object_pairs_hook=_unique)
    return parsed


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


async def _hand_back(exchange: Exchange, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    _check_answer(exchange, answer)
    response = web.StreamResponse(status=answer.status, headers={**ALWAYS})
    response.headers["Content-Security-Policy"] = exchange.policy
    for cookie in exchange.cookies:
        response.headers.add("Set-Cookie", cookie)
    for name in FROM_WORKSPACE & {name.lower() for name in answer.headers}:
        response.headers[name] = answer.headers[name]
    if answer.content_length is not None:
        response.content_length = answer.content_length
    if answer.status not in WITHOUT_BODY:
        response.headers["Content-Type"] = _media_type(answer)
    await response.prepare(exchange.request)
    await _stream(exchange, answer, response)
    return response


async def _stream(exchange: Exchange, answer: aiohttp.ClientResponse, response: web.StreamResponse) -> None:
    """Pass the body on piece by piece; cut the connection where it breaks, grows too long or may no longer pass."""
    size = 0
    try:
        async for chunk in answer.content.iter_chunked(CHUNK):
            size += len(chunk)
            exchange.counted(exchange.outward, len(chunk))
            exchange.check()
            if size > exchange.row.answer_bytes:
                break
            await response.write(chunk)
        else:
            await response.write_eof()
            return
    except (Refusal, aiohttp.ClientError, TimeoutError):
        pass  # the status is sent already: all that is left to say is that the rest is missing
    if exchange.request.transport is not None:
        exchange.request.transport.abort()


def _check_answer(exchange: Exchange, answer: aiohttp.ClientResponse) -> None:
    status, length = answer.status, answer.content_length
    if status not in SUCCESSES and not 400 <= status < 600:
        raise Refusal(502, "unlikely_answer", UNLIKELY)  # redirects and partial contents among them
    if answer.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise Refusal(502, "unlikely_answer", UNLIKELY)
    if (length or 0) > exchange.row.answer_bytes:
        raise Refusal(502, "too_long", TOO_LONG)
    if status in WITHOUT_BODY:
        return
    if _media_type(answer).partition(";")[0] not in exchange.row.answers | {"application/json"}:
        if status >= 400:
            raise Refusal(status, "workspace_error", SILENT if status >= 500 else UNLIKELY)
        raise Refusal(502, "unlikely_answer", UNLIKELY)


def _media_type(answer: aiohttp.ClientResponse) -> str:
    """Return the media type as the gateway writes it: lower case, UTF-8 where it is text, no other parameter."""
    if len(answer.headers.getall("Content-Type", [])) != 1:
        return ""
    found = answer.headers["Content-Type"].partition(";")[0].strip().lower()
    return f"{found}; charset=utf-8" if found.startswith("text/") else found
