"""What is inside can use only so much, and is gone when its time is over."""

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.waiting import PATIENCE, until
from tre.domain.errors import BadInput, Unavailable
from tre.sandbox import accounts, bubblewrap, launcher
from tre.sandbox.accounts import FIRST_ACCOUNT, borrowed_account
from tre.sandbox.bubblewrap import LAUNCHER_FAILED, confine, prove, python_inside
from tre.sandbox.confinement import GIBIBYTE, MEBIBYTE, Completed, Confinement, Ending, Limits

pytestmark = pytest.mark.sandbox
Inside = Callable[..., Completed]
SMALL = Limits(cpu_seconds=30, memory_bytes=GIBIBYTE, temporary_bytes=MEBIBYTE, file_bytes=4 * MEBIBYTE)


def named(what: str) -> str:
    """A word for a command line that no other run of these tests on this machine uses."""
    return f"{what}-{secrets.token_hex(8)}"


def alive(token: str) -> list[int]:
    """Processes of this machine with `token` on their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if token in (entry / "cmdline").read_text():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


STUBBORN = """
import os, signal, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            break
time.sleep(1000)
"""


def test_the_wall_clock_leaves_no_process(inside: Inside) -> None:
    for wall_seconds in (1.5, 6.0, 24.0, 96.0):  # as long as it takes until all of them are there
        token, seen = named("stubborn-wall-clock"), [0]
        tick = lambda token=token, seen=seen: seen.append(len(alive(token)))  # noqa: E731 - this turn's own
        done = inside(STUBBORN, token, wall_seconds=wall_seconds, tick=tick)
        assert done.ending is Ending.WALL_CLOCK
        assert done.returncode == -signal.SIGKILL
        assert alive(token) == []
        if max(seen) > 5:
            break
    assert max(seen) > 5  # they were there


def test_the_end_of_the_program_ends_all_that_it_started(inside: Inside) -> None:
    token = named("daemon-left-behind")
    text = (
        "import os, time\nready, told = os.pipe()\nif os.fork() == 0:\n os.setsid(); os.write(told, b'x')\n"
        " time.sleep(1000)\nos.read(ready, 1)"
    )
    done = inside(text, token, wall_seconds=PATIENCE)
    assert done.ending is Ending.EXITED
    assert done.returncode == 0
    assert alive(token) == []


def test_killing_the_platform_kills_the_sandbox(sandbox: None) -> None:
    token = named("orphaned-sandbox")
    text = (
        "import sys\nfrom tre.sandbox.bubblewrap import confine, python_inside\n"
        "from tre.sandbox.confinement import Confinement\n"
        "confine([python_inside(), '-c', 'import time; time.sleep(1000)', sys.argv[1]], Confinement())"
    )
    platform = subprocess.Popen([sys.executable, "-c", text, token])
    until(lambda: len(alive(token)) > 2, "the start of the sandbox")
    platform.kill()
    platform.wait()
    until(lambda: alive(token) == [], "the end of the sandbox")


@pytest.mark.parametrize("is_there", [True, False])
def test_nothing_starts_for_a_platform_that_is_gone(is_there: bool) -> None:
    """However early the platform is killed: the last program before the wanted one looks whether it is there."""
    reading, writing = os.pipe()
    if not is_there:
        os.close(writing)
    order = {"limits": {}, "lifeline": reading, "keep": [], "account": None, "umask": 0o077, "directory": "/"}
    words = [sys.executable, launcher.__file__, json.dumps(order), sys.executable, "-c", "print('started')"]
    done = subprocess.run(words, check=False, pass_fds=(reading,), capture_output=True, text=True)
    os.close(reading)
    assert ("started" in done.stdout, done.returncode) == (
        (True, 0) if is_there else (False, LAUNCHER_FAILED)
    )
    if is_there:
        os.close(writing)


def test_a_fork_bomb_stops_at_its_limit(inside: Inside) -> None:
    bomb = (
        "import os, time\nmade = 0\ntry:\n while made < 400:\n  if os.fork() == 0: time.sleep(1000)\n  made += 1\n"
        "except BlockingIOError: print(made, flush=True)\nos._exit(0)"
    )
    done = inside(bomb, limits=replace(SMALL, processes=40))
    assert 20 < int(done.stdout) < 40


def test_memory_of_one_process_is_limited(inside: Inside) -> None:
    done = inside("try: bytearray(2 << 30)\nexcept MemoryError: print('refused')", limits=SMALL)
    assert done.stdout == b"refused\n"


def test_memory_of_many_processes_together_is_limited(inside: Inside) -> None:
    text = "import os, time\nfor _ in range(4): os.fork()\nx = bytearray(os.urandom(1)) * (64 << 20)\ntime.sleep(1000)"
    done = inside(text, limits=replace(SMALL, resident_bytes=400 * MEBIBYTE), wall_seconds=PATIENCE)
    assert done.ending is Ending.MEMORY


def test_a_full_disk_stops_the_run(inside: Inside, tmp_path: Path, account: int | None) -> None:
    if account is not None:
        os.chown(tmp_path, account, account)
    done = inside(
        "import time; time.sleep(1000)",
        wall_seconds=PATIENCE,
        writable={tmp_path: "/home"},
        limits=replace(SMALL, free_disk_bytes=1 << 60),
    )
    assert done.ending is Ending.DISK


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm"])  # noqa: S108 - places inside
def test_temporary_folders_are_small(inside: Inside, place: str) -> None:
    text = f"try: open('{place}/x', 'wb').write(bytes(2 << 20))\nexcept OSError as e: print(e.errno)"
    assert inside(text, limits=SMALL).stdout == b"28\n"


def test_a_written_file_has_a_largest_size(inside: Inside, tmp_path: Path, account: int | None) -> None:
    if account is not None:
        os.chown(tmp_path, account, account)
    text = "try: open('/home/x', 'wb').write(bytes(8 << 20))\nexcept OSError as e: print(e.errno)"
    done = inside(text, writable={tmp_path: "/home"}, limits=SMALL)
    assert done.stdout == b"27\n"
    assert (tmp_path / "x").stat().st_size <= SMALL.file_bytes


def test_much_output_is_read_but_not_kept(inside: Inside) -> None:
    done = inside(
        "import os\nfor _ in range(200): os.write(1, bytes(1 << 20))", limits=replace(SMALL, output_bytes=100)
    )
    assert done.returncode == 0
    assert done.truncated
    assert len(done.stdout) == 100


def test_processor_time_is_limited(inside: Inside) -> None:
    done = inside("while True: pass", limits=replace(SMALL, cpu_seconds=1), wall_seconds=PATIENCE)
    assert done.ending is Ending.EXITED
    assert done.returncode in (128 + signal.SIGXCPU, 128 + signal.SIGKILL)


def test_standard_input_and_secret_files_arrive(inside: Inside, account: int | None) -> None:
    done = confine(
        [python_inside(), "-c", "import sys; print(sys.stdin.read(), open('/secret/key').read())"],
        Confinement(files={"/secret/key": b"k" * 200_000}, account=account),
        standard_input=b"i" * 200_000,
    )
    assert done.stdout == b"i" * 200_000 + b" " + b"k" * 200_000 + b"\n"


def test_a_database_socket_can_be_given_to_a_role(inside: Inside, short_folder: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(short_folder / "s"))
        server.listen(1)
        (short_folder / "s").chmod(0o777)
        short_folder.chmod(0o755)
        text = "import socket; socket.socket(socket.AF_UNIX).connect('/database/s'); print('connected')"
        assert inside(text, read_only={short_folder: "/database"}).stdout == b"connected\n"


@pytest.mark.parametrize(
    "place",
    ["/", "relative", "/a/../proc", "/proc/sys", "/usr", "/opt/tre/venv", "/opt/tre/python/x", "/a//b"],
)
def test_the_sandboxs_own_places_cannot_be_covered(inside: Inside, tmp_path: Path, place: str) -> None:
    with pytest.raises(BadInput, match="inside the sandbox"):
        inside("", read_only={tmp_path: place})


def test_a_missing_folder_is_a_failure_and_not_a_run(inside: Inside, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="could not be built"):
        inside("print('ran')", read_only={tmp_path / "absent": "/data"})


def test_a_missing_working_directory_is_a_failure_and_not_a_run(inside: Inside) -> None:
    with pytest.raises(Unavailable, match="launcher"):
        inside("print('ran')", working_directory="/absent")


def test_without_the_program_there_is_no_run_and_the_fault_is_named(
    sandbox: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "bubblewrap_path", lambda: broken)
    (fault,) = prove()
    assert fault.code == "sandbox_failed"
    assert "uid map" in fault.sentence
    assert "user namespaces" in fault.mend


def test_a_sandbox_that_confines_nothing_is_not_proved(
    sandbox: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A stand-in that runs the program with all rights of the platform must be found out."""
    broken = tmp_path / "bwrap"
    broken.write_text(
        f"#!{sys.executable}\nimport os, sys\nstatus = int(sys.argv[sys.argv.index('--json-status-fd') + 1])\n"
        'os.write(status, b\'{"child-pid": %d}\\n{"exit-code": 0}\\n\' % os.getpid())\n'
        f"os.execv({sys.executable!r}, [{sys.executable!r}, '-c', sys.argv[-1]])\n"
    )
    broken.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "bubblewrap_path", lambda: broken)
    (fault,) = prove()
    assert fault.code == "sandbox_leaks"
    assert "system call filter" in fault.sentence


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends accounts")
def test_two_sandboxes_never_share_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    first_of_ours = (
        FIRST_ACCOUNT + (1 << 20) + os.getpid() * 4
    )  # a range that nobody else on this machine lends
    monkeypatch.setattr(accounts, "FIRST_ACCOUNT", first_of_ours)
    with borrowed_account() as first, borrowed_account() as second:
        assert first is not None
        assert second is not None
        assert first != second
        assert min(first, second) >= first_of_ours
    with borrowed_account() as again:
        assert again == first
