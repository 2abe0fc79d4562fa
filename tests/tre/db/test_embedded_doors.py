"""The embedded server lets nobody in but who has a password, and its own account nowhere out."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.exc import OperationalError

from tre.db import embedded, sockets
from tre.db.address import DRIVER, Database
from tre.db.confined import SERVER_ACCOUNT
from tre.db.embedded import Places, database_of, running_process
from tre.db.engine import administrator_engine
from tre.domain.errors import BadInput, NotFound

IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can act as another account")
RunSql = Callable[..., object]


def process_of(home: Path) -> int:
    process = running_process(Places(home).data)
    assert process is not None
    return process


def test_the_server_listens_on_no_network_address(run_sql: RunSql, running: Path) -> None:
    database = database_of(Places(running))
    assert run_sql(database, "SHOW listen_addresses") == ""
    for family in ("/proc/net/tcp", "/proc/net/tcp6"):
        inodes = {line.split()[9] for line in Path(family).read_text().splitlines()[1:]}
        ours = {str(link.readlink()) for link in Path(f"/proc/{process_of(running)}/fd").iterdir()}
        assert not {f"socket:[{inode}]" for inode in inodes} & ours


@pytest.mark.parametrize("user", ["postgres", "tre_owner", "tre_linkage"])
def test_nobody_enters_without_a_password(server: Database, user: str) -> None:
    host = str(server.administrator.query["host"])
    for password in (None, "guess"):
        engine = administrator_engine(
            URL.create(DRIVER, username=user, password=password, database="postgres", query={"host": host})
        )
        with pytest.raises(OperationalError):
            engine.connect()


def test_the_log_of_the_server_holds_no_value(run_sql: RunSql, server: Database) -> None:
    with pytest.raises(Exception, match="duplicate key"):
        run_sql(
            server,
            "CREATE TABLE public.secrets (word text PRIMARY KEY)",
            "INSERT INTO public.secrets VALUES ('CANARY')",
            "INSERT INTO public.secrets VALUES ('CANARY')",
        )
    run_sql(server, "DROP TABLE public.secrets", "SELECT 1")
    log = Path(str(server.administrator.query["host"])).parent / "cluster" / "server.log"
    written = log.read_text()
    assert "duplicate key" in written
    assert "CANARY" not in written


def test_everything_lies_in_private_folders(running: Path) -> None:
    places = Places(running)
    account = SERVER_ACCOUNT if IS_ROOT else os.geteuid()
    for folder in (running, places.folder, places.secrets, places.layout.socket, places.data):
        assert folder.stat().st_mode & 0o077 == 0, folder
    assert places.data.stat().st_uid == account
    password = places.secrets / "postgres" / "database-password"
    assert password.stat().st_mode & 0o777 == 0o600
    assert password.stat().st_uid == os.geteuid()


@needs_root
def test_from_root_the_server_runs_without_any_power(running: Path) -> None:
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{process_of(running)}/status").read_text().splitlines()
    )
    assert set(status["Uid"].split()) == {str(SERVER_ACCOUNT)}
    assert set(status["Gid"].split()) == {str(SERVER_ACCOUNT)}
    assert status["Groups"].strip() == ""
    assert status["NoNewPrivs"] == "1"
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind


@needs_root
def test_from_root_the_server_writes_nowhere_but_to_its_own_folders(run_sql: RunSql, running: Path) -> None:
    """Even the database's superuser cannot: the machine is read-only to the server."""
    database = database_of(Places(running))
    running.parent.chmod(0o777)
    try:
        with pytest.raises(Exception, match=r"Read-only file system|Permission denied"):
            run_sql(database, f"COPY (SELECT 1) TO '{running.parent}/stolen'", "SELECT 1")
        for place in ("/usr/tre-stolen", "/etc/tre-stolen"):
            with pytest.raises(Exception, match=r"Read-only file system|Permission denied"):
                run_sql(database, f"COPY (SELECT 1) TO '{place}'", "SELECT 1")
    finally:
        running.parent.chmod(0o700)


@needs_root
def test_another_account_cannot_reach_the_socket(running: Path) -> None:
    path = str(Places(running).layout.socket / ".s.PGSQL.5432")
    outer = (running.parent, running, Places(running).folder)
    for folder in outer:  # were the outer doors open, the inner one must hold
        folder.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(path)
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(65_534)
        os.setuid(65_534)
        try:
            socket.socket(socket.AF_UNIX).connect(path)
        except PermissionError:
            os._exit(0)
        os._exit(1)
    for folder in outer:
        folder.chmod(0o700)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    "opened",
    [
        "database",
        "database/cluster",
        "database/cluster/data",
        "database/socket",
        "secrets",
        "secrets/postgres",
    ],
)
def test_an_opened_folder_is_refused_and_named(home: Path, opened: str) -> None:
    embedded.start(home)
    embedded.stop(home)
    (home / opened).chmod(0o755)
    with pytest.raises(BadInput, match="open to other accounts") as caught:
        _start_and_create_anew(home, opened)
    assert caught.value.code == "folder_not_private"
    assert str(home / opened) in caught.value.sentence


def _start_and_create_anew(home: Path, opened: str) -> None:
    """The folder of the administrator's secrets is looked at when the server is made."""
    if opened == "secrets/postgres":
        Places(home).data.rename(Places(home).layout.cluster / embedded.UNFINISHED)
    embedded.start(home)


def test_a_password_that_others_may_read_is_refused(home: Path) -> None:
    embedded.start(home)
    (home / "secrets" / "postgres" / "database-password").chmod(0o644)
    with pytest.raises(BadInput, match="open to other accounts"):
        embedded.start(home)


def test_a_password_that_is_gone_is_named(home: Path) -> None:
    embedded.start(home)
    (home / "secrets" / "postgres" / "database-password").unlink()
    with pytest.raises(NotFound, match=r"database-password is missing"):
        embedded.start(home)


@pytest.mark.parametrize("name", ["database", "secrets", "database/cluster", "database/socket"])
def test_a_link_in_place_of_a_folder_is_refused(new_home: Path, name: str, tmp_path: Path) -> None:
    place = new_home / name
    place.parent.mkdir(parents=True, mode=0o700)
    place.symlink_to(tmp_path)
    with pytest.raises(BadInput, match="not a link"):
        embedded.start(new_home)
    place.unlink()


@needs_root
def test_a_folder_of_another_account_is_refused(home: Path) -> None:
    embedded.start(home)
    embedded.stop(home)
    os.chown(Places(home).folder, 65_534, 65_534)
    with pytest.raises(BadInput, match="belongs to the account with number 65534"):
        embedded.start(home)
    os.chown(Places(home).folder, 0, 0)


def test_a_short_socket_folder_that_somebody_else_made_is_refused(short_folder: Path) -> None:
    long_home = short_folder / ("b" * 120) / "var"
    planted = sockets.socket_folder(long_home / "database")
    planted.mkdir(mode=0o777)
    planted.chmod(0o777)
    try:
        with pytest.raises(BadInput, match=r"belongs to|open to other accounts"):
            embedded.start(long_home)
    finally:
        planted.rmdir()
