"""How many bytes pass for each person and hour; an alarm at one threshold, an end at a second.

What a researcher sees on the screen leaves by nature. Its volume can be known: this counts it, both ways, apart from
JupyterLab's own scripts and styles.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hub_config.gateway.refusal import Refusal
from hub_config.gateway.registration import Key

HOUR: Final = 3600  # seconds
RETRY_SECONDS: Final = 1.0

log = logging.getLogger(__name__)


class Flow(StrEnum):
    """Which way bytes go, and of what sort they are."""

    TO_BROWSER = "to_browser"
    FROM_BROWSER = "from_browser"
    ASSETS = "assets"


@dataclass(frozen=True, slots=True)
class VolumeLimits:
    """Thresholds of one person in one hour, in bytes. Source: ours, from what work was seen to take.

    An hour of notebook work with many charts moves under 30 MiB to the browser and under 10 MiB from it; JupyterLab's
    own files are 12 MiB each time that it is opened.

    Attributes:
        alarm: flow -> bytes at which the audit log is told.
        end: flow -> bytes at which nothing more passes until the next hour.
        unheard_seconds: how long the platform may take to note an alarm before nothing more passes.
    """

    alarm: Mapping[Flow, int] = field(
        default_factory=lambda: {
            Flow.TO_BROWSER: 128 << 20,
            Flow.FROM_BROWSER: 64 << 20,
            Flow.ASSETS: 1 << 30,
        }
    )
    end: Mapping[Flow, int] = field(
        default_factory=lambda: {
            Flow.TO_BROWSER: 1 << 30,
            Flow.FROM_BROWSER: 512 << 20,
            Flow.ASSETS: 4 << 30,
        }
    )
    unheard_seconds: float = 10.0


TOO_MUCH: Final = "More has passed this hour than a person can read; work goes on at the next full hour."
UNHEARD: Final = "The platform has not yet taken note of how much has passed: wait a minute, then try again."


class Volume:
    """Counts, and calls `deliver(alarm)` until the platform has taken each alarm."""

    def __init__(
        self,
        limits: VolumeLimits,
        deliver: Callable[[Mapping[str, object]], Awaitable[bool]],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._limits = limits
        self._deliver = deliver
        self._clock = clock
        self._hour = 0
        self._counts: dict[tuple[str, Flow], int] = {}
        self._raised: set[tuple[str, Flow, bool]] = set()
        self._unheard: dict[int, tuple[str, float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def count(self, key: Key, flow: Flow, size: int) -> None:
        """Count some bytes that pass now."""
        self._turn_the_hour()
        total = self._counts.get((key.person, flow), 0) + size
        self._counts[key.person, flow] = total
        self._raise(key, flow, total, threshold=self._limits.alarm[flow], ended=False)
        self._raise(key, flow, total, threshold=self._limits.end[flow], ended=True)

    def check(self, person: str) -> None:
        """Return if this person's bytes may still pass.

        Raises:
            Refusal: too many have this hour, or an alarm about them has not been heard.
        """
        self._turn_the_hour()
        since = self._clock() - self._limits.unheard_seconds
        if any(about == person and at <= since for about, at in self._unheard.values()):
            raise Refusal(503, "alarm_unheard", UNHEARD)
        if any(self.total(person, flow) >= self._limits.end[flow] for flow in Flow):
            raise Refusal(429, "too_much", TOO_MUCH)

    def total(self, person: str, flow: Flow) -> int:
        """Return how many bytes of this flow have passed in this hour."""
        return self._counts.get((person, flow), 0)

    async def heard(self) -> None:
        """Return when the platform has taken every alarm."""
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Stop trying to be heard."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _turn_the_hour(self) -> None:
        hour = int(self._clock() // HOUR)
        if hour != self._hour:
            self._hour = hour
            self._counts.clear()
            self._raised.clear()

    def _raise(self, key: Key, flow: Flow, total: int, *, threshold: int, ended: bool) -> None:
        mark = (key.person, flow, ended)
        if total < threshold or mark in self._raised:
            return
        self._raised.add(mark)
        alarm = {
            "kind": "volume_ended" if ended else "volume",
            "person": key.person,
            "project": key.project,
            "flow": flow.value,
            "bytes": total,
            "threshold": threshold,
            "hour": self._hour * HOUR,
        }
        task = asyncio.get_running_loop().create_task(self._tell(alarm))
        self._unheard[id(alarm)] = (key.person, self._clock())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, alarm: Mapping[str, object]) -> None:
        while not await self._deliver(alarm):
            log.warning("the platform did not take an alarm about %s", alarm["person"])
            await asyncio.sleep(RETRY_SECONDS)
        del self._unheard[id(alarm)]
