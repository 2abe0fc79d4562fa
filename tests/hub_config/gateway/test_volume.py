"""Volume is counted per person and hour; one threshold tells the audit log, a second ends it until the next hour."""

import contextlib
import http.client
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiohttp import web

from hub_config.gateway.refusal import Refusal
from hub_config.gateway.registration import Key
from hub_config.gateway.volume import Flow, Volume, VolumeLimits
from tests.hub_config.gateway.browser import Browser
from tests.hub_config.gateway.loop import Loop
from tests.hub_config.gateway.sockets import echo, opened
from tests.hub_config.gateway.standing import Say, Standing, plain, stand

ADA, EVE = Key("ada", "bills"), Key("eve", "bills")
LIMITS = VolumeLimits(
    alarm={Flow.TO_BROWSER: 10_000, Flow.FROM_BROWSER: 10_000, Flow.ASSETS: 10_000},
    end={Flow.TO_BROWSER: 60_000, Flow.FROM_BROWSER: 60_000, Flow.ASSETS: 60_000},
    unheard_seconds=120,
)


@pytest.fixture
def small(loop: Loop) -> Iterator[Standing]:
    """A gateway with thresholds of a few kilobytes."""
    with TemporaryDirectory() as folder:
        context = stand(Path(folder), LIMITS)
        standing = loop.enter(context)
        standing.register()
        yield standing
        loop.leave(context)


@pytest.fixture
def impatient(loop: Loop) -> Iterator[Standing]:
    """The same, for which an alarm must be heard within half a second."""
    with TemporaryDirectory() as folder:
        context = stand(Path(folder), replace(LIMITS, unheard_seconds=0.5))
        standing = loop.enter(context)
        standing.register()
        yield standing
        loop.leave(context)


def wait_for(standing: Standing, count: int) -> list[dict[str, object]]:
    end = time.monotonic() + 30
    while len(standing.platform.alarms) < count and time.monotonic() < end:
        time.sleep(0.02)
    return standing.platform.alarms


def saying(size: int) -> Say:
    async def say(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b'"' + b"x" * (size - 2) + b'"', content_type="application/json")

    return say


def test_the_audit_log_hears_of_a_large_volume_once_and_of_its_end(small: Standing) -> None:
    browser = small.signed_in()
    small.workspace.say = saying(9_000)
    assert browser.fetch("api/status").status == 200
    assert small.platform.alarms == []
    assert browser.fetch("api/status").status == 200
    (alarm,) = wait_for(small, 1)
    assert alarm["kind"] == "volume"
    assert (alarm["person"], alarm["project"], alarm["flow"]) == ("ada", "bills", "to_browser")
    assert int(str(alarm["bytes"])) >= int(str(alarm["threshold"])) == 10_000
    assert int(str(alarm["hour"])) % 3600 == 0
    assert status_becomes(browser, 429)
    assert [alarm["kind"] for alarm in wait_for(small, 2)] == ["volume", "volume_ended"]
    assert "full hour" in browser.frame().body.decode()


def test_websockets_are_counted_both_ways_and_end_with_the_volume(small: Standing, loop: Loop) -> None:
    browser = small.signed_in()
    small.workspace.say = echo
    with opened(loop, browser, "terminals/websocket/1") as websocket:

        async def send_all() -> None:
            while not websocket.closed:
                await websocket.send_bytes(bytes(5_000))
                await websocket.receive()

        loop.run(send_all())
        assert websocket.close_code == 1008
        wait_for(small, 3)
        assert {alarm["flow"] for alarm in small.platform.alarms} == {"to_browser", "from_browser"}


def status_becomes(browser: Browser, wanted: int) -> bool:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(http.client.IncompleteRead):  # cut while it passed
            if browser.fetch("api/kernels").status == wanted:
                return True
        time.sleep(0.02)
    return False


def test_until_an_alarm_is_heard_nothing_more_passes(impatient: Standing) -> None:
    browser = impatient.signed_in()
    impatient.platform.takes_alarms = False
    impatient.workspace.say = saying(20_000)
    assert browser.fetch("api/status").status == 200
    impatient.workspace.say = plain
    assert status_becomes(browser, 503)
    assert browser.fetch("api/status").reason == "alarm_unheard"
    impatient.platform.takes_alarms = True
    assert status_becomes(browser, 200)
    assert len(impatient.platform.alarms) == 1


def test_assets_are_counted_apart(small: Standing) -> None:
    browser = small.signed_in()

    async def say(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * 20_000, content_type="text/javascript")

    small.workspace.say = say
    assert browser.asset("static/a.js").status == 200
    (alarm,) = wait_for(small, 1)
    assert alarm["flow"] == "assets"


def test_counts_are_per_person_and_start_again_each_hour(loop: Loop) -> None:
    now = [3600.0 * 9]

    async def deliver(alarm: object) -> bool:
        return True

    async def work() -> None:
        volume = Volume(LIMITS, deliver, clock=lambda: now[0])
        volume.count(ADA, Flow.TO_BROWSER, 59_999)
        volume.check("ada")
        volume.count(ADA, Flow.TO_BROWSER, 1)
        with pytest.raises(Refusal):
            volume.check("ada")
        volume.check("eve")
        volume.count(EVE, Flow.TO_BROWSER, 1)
        assert volume.total("eve", Flow.TO_BROWSER) == 1
        await volume.heard()
        now[0] += 3600
        volume.check("ada")
        assert volume.total("ada", Flow.TO_BROWSER) == 0
        await volume.close()

    loop.run(work())
