"""The platform's side, over its socket: who is a member at this moment, and where alarms go."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import aiohttp

from hub_config.gateway.refusal import Refusal
from hub_config.gateway.registration import Key

FRESH_SECONDS: Final = 1.0  # how long an answer counts; source: design section 7, refusal within a second
PATIENCE: Final = aiohttp.ClientTimeout(total=3)  # in seconds; then the platform counts as down
DOWN: Final = "The platform cannot be asked whether you may be here, so nobody is let in: wait a minute, then try again."


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform said.

    Attributes:
        allowed: True where the person is a member with accreditation.
        reason: why not, for the person.
        asked_at: when it was asked, in seconds of `clock`; an answer is as old as its question.
    """

    allowed: bool
    reason: str
    asked_at: float


class Members:
    """Asks the platform, at most once a second about each workspace; many who wait share one question."""

    def __init__(self, socket_path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(path=str(socket_path), limit=16),
            timeout=PATIENCE,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._answers: dict[Key, Answer] = {}
        self._asking: dict[Key, asyncio.Task[Answer]] = {}

    async def check(self, key: Key) -> None:
        """Return if this person is a member of this project now.

        Raises:
            Refusal: they are not, or the platform cannot be asked.
        """
        answer = self._answers.get(key)
        if answer is None or self._clock() - answer.asked_at >= FRESH_SECONDS:
            answer = await self._shared(key)
        if not answer.allowed:
            raise Refusal(403, "not_a_member", answer.reason)

    async def alarm(self, alarm: Mapping[str, object]) -> bool:
        """Hand over one alarm; False when the platform did not take it."""
        try:
            async with self._session.post("http://members/alarms", json=dict(alarm)) as answer:
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False

    def forget(self, key: Key) -> None:
        """Ask again at the next request, whatever was answered before."""
        self._answers.pop(key, None)

    async def close(self) -> None:
        """Let go of the platform."""
        await self._session.close()

    async def _shared(self, key: Key) -> Answer:
        task = self._asking.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(key))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(task)

    async def _ask(self, key: Key) -> Answer:
        asked_at = self._clock()
        url = f"http://members/members/{quote(key.person, safe='')}/{quote(key.project, safe='')}"
        try:
            async with self._session.get(url, allow_redirects=False) as answer:
                said = await answer.json() if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            said = None
        if not isinstance(said, dict) or not isinstance(said.get("allowed"), bool):
            self._answers.pop(key, None)
            raise Refusal(503, "platform_down", DOWN)
        reason = said.get("reason")
        found = Answer(
            said["allowed"],
            reason if isinstance(reason, str) and reason else "You may not be here.",
            asked_at,
        )
        self._answers[key] = found
        return found
