"""What the hub asks of the platform and tells the gateway, over their sockets. It cannot ask means no."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import aiohttp

ASK_SECONDS: Final = 5.0
START_SECONDS: Final = 175.0
STOP_SECONDS: Final = 30.0
GONE: Final = "platform_gone"
"""The code of a refusal where nobody listens: other than one who is slow, they have nothing running either."""

DOWN: Final = "The platform cannot be asked now, so nothing is started. Wait a minute, then try again."


class Refusal(Exception):
    """The platform or the gateway says no, or cannot be asked.

    Attributes:
        status: of the HTTP answer that people get.
        code: a stable word.
        sentence: what happened and what to do next.
    """

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status: Final = status
        self.code: Final = code
        self.sentence: Final = sentence


@dataclass(frozen=True, slots=True)
class Peer:
    """The platform or the gateway behind its socket."""

    socket: Path

    async def ask(
        self,
        method: str,
        path: str,
        body: dict[str, str] | None = None,
        *,
        seconds: float | None = None,
    ) -> dict[str, object]:
        """Ask, and return the JSON object that is answered; wait so many seconds, or as long as is usual.

        Raises:
            Refusal: it says no, with its own sentence, or cannot be asked.
        """
        connector = aiohttp.UnixConnector(path=str(self.socket))
        timeout = aiohttp.ClientTimeout(total=seconds or ASK_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
                session.request(method, f"http://peer{path}", json=body) as answer,
            ):
                status, said = answer.status, await answer.json()
        except aiohttp.ClientConnectorError as error:
            raise Refusal(503, GONE, DOWN) from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Refusal(503, "platform_down", DOWN) from error
        if not isinstance(said, dict):
            raise Refusal(503, "platform_down", DOWN)
        if status >= 400:
            sentence = said.get("reason") or said.get("sentence") or DOWN
            raise Refusal(403 if status < 500 else 503, str(said.get("code", "refused")), str(sentence))
        return said


@dataclass(frozen=True, slots=True)
class Members:
    """Who may be where, as the platform says at this moment."""

    platform: Peer

    async def projects_of(self, person: str) -> list[str]:
        """The projects whose workspaces a person may open now.

        Raises:
            Refusal: the platform cannot be asked.
        """
        said = await self.platform.ask("GET", f"/members/{quote(person, safe='')}")
        found = said.get("projects")
        if not isinstance(found, list):
            raise Refusal(503, "platform_down", DOWN)
        return [str(name) for name in found]

    async def must_be_member(self, person: str, project: str) -> None:
        """Let a person through who may be in a project's workspace now.

        Raises:
            Refusal: they may not, with the platform's sentence, or it cannot be asked.
        """
        said = await self.platform.ask("GET", f"/members/{quote(person, safe='')}/{quote(project, safe='')}")
        if said.get("allowed") is not True:
            raise Refusal(403, "not_a_member", str(said.get("reason") or DOWN))
