"""The workspaces that this gateway serves at this moment."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web

from hub_config.gateway.hub import Hub
from hub_config.gateway.refusal import Misconfigured, Refusal
from hub_config.gateway.registration import Key, Registration, read_registration
from hub_config.gateway.runtime import write_privately
from hub_config.gateway.sessions import Session
from hub_config.gateway.target import PinnedSocket, pin

MOST_AT_ONCE: Final = (
    96  # requests and websockets of one workspace; source: ours, three times what JupyterLab opens
)
CLOSED: Final = 1008  # the websocket status for a broken policy (RFC 6455)

REVOKED: Final = "You may no longer use this workspace: ask your project's lead."
BUSY: Final = "This workspace has too many requests at once: wait for some to end."

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Workspace:
    """One registered workspace and what passes for it.

    Attributes:
        registration: what the spawner said of it.
        socket: its server.
        upstream: the client of its server.
        hub: the client of its hub.
        is_open: False once it is revoked, replaced or gone; nothing passes any more.
        websockets: those open to browsers, each with the session that opened it.
        tasks: the requests on their way.
        last_activity: when a person or a kernel last worked.
        passed: bytes to and from browsers since registration.
    """

    registration: Registration
    socket: PinnedSocket
    upstream: aiohttp.ClientSession
    hub: Hub
    is_open: bool = True
    websockets: dict[web.WebSocketResponse, Session] = field(default_factory=dict)
    tasks: set[asyncio.Task[object]] = field(default_factory=set)
    last_activity: datetime | None = None
    passed: dict[str, int] = field(default_factory=dict)

    @contextlib.contextmanager
    def passing(self) -> Iterator[None]:
        """Note the current task as one that ends with the workspace.

        Raises:
            Refusal: the workspace is closed, or too much passes at once.
        """
        if not self.is_open:
            raise Refusal(403, "revoked", REVOKED)
        if len(self.tasks) >= MOST_AT_ONCE:
            raise Refusal(429, "busy", BUSY)
        task = asyncio.current_task()
        if task is None:
            raise Refusal(500, "no_task", BUSY)
        self.tasks.add(task)
        try:
            yield
        finally:
            self.tasks.discard(task)

    async def cut(self) -> None:
        """End what passes at this moment: websockets get a reason, all else is cut."""
        closing = [socket.close(code=CLOSED, message=b"revoked") for socket in tuple(self.websockets)]
        await asyncio.gather(*closing, return_exceptions=True)
        for task in tuple(self.tasks - {asyncio.current_task()}):
            task.cancel()

    async def close(self) -> None:
        """Let nothing pass any more."""
        self.is_open = False
        await self.cut()
        await self.upstream.close()
        self.socket.close()


class Workspaces:
    """The registered workspaces, also kept in a file so that a gateway which starts again goes on with them."""

    def __init__(self, kept: Path, default_origin: str) -> None:
        self._kept = kept
        self._default_origin = default_origin
        self._by_key: dict[Key, Workspace] = {}
        self._hubs: dict[str, Hub] = {}

    def __iter__(self) -> Iterator[Workspace]:
        return iter(tuple(self._by_key.values()))

    def find(self, segments: tuple[str, ...]) -> tuple[Workspace, tuple[str, ...]] | None:
        """Return the workspace under whose path this one lies, and the rest of the path."""
        for workspace in self._by_key.values():
            own = workspace.registration.segments
            if segments[: len(own)] == own:
                return workspace, segments[len(own) :]
        return None

    async def register(self, key: Key, body: object) -> Workspace:
        """Serve a workspace from now on; one of the same key is closed first.

        Raises:
            Misconfigured: the registration or its socket is not as it should be.
        """
        registration = read_registration(key, body, self._default_origin)
        socket = pin(registration.target)
        await self.remove(key)
        self._by_key[key] = Workspace(
            registration, socket, client_of(socket), self._hub_of(registration.hub_api_url)
        )
        self._keep()
        return self._by_key[key]

    async def remove(self, key: Key) -> bool:
        """Serve a workspace no more; False when it was not served."""
        workspace = self._by_key.pop(key, None)
        if workspace is None:
            return False
        self._keep()
        await workspace.close()
        return True

    async def revoke(self, workspaces: list[Workspace]) -> None:
        """Refuse everything for these until they are registered again."""
        for workspace in workspaces:
            workspace.is_open = False  # all of them at once, before any is waited for
        self._keep()
        await asyncio.gather(*(workspace.cut() for workspace in workspaces))

    async def take_up(self) -> None:
        """Serve again what was served before; what is no longer there is left out."""
        if not self._kept.exists():
            return
        for entry in json.loads(self._kept.read_text(encoding="utf-8")):
            key = Key(entry["person"], entry["project"])
            try:
                await self.register(key, entry["registration"])
            except Misconfigured as fault:
                log.warning("%s/%s is not taken up again: %s", key.person, key.project, fault)
        self._keep()

    async def close(self) -> None:
        """End everything; the file stays for the next start."""
        for workspace in self:
            await workspace.close()
        for hub in self._hubs.values():
            await hub.close()

    def _hub_of(self, api_url: str) -> Hub:
        if api_url not in self._hubs:
            self._hubs[api_url] = Hub(api_url)
        return self._hubs[api_url]

    def _keep(self) -> None:
        entries = [
            {"person": key.person, "project": key.project, "registration": workspace.registration.to_json()}
            for key, workspace in self._by_key.items()
            if workspace.is_open
        ]
        write_privately(self._kept, json.dumps(entries))


def client_of(socket: PinnedSocket) -> aiohttp.ClientSession:
    """Return a client that reaches this socket and nothing else, keeps no cookies and no connections."""
    return aiohttp.ClientSession(
        connector=aiohttp.UnixConnector(path=socket.path, force_close=True, limit=0),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=300),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers={"User-Agent", "Accept-Encoding"},
    )
