"""The channel answers only what it understands, tells nothing of the platform's own errors, and never hangs."""

import array
import json
import os
import select
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from disclosure.errors import DisclosureError
from tests.waiting import PATIENCE
from tre.domain.errors import Refused
from tre.sandbox.channel import ChannelLimits, Handler, serving


def echo(verb: str, payload: dict[str, object]) -> dict[str, object]:
    return {"verb": verb, **payload}


def answering(answer: dict[str, object]) -> Handler:
    return lambda _verb, _payload: answer


def noting(calls: list[str]) -> Handler:
    def handler(verb: str, payload: dict[str, object]) -> dict[str, object]:
        calls.append(verb)
        return {}

    return handler


def exchange(number: int, *lines: bytes) -> list[dict[str, object]]:
    """Send lines over a copy of the inherited descriptor and read as many answers."""
    with socket.socket(fileno=os.dup(number)) as sock:
        sock.settimeout(PATIENCE)
        answers = sock.makefile("rb")
        said = []
        for line in lines:
            sock.sendall(line + b"\n")
            said.append(json.loads(answers.readline()))
        answers.close()
    return said


def frame(verb: object = "tables", payload: object = None) -> bytes:
    return json.dumps({"verb": verb, "payload": {} if payload is None else payload}).encode()


def test_requests_are_answered_in_order() -> None:
    with serving(echo) as service:
        answers = exchange(service.inside, frame("a", {"n": 1}), frame("b"))
    assert answers == [
        {"ok": True, "payload": {"verb": "a", "n": 1}},
        {"ok": True, "payload": {"verb": "b"}},
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"verb": "a"}',
        b'{"payload": {}}',
        b'{"verb": "a", "payload": {}, "actor": "someone else"}',
        b'{"verb": "a", "verb": "b", "payload": {}}',
        b'{"verb": "a", "payload": {"x": 1, "x": 2}}',
        b'{"verb": "a", "payload": {"x": NaN}}',
        b'{"verb": "a", "payload": {"x": -Infinity}}',
        b'{"verb": "__class__", "payload": {}}',
        b'{"verb": "A b", "payload": {}}',
        b'{"verb": 1, "payload": {}}',
        b'{"verb": "a", "payload": []}',
        b'{"verb": "a", "payload": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"verb": "a", "payload": {"x": ' + b"1" * 5000 + b"}}",
    ],
)
def test_malformed_requests_get_one_constant_refusal_and_the_channel_lives(line: bytes) -> None:
    with serving(echo) as service:
        refused, answered = exchange(service.inside, line, frame())
    assert refused["ok"] is False
    assert refused["code"] == "malformed_request"
    assert answered["ok"] is True


@pytest.mark.parametrize(
    "error", [Refused("no_tie", "You have a tie."), DisclosureError("json", "Write it again.")]
)
def test_refusals_arrive_with_code_and_sentence(error: Refused | DisclosureError) -> None:
    def handler(verb: str, payload: dict[str, object]) -> dict[str, object]:
        raise error

    with serving(handler) as service:
        (answer,) = exchange(service.inside, frame())
    assert answer == {"ok": False, "code": error.code, "sentence": error.sentence}


def test_a_fault_of_the_platform_says_nothing_inside_and_is_raised_outside() -> None:
    def handler(verb: str, payload: dict[str, object]) -> dict[str, object]:
        raise ValueError("the value 40 of Ada Lovelace")

    answers: list[dict[str, object]] = []
    with pytest.raises(ValueError, match="Lovelace"), serving(handler) as service:
        answers += exchange(service.inside, frame(), frame())
    assert [answer["code"] for answer in answers] == ["platform_error", "platform_error"]
    assert "Lovelace" not in json.dumps(answers)


@pytest.mark.parametrize("answer", [{"x": float("nan")}, {"x": object()}, {"x": Path()}])
def test_an_answer_that_is_no_json_is_a_fault_of_the_platform(answer: dict[str, object]) -> None:
    said: list[dict[str, object]] = []
    with pytest.raises((ValueError, TypeError)), serving(answering(answer)) as service:
        said += exchange(service.inside, frame())
    assert [one["code"] for one in said] == ["platform_error"]


def test_a_request_that_is_too_long_closes_the_channel_without_being_kept() -> None:
    calls: list[str] = []
    with (
        serving(noting(calls), ChannelLimits(request_bytes=1000)) as service,
        socket.socket(fileno=os.dup(service.inside)) as sock,
    ):
        sock.settimeout(PATIENCE)
        sock.sendall(b"x" * 70_000)
        refused = json.loads(sock.recv(10_000))
        assert refused["code"] == "request_too_long"
        assert sock.recv(1) == b""
    assert calls == []


def test_an_answer_that_is_too_long_is_refused_and_not_cut() -> None:
    with serving(answering({"x": "y" * 2000}), ChannelLimits(answer_bytes=1000)) as service:
        (answer,) = exchange(service.inside, frame())
    assert answer["code"] == "answer_too_long"


def test_one_run_cannot_ask_without_end() -> None:
    with (
        serving(echo, ChannelLimits(requests=2)) as service,
        socket.socket(fileno=os.dup(service.inside)) as sock,
    ):
        sock.settimeout(PATIENCE)
        sock.sendall((frame() + b"\n") * 3)
        answers = sock.makefile("rb")
        codes = [json.loads(answers.readline()).get("code") for _ in range(3)]
        answers.close()
    assert codes == [None, None, "too_many_requests"]


def test_a_side_that_never_reads_does_not_hold_up_the_end() -> None:
    with serving(answering({"x": "y" * 8_000_000})) as service:
        sock = socket.socket(fileno=os.dup(service.inside))
        sock.sendall((frame() + b"\n") * 5)
        assert select.select([sock], [], [], PATIENCE)[0]
        # The first bytes are here, and no buffer takes the rest: leaving must end the thread, or pytest-timeout does.
    sock.close()


def test_half_a_request_is_no_request() -> None:
    calls: list[str] = []
    with (
        serving(noting(calls)) as service,
        socket.socket(fileno=os.dup(service.inside)) as sock,
    ):
        sock.sendall(frame()[:-1])
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(PATIENCE)
        assert sock.recv(1) == b""
    assert calls == []


def test_descriptors_sent_along_do_not_arrive(tmp_path: Path) -> None:
    def open_descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count

    with (
        serving(echo) as service,
        socket.socket(fileno=os.dup(service.inside)) as sock,
        (tmp_path / "x").open("w") as file,
    ):
        before = open_descriptors()
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file.fileno()]))
        sock.sendmsg([frame() + b"\n"], [rights])
        sock.settimeout(PATIENCE)
        sock.recv(1000)
        assert open_descriptors() == before


@pytest.mark.sandbox
def test_the_channel_reaches_a_program_inside_and_nothing_else_does(inside: Callable[..., object]) -> None:
    text = (
        "import os, socket\nsock = socket.socket(fileno=int(os.environ['TRE_CHANNEL_FD']))\n"
        'sock.sendall(b\'{"verb": "hello", "payload": {}}\\n\')\nprint(sock.recv(1000).decode())\n'
        "print(sorted(os.listdir('/proc/self/fd')))"
    )
    with serving(echo) as service:
        done = inside(text, inherit=(service.inside,), environment={"TRE_CHANNEL_FD": str(service.inside)})
    answer, _, descriptors = done.stdout.decode().strip().split("\n")
    assert json.loads(answer) == {"ok": True, "payload": {"verb": "hello"}}
    assert str(service.inside) in descriptors
    assert len(descriptors.split(",")) == 5  # three standard ones, the channel, the folder being listed
