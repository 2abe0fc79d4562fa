"""A program that is tied to its parent ends with it, however that comes, and is no child of a wrapper."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from hub_config.proxy import tethered
from tests.hub_config.conftest import until

PARENT = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen(sys.argv[1:])\nprint(child.pid, flush=True)\ntime.sleep(600)"
)
SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")


def is_alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def child_of_a_killed_parent(*command: str) -> int:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *command], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    number = int(parent.stdout.readline())
    # Tied or not, it has become the program before its parent is killed.
    program = SLEEP[-1].encode()
    until(lambda: Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")[2:3] == [program])
    parent.kill()
    parent.wait()
    parent.stdout.close()
    return number


def test_a_tied_program_ends_with_its_parent() -> None:
    number = child_of_a_killed_parent(*tethered(*SLEEP))
    until(lambda: not is_alive(number))


def test_a_program_that_is_not_tied_goes_on() -> None:
    """The control: without the tie it would stay."""
    number = child_of_a_killed_parent(*SLEEP)
    assert is_alive(number)
    os.kill(number, signal.SIGKILL)
