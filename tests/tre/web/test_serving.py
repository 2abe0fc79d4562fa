"""`python -m tre.web`: it serves on loopback, stops cleanly, and says in one sentence why it will not start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.tre.web.visiting import Loopback
from tests.waiting import PATIENCE, until

PROJECT = Path(__file__).parents[3]


def start(**settings: str) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "tre.web"], env=environment | settings, cwd=PROJECT, stderr=subprocess.PIPE
    )


def free_port() -> int:
    """Below what the system itself gives away, and another one in each process of the tests."""
    for port in range(10_000 + os.getpid() % 20_000, 32_000):
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise AssertionError("no port is free")


def answer_of(port: int, process: subprocess.Popen[bytes]) -> object:
    """What the portal says of itself, once it says anything."""
    said: list[object] = []

    def has_answered() -> bool:
        assert process.poll() is None, process.stderr and process.stderr.read()
        try:
            said.append(client.get("/healthz").json())
        except httpx.ConnectError:
            return False
        return True

    base = f"http://portal.tre.localhost:{port}"
    with httpx.Client(transport=Loopback(), base_url=base, timeout=PATIENCE) as client:
        until(has_answered, "an answer of the portal")
    return said[0]


def test_it_serves_on_loopback_and_stops_cleanly_when_told_to(short_folder: Path) -> None:
    port = free_port()
    process = start(TRE_HOME=str(short_folder / "home"), TRE_PORTAL_PORT=str(port))
    try:
        assert answer_of(port, process) == {"status": "ok"}
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", port), timeout=PATIENCE)
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode in {0, -signal.SIGTERM}
    assert b"Traceback" not in words
    key = short_folder / "home" / "secrets" / "application" / "id-token.key"
    assert key.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])  # noqa: S104 - what must be refused
def test_it_does_not_speak_plain_http_to_the_network(short_folder: Path, host: str) -> None:
    process = start(TRE_HOME=str(short_folder / "home"), TRE_PORTAL_HOST=host)
    _, words = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert words.decode().strip().count("\n") == 0
    assert "TRE_PORTAL_HOST" in words.decode()
    assert not (short_folder / "home").exists()


def test_a_wrong_setting_is_one_sentence() -> None:
    process = start(TRE_PORTAL_PORT="many")
    _, words = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "TRE_PORTAL_PORT" in words.decode()
    assert "Traceback" not in words.decode()
