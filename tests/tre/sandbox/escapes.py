# Plain, quick attempts that must run without any package.
# ruff: noqa: PTH101, PTH107, PTH110, PTH112, PTH115, PTH118, PTH120, PTH123, PTH207, PTH208, S108
"""Ways out of a sandbox, each a function that returns True when it worked.

Run as a program: JSON with targets (and perhaps names to try) as its argument, JSON with every outcome on
stdout. It runs outside as the control and inside as the test, with the standard library only.
"""

import ctypes
import fcntl
import glob
import json
import os
import socket
import subprocess
import sys

TARGETS = json.loads(sys.argv[1])
LIBC = ctypes.CDLL(None, use_errno=True)


def tcp_to_this_machine():
    return _connects(socket.AF_INET, (TARGETS["address"], TARGETS["port"]))


def tcp_to_loopback():
    return _connects(socket.AF_INET, ("127.0.0.1", TARGETS["port"]))


def udp_to_a_resolver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return sock.sendto(b"x", (TARGETS["address"], 53)) == 1


def abstract_unix_socket():
    return _connects(socket.AF_UNIX, "\0" + TARGETS["abstract"])


def database_socket():
    return _connects(socket.AF_UNIX, TARGETS["socket"])


def other_project():
    return TARGETS["secret"] in open(TARGETS["foreign"]).read()


def environment_secret():
    seen = b"".join(_bytes_of(path) for path in glob.glob("/proc/[0-9]*/environ"))
    return TARGETS["secret"].encode() in seen + repr(os.environ).encode()


def paths_on_command_lines():
    seen = b"".join(
        _bytes_of(path) for path in glob.glob("/proc/[0-9]*/cmdline") if str(os.getpid()) not in path
    )
    return bytes.fromhex(TARGETS["folder"]) in seen


def other_processes():
    return len([name for name in os.listdir("/proc") if name.isdigit()]) > 3


def folder_left_open():
    for link in glob.glob("/proc/[0-9]*/fd/*"):
        try:
            if os.path.isdir(link) and not os.readlink(link).startswith("/proc"):
                return True
        except OSError:
            continue
    return False


def write_to_data():
    return _writes("/data/new")


def change_data():
    os.chmod("/data/people.txt", 0o666)  # noqa: S103
    return True


def write_to_interpreter():
    return _writes(os.path.join(os.path.dirname(os.__file__), "os.py"), mode="a")


def write_to_packages():
    return any(_writes(os.path.join(path, "evil.py")) for path in sys.path if "/opt/tre" in path)


def write_to_root():
    return _writes("/new")


def write_to_dev():
    return _writes("/dev/new")


def kernel_setting():
    return _writes("/proc/sys/kernel/core_pattern", mode="r+")


def sysrq():
    return _writes("/proc/sysrq-trigger")


def become_root():
    os.setuid(0)
    return True


def setuid_program():
    for program in ("/usr/bin/su", "/usr/bin/passwd", "/usr/bin/mount"):
        if os.path.exists(program):
            done = subprocess.run([program, "--version"], capture_output=True, check=False)
            assert done.returncode is not None
    return "NoNewPrivs:\t1" not in open("/proc/self/status").read()


def make_a_device():
    os.mknod("/tmp/device", 0o600 | 0o020000, os.makedev(1, 1))
    return True


def new_user_namespace():
    number = 56 if os.uname().machine == "x86_64" else 220
    child = LIBC.syscall(number, 0x10000000 | 17, 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    return child > 0


def x32_call():
    child = os.fork()
    if child == 0:
        os._exit(0 if LIBC.syscall(0x40000000 | 39) > 0 else 1)
    return os.waitpid(child, 0)[1] == 0


def type_into_the_terminal():
    return _errno_of(lambda: fcntl.ioctl(0, 0x5412, b"x")) != 1


def type_into_the_terminal_with_high_bits():
    number = 16 if os.uname().machine == "x86_64" else 29
    LIBC.syscall(number, 0, ctypes.c_ulong(0x5412 | 1 << 32), b"x")
    return ctypes.get_errno() != 1


def packet_socket():
    return _socket(socket.AF_PACKET, socket.SOCK_RAW)


def vsock_socket():
    return _socket(40, socket.SOCK_STREAM)


def alg_socket():
    return _socket(38, socket.SOCK_SEQPACKET)


def kernel_event_socket():
    return _socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)


def read_kernel_memory():
    return len(open("/proc/kcore", "rb").read(8)) == 8


def sysfs():
    return bool(os.listdir("/sys"))


def _socket(family, kind, protocol=0):
    with socket.socket(family, kind, protocol):
        return True


def _connects(family, address):
    with socket.socket(family) as sock:
        sock.settimeout(2)
        sock.connect(address)
        return True


def _writes(path, mode="a"):
    was_there = os.path.exists(path)
    with open(path, mode):
        pass
    if not was_there:
        os.remove(path)
    return True


def _bytes_of(path):
    try:
        return open(path, "rb").read()
    except OSError:
        return b""


def _errno_of(act):
    try:
        act()
    except OSError as error:
        return error.errno
    return 0


def attempt(escape):
    try:
        return bool(escape())
    except (OSError, PermissionError):
        return False


ESCAPES = {
    name: value
    for name, value in list(globals().items())
    if callable(value)
    and getattr(value, "__module__", "") == __name__
    and name[0] != "_"
    and name != "attempt"
}

if __name__ == "__main__":
    print(json.dumps({name: attempt(ESCAPES[name]) for name in TARGETS.get("names") or ESCAPES}))
