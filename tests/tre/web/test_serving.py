"""`python -m tre.web`: it serves on loopback, stops cleanly, and says in one sentence why it will not start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.tre.web.visiting import Loopback

PROJECT = Path(__file__).parents[3]


def start(**settings: str) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "tre.web"], env=environment | settings, cwd=PROJECT, stderr=subprocess.PIPE
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait until the portal is well."""
    with httpx.Client(transport=Loopback(), base_url=f"http://portal.tre.localhost:{port}") as client:
        for _ in range(300):
            assert process.poll() is None, process.stderr and process.stderr.read()
            try:
                return client.get("/healthz").json() == {"status": "ok"}
            except httpx.ConnectError:
                time.sleep(0.2)
    return False


def test_it_serves_on_loopback_and_stops_cleanly_when_told_to(short_folder: Path) -> None:
    port = free_port()
    process = start(TRE_HOME=str(short_folder / "home"), TRE_PORTAL_PORT=str(port))
    try:
        assert answers(port, process)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", port), timeout=2)
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=60)
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
    _, words = process.communicate(timeout=60)
    assert process.returncode == 1
    assert words.decode().strip().count("\n") == 0
    assert "TRE_PORTAL_HOST" in words.decode()
    assert not (short_folder / "home").exists()


def test_a_wrong_setting_is_one_sentence() -> None:
    process = start(TRE_PORTAL_PORT="many")
    _, words = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "TRE_PORTAL_PORT" in words.decode()
    assert "Traceback" not in words.decode()
