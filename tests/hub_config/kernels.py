"""Code in a kernel of a workspace, asked for behind the gateway: what the researcher's own programs can do."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import aiohttp
import httpx


def platform(runtime: Path) -> httpx.Client:
    """The platform's socket, as the spawner uses it."""
    transport = httpx.HTTPTransport(uds=str(runtime / "members.sock"))
    return httpx.Client(transport=transport, base_url="http://platform", timeout=200)


def run(target: str, base: str, code: str, seconds: float = 120) -> str:
    """Run code in a new kernel; return what it printed, with the name of an error at the end."""
    return asyncio.run(asyncio.wait_for(_run(target, base, code), seconds))


async def _run(target: str, base: str, code: str) -> str:
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(path=target)) as session:
        async with session.post(f"http://lab{base}api/kernels", json={}) as answer:
            kernel = (await answer.json())["id"]
        url = f"http://lab{base}api/kernels/{kernel}/channels"
        async with session.ws_connect(url, max_msg_size=1 << 28) as talk:
            asked = uuid.uuid4().hex
            await talk.send_json(_execute(asked, code))
            said = await _said(talk, asked)
        async with session.delete(f"http://lab{base}api/kernels/{kernel}"):
            return said


def _execute(asked: str, code: str) -> dict[str, object]:
    header = {
        "msg_id": asked,
        "msg_type": "execute_request",
        "username": "",
        "session": asked,
        "version": "5.3",
    }
    content = {
        "code": code,
        "silent": False,
        "store_history": False,
        "allow_stdin": False,
        "stop_on_error": True,
    }
    return {
        "channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content, "buffers": [],
    }  # fmt: skip


async def _said(talk: aiohttp.ClientWebSocketResponse, asked: str) -> str:
    said = ""
    async for message in talk:
        if message.type is not aiohttp.WSMsgType.TEXT:
            continue
        read = message.json()
        if read["parent_header"].get("msg_id") != asked:
            continue
        if read["msg_type"] == "stream":
            said += read["content"]["text"]
        elif read["msg_type"] == "error":
            said += read["content"]["ename"]
        elif read["msg_type"] == "status" and read["content"]["execution_state"] == "idle":
            break
    return said.strip()
