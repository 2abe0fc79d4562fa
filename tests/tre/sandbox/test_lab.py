"""A workspace's JupyterLab in its sandbox: served on a socket it was born with, stopped from outside, held to its quota."""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tre.sandbox.conftest import Inside
from tre.domain.errors import Unavailable
from tre.sandbox.channel_socket import CHANNEL_INSIDE, MOST_CONVERSATIONS, channel_at
from tre.sandbox.confinement import MEBIBYTE, Completed, Ending
from tre.sandbox.lab import Lab, confinement_of, listening_at, run_lab
from tre.sandbox.sweep import Sweep

pytestmark = pytest.mark.sandbox
BASE = "/user/ada/bills/"


@dataclass
class Running:
    """A lab that runs in a thread."""

    lab: Lab
    socket: Path
    stopping: threading.Event
    done: list[Completed]
    thread: threading.Thread

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("lab", timeout=120)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(120)
        connection.sock.connect(os.fspath(self.socket))
        connection.request("GET", path)
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found

    def stop(self) -> Completed:
        self.stopping.set()
        self.thread.join(60)
        return self.done[0]


@contextmanager
def running(folder: Path, account: int | None, **words: object) -> Iterator[Running]:
    places = {name: folder / name for name in ("data", "home", "shared", "outputs")}
    for name, place in places.items():
        place.mkdir()
        place.chmod(0o755 if name == "data" else 0o700)  # whatever the umask is
        if account is not None and name != "data":
            os.chown(place, account, account)
    (places["data"] / "rows.txt").write_text("1\n")
    (places["data"] / "rows.txt").chmod(0o444)
    with listening_at(folder / "l.s") as listening, channel_at(folder / "c.s", echo, pytest.fail):
        lab = Lab(
            base_url=BASE, listening=listening, channel=folder / "c.s", account=account, **places, **words
        )
        stopping, done = threading.Event(), []
        thread = threading.Thread(target=lambda: done.append(run_lab(lab, stopping.is_set)))
        thread.start()
        try:
            yield Running(lab, folder / "l.s", stopping, done, thread)
        finally:
            stopping.set()
            thread.join(60)


def echo(verb: str, payload: dict[str, object]) -> dict[str, object]:
    return {"verb": verb, **payload}


def test_it_serves_lab_on_the_socket_and_stops_when_told_to(short_folder: Path, account: int | None) -> None:
    template = {"Start here.ipynb": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}'}
    with running(short_folder, account, template=template) as served:
        status, said = served.get(f"{BASE}api")
        assert (status, "version" in json.loads(said)) == (200, True)
        status, page = served.get(f"{BASE}lab")
        assert status == 200
        assert b"@jupyterlab/filebrowser-extension:download" in page
        names = {one["name"] for one in json.loads(served.get(f"{BASE}api/contents")[1])["content"]}
        assert names == {"Start here.ipynb", "data", "shared", "outputs"}
        assert json.loads(served.get(f"{BASE}api/contents/data")[1])["content"][0]["name"] == "rows.txt"
        assert served.get(f"{BASE}api/terminals")[0] == 200
        done = served.stop()
    assert done.ending is Ending.STOPPED
    assert not served.socket.exists()


def test_a_home_that_was_changed_is_left_as_it_is(short_folder: Path, account: int | None) -> None:
    with running(short_folder, account, template={"a.txt": b"new"}) as served:
        served.get(f"{BASE}lab")
        (short_folder / "home" / ".jupyter").mkdir(exist_ok=True)
        served.stop()
    (short_folder / "home" / "a.txt").unlink()
    assert (
        short_folder / "home" / ".jupyter"
    ).is_dir()  # what Jupyter itself left there must not keep it from starting
    with listening_at(short_folder / "l.s") as listening, channel_at(short_folder / "c.s", echo, pytest.fail):
        folders = {name: short_folder / name for name in ("data", "home", "shared", "outputs")}
        lab = Lab(
            base_url=BASE,
            listening=listening,
            channel=short_folder / "c.s",
            account=account,
            template={"a.txt": b"new"},
            **folders,
        )
        stopping, done = threading.Event(), []
        thread = threading.Thread(target=lambda: done.append(run_lab(lab, stopping.is_set)))
        thread.start()
        assert Running(lab, short_folder / "l.s", stopping, done, thread).get(f"{BASE}api")[0] == 200
        stopping.set()
        thread.join(60)
    assert not (short_folder / "home" / "a.txt").exists()


def test_folders_over_their_quota_stop_it(short_folder: Path, account: int | None) -> None:
    with running(short_folder, account, quota_bytes=8 * MEBIBYTE) as served:
        assert served.get(f"{BASE}api")[0] == 200
        (short_folder / "home" / "large").write_bytes(os.urandom(9 * MEBIBYTE))
        served.thread.join(60)
        assert served.done[0].ending is Ending.QUOTA


