"""A workspace as the hub sees it: a server that the platform runs in its sandbox, reached through the gateway."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyterhub.spawner import Spawner, SpawnException
from traitlets import Instance
from traitlets import Unicode as Text

from hub_config.authenticator import UNNAMED
from hub_config.members import GONE, START_SECONDS, STOP_SECONDS, Peer, Refusal

GATEWAY_DOWN = "The gateway to the workspaces is not at work; tell the operators."


class WorkspaceSpawner(Spawner):  # type: ignore[misc]  # JupyterHub has no types
    """Asks the platform for a server and tells the gateway about it. No token of the hub gets into the sandbox."""

    platform = Instance(Peer, help="The platform's socket.").tag(config=True)
    gateway = Instance(Peer, help="The gateway's control socket.").tag(config=True)
    gateway_address = Text(help="File in which the gateway says where it takes traffic.").tag(config=True)
    hub_origin = Text(help="Where browsers find the hub.").tag(config=True)

    @property
    def place(self) -> str:
        """Path of this workspace at platform and gateway: person and project."""
        return f"{quote(self.user.name, safe='')}/{quote(self.name, safe='')}"

    async def start(self) -> str:
        """Start the server, or find the one that runs; return where the proxy sends its traffic.

        Raises:
            SpawnException: there is no project's name, the platform says no, or the server ended at once; with the reason.
        """
        if not self.name:
            raise SpawnException(UNNAMED, reason="unnamed", status_code=400)
        try:
            started = await self.platform.ask("PUT", f"/servers/{self.place}", seconds=START_SECONDS)
            await self.gateway.ask(
                "PUT", f"/workspaces/{self.place}", self._registration(str(started["target"]))
            )
        except Refusal as refusal:
            raise SpawnException(refusal.sentence, reason=refusal.code, status_code=refusal.status) from None
        return self._gateway_url()

    async def poll(self) -> int | None:
        """None while the server runs; the platform keeps it over a restart of the hub.

        A platform that nobody listens for has no workspaces: they end with it. One that is slow may have.
        """
        try:
            said = await self.platform.ask("GET", f"/servers/{self.place}")
        except Refusal as refusal:
            return 1 if refusal.code == GONE else None
        if said.get("running") is True:
            return None
        self.log.info("Workspace %s: %s", self._log_name, said.get("sentence"))
        return 0

    async def stop(self, now: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - JupyterHub's signature
        """Close the door, then stop the server."""
        for peer, path in ((self.gateway, "/workspaces/"), (self.platform, "/servers/")):
            try:
                await peer.ask("DELETE", f"{path}{self.place}", seconds=STOP_SECONDS)
            except Refusal as refusal:
                self.log.info("Stopping %s: %s", self._log_name, refusal.code)

    def get_env(self) -> dict[str, str]:
        """Nothing: there is no process of the hub's own that it could be for."""
        return {}

    def _registration(self, target: str) -> dict[str, str]:
        return {
            "api_token": self.api_token,
            "oauth_client_id": self.oauth_client_id,
            "hub_api_url": self.hub.api_url,
            "hub_base_url": self.hub.base_url,
            "hub_host": self.hub_origin,
            "base_url": self.server.base_url,
            "target": target,
        }

    def _gateway_url(self) -> str:
        try:
            said: dict[str, Any] = json.loads(Path(self.gateway_address).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise SpawnException(GATEWAY_DOWN, reason="gateway_down", status_code=503) from None
        return str(said["url"])
