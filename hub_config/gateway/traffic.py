"""From a browser's request to its answer: read, match, who asks, may they, from which page; then pass it on."""

import json
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import aiohttp
from aiohttp import web

from hub_config.gateway.endpoint import Endpoint, Kind
from hub_config.gateway.endpoints import SWITCHED_OFF, UNKNOWN, row_of
from hub_config.gateway.exchange import Exchange
from hub_config.gateway.forward import SILENT, forward
from hub_config.gateway.guards import check_origin, check_shape, check_stamp, is_read_by_a_person
from hub_config.gateway.headers import Origins, workspace_policy
from hub_config.gateway.members import Members
from hub_config.gateway.pages import json_answer, redirect, refusal_answer
from hub_config.gateway.path import encoded, split_target
from hub_config.gateway.refusal import Refusal
from hub_config.gateway.sessions import Session
from hub_config.gateway.signing_in import Door, stamp_cookie
from hub_config.gateway.volume import Flow, Volume
from hub_config.gateway.websockets import relay
from hub_config.gateway.workspaces import REVOKED, Workspace, Workspaces

READY: Final = aiohttp.ClientTimeout(
    total=5
)  # seconds that the hub's question waits for the workspace's server
# What JupyterLab adds for other servers, those that know tokens among them: dropped, and nobody is known by it.
IGNORED_QUERY: Final = frozenset({"token", "contentProviderId"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, read.

    Attributes:
        request: what came.
        workspace: whose it is about.
        path: decoded segments, relative to the workspace.
        query: decoded pairs.
        row: what the table says of it.
    """

    request: web.BaseRequest
    workspace: Workspace
    path: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    row: Endpoint


@dataclass(frozen=True, slots=True)
class Traffic:
    """Answers browsers, and the hub's question whether a workspace is up.

    Attributes:
        workspaces: those served.
        door: signs people in and out.
        members: the platform's word.
        volume: counts bytes.
        origins: the hub's, by default, and the portal's.
        hub_version: the JupyterHub that this gateway says it belongs to.
    """

    workspaces: Workspaces
    door: Door
    members: Members
    volume: Volume
    origins: Origins
    hub_version: str

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        began = time.monotonic()
        asked: Asked | None = None
        try:
            asked = self._read(request)
            with asked.workspace.passing():
                answer = await self._answer(asked)
        except Refusal as refusal:
            answer = self._refuse(request, asked, refusal)
        _note(request, asked, answer, seconds=time.monotonic() - began)
        return answer

    def _read(self, request: web.BaseRequest) -> Asked:
        check_shape(request)
        segments, pairs = split_target(request.raw_path)
        found = self.workspaces.find(segments)
        if found is None:
            raise Refusal(404, "no_workspace", UNKNOWN)
        workspace, path = found
        query = tuple((key, value) for key, value in pairs if key not in IGNORED_QUERY)
        return Asked(request, workspace, path, query, row_of(request.method, "/".join(path), dict(query)))

    async def _answer(self, asked: Asked) -> web.StreamResponse:
        if asked.row.kind is Kind.OWN:
            return await self._own(asked)
        if asked.row.kind is Kind.PAGE and asked.request.headers.get("Sec-Fetch-Dest") == "document":
            return self._to_the_door(asked)
        session = await self.door.checked_session(asked.request, asked.workspace)
        await self.members.check(asked.workspace.registration.key)
        if asked.row.kind is Kind.REFUSED:
            raise Refusal(403, "endpoint_refused", asked.row.sentence)
        check_origin(asked.request, asked.row.kind, asked.workspace.registration.hub_origin)
        if asked.row.kind is Kind.DATA:
            check_stamp(asked.request, session)
        exchange = self._exchange(asked, session)
        exchange.check()
        if asked.row.is_activity:
            asked.workspace.last_activity = datetime.now(UTC)
        return await (relay(exchange) if asked.row.kind is Kind.SOCKET else forward(exchange))

    async def _own(self, asked: Asked) -> web.StreamResponse:
        registration = asked.workspace.registration
        match asked.path:
            case ("api",):
                return await self._ready(asked)
            case ("enter",):
                return self.door.enter(asked.request, registration)
            case ("oauth_callback",):
                return await self.door.come_back(asked.request, asked.workspace, dict(asked.query))
            case ("logout",):
                check_origin(asked.request, Kind.PAGE, registration.hub_origin)
                return self.door.leave(asked.request, registration)
            case () | ("",):
                return self._to_the_door(asked)
            case switched_off:
                return json_answer(self.origins, SWITCHED_OFF["/".join(switched_off)])

    def _to_the_door(self, asked: Asked) -> web.Response:
        return redirect(self.origins, f"{asked.workspace.registration.base_url}enter")

    async def _ready(self, asked: Asked) -> web.Response:
        """Answer the hub as a single-user server does: up when the workspace's own server is."""
        url = f"http://localhost{asked.workspace.registration.base_url}api"
        try:
            async with asked.workspace.upstream.get(url, timeout=READY, allow_redirects=False) as answer:
                is_up = answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            is_up = False
        if not is_up:
            raise Refusal(503, "workspace_silent", SILENT)
        response = json_answer(self.origins, {"version": self.hub_version})
        response.headers["X-JupyterHub-Version"] = self.hub_version
        return response

    def _exchange(self, asked: Asked, session: Session) -> Exchange:
        workspace = asked.workspace
        registration = workspace.registration

        def counted(flow: Flow, size: int) -> None:
            workspace.passed[flow] = workspace.passed.get(flow, 0) + size
            self.volume.count(registration.key, flow, size)

        def check() -> None:
            if not workspace.is_open:
                raise Refusal(403, "revoked", REVOKED)
            self.volume.check(registration.key.person)

        origins = Origins(registration.hub_origin, self.origins.portal)
        cookies = (stamp_cookie(registration, session),) if asked.row.kind is Kind.PAGE else ()
        return Exchange(
            request=asked.request,
            workspace=workspace,
            session=session,
            row=asked.row,
            path=asked.path,
            query=asked.query,
            policy=workspace_policy(origins, registration.base_url),
            cookies=cookies,
            counted=counted,
            check=check,
        )

    def _refuse(self, request: web.BaseRequest, asked: Asked | None, refusal: Refusal) -> web.Response:
        enter = f"{asked.workspace.registration.base_url}enter" if asked else None
        return refusal_answer(self.origins, refusal, for_person=is_read_by_a_person(request), enter=enter)


def _note(
    request: web.BaseRequest, asked: Asked | None, answer: web.StreamResponse, *, seconds: float
) -> None:
    """Log who asked for what; JupyterLab's own files and polling say nothing about a person and are left out."""
    if asked is None or (asked.row.kind in {Kind.ASSET, Kind.OWN} and answer.status < 400):
        return
    key = asked.workspace.registration.key
    entry = {
        "person": key.person,
        "project": key.project,
        "method": request.method,
        "path": encoded(asked.path),
        "status": answer.status,
        "bytes": answer.body_length if answer.prepared else 0,
        "seconds": round(seconds, 3),
    }
    log.info("%s", json.dumps(entry))