def test_no_secret_of_the_platform_is_in_the_environment(short_folder: Path) -> None:
    lab = Lab(
        base_url=BASE,
        listening=socket.socket(socket.AF_UNIX),
        channel=short_folder,
        data=short_folder,
        home=short_folder,
        shared=short_folder,
        outputs=short_folder,
    )
    made = confinement_of(lab)
    lab.listening.close()
    assert not [name for name in made.environment if name.startswith(("JUPYTERHUB", "JPY", "TRE"))]
    assert made.network is False


ASK = """
import json, socket, sys
def ask():
    made = socket.socket(socket.AF_UNIX); made.connect("/run/tre/channel.sock")
    made.sendall(b'{"verb": "tables", "payload": {"x": 1}}\\n')
    return made, made.makefile().readline()
"""


def test_each_kernel_has_a_conversation_of_its_own(inside: Inside, short_folder: Path) -> None:
    text = ASK + "first, a = ask()\nsecond, b = ask()\nprint(a == b, json.loads(a)['payload'])"
    with channel_at(short_folder / "c.s", echo, pytest.fail):
        done = inside(text, read_only={short_folder / "c.s": CHANNEL_INSIDE})
    assert done.stdout.decode().strip() == "True {'verb': 'tables', 'x': 1}", done.stderr


def test_the_channel_can_be_used_and_neither_moved_nor_replaced(inside: Inside, short_folder: Path) -> None:
    text = """
import os
for attack in (
    lambda: os.unlink("/run/tre/channel.sock"),
    lambda: os.rename("/run/tre/channel.sock", "/tmp/x"),
    lambda: os.symlink("/tmp/x", "/run/tre/other"),
    lambda: os.chmod("/run/tre/channel.sock", 0o600),
):
    try:
        attack(); print("done")
    except OSError as error:
        print(error.errno)
"""
    with channel_at(short_folder / "c.s", echo, pytest.fail):
        done = inside(text, read_only={short_folder / "c.s": CHANNEL_INSIDE})
    assert set(done.stdout.decode().split()) <= {"1", "16", "18", "30"}, done.stdout
    assert len(done.stdout.split()) == 4


def test_too_many_conversations_are_hung_up_on_and_room_comes_back(short_folder: Path) -> None:
    path = short_folder / "c.s"

    def ask() -> tuple[socket.socket, bytes]:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(30)
        made.connect(os.fspath(path))
        try:
            made.sendall(b'{"verb": "tables", "payload": {}}\n')
            return made, made.recv(1000)
        except OSError:
            return made, b""

    with channel_at(path, echo, pytest.fail):
        held = [ask() for _ in range(MOST_CONVERSATIONS)]
        assert all(b"tables" in said for _, said in held)
        late, said = ask()
        late.close()
        assert said == b""
        for one, _ in held:
            one.close()
        limit = time.monotonic() + 30
        while True:
            one, said = ask()
            one.close()
            if said:
                break
            assert time.monotonic() < limit
            time.sleep(0.05)
    assert not path.exists()


def test_a_sweep_counts_names_of_one_file_once_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(os.urandom(MEBIBYTE))
    for number in range(20):
        (tmp_path / f"again-{number}").hardlink_to(tmp_path / "a")
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.write_bytes(os.urandom(16 * MEBIBYTE))
    (tmp_path / "link").symlink_to(outside)
    sweep = Sweep((tmp_path,), 4 * MEBIBYTE)
    assert not sweep.is_over()
    assert MEBIBYTE <= sweep.used_bytes + 1000 < 2 * MEBIBYTE
    (tmp_path / "b").write_bytes(os.urandom(4 * MEBIBYTE))
    assert sweep.is_over()


def test_a_tree_that_cannot_be_walked_counts_as_too_large(tmp_path: Path) -> None:
    here = Path.cwd()
    try:
        os.chdir(tmp_path)
        for _ in range(45):
            Path("d" * 200).mkdir()
            os.chdir("d" * 200)
    finally:
        os.chdir(here)
    assert Sweep((tmp_path,), 1 << 40).is_over()


def test_without_a_sandbox_nothing_is_served(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tre.sandbox.bubblewrap.bubblewrap_path", lambda: Path("/bin/false"))
    with pytest.raises(Unavailable), running_directly(short_folder):
        pass


@contextmanager
def running_directly(folder: Path) -> Iterator[None]:
    places = {name: folder / name for name in ("data", "home", "shared", "outputs")}
    for place in places.values():
        place.mkdir()
    with listening_at(folder / "l.s") as listening, channel_at(folder / "c.s", echo, pytest.fail):
        run_lab(Lab(base_url=BASE, listening=listening, channel=folder / "c.s", **places), lambda: False)
        yield
