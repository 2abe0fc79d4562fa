"""The system call filter answers before the kernel does."""

import errno
import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tre.sandbox import system_calls
from tre.sandbox.confinement import Completed

pytestmark = pytest.mark.sandbox

# Each call with no arguments: what would it answer? Those that would do harm outside are only tried inside.
CALLS = """
import ctypes, json, sys
import pyseccomp
libc = ctypes.CDLL(None, use_errno=True)
answers = {}
for name in json.loads(sys.argv[1]):
    number = pyseccomp.resolve_syscall(pyseccomp.system_arch(), name)
    if number >= 0:
        ctypes.set_errno(0)
        libc.syscall(number, 0, 0, 0, 0, 0)
        answers[name] = ctypes.get_errno()
print(json.dumps(answers))
"""
HARMLESS = ["unshare", "keyctl", "perf_event_open", "bpf", "io_uring_setup", "memfd_create", "setns", "kcmp"]


def test_harmless_calls_get_another_answer_outside() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALLS, json.dumps(HARMLESS)], capture_output=True, check=True
    )
    answers = json.loads(done.stdout)
    assert len(answers) == len(HARMLESS)
    assert not {errno.EPERM, errno.ENOSYS} & set(answers.values())


def test_every_forbidden_call_is_refused(inside: Callable[..., Completed]) -> None:
    names = " ".join(system_calls.FORBIDDEN.values()).split()
    done = inside(CALLS, json.dumps(names))
    answers = json.loads(done.stdout)
    assert set(HARMLESS) - {"memfd_create"} <= set(answers)
    assert set(answers.values()) == {errno.EPERM}


def test_calls_whose_memory_no_limit_counts_seem_absent(inside: Callable[..., Completed]) -> None:
    answers = json.loads(inside(CALLS, json.dumps(system_calls.ABSENT.split())).stdout)
    assert "memfd_create" in answers
    assert set(answers.values()) == {errno.ENOSYS}


def test_routing_sockets_work_for_kernels(inside: Callable[..., Completed]) -> None:
    done = inside("import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); print('ok')")
    assert done.stdout == b"ok\n"
