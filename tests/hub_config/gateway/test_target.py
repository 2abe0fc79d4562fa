"""A workspace is reached by the very socket that was registered, through no link, in a folder closed to others."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from hub_config.gateway.refusal import Misconfigured
from hub_config.gateway.registration import Key, read_registration
from hub_config.gateway.target import pin
from tests.hub_config.gateway.browser import Browser
from tests.hub_config.gateway.loop import Loop
from tests.hub_config.gateway.standing import KEY, Standing, Workspace, workspace_server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def target(folder: Path) -> Iterator[Path]:
    """A listening socket in a folder of its own."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "s"))
        listening.listen()
        yield folder / "s"


def reaches(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(path)
        except OSError:
            return False
        return True


def test_a_plain_socket_is_pinned_and_reached_whatever_happens_to_its_name(target: Path) -> None:
    pinned = pin(target)
    assert reaches(pinned.path)
    target.unlink()
    target.symlink_to("/run/other")
    assert reaches(pinned.path)
    assert not reaches(str(target))
    pinned.close()
    pinned.close()
    assert not reaches(pinned.path)


def test_a_link_to_a_socket_is_not_followed(folder: Path, target: Path) -> None:
    (folder / "link").symlink_to(target)
    assert reaches(str(folder / "link"))
    with pytest.raises(Misconfigured):
        pin(folder / "link")


def test_a_link_on_the_way_is_not_followed(tmp_path: Path, target: Path) -> None:
    (tmp_path / "way").symlink_to(target.parent)
    assert reaches(str(tmp_path / "way" / "s"))
    with pytest.raises(Misconfigured):
        pin(tmp_path / "way" / "s")


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_may_write_is_refused(folder: Path, target: Path, mode: int) -> None:
    folder.chmod(mode)
    with pytest.raises(Misconfigured):
        pin(target)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_account_is_refused(folder: Path, target: Path) -> None:
    os.chown(folder, 65_534, 65_534)
    with pytest.raises(Misconfigured):
        pin(target)


@pytest.mark.parametrize(
    "make", [lambda path: path.mkdir(), lambda path: path.touch(), os.mkfifo, lambda _: None]
)
def test_what_is_no_socket_is_refused(folder: Path, make: object) -> None:
    make(folder / "x")  # type: ignore[operator]  # one of the four above
    with pytest.raises(Misconfigured):
        pin(folder / "x")


@pytest.mark.parametrize("path", ["s", "/x/../s", ""])
def test_a_path_of_two_readings_is_refused(path: str) -> None:
    with pytest.raises(Misconfigured):
        pin(Path(path))


def test_no_descriptor_is_lost_by_refusals(folder: Path, target: Path) -> None:
    (folder / "link").symlink_to(target)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in ("link", "missing", "s/s"):
        with pytest.raises(Misconfigured):
            pin(folder / name)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_swapped_name_leads_nowhere_else(
    standing: Standing, browser: Browser, loop: Loop, folder: Path
) -> None:
    """The attack of section 3.2 of the research: replace the socket by a link to another workspace's."""

    async def secret(_: web.Request) -> web.StreamResponse:
        return web.json_response({"secret": True})

    other = Workspace(secret)
    context = workspace_server(other, folder / "other.sock")
    loop.enter(context)
    aside = standing.folder / "aside.sock"
    standing.target.rename(aside)
    standing.target.symlink_to(folder / "other.sock")
    try:
        assert reaches(str(standing.target))  # whoever goes by the name gets to the other's server
        assert browser.fetch("api/status").json == {"busy": False}
        assert other.asked == []
        assert standing.control("PUT", "/workspaces/ada/bills", standing.registration())[0] == 422
    finally:
        standing.target.unlink()
        aside.rename(standing.target)
        loop.leave(context)


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "/user/eve/bills/"},
        {"base_url": "/user/ada/bills"},
        {"base_url": "/user/ada/bills/../other/"},
        {"base_url": "user/ada/bills/"},
        {"hub_host": "http://hub.tre.localhost/"},
        {"hub_host": "javascript:alert(1)"},
        {"hub_api_url": "file:///etc/passwd"},
        {"target": "s"},
        {"target": ""},
        {"api_token": ""},
        {"api_token": "a\r\nX: y"},
        {"oauth_client_id": "a b"},
        {"unknown": "x"},
    ],
)
def test_a_registration_that_is_not_as_it_should_be_is_refused(
    standing: Standing, change: dict[str, str]
) -> None:
    status, said = standing.control("PUT", "/workspaces/ada/bills", standing.registration(**change))
    assert status == 422
    assert said["code"] == "misconfigured"
    assert "the-token" not in str(said)


@pytest.mark.parametrize("body", [None, [], "x", {"api_token": 1}])
def test_a_registration_of_another_shape_is_refused(standing: Standing, body: object) -> None:
    assert standing.control("PUT", "/workspaces/ada/bills", body)[0] in {400, 422}


@pytest.mark.parametrize(
    "key", [Key("Ada", "bills"), Key("ada", "Bills"), Key("ada", "a--b"), Key("ada", "a" * 31)]
)
def test_names_that_the_hub_would_not_give_are_refused(standing: Standing, key: Key) -> None:
    body = standing.registration(base_url=f"/user/{key.person}/{key.project}/")
    with pytest.raises(Misconfigured):
        read_registration(key, body, "")


def test_a_registration_shows_no_token(standing: Standing) -> None:
    assert "the-token" not in repr(read_registration(KEY, standing.registration(), ""))
