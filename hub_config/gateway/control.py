"""What the spawner and the platform's worker tell the gateway, over a socket that only their account may open."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from hub_config.gateway.members import Members
from hub_config.gateway.refusal import Misconfigured
from hub_config.gateway.registration import Key
from hub_config.gateway.sessions import Sessions
from hub_config.gateway.workspaces import Workspace, Workspaces


@dataclass(frozen=True, slots=True)
class Control:
    """The verbs of the control socket; each answers JSON."""

    workspaces: Workspaces
    sessions: Sessions
    members: Members

    def application(self) -> web.Application:
        """Return the routes."""
        application = web.Application(middlewares=[_say_faults], client_max_size=1 << 16)
        application.add_routes(
            [
                web.get("/workspaces", self.show),
                web.put("/workspaces/{person}/{project}", self.register),
                web.delete("/workspaces/{person}/{project}", self.remove),
                web.post("/revoke/{person}", self.revoke),
                web.post("/revoke/{person}/{project}", self.revoke),
            ]
        )
        return application

    async def show(self, _: web.Request) -> web.StreamResponse:
        """List the workspaces with their activity, bytes and open websockets."""
        return web.json_response([_shown(workspace) for workspace in self.workspaces])

    async def register(self, request: web.Request) -> web.StreamResponse:
        """Serve a workspace; registering again ends a revocation, since the hub asks about membership before."""
        key = Key(request.match_info["person"], request.match_info["project"])
        self.sessions.end_all(key)
        self.members.forget(key)
        workspace = await self.workspaces.register(key, await request.json())
        return web.json_response({"base_url": workspace.registration.base_url}, status=201)

    async def remove(self, request: web.Request) -> web.StreamResponse:
        """Serve a workspace no more."""
        key = Key(request.match_info["person"], request.match_info["project"])
        self.sessions.end_all(key)
        removed = await self.workspaces.remove(key)
        return web.json_response({"removed": removed}, status=200 if removed else 404)

    async def revoke(self, request: web.Request) -> web.StreamResponse:
        """Close a person's workspaces, or the one named, until they are registered again."""
        person, project = request.match_info["person"], request.match_info.get("project")
        closed = [
            workspace
            for workspace in self.workspaces
            if workspace.registration.key.person == person
            and project in {None, workspace.registration.key.project}
        ]
        for workspace in closed:
            self.sessions.end_all(workspace.registration.key)
            self.members.forget(workspace.registration.key)
        websockets = sum(len(workspace.websockets) for workspace in closed)
        await self.workspaces.revoke(closed)
        return web.json_response({"workspaces": len(closed), "websockets": websockets})


def _shown(workspace: Workspace) -> dict[str, object]:
    key = workspace.registration.key
    return {
        "person": key.person,
        "project": key.project,
        "open": workspace.is_open,
        "last_activity": workspace.last_activity.isoformat() if workspace.last_activity else None,
        "bytes": dict(workspace.passed),
        "websockets": len(workspace.websockets),
    }


@web.middleware
async def _say_faults(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Misconfigured as fault:
        return web.json_response({"code": "misconfigured", "sentence": str(fault)}, status=422)
    except ValueError:
        return web.json_response({"code": "no_json", "sentence": "The body must be JSON."}, status=400)
