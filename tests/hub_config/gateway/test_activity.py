"""The hub hears who is at work: people by what they do, kernels by what they compute, never a page that only polls."""

from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from hub_config.gateway.hub import Hub
from hub_config.gateway.registration import read_registration
from hub_config.gateway.target import pin
from hub_config.gateway.watch import report
from hub_config.gateway.workspaces import Workspace, client_of
from tests.hub_config.gateway.browser import Browser
from tests.hub_config.gateway.loop import Loop
from tests.hub_config.gateway.standing import KEY, Say, Standing


def last_activity(standing: Standing) -> object:
    (shown,) = standing.control("GET", "/workspaces")[1]
    return shown["last_activity"]


def test_polling_is_no_activity_and_work_is(standing: Standing, browser: Browser) -> None:
    before = last_activity(standing)  # the page was opened
    for path in (
        "api/kernels",
        "api/sessions",
        "api/terminals",
        "api/status",
        "api/contents/a.ipynb?content=0",
    ):
        assert browser.fetch(path).status == 200
    assert last_activity(standing) == before
    assert browser.fetch("api/kernels", "POST", {"name": "python3"}).status == 200
    assert last_activity(standing) != before


def saying(kernels: object) -> Say:
    async def say(_: web.Request) -> web.StreamResponse:
        return web.json_response(kernels)

    return say


async def reported(standing: Standing, *, at: datetime | None = None, times: int = 1) -> None:
    """Report as the gateway does every minute, for a workspace last used at `at`."""
    socket = pin(standing.target)
    hub = Hub(f"http://127.0.0.1:{standing.hub.port}/hub/api")
    workspace = Workspace(read_registration(KEY, standing.registration(), ""), socket, client_of(socket), hub)
    workspace.last_activity = at
    known: dict[Workspace, datetime] = {}
    for _ in range(times):
        await report(workspace, known)
    await workspace.close()
    await hub.close()


def test_a_busy_kernel_is_at_work_without_a_browser(standing: Standing, loop: Loop) -> None:
    standing.hub.activity.clear()
    standing.workspace.say = saying([{"execution_state": "idle"}, {"execution_state": "busy"}])
    loop.run(reported(standing, at=datetime.now(UTC) - timedelta(hours=9)))
    (told,) = standing.hub.activity
    assert told["person"] == "ada"
    at = datetime.fromisoformat(told["servers"]["bills"]["last_activity"])
    assert datetime.now(UTC) - at < timedelta(minutes=5)


@pytest.mark.parametrize(
    "kernels", [[], [{"execution_state": "idle"}], {"a": 1}, None, "busy", [["busy"]], 7]
)
def test_what_an_idle_workspace_says_is_told_once(standing: Standing, loop: Loop, kernels: object) -> None:
    standing.hub.activity.clear()
    standing.workspace.say = saying(kernels)
    at = datetime.now(UTC) - timedelta(hours=9)
    loop.run(reported(standing, at=at, times=3))
    assert [told["last_activity"] for told in standing.hub.activity] == [at.isoformat()]


def test_a_workspace_that_nobody_has_used_is_not_reported(standing: Standing, loop: Loop) -> None:
    standing.hub.activity.clear()
    standing.workspace.say = saying([])
    loop.run(reported(standing))
    assert standing.hub.activity == []
