"""`python -m hub_config.gateway`: serve every workspace of one hub until a signal ends it."""

import argparse
import asyncio
import contextlib
import importlib.metadata
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from hub_config.gateway.control import Control
from hub_config.gateway.headers import Origins
from hub_config.gateway.members import Members
from hub_config.gateway.refusal import Misconfigured
from hub_config.gateway.registration import ORIGIN
from hub_config.gateway.runtime import Runtime
from hub_config.gateway.sessions import Sessions
from hub_config.gateway.signing_in import Door
from hub_config.gateway.traffic import Traffic
from hub_config.gateway.volume import Volume, VolumeLimits
from hub_config.gateway.watch import report_forever, sweep_forever
from hub_config.gateway.workspaces import Workspaces

GOODBYE_SECONDS: Final = 2.0  # how long requests on their way may take when the gateway stops


@dataclass(frozen=True, slots=True)
class Options:
    """What the gateway is started with.

    Attributes:
        runtime: the folder of the sockets.
        origins: where browsers find hub and portal.
        portal_page: the path of the portal's page that frames a workspace, with `{project}` in it.
        port: the loopback port for traffic; 0 lets the system choose.
    """

    runtime: Runtime
    origins: Origins
    portal_page: str
    port: int


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line.

    Raises:
        SystemExit: it is wrong; the reason is on stderr.
    """
    parser = argparse.ArgumentParser(prog="python -m hub_config.gateway", description=__doc__)
    parser.add_argument(
        "--runtime", type=Path, required=True, metavar="DIR", help="folder of the sockets, mode 0700"
    )
    parser.add_argument("--portal", required=True, metavar="ORIGIN", help="where browsers find the portal")
    parser.add_argument("--hub", required=True, metavar="ORIGIN", help="where browsers find the hub")
    parser.add_argument(
        "--portal-page", default="/projects/{project}/workspace", metavar="PATH", help="the framing page"
    )
    parser.add_argument(
        "--port", type=int, default=0, help="loopback port for traffic; by default any that is free"
    )
    given = parser.parse_args(arguments)
    for origin in (given.portal, given.hub):
        if not ORIGIN.fullmatch(origin):
            parser.error(f"{origin} is no origin: give scheme, host and port, without a slash at the end.")
    return Options(Runtime(given.runtime), Origins(given.hub, given.portal), given.portal_page, given.port)


@contextlib.asynccontextmanager
async def serving(
    options: Options, limits: VolumeLimits | None = None, *, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[int]:
    """Serve until the block is left; yields the port of the traffic."""
    runtime = options.runtime
    async with contextlib.AsyncExitStack() as stack:
        members = Members(runtime.members, clock=clock)
        stack.push_async_callback(members.close)
        volume = Volume(limits or VolumeLimits(), members.alarm)
        stack.push_async_callback(volume.close)
        workspaces = Workspaces(runtime.kept, options.origins.hub)
        stack.push_async_callback(workspaces.close)
        door = Door(Sessions(clock=clock), options.portal_page, options.origins)
        traffic = Traffic(
            workspaces=workspaces,
            door=door,
            members=members,
            volume=volume,
            origins=options.origins,
            hub_version=importlib.metadata.version("jupyterhub"),
        )
        await workspaces.take_up()
        control = Control(workspaces, door.sessions, members).application()
        await _listen(stack, web.AppRunner(control, access_log=None), runtime)
        port = await _listen_to_browsers(stack, traffic, options.port)
        for endless in (sweep_forever(workspaces, members, door), report_forever(workspaces)):
            stack.callback(asyncio.create_task(endless).cancel)
        runtime.publish(port)
        stack.callback(runtime.withdraw)
        yield port


async def _listen(stack: contextlib.AsyncExitStack, runner: web.AppRunner, runtime: Runtime) -> None:
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.UnixSite(runner, str(runtime.control)).start()
    runtime.close_control()


async def _listen_to_browsers(stack: contextlib.AsyncExitStack, traffic: Traffic, port: int) -> int:
    server = web.Server(traffic.answer, access_log=None, handler_cancellation=True, auto_decompress=False)
    runner = web.ServerRunner(server, shutdown_timeout=GOODBYE_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    address: tuple[str, int] = runner.addresses[0]
    return address[1]


async def run(options: Options) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(options):
        await stop.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the answer is its exit code."""
    options = read_options(sys.argv[1:] if arguments is None else arguments)
    try:
        options.runtime.check()
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
        os.umask(0o077)
        options.runtime.lock()
        asyncio.run(run(options))
    except Misconfigured as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
