"""The first program inside: sets limits, gives up the last rights, then becomes the wanted program.

Standard library only, started as `python -I -S`; its text is handed in, so it needs no package. It runs
behind the system call filter and either becomes the program or exits with `LAUNCHER_FAILED`.
Arguments: one JSON object (limits, lifeline, keep, account, group, umask, directory), then the program. Its environment is passed on.
"""

import ctypes
import json
import os
import resource
import sys

LAUNCHER_FAILED = 125
PR_CAPBSET_DROP = 24
CAPABILITY_VERSION_3 = 0x20080522


def set_limits(limits: dict[str, int]) -> None:
    """Lower both the soft and the hard limit of each resource named, for example `RLIMIT_AS`."""
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))


def close_all_but(keep: list[int]) -> None:
    """Close each descriptor but the three standard ones and `keep`; a folder left open would be a way out."""
    for number in (int(entry) for entry in os.listdir("/proc/self/fd")):  # noqa: PTH208 - before any import
        if number > 2 and number not in keep:
            try:
                os.close(number)
            except OSError:
                continue  # the one that listed the folder is gone already
    for number in keep:
        os.set_inheritable(number, True)  # noqa: FBT003 - the standard library's own signature


def must_have_a_platform(lifeline: int) -> None:
    """Start nothing when the platform is gone that would end it.

    Raises:
        OSError: the pipe that only the platform can write to is at its end.
    """
    os.set_blocking(lifeline, False)
    try:
        os.read(lifeline, 1)
    except BlockingIOError:
        return
    raise OSError("the platform is gone")


def become(account: int, group: int) -> None:
    """Change from root to `account` in `group` alone, with no way back."""
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(account, account, account)


def empty_the_bounding_set(library: ctypes.CDLL) -> None:
    """Make sure that no program started later can gain a capability, whatever its file says."""
    number = 0
    while library.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0:
        number += 1  # the first number that the kernel does not know ends the loop


def give_up_capabilities(library: ctypes.CDLL) -> None:
    """Empty the effective, permitted and inheritable sets; the kernel then empties the ambient one.

    Raises:
        OSError: the kernel did not do it.
    """
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    if library.capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "capset")


def main() -> None:
    """Confine this process further, then replace it by the program of the arguments."""
    order = json.loads(sys.argv[1])
    with open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123 - before any import
        score.write("1000")  # when memory runs out the kernel takes this program, not the database
    must_have_a_platform(order["lifeline"])
    close_all_but(order["keep"])
    library = ctypes.CDLL(None, use_errno=True)
    empty_the_bounding_set(library)
    if order["account"] is not None:
        become(order["account"], order["group"])
    give_up_capabilities(library)
    set_limits(order["limits"])
    os.umask(order["umask"])
    os.chdir(order["directory"])
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - no shell


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"launcher: {type(error).__name__} {getattr(error, 'errno', '')}\n")
        sys.exit(LAUNCHER_FAILED)
