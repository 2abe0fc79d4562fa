"""One request on its way through the gateway."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from yarl import URL

from hub_config.gateway.endpoint import Endpoint, Kind
from hub_config.gateway.path import encoded, encoded_query
from hub_config.gateway.sessions import Session
from hub_config.gateway.volume import Flow
from hub_config.gateway.workspaces import Workspace


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is asked, of which workspace, under which row.

    Attributes:
        request: what the browser sent.
        workspace: whose server is asked.
        session: who asks.
        row: what the table says of it.
        path: the decoded segments, relative to the workspace.
        query: the decoded pairs that the row allows.
        policy: the content security policy of the answer.
        cookies: Set-Cookie headers of the answer; those of the workspace's server never pass.
        counted: told of every byte that passes.
        check: raises Refusal once bytes may no longer pass.
    """

    request: web.BaseRequest
    workspace: Workspace
    session: Session
    row: Endpoint
    path: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    policy: str
    cookies: tuple[str, ...]
    counted: Callable[[Flow, int], None]
    check: Callable[[], None]

    @property
    def upstream_url(self) -> URL:
        """The address at the workspace's server, rebuilt from what was matched."""
        query = encoded_query(tuple((dict(self.row.implied) | dict(self.query)).items()))
        path = f"{self.workspace.registration.base_url}{encoded(self.path)}"
        return URL(f"http://localhost{path}{'?' if query else ''}{query}", encoded=True)

    @property
    def outward(self) -> Flow:
        """How its answer is counted."""
        return Flow.ASSETS if self.row.kind is Kind.ASSET else Flow.TO_BROWSER
