"""What the gateway does by itself: end websockets of those who are members no more, and tell the hub who is at work."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from typing import Final

import aiohttp

from hub_config.gateway.members import Members
from hub_config.gateway.refusal import Refusal
from hub_config.gateway.signing_in import Door
from hub_config.gateway.workspaces import CLOSED, Workspace, Workspaces

SWEEP_SECONDS: Final = (
    0.5  # with answers of at most a second, a websocket outlives membership by 1.5 s at most
)
ACTIVITY_SECONDS: Final = 60.0  # a fifth of JupyterHub's own interval: the idle culler's clock is in minutes
PATIENCE: Final = aiohttp.ClientTimeout(total=5)
LONGEST_ANSWER: Final = 1 << 20  # bytes of a workspace's list of kernels

log = logging.getLogger(__name__)


async def sweep_forever(workspaces: Workspaces, members: Members, door: Door) -> None:
    """Ask about everybody with an open websocket, all the time."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        await asyncio.gather(*(sweep(workspace, members, door) for workspace in workspaces))


async def sweep(workspace: Workspace, members: Members, door: Door) -> None:
    """Cut what passes for somebody who is no member now, or whose sign-in has ended at the hub."""
    if not workspace.websockets:
        return
    try:
        await members.check(workspace.registration.key)
    except Refusal as refusal:
        log.info("cut %s: %s", workspace.registration.key, refusal.code)
        await workspace.cut()
        return
    for websocket, session in tuple(workspace.websockets.items()):
        try:
            await door.check_session(session, workspace)
        except Refusal:
            await websocket.close(code=CLOSED, message=b"signed_out")


async def report_forever(workspaces: Workspaces) -> None:
    """Tell the hub about every workspace in which somebody, or some kernel, has worked since the last time."""
    reported: dict[Workspace, datetime] = {}
    while True:
        await asyncio.sleep(ACTIVITY_SECONDS)
        await asyncio.gather(*(report(workspace, reported) for workspace in workspaces))
        reported = {workspace: at for workspace, at in reported.items() if workspace.is_open}


async def report(workspace: Workspace, reported: dict[Workspace, datetime]) -> None:
    """Tell the hub about one workspace, unless it knows already."""
    if await has_busy_kernel(workspace):
        workspace.last_activity = datetime.now(UTC)
    at = workspace.last_activity
    if at is None or reported.get(workspace) == at:
        return
    if await workspace.hub.note_activity(workspace.registration, at):
        reported[workspace] = at


async def has_busy_kernel(workspace: Workspace) -> bool:
    """Whether a kernel computes; what the workspace's server says may be false, and costs only its own time."""
    url = f"http://localhost{workspace.registration.base_url}api/kernels"
    try:
        async with workspace.upstream.get(url, timeout=PATIENCE, allow_redirects=False) as answer:
            kernels = json.loads(await answer.content.read(LONGEST_ANSWER)) if answer.status == 200 else []
    except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError):
        return False
    if not isinstance(kernels, list):
        return False
    return any(isinstance(kernel, dict) and kernel.get("execution_state") == "busy" for kernel in kernels)
