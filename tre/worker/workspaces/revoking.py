"""Ends what somebody may no longer use: the door at once, the server within seconds, and the hub is told."""

import logging
import threading
from dataclasses import dataclass
from typing import Final

import httpx

from tre.db.engine import read_only, transaction
from tre.domain.audit import Event
from tre.domain.people import PersonId
from tre.domain.workspaces import hub_name
from tre.services import workspaces
from tre.worker.workspaces.running import Server, Servers

EVERY_SECONDS: Final = 1.0
"""How often the right to each running workspace is looked at, in seconds. Source: the design's section 7: refused within one."""

CALL_SECONDS: Final = 5.0
LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Revoking:
    """Looks at every running workspace again and again.

    Attributes:
        servers: the workspaces.
        hub_token: what the hub knows the platform by.
    """

    servers: Servers
    hub_token: str

    def run(self, stopping: threading.Event) -> None:
        """Look until told to stop; a fault of one look is told, and the next one looks again."""
        while not stopping.wait(EVERY_SECONDS):
            try:
                self.look()
            except Exception as fault:  # noqa: BLE001 - told, and looked again: the loop outlives a database's restart
                self.servers.on_fault(fault)

    def look(self) -> list[Server]:
        """End each running workspace whose person may not be in it any more; return those."""
        ended = []
        for server in self.servers.running():
            with read_only(self.servers.platform.application) as tx:
                said = workspaces.refusal(tx, server.person, server.project)
            if said is not None:
                ended.append((server, said.code))
        for server, _ in ended:
            self._close_door(server.person, server.project)
            server.stopping.set()  # all of them end at once; what follows waits and tells
        for server, code in ended:
            self._end(server, code)
        return [server for server, _ in ended]

    def _end(self, server: Server, code: str) -> None:
        """Wait for the end of one whose door is closed, record it, and tell the hub."""
        self.servers.stop(server)
        with transaction(self.servers.platform.application) as tx:
            workspaces.record(tx, Event.WORKSPACE_REVOKED, server.person, server.project, code=code)
        self._tell_hub(server.person, server.project)

    def _close_door(self, person: PersonId, project: str) -> None:
        socket = workspaces.runtime(self.servers.platform) / "gateway.sock"
        _call("POST", str(socket), f"/revoke/{hub_name(person)}/{project}")

    def _tell_hub(self, person: PersonId, project: str) -> None:
        socket = workspaces.runtime(self.servers.platform) / "hub.sock"
        path = f"/hub/api/users/{hub_name(person)}/servers/{project}"
        _call("DELETE", str(socket), path, token=self.hub_token)


def _call(method: str, socket: str, path: str, *, token: str = "") -> None:
    """Ask hub or gateway; where one of them is down there is nothing in it that could be open."""
    headers = {"Authorization": f"token {token}"} if token else {}
    try:
        with httpx.Client(transport=httpx.HTTPTransport(uds=socket), timeout=CALL_SECONDS) as client:
            answer = client.request(method, f"http://localhost{path}", headers=headers)
    except httpx.HTTPError as error:
        LOG.warning("%s %s could not be asked: %s", method, path, type(error).__name__)
        return
    if answer.status_code >= 400 and answer.status_code != 404:
        LOG.warning("%s %s was answered %d", method, path, answer.status_code)
