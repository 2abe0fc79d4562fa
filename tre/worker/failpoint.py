"""Killing this very process at a named step, so that tests and operators can see it recover."""

import os
import signal
from collections.abc import Callable


def failpoint_at(step: str | None) -> Callable[[str], None]:
    """Return a function that kills this process, as `kill -9` does, when it is called with `step`."""

    def reached(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached
