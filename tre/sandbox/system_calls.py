"""Which system calls a confined program may not make.

Source: the escape tests of research/hub-identity section 3.3, and the default profile of container engines.
The namespaces and the empty capability sets refuse most of these already; the filter takes the kernel code
behind them out of reach as well.
"""

import errno
import functools
import os
import termios
from types import ModuleType
from typing import Final, Protocol

from tre.domain.errors import Unavailable

FORBIDDEN: Final = {
    "other namespaces and file systems": "mount umount2 pivot_root chroot unshare setns open_tree move_mount "
    "fsopen fsconfig fsmount fspick mount_setattr open_by_handle_at name_to_handle_at quotactl swapon swapoff",
    "other processes": "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp",
    "the kernel itself": "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register acct "
    "kexec_load kexec_file_load init_module finit_module delete_module reboot syslog iopl ioperm "
    "lookup_dcookie fanotify_init vhangup uselib nfsservctl",
    "keys, clock and name": "keyctl add_key request_key settimeofday clock_settime clock_adjtime adjtimex "
    "sethostname setdomainname",
}
# Answered as "not built into this kernel", so that libraries take another way. Memory of the last three
# would count against no limit of this sandbox.
ABSENT: Final = "clone3 memfd_create memfd_secret shmget"
# CLONE_NEW{TIME,NS,CGROUP,UTS,IPC,USER,PID,NET}: include/uapi/linux/sched.h
NAMESPACE_FLAGS: Final = (
    0x00000080, 0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
NETLINK_ROUTE: Final = 0
LOW_32_BITS: Final = 0xFFFFFFFF


class Filter(Protocol):
    """What is used of pyseccomp's filter, which has no types of its own."""

    def add_rule(self, action: int, syscall: str, *args: object) -> None:
        """Answer `syscall` by `action` when all `args` hold."""

    def export_bpf(self, file: object) -> None:
        """Write the compiled filter to an open binary file."""


@functools.cache
def program() -> bytes:
    """Compile the filter to the kernel's own form, for `bwrap --seccomp`.

    Raises:
        Unavailable: libseccomp is missing or does not know one of the calls by its architecture.
    """
    try:
        import pyseccomp as seccomp  # noqa: PLC0415 - raises when the shared library is missing
    except (ImportError, RuntimeError) as error:
        raise Unavailable("libseccomp_missing", "libseccomp is missing; install libseccomp2.") from error
    rules: Filter = seccomp.SyscallFilter(seccomp.ALLOW)
    refuse, absent = seccomp.ERRNO(errno.EPERM), seccomp.ERRNO(errno.ENOSYS)
    for names, action in (*((calls, refuse) for calls in FORBIDDEN.values()), (ABSENT, absent)):
        for name in names.split():
            if _is_known(seccomp, name):
                rules.add_rule(action, name)
    for flag in NAMESPACE_FLAGS:
        rules.add_rule(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    for request in (termios.TIOCSTI, termios.TIOCLINUX):
        # Only 32 bits of the request count in the kernel, so only these are compared.
        rules.add_rule(refuse, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, LOW_32_BITS, request))
    _limit_sockets(seccomp, rules)
    return _exported(rules)


def _is_known(seccomp: ModuleType, name: str) -> bool:
    return int(seccomp.resolve_syscall(seccomp.system_arch(), name)) >= 0


def _limit_sockets(seccomp: ModuleType, rules: Filter) -> None:
    """Allow local, loopback and routing-table sockets; libzmq needs the last to start."""
    refuse = seccomp.ERRNO(errno.EAFNOSUPPORT)
    refused = sorted(set(range(AF_NETLINK)) - {AF_UNIX, AF_INET, AF_INET6})
    for call in ("socket", "socketpair"):
        for family in refused:
            rules.add_rule(refuse, call, seccomp.Arg(0, seccomp.MASKED_EQ, LOW_32_BITS, family))
        rules.add_rule(refuse, call, seccomp.Arg(0, seccomp.GT, AF_NETLINK))
        netlink = seccomp.Arg(0, seccomp.MASKED_EQ, LOW_32_BITS, AF_NETLINK)
        rules.add_rule(refuse, call, netlink, seccomp.Arg(2, seccomp.NE, NETLINK_ROUTE))


def _exported(rules: Filter) -> bytes:
    number = os.memfd_create("filter")
    with os.fdopen(number, "wb+") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
