"""A whole gateway between a browser, a hub, the platform, and workspaces' servers, all real and in one process."""

import contextlib
import http.client
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from hub_config.gateway.__main__ import Options, serving
from hub_config.gateway.headers import Origins
from hub_config.gateway.registration import Key
from hub_config.gateway.runtime import Runtime
from hub_config.gateway.volume import VolumeLimits
from tests.hub_config.gateway.browser import Browser
from tests.hub_config.gateway.platform_side import HubStandIn, Platform

PERSON, PROJECT = "ada", "bills"
BASE = f"/user/{PERSON}/{PROJECT}/"
PORTAL = "http://portal.tre.localhost:8600"
HUB = "http://hub.tre.localhost:8610"
SECRET = "the-token-of-the-server"
CLIENT = "jupyterhub-user-ada-bills"

Say = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Workspace:
    """A workspace's server that says what a test wants, and remembers what it was asked."""

    say: Say
    asked: list[web.BaseRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request)
        self.bodies.append(await request.read())
        return await self.say(request)


async def plain(request: web.BaseRequest) -> web.StreamResponse:
    """Answer JSON to everything, and HTML where Lab's page is asked for."""
    if request.rel_url.path.endswith("/lab"):
        return web.Response(text="<!doctype html><title>Lab</title>", content_type="text/html")
    return web.json_response({"busy": False})


@contextlib.asynccontextmanager
async def workspace_server(workspace: Workspace, path: Path) -> AsyncIterator[None]:
    runner = web.ServerRunner(web.Server(workspace.answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(path)).start()
    try:
        yield
    finally:
        await runner.cleanup()


@dataclass
class Clock:
    """The time of sessions and membership, in seconds."""

    now: Callable[[], float] = time.monotonic

    def __call__(self) -> float:
        return self.now()


@dataclass
class Standing:
    """Everything, with handles."""

    folder: Path
    port: int
    platform: Platform
    hub: HubStandIn
    workspace: Workspace
    clock: Clock

    @property
    def target(self) -> Path:
        return self.folder / "workspace.sock"

    def control(self, method: str, path: str, content: object = None) -> tuple[int, object]:
        return control(self.folder / "gateway.sock", method, path, content)

    def registration(self, **changes: str) -> dict[str, str]:
        return {
            "api_token": SECRET,
            "oauth_client_id": CLIENT,
            "hub_api_url": f"http://127.0.0.1:{self.hub.port}/hub/api",
            "hub_base_url": "/hub/",
            "hub_host": HUB,
            "base_url": BASE,
            "target": str(self.target),
        } | changes

    def register(self, **changes: str) -> None:
        status, said = self.control("PUT", f"/workspaces/{PERSON}/{PROJECT}", self.registration(**changes))
        assert status == 201, said

    def browser(self) -> Browser:
        return Browser(self.port, BASE)

    def signed_in(self) -> Browser:
        """A browser that has gone the whole way in."""
        browser = self.browser()
        asked = browser.window("enter")
        assert asked.status == 303
        back = browser.window(self.hub.authorize(asked.header("Location") or ""))
        assert back.status == 303, back.body
        assert browser.frame().status == 200
        self.workspace.asked.clear()
        self.workspace.bodies.clear()
        return browser


def control(path: Path, method: str, target: str, content: object = None) -> tuple[int, object]:
    """Ask the control socket as the spawner does."""
    connection = http.client.HTTPConnection("gateway")
    connection.sock = socket.socket(socket.AF_UNIX)
    try:
        connection.sock.settimeout(60)
        connection.sock.connect(str(path))
        body = None if content is None else json.dumps(content).encode()
        connection.request(method, target, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@contextlib.asynccontextmanager
async def stand(
    folder: Path, limits: VolumeLimits | None = None, portal: str = PORTAL
) -> AsyncIterator[Standing]:
    """Start everything in this folder; the workspace is not registered yet."""
    async with contextlib.AsyncExitStack() as stack:
        platform, workspace = Platform(), Workspace(plain)
        hub = HubStandIn(CLIENT, SECRET, PERSON, [f"access:servers!server={PERSON}/{PROJECT}"])
        await platform.start(folder / "members.sock")
        stack.push_async_callback(platform.stop)
        stack.push_async_callback((await hub.start()).cleanup)
        await stack.enter_async_context(workspace_server(workspace, folder / "workspace.sock"))
        options = Options(Runtime(folder), Origins(HUB, portal), "/projects/{project}/workspace", 0)
        clock = Clock()
        port = await stack.enter_async_context(serving(options, limits, clock=clock))
        yield Standing(folder, port, platform, hub, workspace, clock)


KEY = Key(PERSON, PROJECT)
