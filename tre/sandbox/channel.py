"""The one way from inside a sandbox to the platform: an inherited socket that knows whom it serves.

A request is one line of JSON, {"verb": ..., "payload": {...}}; the answer is one line as well, {"ok": true,
"payload": {...}} or {"ok": false, "code": ..., "sentence": ...}. One request at a time. Who asks is not part
of a request: the handler given to `serving` knows it already.
"""

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from disclosure.errors import DisclosureError
from tre.domain.errors import TreError

CHANNEL_VARIABLE: Final = "TRE_CHANNEL_FD"
VERB: Final = re.compile(r"[a-z][a-z_]{0,39}")
CHUNK_BYTES: Final = 1 << 16

Handler = Callable[[str, dict[str, object]], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class ChannelLimits:
    """How much may pass. Source: ours; a statistic has at most one million characters of JSON.

    Attributes:
        request_bytes: longest request, in bytes.
        answer_bytes: longest answer, in bytes.
        requests: how many requests one run may make.
    """

    request_bytes: int = 1 << 20
    answer_bytes: int = 16 << 20
    requests: int = 100_000


class Malformed(Exception):
    """A request is not what the channel speaks."""


@dataclass(slots=True)
class Service:
    """One channel that is being served.

    Attributes:
        inside: the number of the descriptor that the sandbox inherits.
        faults: errors of the platform itself, in order; those inside got a constant sentence.
    """

    inside: int
    faults: list[Exception] = field(default_factory=list)


@contextlib.contextmanager
def serving(handler: Handler, limits: ChannelLimits | None = None) -> Iterator[Service]:
    """Serve a new channel from a thread of its own until the block is left.

    Raises:
        Exception: the first of the handler's own faults, when the block is left without an error.
    """
    ours, theirs = socket.socketpair()
    service = Service(theirs.fileno())
    arguments = (ours, handler, limits or ChannelLimits(), service.faults.append)
    thread = threading.Thread(target=_serve_and_hang_up, args=arguments, name="channel", daemon=True)
    with ours, theirs:
        thread.start()
        try:
            yield service
        finally:
            _hang_up(ours)  # wakes the thread, also one that waits to send
            thread.join()
    if service.faults:
        raise service.faults[0]


def serve(
    sock: socket.socket, handler: Handler, limits: ChannelLimits, on_fault: Callable[[Exception], None]
) -> None:
    """Answer requests until the other side closes, sends nonsense too long to skip, or has asked too often.

    `handler(verb, payload)` returns the answer's payload. Its TreError or DisclosureError becomes that code
    and sentence; any other error becomes one constant sentence and goes to `on_fault`.
    """
    waiting = bytearray()
    for _ in range(limits.requests):
        try:
            line = _next_line(sock, waiting, limits.request_bytes)
        except Malformed:
            _send(sock, _refusal("request_too_long", "The request is too long; ask for less at once."))
            return
        if line is None or not _send(sock, _answer(line, handler, limits, on_fault)):
            return
    _send(sock, _refusal("too_many_requests", "This run has asked too often; start it again and ask less."))


def _serve_and_hang_up(
    sock: socket.socket, handler: Handler, limits: ChannelLimits, on_fault: Callable[[Exception], None]
) -> None:
    """Serve, and let those inside see the end: they would wait for an answer otherwise."""
    try:
        serve(sock, handler, limits, on_fault)
    finally:
        _hang_up(sock)


def _hang_up(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # hung up already
        sock.shutdown(socket.SHUT_RDWR)


def _next_line(sock: socket.socket, waiting: bytearray, longest: int) -> bytes | None:
    """Take one line off the stream; None when the other side has closed."""
    searched = 0
    while (end := waiting.find(b"\n", searched)) < 0:
        searched = len(waiting)
        if searched > longest:
            raise Malformed
        try:
            chunk = sock.recv(CHUNK_BYTES)
        except OSError:
            return None  # closed by force: the run is over
        if not chunk:
            return None
        waiting += chunk
    if end > longest:
        raise Malformed
    line = bytes(waiting[:end])
    del waiting[: end + 1]
    return line


def _answer(
    line: bytes, handler: Handler, limits: ChannelLimits, on_fault: Callable[[Exception], None]
) -> bytes:
    try:
        verb, payload = _request(line)
        said = json.dumps({"ok": True, "payload": dict(handler(verb, payload))}, allow_nan=False).encode()
    except Malformed:
        return _refusal("malformed_request", "The request is not one of this platform's; update the client.")
    except (TreError, DisclosureError) as error:
        return _refusal(error.code, error.sentence)
    except Exception as fault:  # noqa: BLE001 - not to go on: it is reported outside and fails the run there
        on_fault(fault)
        return _refusal("platform_error", "The platform failed; nothing was changed. Tell its operators.")
    if len(said) > limits.answer_bytes:
        return _refusal("answer_too_long", "The answer is too long; ask for fewer cells at once.")
    return said


def _request(line: bytes) -> tuple[str, dict[str, object]]:
    """Read one request strictly.

    Raises:
        Malformed: it is not JSON, has another shape, a key twice, or a number that JSON does not know.
    """
    try:
        request = json.loads(line.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_unknown_number)
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    if not isinstance(request, dict) or set(request) != {"verb", "payload"}:
        raise Malformed
    verb, payload = request["verb"], request["payload"]
    if not isinstance(verb, str) or not VERB.fullmatch(verb) or not isinstance(payload, dict):
        raise Malformed
    return verb, payload


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed
    return found


def _unknown_number(_: str) -> object:
    raise Malformed


def _refusal(code: str, sentence: str) -> bytes:
    return json.dumps({"ok": False, "code": code, "sentence": sentence}).encode()


def _send(sock: socket.socket, said: bytes) -> bool:
    """Send one line; False when nobody listens any more."""
    try:
        sock.sendall(said + b"\n")
    except OSError:
        return False
    return True
