"""The channel of a workspace: a socket file that its kernels connect to, one conversation each.

Whose workspace it is, is known from the file that was mounted: there is one for each, and each leads to a handler
that already knows person and project. Inside, the file can be used and neither moved nor replaced.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tre.sandbox.channel import ChannelLimits, Handler, serve

CHANNEL_INSIDE: Final = "/run/tre/channel.sock"
MOST_CONVERSATIONS: Final = 32
"""How many kernels of one workspace may talk to the platform at once. Source: ours."""


@dataclass(slots=True)
class _Conversations:
    """Those under way, so that all of them can be ended."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    open: dict[socket.socket, threading.Thread] = field(default_factory=dict)
    is_over: bool = False

    def begin(self, talking: socket.socket, work: Callable[[], None]) -> bool:
        """Take up one more; False when there are too many, or no more are wanted."""
        with self.lock:
            if self.is_over or len(self.open) >= MOST_CONVERSATIONS:
                return False
            thread = threading.Thread(target=self._talk, args=(talking, work), name="channel", daemon=True)
            self.open[talking] = thread
            thread.start()
            return True

    def _talk(self, talking: socket.socket, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            with self.lock:
                self.open.pop(talking, None)
            talking.close()

    def end_all(self) -> None:
        """Hang up on all of them and wait for their threads."""
        with self.lock:
            self.is_over = True
            threads = list(self.open.values())
            for talking in self.open:
                with contextlib.suppress(OSError):
                    talking.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


@contextlib.contextmanager
def channel_at(
    path: Path,
    handler: Handler,
    on_fault: Callable[[Exception], None],
    limits: ChannelLimits | None = None,
) -> Iterator[None]:
    """Answer at `path` until the block is left. Faults of the handler go to `on_fault`; those inside get a constant."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(os.fspath(path))
        path.chmod(0o666)
        listening.listen(MOST_CONVERSATIONS)
        conversations = _Conversations()
        arguments = (
            listening,
            conversations,
            lambda talking: serve(talking, handler, limits or ChannelLimits(), on_fault),
        )
        thread = threading.Thread(target=_accept, args=arguments, name="channel-door", daemon=True)
        thread.start()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            thread.join()
            conversations.end_all()
            path.unlink(missing_ok=True)


def _accept(
    listening: socket.socket, conversations: _Conversations, work: Callable[[socket.socket], None]
) -> None:
    while True:
        try:
            talking, _ = listening.accept()
        except OSError:
            return  # shut down
        if not conversations.begin(talking, _bound(work, talking)):
            talking.close()


def _bound(work: Callable[[socket.socket], None], talking: socket.socket) -> Callable[[], None]:
    return lambda: work(talking)
