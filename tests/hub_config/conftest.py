"""The whole platform, really started by `tre up` once for all tests of this folder, and a browser in front of it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from hub_config.proxy import ProxyMissing, proxy_command
from tests.builders import EVERYBODY, House, add_people, add_project
from tre.sandbox.bubblewrap import prove
from tre.services import people, signin
from tre.services.platform import opened
from tre.settings import Settings

PROJECT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
PASSWORD = secrets.token_urlsafe(12)
START_SECONDS = 800


@dataclass
class Whole:
    """A platform that is up, with two projects of Ada's: `bills` and `heating`."""

    house: House
    process: subprocess.Popen[bytes]
    words: Path

    @property
    def settings(self) -> Settings:
        return self.house.platform.settings

    @property
    def portal(self) -> str:
        return f"http://{self.settings.portal_name}:{self.settings.portal_port}"

    @property
    def hub(self) -> str:
        return f"http://{self.settings.hub_name}:{self.settings.hub_port}"


def free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something holds; fail when it does not in time."""
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, "it did not come to hold in time"
        time.sleep(0.1)


def needs_of_the_machine() -> str | None:
    """What is missing here for a hub, or None."""
    if not CHROMIUM.exists():
        return "machine: Chromium is not installed"
    try:
        proxy_command()
    except ProxyMissing as missing:
        return f"machine: {missing}"
    faults = prove()
    return f"machine: {faults[0].sentence}" if faults else None


@pytest.fixture(scope="session")
def whole() -> Iterator[Whole]:
    """The platform as `tre up` starts it."""
    if missing := needs_of_the_machine():
        pytest.skip(missing)
    home = Path(tempfile.mkdtemp(prefix="tre-"))
    portal, hub = free_ports(2)
    settings = Settings(home=home, portal_port=portal, hub_port=hub)
    try:
        with opened(settings) as platform:
            house = House(platform)
            furnish(house)
            yield from started(house)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def furnish(house: House) -> None:
    house.do(add_people)
    add_project(house)
    add_project(house, "heating")
    hashed = signin.HASHER.hash(PASSWORD)
    for person in EVERYBODY:
        house.do(lambda tx, who=person: setattr(people.must_exist(tx, who), "password_hash", hashed))


def started(house: House) -> Iterator[Whole]:
    settings = house.platform.settings
    given = {
        "TRE_HOME": str(settings.home),
        "TRE_PORTAL_PORT": str(settings.portal_port),
        "TRE_HUB_PORT": str(settings.hub_port),
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    words = settings.home / "words"
    with words.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tre.cli", "up"],
            env=environment | given,
            cwd=PROJECT,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: b"Hub is up" in words.read_bytes() or process.poll() is not None, START_SECONDS)
        assert process.poll() is None, words.read_text()
        yield Whole(house, process, words)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(90)


@pytest.fixture
def chromium(whole: Whole) -> Iterator[Browser]:
    """A browser of this test alone: its driver's event loop would keep any other from running in this process."""
    with sync_playwright() as playwright:
        opened_browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened_browser
        opened_browser.close()


@pytest.fixture
def page(chromium: Browser, whole: Whole) -> Iterator[Page]:
    context = chromium.new_context(base_url=whole.portal, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(120_000)
    yield context.new_page()
    context.close()
