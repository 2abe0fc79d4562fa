"""A workspace's socket, held by what it is and not by its name.

The socket is opened once, without following links, when the spawner registers it; every later connection goes to that
very socket. Whoever could write the folder afterwards could swap the name, and nothing would change.
"""

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

from hub_config.gateway.refusal import Misconfigured

OTHERS_MAY_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


class PinnedSocket:
    """A listening unix socket.

    Attributes:
        path: a path that leads to this very socket in this process only, whatever happens to its name.
    """

    __slots__ = ("_descriptor", "path")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.path: Final = f"/proc/self/fd/{descriptor}"

    def close(self) -> None:
        """Forget the socket; may be called twice."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def pin(path: Path) -> PinnedSocket:
    """Open the socket at this absolute path.

    Raises:
        Misconfigured: a part of the path is a link, its folder belongs to or may be written by others, or it is no
            socket.
    """
    if not path.is_absolute() or ".." in path.parts:
        raise Misconfigured("The target must be an absolute path without `..`.")
    with contextlib.ExitStack() as stack:
        folder = os.open("/", os.O_PATH | os.O_DIRECTORY)
        stack.callback(lambda: os.close(folder))
        for part in path.parts[1:-1]:
            folder, left = _step(folder, part), folder
            os.close(left)
        _check_folder(folder)
        descriptor = _step(folder, path.name, directory=False)
        stack.pop_all()
        os.close(folder)
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Misconfigured("The target is no socket.")
    return PinnedSocket(descriptor)


def _step(folder: int, name: str, *, directory: bool = True) -> int:
    """Open one part of a path, never through a link."""
    flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_DIRECTORY if directory else 0)
    try:
        return os.open(name, flags, dir_fd=folder)
    except OSError as error:
        raise Misconfigured(
            "The target cannot be opened: a part of its path is missing, a link, or no folder."
        ) from error


def _check_folder(folder: int) -> None:
    status = os.fstat(folder)
    if status.st_uid != os.geteuid() or status.st_mode & OTHERS_MAY_WRITE:
        raise Misconfigured(
            "The target's folder must belong to the gateway's account and be closed to others."
        )
