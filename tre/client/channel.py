"""Ask the platform over the socket that this workspace was born with. It holds no name and no token."""

import json
import os
import socket
import threading
from typing import Final, Self, TypeVar

from tre.client.errors import ClientError
from tre.wire import SHAPES, Answer, Nothing, Shape, Verb, WireError, read, written

CHANNEL_VARIABLE: Final = "TRE_CHANNEL_FD"
NOTEBOOK_VARIABLE: Final = "JPY_SESSION_NAME"
"""Where Jupyter's server tells a kernel which file it was started for."""

CHANNEL_FILE: Final = "/run/tre/channel.sock"
ANSWER_BYTES: Final = 16 << 20
CHUNK_BYTES: Final = 1 << 16

S = TypeVar("S", bound=Shape)


def notebook_name() -> str:
    """The file that this kernel was started for, as Jupyter's server says; empty where there is none."""
    # The researcher's own process: there are no settings of the platform here to read it from.
    return os.environ.get(NOTEBOOK_VARIABLE, "")


def _connected() -> socket.socket:
    """A conversation of this kernel's own, over the socket file of its workspace."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.connect(CHANNEL_FILE)
    except OSError:
        made.close()
        raise
    return made


class Channel:
    """One request at a time, also from several threads."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._lock = threading.Lock()
        self._waiting = bytearray()

    @classmethod
    def inherited(cls) -> Self:
        """The channel of this process.

        Raises:
            ClientError: there is none, because this is not a workspace.
        """
        # The researcher's own process: there are no settings of the platform here to read it from.
        number = os.environ.get(CHANNEL_VARIABLE, "")
        try:
            return cls(_connected() if not number else socket.socket(fileno=os.dup(int(number))))
        except (ValueError, OSError):
            raise ClientError(
                "no_workspace",
                "This is not a workspace: open the project's workspace in the portal, or run the notebook "
                "with `tre run NOTEBOOK --project NAME`.",
            ) from None

    def close(self) -> None:
        """Give the socket up; a notebook need not, its end does."""
        self._socket.close()

    def ask(self, verb: Verb, answer: type[S], request: Shape | None = None) -> S:
        """Send one request and read its answer.

        Raises:
            ClientError: the platform refused, with its code and sentence, or is gone.
        """
        if SHAPES[verb][1] is not answer or type(request or Nothing()) is not SHAPES[verb][0]:
            raise TypeError("this verb takes and gives other shapes")
        line = json.dumps({"verb": verb.value, "payload": written(request or Nothing())}, allow_nan=False)
        with self._lock:
            said = self._exchange(line.encode() + b"\n")
        try:
            message = read(Answer, said)
            if message.ok:
                return read(answer, message.payload)
        except WireError as fault:
            raise ClientError(
                "strange_answer", "The platform answered in words unknown here; update it."
            ) from fault
        raise ClientError(message.code, message.sentence)

    def _exchange(self, line: bytes) -> dict[str, object]:
        try:
            self._socket.sendall(line)
            while (end := self._waiting.find(b"\n")) < 0:
                chunk = self._socket.recv(CHUNK_BYTES)
                if not chunk or len(self._waiting) > ANSWER_BYTES:
                    raise ConnectionError
                self._waiting += chunk
        except OSError:
            raise ClientError(
                "platform_gone",
                "The platform closed the channel; start the run again, or restart this kernel.",
            ) from None
        said = bytes(self._waiting[:end])
        del self._waiting[: end + 1]
        answer = json.loads(said)
        return answer if isinstance(answer, dict) else {}
