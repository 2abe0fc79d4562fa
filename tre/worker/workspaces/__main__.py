"""`python -m tre.worker.workspaces`: run the workspaces of one platform until told to stop."""

import logging
import os
import socket
import sys
import threading
import traceback
from pathlib import Path

import uvicorn

from tre.domain.errors import TreError
from tre.services import workspaces
from tre.services.platform import opened
from tre.settings import read_settings
from tre.worker.workspaces.app import Desk
from tre.worker.workspaces.revoking import Revoking
from tre.worker.workspaces.running import servers_of

LOG = logging.getLogger("tre.workspaces")
STOP_SECONDS = 5


def main() -> int:
    """Serve hub and gateway; every workspace ends with this process."""
    logging.basicConfig(level=logging.WARNING, format="workspaces: %(message)s")
    try:
        _serve()
    except TreError as error:
        print(error.sentence, file=sys.stderr)  # noqa: T201 - words for the operator
        return error.exit_code
    return 0


def _serve() -> None:
    with opened(read_settings()) as platform, servers_of(platform, tell) as servers:
        stopping = threading.Event()
        revoking = Revoking(servers, workspaces.secret_of(platform, "platform"))
        watch = threading.Thread(target=revoking.run, args=(stopping,), name="revoking")
        watch.start()
        try:
            with listening_at(workspaces.runtime(platform) / "members.sock") as listening:
                config = uvicorn.Config(
                    Desk(servers).app(),
                    access_log=False,
                    log_level="warning",
                    lifespan="off",
                    timeout_graceful_shutdown=STOP_SECONDS,
                )
                uvicorn.Server(config).run(sockets=[listening])
        finally:
            stopping.set()
            watch.join()


def listening_at(path: Path) -> socket.socket:
    """Listen on a socket file in a private folder."""
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(os.fspath(path))
    path.chmod(0o600)
    made.listen(128)
    return made


def tell(fault: Exception) -> None:
    """Say where a fault of ours was, never in its own words: they may quote data."""
    place = traceback.extract_tb(fault.__traceback__)[-1] if fault.__traceback__ else None
    where = f" at {place.name}, line {place.lineno} of {Path(place.filename).name}" if place else ""
    LOG.error("%s%s", type(fault).__name__, where)


if __name__ == "__main__":
    sys.exit(main())
