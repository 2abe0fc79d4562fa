"""The gateway as a process: one for a folder, gone with one signal, back with its workspaces after a kill."""

import json
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hub_config.gateway.__main__ import main
from tests.hub_config.gateway.browser import Browser
from tests.hub_config.gateway.loop import Loop
from tests.hub_config.gateway.platform_side import HubStandIn, Platform
from tests.hub_config.gateway.standing import (
    BASE,
    CLIENT,
    HUB,
    PERSON,
    PORTAL,
    PROJECT,
    SECRET,
    Workspace,
    control,
    plain,
    workspace_server,
)

START_SECONDS = 120


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


def start(folder: Path) -> subprocess.Popen[str]:
    arguments = ["--runtime", str(folder), "--portal", PORTAL, "--hub", HUB]
    return subprocess.Popen(
        [sys.executable, "-m", "hub_config.gateway", *arguments], stderr=subprocess.PIPE, text=True, cwd="/"
    )


def port_of(process: subprocess.Popen[str], folder: Path) -> int:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if (folder / "gateway.json").exists():
            found = json.loads((folder / "gateway.json").read_text())
            if found["pid"] == process.pid:
                return int(found["port"])
        time.sleep(0.02)
    raise AssertionError(process.communicate())


def stop(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> int:
    process.send_signal(number)
    process.communicate(timeout=START_SECONDS)
    return process.returncode


def test_one_signal_ends_it_and_what_it_wrote_is_its_owners_alone(folder: Path) -> None:
    process = start(folder)
    port_of(process, folder)
    modes = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in folder.iterdir()}
    assert modes == {"gateway.sock": 0o600, "gateway.json": 0o600, "gateway.lock": 0o600}
    assert stop(process) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["gateway.lock"]


def test_a_second_gateway_leaves_the_first_alone(folder: Path) -> None:
    first = start(folder)
    port_of(first, folder)
    second = start(folder)
    _, said = second.communicate(timeout=START_SECONDS)
    assert second.returncode == 1
    assert "Another gateway runs" in said
    assert control(folder / "gateway.sock", "GET", "/workspaces") == (200, [])
    assert stop(first, signal.SIGINT) == 0


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o777])
def test_a_folder_open_to_others_is_refused(
    folder: Path, mode: int, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.chmod(mode)
    assert main(["--runtime", str(folder), "--portal", PORTAL, "--hub", HUB]) == 1
    assert "mode 0700" in capsys.readouterr().err


def test_a_link_to_a_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert main(["--runtime", str(tmp_path / "link"), "--portal", PORTAL, "--hub", HUB]) == 1


def registration_of(folder: Path, hub: HubStandIn) -> dict[str, str]:
    return {
        "api_token": SECRET,
        "oauth_client_id": CLIENT,
        "hub_api_url": f"http://127.0.0.1:{hub.port}/hub/api",
        "base_url": BASE,
        "target": str(folder / "workspace.sock"),
    }


def test_after_a_kill_it_goes_on_with_its_workspaces_and_nobody_is_signed_in(
    folder: Path, loop: Loop
) -> None:
    platform, workspace = Platform(), Workspace(plain)
    hub = HubStandIn(CLIENT, SECRET, PERSON, ["access:servers"])
    loop.run(platform.start(folder / "members.sock"))
    runner = loop.run(hub.start())
    served = workspace_server(workspace, folder / "workspace.sock")
    loop.enter(served)
    process = start(folder)
    try:
        browser = Browser(port_of(process, folder), BASE)
        registration = registration_of(folder, hub)
        path = f"/workspaces/{PERSON}/{PROJECT}"
        assert control(folder / "gateway.sock", "PUT", path, registration)[0] == 201
        assert control(folder / "gateway.sock", "PUT", "/workspaces/eve/gone", registration)[0] == 422
        browser.window(hub.authorize(browser.window("enter").header("Location") or ""))
        assert browser.frame().status == 200
        assert stat.S_IMODE((folder / "workspaces.json").stat().st_mode) == 0o600
        stop(process, signal.SIGKILL)
        process = start(folder)
        browser.port = port_of(process, folder)
        assert browser.frame().status == 401
        browser.window(hub.authorize(browser.window("enter").header("Location") or ""))
        assert browser.frame().status == 200
        assert control(folder / "gateway.sock", "POST", "/revoke/ada")[0] == 200
        stop(process)
        process = start(folder)
        browser.port = port_of(process, folder)
        assert browser.frame().status == 404
    finally:
        stop(process)
        loop.leave(served)
        loop.run(runner.cleanup())
        loop.run(platform.stop())


def test_it_carries_no_code_of_the_hub_or_of_jupyter(folder: Path) -> None:
    """Importing them would cost 60 MB; what is read of them is a version."""
    script = "import sys, hub_config.gateway.__main__\nprint(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    heavy = {
        "jupyterhub",
        "jupyter_server",
        "tornado",
        "sqlalchemy",
        "traitlets",
        "tre",
        "disclosure",
        "pydantic",
    }
    assert heavy & set(done.stdout.split()) == set()


@pytest.mark.parametrize("origin", ["hub", "http://hub/", "https://hub/path", "", "http://a b"])
def test_an_origin_is_scheme_host_and_port(origin: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--runtime", "/x", "--portal", PORTAL, "--hub", origin])
    assert caught.value.code == 2
    assert "is no origin" in capsys.readouterr().err
